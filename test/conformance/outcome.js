'use strict';

// What came of a piece of code, as JSON that is equal exactly when the two outcomes cannot be told apart: -0 is not 0,
// 1n is not 1, a Buffer is not a Uint8Array, a missing property is not an undefined one.

const { readlinkSync } = require('node:fs');
const { types } = require('node:util');

// The loader names the executable, and each Node line has its own. A script that stands for Node (scripts/configurations) is none.
const executables = [process.execPath, ...(process.platform === 'linux' ? [readlinkSync('/proc/self/exe')] : [])];

exports.outcomeOf = outcomeOf;
exports.settledOutcomeOf = settledOutcomeOf;
exports.describeProperty = describeProperty;
exports.keyName = keyName;

function outcomeOf(thunk) {
  try {
    return { returns: describe(thunk()) };
  } catch (error) {
    return { throws: describeThrown(error) };
  }
}

async function settledOutcomeOf(thunk) {
  try {
    return { returns: describe(await thunk()) };
  } catch (error) {
    return { throws: describeThrown(error) };
  }
}

function describe(value) {
  switch (typeof value) {
    case 'number':
      return `number ${Object.is(value, -0) ? '-0' : value}`;
    case 'bigint':
      return `bigint ${value}`;
    case 'string':
      return `string ${JSON.stringify(value)}`;
    case 'symbol':
      return `symbol ${value.description}`;
    case 'boolean':
      return `boolean ${value}`;
    case 'undefined':
      return 'undefined';
    case 'function':
      return { function: value.name, length: value.length, keys: keysOf(value) };
    default:
      return value === null ? 'null' : describeObject(value);
  }
}

function describeObject(value) {
  if (types.isNativeError(value)) {
    return { error: describeThrown(value) };
  }
  if (types.isAnyArrayBuffer(value)) {
    return { buffer: kindOf(value), resizable: value.resizable ?? value.growable, bytes: hexadecimal(value) };
  }
  if (ArrayBuffer.isView(value)) {
    const { byteOffset, byteLength, buffer } = value;
    const bytes = hexadecimal(buffer, byteOffset, byteLength);
    return { view: kindOf(value), byteOffset, bufferLength: buffer.byteLength, bytes };
  }
  if (Array.isArray(value)) {
    return value.map(describe);
  }
  const state = Object.isFrozen(value) ? 'frozen' : Object.isExtensible(value) ? 'extensible' : 'sealed';
  const properties = Reflect.ownKeys(value).map((key) => [keyName(key), describeProperty(value, key)]);
  return { object: kindOf(value), state, properties };
}

// A data property as its flags and value, an accessor as its flags and functions; 'absent' if the object has none.
function describeProperty(object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined) {
    return 'absent';
  }
  const flags = ['writable', 'enumerable', 'configurable'].filter((flag) => descriptor[flag]).join(' ');
  if ('value' in descriptor) {
    return { flags, value: describe(descriptor.value) };
  }
  return { flags, get: describe(descriptor.get), set: describe(descriptor.set) };
}

function describeThrown(error) {
  if (!types.isNativeError(error)) {
    return { thrown: describe(error) };
  }
  const { name, code } = error;
  const message = executables.reduce((text, executable) => text.replaceAll(executable, '<node>'), error.message);
  const keys = keysOf(error, Object.keys(error));
  const rest = Object.fromEntries(Object.entries(error).filter(([key]) => key !== 'code'));
  return { name, code, message, constructor: error.constructor.name, keys, ...(Object.keys(rest).length && { rest }) };
}

function keysOf(object, keys = Reflect.ownKeys(object)) {
  return keys.map(keyName).join(' ');
}

// Node 20 and 22 have a Symbol.dispose of their own making, with another description.
function keyName(key) {
  return key === Symbol.dispose ? 'Symbol.dispose' : String(key);
}

function kindOf(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null ? 'null' : Buffer.isBuffer(value) ? 'Buffer' : String(prototype.constructor?.name);
}

function hexadecimal(buffer, byteOffset, byteLength) {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}
