'use strict';

// Arguments for the generated functions, with what C must find in the record, and results with what JavaScript must get. Everything
// is predicted here, with a DataView and bigints, and never read back from what is under test.

const { Buffer } = require('node:buffer');
const { LAST } = require('../machine');

// What a pointer in the record points to; record.h has the same numbers.
const ADDRESS = 0;
const TEXT = 1;
const BYTES = 2;

const view = new DataView(new ArrayBuffer(8));
// Numbers that come out of it are in V8's form for any double, also where a small integer would do.
const boxes = new Float64Array(1);

function boxed(number) {
  boxes[0] = number;
  return boxes[0];
}

const ranges = {
  bool: [0, 1], i8: [-128, 127], u8: [0, 255], i16: [-32768, 32767], u16: [0, 65535],
  i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1],
};
const wideRanges = { i64: [-(2n ** 63n), 2n ** 63n - 1n], u64: [0n, 2n ** 64n - 1n], pointer: [0n, LAST] };

const corners = {};
for (const [type, [low, high]] of Object.entries(ranges)) {
  const powers = Array.from({ length: 33 }, (_, bit) => 2 ** bit).flatMap((power) => [power, power - 1, -power, -power - 1]);
  const patterns = [0x55, 0xaa, 0x5555, 0xaaaa, 0x55555555, 0xaaaaaaaa, 0x12345678, -0x12345678];
  const inside = [...powers, ...patterns].filter((value) => value >= low && value <= high);
  // Zeros and the limits more often than the rest.
  corners[type] = [...inside, ...Array(4).fill([low, high, 0, -0]).flat()];
}
for (const [type, [low, high]] of Object.entries(wideRanges)) {
  const powers = Array.from({ length: 65 }, (_, bit) => 2n ** BigInt(bit)).flatMap((power) => [power, power - 1n, -power, -power - 1n]);
  const patterns = [0x5555555555555555n, 0xaaaaaaaaaaaaaaaan, 0x123456789abcdef0n, -0x123456789abcdef0n, 0x7fffffffffffn];
  const inside = [...powers, ...patterns].filter((value) => value >= low && value <= high);
  corners[type] = [...inside, ...Array(8).fill([low, high, 0n]).flat()];
}

const MOST_FLOAT = 3.4028234663852886e38;
const floats = [
  0, -0, 1, -1, 0.5, 1.5, -2.25, 0.1, Math.PI, NaN, Infinity, -Infinity,
  2 ** -149, -(2 ** -149), 2 ** -126, 2 ** -127, 2 ** -150, 3 * 2 ** -150, MOST_FLOAT, -MOST_FLOAT, 3.4028235677973366e38, 2 ** 128,
  Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, Number.EPSILON, 2 ** -1022, 2 ** -1023, 1e300, 1e-300,
  127, 128, 255, 256, 32768, 65535, 2 ** 24, 2 ** 24 + 1, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64,
];

function integer(random, type) {
  const [low, high] = ranges[type];
  const value = random.below(3) > 0 ? random.one(corners[type]) : low + random.below(high - low + 1);
  return random.rarely(3) ? boxed(value) : value;
}

function wideInteger(random, type) {
  if (random.below(3) > 0) return random.one(corners[type]);
  const bits = random.wideBits() >> BigInt(random.below(64));
  if (type === 'pointer') return bits & LAST;
  return type === 'i64' ? BigInt.asIntN(64, random.rarely(2) ? bits : -bits) : bits;
}

function safeInteger(random, type) {
  const value = Math.floor((random.bits() * 2 ** 21 + (random.bits() >>> 11)) / 2 ** random.below(53));
  return type === 'i64' && random.rarely(2) ? -value : value;
}

function floatNumber(random) {
  switch (random.below(4)) {
    case 0:
      view.setUint32(0, random.bits());
      view.setUint32(4, random.bits());
      return view.getFloat64(0);
    case 1:
      return (random.bits() - 2 ** 31) / 2 ** random.below(40);
    default:
      return random.one(floats);
  }
}

function hash(bytes) {
  let result = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) result = Math.imul(result ^ bytes[index], 0x01000193);
  return { low: result >>> 0, high: bytes.length };
}

const alphabets = {
  ascii: Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)),
  latin: [...'abcXYZ éÿ\x80¡ñü'],
  wide: [...'aé€日本語Ω\u{1f600}\u{10ffff}', '\ud800', '\udc00', '\ufeff', '\uffff'],
};

function text(random, characters) {
  const length = random.one([0, 1, 2, 3, 7, 8, 11, 15, 16, 17, 31, 40, 64, random.below(100), random.rarely(8) ? random.below(1500) : 5]);
  let result = '';
  for (let index = 0; index < length; index++) result += random.one(characters);
  return result;
}

// Longer strings need not be taken by the fast tier.
const MOST_FAST_TEXT = 64;

function textArgument(value, fast) {
  return { value, ...hash(Buffer.from(value, 'utf8')), kind: TEXT, length: 0, fast };
}

// V8 makes ropes of `+=`, and one piece of a join.
const flattened = (rope) => [...rope.match(/[^]{1,7}/g) ?? []].join('');

// What V8's fast calls take: one byte a character, and in one piece.
function plainTextValue(random) {
  return textArgument(flattened(text(random, alphabets.ascii).slice(0, MOST_FAST_TEXT)), true);
}

// A string of any kind, and in any of the forms that V8 holds it in.
function textValue(random) {
  const rope = text(random, alphabets[random.one(['ascii', 'latin', 'wide'])]);
  switch (random.below(3)) {
    case 0:
      return textArgument(rope, false);
    case 1:
      return textArgument(`(${flattened(rope)})`.slice(1, -1), false);
    default:
      return textArgument(flattened(rope), false);
  }
}

const arrays = [
  Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array,
  BigUint64Array,
];

function memoryOf(random) {
  const length = random.one([0, 1, 2, 3, 8, 9, 16, 31, 32, 63, 64, 65, 100, random.below(300)]);
  switch (random.below(8)) {
    case 0:
      return Buffer.from(Array.from({ length }, () => random.bits() & 255));
    case 1:
      return Buffer.alloc(length + 5).subarray(5);
    case 2:
      return new DataView(new ArrayBuffer(length + 3), 3);
    case 3:
      return new ArrayBuffer(length);
    case 4:
      return new ArrayBuffer(length, { maxByteLength: length + 16 });
    case 5:
      return new Uint8Array(new SharedArrayBuffer(length + 1), 1);
    case 6:
      return new (random.one(arrays))(new ArrayBuffer(length * 8 + 16), 8, length);
    default:
      return new (random.one(arrays))(length);
  }
}

// V8 keeps the bytes of small typed arrays in its heap until somebody asks for their ArrayBuffer, and an argument's place must stay as
// it is. So nothing here does: a view is read and written through copies that have the same elements, so that no byte is converted.

// The constructor of a typed array like `memory`; a Buffer's own is not one.
function elementsOf(memory) {
  return Buffer.isBuffer(memory) ? Uint8Array : memory.constructor;
}

/** The bytes of an ArrayBuffer or a view of one, as a copy. */
function bytesOf(memory) {
  if (memory instanceof ArrayBuffer) return new Uint8Array(memory.slice(0));
  if (memory instanceof DataView) return Uint8Array.from({ length: memory.byteLength }, (_, index) => memory.getUint8(index));
  return new Uint8Array(new (elementsOf(memory))(memory).buffer);
}

/** Sets the bytes of an ArrayBuffer or a view of one. */
function fill(memory, content) {
  if (memory instanceof ArrayBuffer) new Uint8Array(memory).set(content);
  else if (memory instanceof DataView) content.forEach((byte, index) => memory.setUint8(index, byte));
  else memory.set(new (elementsOf(memory))(content.slice().buffer));
}

function memoryValue(random) {
  const value = memoryOf(random);
  const content = new Uint8Array(value.byteLength);
  for (let index = 0; index < content.length; index++) content[index] = random.bits();
  fill(value, content);
  const after = content.map((byte, index) => byte ^ (0xa5 + index));
  // What is empty may have no address, and the fast tier leaves that to others.
  return { value, ...hash(content), kind: BYTES, length: content.length, after, content, fast: content.length > 0 };
}

function addressValue(random) {
  const value = random.rarely(6) ? random.one([null, undefined]) : wideInteger(random, 'pointer');
  return { value, ...wideBits(value ?? 0n), kind: ADDRESS, length: 0, fast: true };
}

// In a fast call, a string is only taken where the signature says that there is one.
function pointerValue(random, type, { memory, plain }) {
  if (!memory || random.rarely(4)) return addressValue(random);
  if (random.rarely(3)) return memoryValue(random);
  if (!plain) return textValue(random);
  return type === 'string' ? plainTextValue(random) : memoryValue(random);
}

function wideBits(value) {
  view.setBigUint64(0, BigInt.asUintN(64, value));
  return { high: view.getUint32(0), low: view.getUint32(4) };
}

function narrowBits(value) {
  const low = value >>> 0;
  return { low, high: value < 0 ? 0xffffffff : 0 };
}

function floatBits(value) {
  view.setFloat32(0, value);
  return { low: view.getUint32(0), high: 0, nan: Number.isNaN(value) ? 'f32' : undefined };
}

function doubleBits(value) {
  view.setFloat64(0, value);
  return { high: view.getUint32(0), low: view.getUint32(4), nan: Number.isNaN(value) ? 'f64' : undefined };
}

/**
 * An argument for a parameter that takes the values `values` and is of the API's type `type`:
 *
 * * `value`;
 * * `low` and `high`, the halves of what must be in the record; or, with `nan`, that it must be a NaN of that type;
 * * `kind` and `length`: what C is to do with a pointer;
 * * of memory its `content` before the call, and what must be in it `after`;
 * * `fast`: whether the fast tier has to take it.
 */
function argumentFor(random, { type, values }, signature) {
  const plain = { kind: ADDRESS, length: 0, fast: true };
  if (values === 'pointer') return pointerValue(random, type, signature);
  if (values === 'f32' || values === 'f64') {
    const value = floatNumber(random);
    return { value, ...(values === 'f32' ? floatBits(value) : doubleBits(value)), ...plain };
  }
  if (values === 'i64' || values === 'u64') {
    const asNumber = signature.wideNumbers && random.rarely(2);
    const value = asNumber ? safeInteger(random, values) : wideInteger(random, values);
    return { value, ...wideBits(BigInt(value)), ...plain };
  }
  const value = integer(random, values);
  return { value, ...narrowBits(value), ...plain };
}

const readers = {
  i8: () => view.getInt8(7), u8: () => view.getUint8(7), bool: () => view.getUint8(7), i16: () => view.getInt16(6),
  u16: () => view.getUint16(6), i32: () => view.getInt32(4), u32: () => view.getUint32(4), i64: () => view.getBigInt64(0),
  u64: () => view.getBigUint64(0), pointer: () => view.getBigUint64(0) & LAST, f32: () => view.getFloat32(4), f64: () => view.getFloat64(0),
  void: () => undefined,
};

/**
 * The 64 bits that C is to make a result of, as `bits`, and the `value` that JavaScript must get. What is above a narrow result is
 * left to chance.
 */
function resultFor(random, type) {
  let bits = random.wideBits();
  view.setBigUint64(0, bits);
  if (type === 'bool') view.setUint8(7, view.getUint8(7) & 1);
  else if (type === 'f32') view.setFloat32(4, floatNumber(random));
  else if (type === 'f64') view.setFloat64(0, floatNumber(random));
  else if (type in wideRanges) view.setBigUint64(0, BigInt.asUintN(64, wideInteger(random, type)));
  else if (type in ranges) view.setUint32(4, overlaid(view.getUint32(4), integer(random, type), type));
  bits = view.getBigUint64(0);
  return { bits, value: readers[type]() };
}

// `value` in the low bits of `bits`.
function overlaid(bits, value, type) {
  const [low, high] = ranges[type];
  const mask = high - low;
  return ((bits & ~mask) | (value & mask)) >>> 0;
}

module.exports = { argumentFor, bytesOf, fill, resultFor };
