'use strict';

// The record of a call (record.h) as JavaScript sees it: set before the call, and compared with the prediction after it.

const { littleEndian, readAddress } = require('../machine');
const { bytesOf } = require('./values');

const MOST_PARAMETERS = 80;
const WORD = 8;

// The record's members in C's order, with their offsets in bytes.
const offsets = {};
let size = 0;
for (const [name, words] of [
  ['mostParameters', 1], ['charIsSigned', 1], ['result', 1], ['zero', 1], ['kinds', MOST_PARAMETERS], ['lengths', MOST_PARAMETERS],
  ['calls', 1], ['identity', 1], ['checksum', 1], ['misalignment', 1], ['arguments', MOST_PARAMETERS],
]) {
  offsets[name] = size;
  size += words * WORD;
}

const [lowHalf, highHalf] = littleEndian ? [0, 4] : [4, 0];

function folded(checksum, low, high) {
  const half = Math.imul(checksum ^ low, 0x9e3779b1);
  return Math.imul(half ^ high, 0x85ebca77);
}

const nans = {
  f32: (low, high) => (low & 0x7fffffff) > 0x7f800000 && high === 0,
  f64: (low, high) => (high & 0x7fffffff) > 0x7ff00000 || ((high & 0x7fffffff) === 0x7ff00000 && low !== 0),
};

const hexadecimal = (low, high) => `0x${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`;

class Record {
  #view;
  #calls = 0;

  // The record of a library of generated functions.
  constructor(ffi, library) {
    const address = readAddress(ffi, library.getSymbol('record_address'));
    this.#view = new DataView(ffi.toArrayBuffer(address, size, false));
    if (this.#low(offsets.mostParameters) !== MOST_PARAMETERS) throw new Error('record.js and record.h are not of one version.');
  }

  #low(offset) {
    return this.#view.getUint32(offset + lowHalf, littleEndian);
  }

  #high(offset) {
    return this.#view.getUint32(offset + highHalf, littleEndian);
  }

  get charIsSigned() {
    return this.#low(offsets.charIsSigned) === 1;
  }

  /** Says what the next call must return, and what its pointers point to. */
  prepare(result, expected) {
    this.#view.setBigUint64(offsets.result, result.bits, littleEndian);
    for (let index = 0; index < expected.length; index++) {
      this.#view.setUint32(offsets.kinds + index * WORD + lowHalf, expected[index].kind, littleEndian);
      this.#view.setUint32(offsets.lengths + index * WORD + lowHalf, expected[index].length, littleEndian);
    }
    this.#calls = this.#low(offsets.calls);
  }

  /** What is not as predicted after a call of the function `identity`, as lines; usually none. */
  differences(identity, expected) {
    const calls = this.#low(offsets.calls) - this.#calls;
    // Nothing else in the record means anything then.
    if (calls !== 1) return [`C was called ${calls} times`];
    const found = this.#low(offsets.identity);
    if (found !== identity) return [`C's function ${found} was called`];
    const lines = [];
    const misalignment = this.#low(offsets.misalignment);
    if (misalignment !== 0) lines.push(`the stack was ${misalignment} bytes off its alignment`);
    let checksum = identity | 0;
    for (let index = 0; index < expected.length; index++) {
      const offset = offsets.arguments + index * WORD;
      const low = this.#low(offset);
      const high = this.#high(offset);
      checksum = folded(checksum, low, high);
      const { value, after, ...predicted } = expected[index];
      const right = predicted.nan ? nans[predicted.nan](low, high) : low === predicted.low && high === predicted.high;
      if (!right) lines.push(`argument ${index} is wrong`);
      if (after !== undefined && Buffer.compare(bytesOf(value), after) !== 0) {
        lines.push(`the memory of argument ${index} was not changed as C changes it`);
      }
    }
    // Of the arguments as C had them: a NaN's payload is its own.
    if (this.#low(offsets.checksum) !== checksum >>> 0) lines.push('the checksum is wrong');
    return lines;
  }

  /** The record as C wrote it, argument by argument. */
  received(count) {
    const at = (index) => offsets.arguments + index * WORD;
    return Array.from({ length: count }, (_, index) => hexadecimal(this.#low(at(index)), this.#high(at(index))));
  }
}

/** The record as C should have written it. */
function predicted(expected) {
  return expected.map(({ low, high, nan }) => (nan ? `a NaN (${nan})` : hexadecimal(low, high)));
}

module.exports = { MOST_PARAMETERS, Record, predicted };
