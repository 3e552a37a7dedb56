'use strict';

// What Rust asks of JavaScript, under the names that crates/addon/src/state.rs knows. It runs none of the user's code, except that
// messages name what they received (`received`), which can have getters, and that signatures are read (`signatureOf`), which can have
// these, too, and be proxies. What results depend on is taken at load, so a program that replaces the language's functions later changes nothing but the
// wording of messages.

const { Buffer } = require('node:buffer');
const { inspect, types: { isDataView, isProxy, isSharedArrayBuffer } } = require('node:util');

const { hasAccess, isGuarded, typeCodes } = require('./binding.js');
const { bufferOf } = require('./buffer.js');
const { gate, int32 } = require('./exchange.js');
const { variable } = require('./runtime.js');
const threads = require('./threads.js');
const { receive, shape, wrap } = require('./wrap.js');

const { ArrayBuffer, DataView, Object, RangeError, String, Uint8Array } = globalThis;
const { isArray } = Array;
const { from: bufferFrom, prototype: bufferPrototype } = Buffer;
const { getOwnPropertyDescriptor, getPrototypeOf, is, keys, setPrototypeOf } = Object;
const { isPrototypeOf } = Object.prototype;
const { fromCharCode } = String;
const { includes, slice, startsWith } = String.prototype;
const { isInteger } = Number;
const { abs } = Math;
const { stringify } = JSON;
const { apply } = Reflect;

const nothing = () => {};

// What few processes have a use for, and is not loaded in the others: guarded mode, and a permission model in which FFI is ours to refuse.
const callStack = isGuarded ? require('./guard.js').callStack : () => '';
const reportDenial = hasAccess() === undefined ? nothing : require('./permission.js').reportDenial;

const lengthOf = (prototype, property) => getOwnPropertyDescriptor(prototype, property).get;
const lengthOfTypedArray = lengthOf(getPrototypeOf(Uint8Array.prototype), 'length');
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
      return instanceName(value) ?? inspect(value, { depth: -1 });
    case 'string':
      return `type string (${quoted(value)})`;
    case 'bigint':
      return `type bigint (${value}n)`;
    case 'number':
      return `type number (${is(value, -0) ? '-0' : value})`;
    default:
      return `type ${typeof value} (${String(value)})`;
  }
}

function instanceName(value) {
  const name = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : undefined;
}

function quoted(text) {
  const short = text.length > 28 ? `${apply(slice, text, [0, 25])}...` : text;
  return apply(includes, short, ["'"]) ? stringify(short) : `'${short}'`;
}

// Node's wording of a number that is out of range: large integers with separators.
function receivedNumber(value) {
  if (!isInteger(value) || abs(value) <= 2 ** 32) {
    return inspect(value);
  }
  const digits = String(value);
  let separated = '';
  let end = digits.length;
  for (const start = apply(startsWith, digits, ['-']) ? 1 : 0; end >= start + 4; end -= 3) {
    separated = `_${apply(slice, digits, [end - 3, end])}${separated}`;
  }
  return apply(slice, digits, [0, end]) + separated;
}

// A letter for each name of a type, and a mark: what Rust reads a signature from.
const letters = { __proto__: null };
for (const name of keys(typeCodes)) letters[name] = fromCharCode(typeCodes[name]);
const mark = '!';

const letterOf = (type) => (typeof type === 'string' ? letters[type] : undefined);

// The keys of a signature.
const known = { __proto__: null, returns: true, return: true, result: true, parameters: true, arguments: true, reentrant: true };

// A signature as a string: the letters of the result and of each parameter, and the mark if it is reentrant. Or what is wrong with it:
// `[what, value, index]`. First which keys there are, inherited ones too; then an own key that is none of them, because a misspelt one must not
// turn a function into `void ()`; then each value, read once. `reentrant` is no key of a callback.
function signatureOf(object, isCallback) {
  const hasReturns = 'returns' in object;
  const hasReturn = 'return' in object;
  const hasResult = 'result' in object;
  const hasParameters = 'parameters' in object;
  const hasArguments = 'arguments' in object;
  const hasReentrant = !isCallback && 'reentrant' in object;
  if (hasReturns + hasReturn + hasResult > 1) return ['results'];
  if (hasParameters && hasArguments) return ['lists'];
  const own = keys(object);
  for (let index = 0; index < own.length; index++) {
    const key = own[index];
    if (known[key] === undefined || (isCallback && key === 'reentrant')) return ['key', key];
  }
  let type = 'void';
  if (hasReturns) type = object.returns;
  else if (hasReturn) type = object.return;
  else if (hasResult) type = object.result;
  let signature = letterOf(type);
  if (signature === undefined) return ['result', type];
  if (hasParameters || hasArguments) {
    const list = hasParameters ? object.parameters : object.arguments;
    // A proxy of an array is none to Node.
    if (!isArray(list) || isProxy(list)) return ['list'];
    const { length } = list;
    for (let index = 0; index < length; index++) {
      const parameter = list[index];
      const letter = letterOf(parameter);
      if (letter === undefined || letter === letters.void) return ['parameter', parameter, index];
      signature += letter;
    }
  }
  if (!hasReentrant) return signature;
  const { reentrant } = object;
  if (typeof reentrant !== 'boolean') return ['reentrant'];
  return reentrant ? signature + mark : signature;
}

// undefined where the engine says that it cannot make something so large. A stack that is full is another matter.
function unlessTooLarge(make) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError) || apply(startsWith, error.message, ['Maximum call stack size exceeded'])) {
      throw error;
    }
    return undefined;
  }
}

// What `Buffer.isBuffer` finds out by asking `Buffer[Symbol.hasInstance]`, which anybody can set.
function isBuffer(value) {
  return apply(isPrototypeOf, bufferPrototype, [value]);
}

// Of a Buffer or any other view.
function byteLength(view, asBuffer) {
  // Of a Buffer, Node asks for the length first. It is the same of what is really one; of anything else it may throw.
  if (asBuffer) apply(lengthOfTypedArray, view, []);
  return apply(isDataView(view) ? bytesOfDataView : bytesOfTypedArray, view, []);
}

// What the flags of this process leave of the tiers: 'slow', 'cell' or 'fast'. An engine that must not compile has no WebAssembly either.
// Guarded mode looks at everything in the slow one. FERRULE_TIERS takes the faster ones away, to look for a fault or to measure; with 'cell',
// what is left goes through Node-API alone.
function tiers() {
  const { execArgv } = process;
  const wanted = variable('FERRULE_TIERS');
  if (isGuarded || wanted === 'slow' || typeof WebAssembly === 'undefined') {
    return 'slow';
  }
  const flags = ` ${variable('NODE_OPTIONS') ?? ''} ${execArgv.join(' ')} `.replaceAll('_', '-');
  const isOff = flags.includes(' --no-turbo-fast-api-calls ') || flags.includes(' --no-opt ') || flags.includes(' --no-turbofan ');
  return wanted === 'cell' || isOff ? 'cell' : 'fast';
}

module.exports = {
  is_main_thread: () => threads().isMainThread,
  cells: int32,
  gate,
  tiers: tiers(),
  shape,
  wrap,
  receive,
  signature_of: signatureOf,
  // Not `Object.create(null)`, nor a literal: those make dictionaries, from which every read is a search.
  record: () => setPrototypeOf({}, null),
  received,
  received_number: receivedNumber,
  // A custom inspection could do anything, and the process is about to end.
  inspect: (error) => inspect(error, { customInspect: false }),
  call_stack: callStack,
  report_denial: reportDenial,
  nothing,
  is_buffer: isBuffer,
  byte_length: byteLength,
  shared_bytes: (value) => (isSharedArrayBuffer(value) ? new Uint8Array(value) : undefined),
  allocate: (length) => unlessTooLarge(() => new ArrayBuffer(length)),
  buffer_over(arrayBuffer, keep) {
    if (keep) {
      threads().markAsUntransferable(arrayBuffer);
    }
    return unlessTooLarge(() => bufferOf(arrayBuffer));
  },
  encode: (string, encoding) => apply(bufferFrom, Buffer, [string, encoding]),
};
