'use strict';

// Arguments of every kind, by what they are. Each is a function that makes the value anew, because a call may leave a trace in it: the
// bytes of a small typed array, say, move out of V8's heap for good.

const vm = require('node:vm');
const { exact, outside } = require('../values');
const { compile } = require('../compile');

// How often anything here has been asked for a number or a text.
const conversions = { count: 0 };

const convert = (answer) => () => {
  conversions.count++;
  return answer();
};
const convertible = (answer) => ({ valueOf: convert(answer), toString: convert(answer), [Symbol.toPrimitive]: convert(answer) });

const numbers = [0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 30, 2 ** 31 - 1, 2 ** 31,
  -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53) + 1, -(2 ** 53), 2 ** 63, 2 ** 64, 1e300, 5e-324];
const bigints = [0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + 1n,
  -(2n ** 64n), 2n ** 200n];

exports.label = (value) => (Object.is(value, -0) ? '-0' : `${typeof value === 'bigint' ? `${value}n` : String(value)}`);

const plain = [...numbers, ...bigints, undefined, null, true, false, Symbol.iterator];

// What is never a number, a text or memory.
exports.objects = {
  'an object': () => ({}),
  'an object without a prototype': () => Object.create(null),
  'an array': () => [1],
  'an empty array': () => [],
  'a function': () => () => 1,
  'a class': () => class Model {},
  'a boxed number': () => Object(1),
  'a boxed bigint': () => Object(1n),
  'a boxed string': () => Object('1'),
  'a boxed symbol': () => Object(Symbol.iterator),
  'a date': () => new Date(1),
  'a regular expression': () => /1/,
  'an error': () => new Error('1'),
  'a map': () => new Map(),
  'a promise': () => Promise.resolve(1),
  'a generator': () => (function* generator() { yield 1; })(),
  'arguments': () => (function list() { return arguments; })(1),
  'a proxy of a buffer': () => new Proxy(Buffer.alloc(8), {}),
  'a proxy of an array buffer': () => new Proxy(new ArrayBuffer(8), {}),
  'what inherits from a buffer': () => Object.create(Buffer.alloc(8)),
  'an object of another context': () => vm.runInNewContext('({})'),
  'a module namespace': () => globalThis,
  'a shared array buffer': () => new SharedArrayBuffer(8),
  'an object that is like undefined': () => (
    // Bun and Deno give nobody one.
    process.versions.bun === undefined && process.versions.deno === undefined ? compile('return %GetUndetectable()')() : undefined
  ),
  'what converts to a number': () => convertible(() => 1),
  'what converts to a bigint': () => convertible(() => 1n),
  'what throws when it is converted': () => convertible(() => { throw new Error('converted'); }),
};

exports.plain = Object.fromEntries(plain.map((value) => [exports.label(value), () => value]));
exports.conversions = conversions;

// All that a scalar type takes, and what it takes not.
exports.forScalar = (type) => ({
  ...exports.plain,
  ...Object.fromEntries([...exact[type], ...(outside[type] ?? [])].map((value) => [exports.label(value), () => value])),
  ...exports.objects,
  'a text': () => '1',
  'a text that is empty': () => '',
  'a buffer': () => Buffer.alloc(8),
});
