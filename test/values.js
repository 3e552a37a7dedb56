'use strict';

// Values of every type, for tests that send them to C and back.

const { LAST } = require('./machine');

const bounds = {
  i8: [-128, 127], u8: [0, 255], i16: [-32768, 32767], u16: [0, 65535], i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1],
};
const wideBounds = { i64: [-(2n ** 63n), 2n ** 63n - 1n], u64: [0n, 2n ** 64n - 1n], pointer: [0n, LAST] };

// What each type holds exactly, with its limits.
exports.exact = {
  i8: [...bounds.i8, 0, 1, -1, 85], u8: [...bounds.u8, 1, 128, 170], i16: [...bounds.i16, 0, 1, -1, 256, -257],
  u16: [...bounds.u16, 1, 32768, 256],
  i32: [...bounds.i32, 0, 1, -1, 65536, -65537, 2 ** 30, 2 ** 30 - 1, -(2 ** 30) - 1],
  u32: [...bounds.u32, 1, 2 ** 31, 2 ** 31 - 1, 2 ** 30],
  i64: [...wideBounds.i64, 0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 32n],
  u64: [...wideBounds.u64, 1n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 53n + 1n, 2n ** 32n],
  f32: [0, -0, 1.5, -2.25, Infinity, -Infinity, NaN, Math.fround(0.1), 2 ** -149, Math.fround(3.4028234663852886e38)],
  f64: [0, -0, 0.1, -1e300, Infinity, -Infinity, NaN, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 2 ** 53],
  pointer: [...wideBounds.pointer, 1n, 0x7fff_ffff_ffffn & LAST, (LAST + 1n) / 2n],
};

exports.types = Object.keys(exports.exact);

// What the message of a refused argument calls the type.
exports.labels = {
  i8: 'an int8', u8: 'a uint8', i16: 'an int16', u16: 'a uint16', i32: 'an int32', u32: 'a uint32',
  i64: 'an int64', u64: 'a uint64', f32: 'a float', f64: 'a double',
};

// One step outside of the limits.
exports.outside = Object.fromEntries([
  ...Object.entries(bounds).map(([type, [low, high]]) => [
    type,
    [low - 1, high + 1, 0.5, low - 0.5, NaN, Infinity, -Infinity, 2 ** 53, 1e300],
  ]),
  ...Object.entries(wideBounds).map(([type, [low, high]]) => [type, [low - 1n, high + 1n, -(2n ** 64n), 2n ** 128n]]),
]);

// Pseudo-random choices that are the same in every run.
exports.chooser = function chooser(seed) {
  let state = seed;
  const below = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, one: (list) => list[below(list.length)] };
};
