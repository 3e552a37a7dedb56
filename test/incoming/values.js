'use strict';

// Values at the limits of every type, as C passes them and as JavaScript has to see them, and those that callbacks may return.

const { ADDRESS_SIZE, charIsSigned, littleEndian } = require('../machine');
const { pick } = require('./source');

const INTEGERS = [
  0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n - 1n, 2n ** 53n,
  2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 0xdead_beef_cafe_baben,
];
const FLOATS = [
  0, -0, 1, -1, NaN, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE, 2 ** 128 - 2 ** 104, 2 ** -149, 0.1,
  2 ** 31, -(2 ** 31), 2 ** 53,
];
const SIGNALING_F64 = 0x7ff0_0000_0000_0001n;
const SIGNALING_F32 = 0x7f80_0001;

const POINTER = [8 * ADDRESS_SIZE, false, true];

// Bits, whether there is a sign, and whether it is a bigint.
const LAYOUT = {
  __proto__: null,
  i8: [8, true, false], u8: [8, false, false], i16: [16, true, false], u16: [16, false, false], i32: [32, true, false], u32: [32, false, false],
  i64: [64, true, true], u64: [64, false, true], bool: [8, false, false], char: [8, charIsSigned, false],
  pointer: POINTER, string: POINTER, buffer: POINTER, arraybuffer: POINTER, function: POINTER,
};

const anyBits = (next) => BigInt(Math.floor(next() * 2 ** 32)) << 32n | BigInt(Math.floor(next() * 2 ** 32));

// Puts a random argument into the table, a DataView, and gives what JavaScript should see.
exports.argument = function argument(next, type, table, index) {
  const at = 8 * index;
  if (type === 'f64') {
    const value = next() < 0.7 ? pick(next, FLOATS) : next() * 1e10 - 5e9;
    table.setFloat64(at, value, littleEndian);
    if (Number.isNaN(value)) table.setBigUint64(at, SIGNALING_F64 | anyBits(next) >> 16n, littleEndian);
    return value;
  }
  table.setBigUint64(at, anyBits(next), littleEndian);
  if (type === 'f32') {
    const value = Math.fround(next() < 0.7 ? pick(next, FLOATS) : next() * 1e10 - 5e9);
    table.setFloat32(at, value, littleEndian);
    if (Number.isNaN(value)) table.setUint32(at, SIGNALING_F32, littleEndian);
    return value;
  }
  const [width, isSigned, isBigint] = LAYOUT[type];
  const above = width === 64 || next() < 0.3 ? 0n : anyBits(next) << BigInt(width);
  const bits = BigInt.asUintN(64, pick(next, INTEGERS) ^ above);
  table.setBigUint64(at, bits, littleEndian);
  const value = isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits);
  return isBigint ? value : Number(value);
};

// What a callback returns, and what the caller's result then is.
exports.result = function result(next, type) {
  if (type === 'void') return [pick(next, [undefined, 1, 'text', {}, [], () => {}]), undefined];
  if (type === 'f64' || type === 'f32') {
    const value = pick(next, FLOATS);
    return [value, type === 'f32' ? Math.fround(value) : value];
  }
  if (type === 'pointer' && next() < 0.2) return [pick(next, [null, undefined]), 0n];
  const [width, isSigned, isBigint] = LAYOUT[type];
  const low = isSigned ? -(2n ** BigInt(width - 1)) : 0n;
  const high = low + 2n ** BigInt(width) - 1n;
  const value = pick(next, [low, low + 1n, 0n, 1n, high - 1n, high, high / 2n]);
  if (!isBigint && value === 0n && next() < 0.5) return [-0, 0];
  return isBigint ? [value, value] : [Number(value), Number(value)];
};
