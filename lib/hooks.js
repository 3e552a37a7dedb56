'use strict';

// What Rust asks of JavaScript, under the names that crates/addon/src/state.rs knows. None of it runs the user's code, but for what
// `inspect` must show. The language's own functions are taken at load, so a program that replaces them later changes nothing here.

const { Buffer } = require('node:buffer');
const { inspect, types: { isDataView, isProxy, isSharedArrayBuffer } } = require('node:util');
const { isMainThread, markAsUntransferable } = require('node:worker_threads');

const { wrap } = require('./wrap.js');

const { ArrayBuffer, DataView, Object, Uint8Array } = globalThis;
const { from: bufferFrom, isBuffer } = Buffer;
const { create, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { apply } = Reflect;

const lengthOf = (prototype, property) => getOwnPropertyDescriptor(prototype, property).get;
const bytesOfBuffer = lengthOf(getPrototypeOf(Uint8Array.prototype), 'length');
const bytesOfTypedArray = lengthOf(getPrototypeOf(Uint8Array.prototype), 'byteLength');
const bytesOfDataView = lengthOf(DataView.prototype, 'byteLength');

// Node's wording of what an argument was (its `determineSpecificType`).
function received(value) {
  if (value == null) {
    return `${value}`;
  }
  switch (typeof value) {
    case 'function':
      return `function ${value.name}`;
    case 'object':
      return value.constructor?.name ? `an instance of ${value.constructor.name}` : inspect(value, { depth: -1 });
    case 'string':
      return `type string (${quoted(value)})`;
    case 'bigint':
      return `type bigint (${value}n)`;
    case 'number':
      return `type number (${Object.is(value, -0) ? '-0' : value})`;
    default:
      return `type ${typeof value} (${String(value)})`;
  }
}

function quoted(text) {
  const short = text.length > 28 ? `${text.slice(0, 25)}...` : text;
  return short.includes("'") ? JSON.stringify(short) : `'${short}'`;
}

// Node's wording of a number that is out of range: large integers with separators.
function receivedNumber(value) {
  if (!Number.isInteger(value) || Math.abs(value) <= 2 ** 32) {
    return inspect(value);
  }
  const digits = String(value);
  let separated = '';
  let end = digits.length;
  for (const start = digits.startsWith('-') ? 1 : 0; end >= start + 4; end -= 3) {
    separated = `_${digits.slice(end - 3, end)}${separated}`;
  }
  return digits.slice(0, end) + separated;
}

// A function's name for messages. A Proxy's traps and a getter are the user's code, and stay unused.
function nameOf(callback) {
  const name = isProxy(callback) ? undefined : getOwnPropertyDescriptor(callback, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

function byteLength(view) {
  if (isBuffer(view)) {
    return apply(bytesOfBuffer, view, []);
  }
  return apply(isDataView(view) ? bytesOfDataView : bytesOfTypedArray, view, []);
}

module.exports = {
  is_main_thread: isMainThread,
  wrap,
  record: () => create(null),
  received,
  received_number: receivedNumber,
  inspect: (error) => inspect(error),
  name_of: nameOf,
  nothing() {},
  is_buffer: isBuffer,
  byte_length: byteLength,
  shared_bytes: (value) => (isSharedArrayBuffer(value) ? new Uint8Array(value) : undefined),
  allocate: (length) => new ArrayBuffer(length),
  buffer_over(arrayBuffer, keep) {
    if (keep) {
      markAsUntransferable(arrayBuffer);
    }
    return apply(bufferFrom, Buffer, [arrayBuffer]);
  },
  encode: (string, encoding) => apply(bufferFrom, Buffer, [string, encoding]),
};
