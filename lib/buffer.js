'use strict';

// Makes Buffers over memory that is there already, whatever a program does to their class.

const { Buffer } = require('node:buffer');

// Taken at load: a program can replace them.
const { Symbol, Uint8Array } = globalThis;
const { getPrototypeOf } = Object;
const { construct } = Reflect;

// The class behind `Buffer`: the only one whose instances V8 makes without looking for their prototype. Its constructor calls that of the class
// above it, which a program can exchange.
const { [Symbol.species]: FastBuffer } = Buffer;

/** The Buffer over an ArrayBuffer, or one with the content of a typed array. */
exports.bufferOf = function bufferOf(source) {
  return getPrototypeOf(FastBuffer) === Uint8Array ? new FastBuffer(source) : construct(Uint8Array, [source], FastBuffer);
};
