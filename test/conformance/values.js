'use strict';

// Values with the labels they have in case ids. The makers of objects give a new one each time, so that no case sees
// what another one did to it.

const int = (bits) => ({ low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 });
const uint = (bits) => ({ low: 0, high: 2 ** bits - 1 });

const { charIsSigned } = require('../machine');

// Every name of every type, with what is needed to call a fixture function of that type.
exports.scalars = {
  i8: { names: ['i8', 'int8', ...(charIsSigned ? ['char'] : [])], range: int(8), valid: 1, bytes: 1 },
  u8: { names: ['u8', 'uint8', 'bool', ...(charIsSigned ? [] : ['char'])], range: uint(8), valid: 1, bytes: 1 },
  i16: { names: ['i16', 'int16'], range: int(16), valid: 1, bytes: 2 },
  u16: { names: ['u16', 'uint16'], range: uint(16), valid: 1, bytes: 2 },
  i32: { names: ['i32', 'int32'], range: int(32), valid: 1, bytes: 4 },
  u32: { names: ['u32', 'uint32'], range: uint(32), valid: 1, bytes: 4 },
  i64: { names: ['i64', 'int64'], range: { low: -(2n ** 63n), high: 2n ** 63n - 1n }, valid: 1n, bytes: 8 },
  u64: { names: ['u64', 'uint64'], range: { low: 0n, high: 2n ** 64n - 1n }, valid: 1n, bytes: 8 },
  f32: { names: ['f32', 'float', 'float32'], valid: 1.5, bytes: 4 },
  f64: { names: ['f64', 'double', 'float64'], valid: 1.5, bytes: 8 },
};

exports.pointerNames = ['pointer', 'ptr', 'string', 'str', 'buffer', 'arraybuffer', 'function'];

exports.typeNames = ['void', ...Object.values(exports.scalars).flatMap(({ names }) => names), ...exports.pointerNames];

exports.numbers = [
  0,
  -0,
  1,
  -1,
  2,
  0.5,
  -0.5,
  1.5,
  -1.5,
  0.1,
  NaN,
  Infinity,
  -Infinity,
  127,
  128,
  -128,
  -129,
  255,
  256,
  254.5,
  32767,
  32768,
  -32768,
  -32769,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 31 - 0.5,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 24 + 1,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53 - 1),
  -(2 ** 53),
  2 ** 63,
  2 ** 64,
  1e20,
  1e300,
  -1e300,
  5e-324,
  1e-46,
  3.4028234663852886e38,
  3.4028235677973366e38,
  -3.5e38,
].map((value) => ({ label: `number ${Object.is(value, -0) ? '-0' : value}`, make: () => value }));

exports.bigints = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  255n,
  256n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n),
  -(2n ** 63n) - 1n,
  2n ** 64n - 1n,
  2n ** 64n,
  -(2n ** 64n),
  2n ** 200n,
].map((value) => ({ label: `bigint ${value}`, make: () => value }));

// No parameter takes these, whatever its type.
exports.foreigners = [
  { label: 'true', make: () => true },
  { label: 'false', make: () => false },
  { label: 'symbol', make: () => Symbol('s') },
  { label: 'object', make: () => ({}) },
  { label: 'null-prototype object', make: () => Object.create(null) },
  { label: 'object with valueOf', make: () => ({ valueOf: () => 1 }) },
  { label: 'object with Symbol.toPrimitive', make: () => ({ [Symbol.toPrimitive]: () => 1 }) },
  { label: 'object with pointer', make: () => ({ pointer: 1n }) },
  { label: 'empty array', make: () => [] },
  { label: 'array of one', make: () => [1] },
  { label: 'new Number', make: () => new Number(1) },
  { label: 'boxed bigint', make: () => Object(1n) },
  { label: 'new String', make: () => new String('1') },
  { label: 'new Boolean', make: () => new Boolean(true) },
  { label: 'boxed symbol', make: () => Object(Symbol('s')) },
  { label: 'Date', make: () => new Date(0) },
  { label: 'RegExp', make: () => /1/ },
  { label: 'Map', make: () => new Map() },
  { label: 'Error', make: () => new Error('1') },
  { label: 'Promise', make: () => Promise.resolve(1) },
  { label: 'Proxy of object', make: () => new Proxy({}, {}) },
  { label: 'Proxy of Buffer', make: () => new Proxy(Buffer.alloc(1), {}) },
  { label: 'function', make: () => function f() {} },
  { label: 'arrow function', make: () => () => 1 },
  { label: 'class', make: () => class C {} },
  { label: 'SharedArrayBuffer', make: () => new SharedArrayBuffer(8) },
  { label: 'Blob', make: () => new Blob(['1']) },
];

// A pointer-like parameter takes these, a numeric one does not.
exports.pointees = [
  { label: 'undefined', make: () => undefined },
  { label: 'null', make: () => null },
  { label: 'empty string', make: () => '' },
  { label: 'string', make: () => '1' },
  { label: 'Buffer', make: () => Buffer.from('ab') },
  { label: 'Uint8Array', make: () => new Uint8Array([1, 2]) },
  { label: 'DataView', make: () => new DataView(new ArrayBuffer(4)) },
  { label: 'ArrayBuffer', make: () => new ArrayBuffer(4) },
];

exports.everything = [...exports.numbers, ...exports.bigints, ...exports.foreigners, ...exports.pointees];

// What an API that wants an address as a bigint has to refuse without touching any memory.
exports.badPointers = [
  ...exports.bigints.filter(({ make }) => make() < 0n || make() >= 2n ** 64n),
  ...exports.numbers.slice(0, 5),
  ...exports.foreigners,
  ...exports.pointees,
  { label: 'bigint 0', make: () => 0n },
];

// What a pointer-like parameter refuses.
exports.badPointerArguments = exports.badPointers.filter(
  ({ label }) => label !== 'bigint 0' && !exports.pointees.some((pointee) => pointee.label === label),
);
