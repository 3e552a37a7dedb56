'use strict';

// The memory that wrappers share with Rust and with compiled code (crates/addon/src/exchange.rs says what is in it): the cells of this
// environment, and the gate of the isolate, which several copies of this package may use together.

const { Script } = require('node:vm');
const { types: { isInt32Array } } = require('node:util');

const { cells: { bytes }, gate: { ALIVE, length } } = require('./binding.js');

const { defineProperty, getOwnPropertyDescriptor } = Reflect;

const memory = new SharedArrayBuffer(bytes);

// Node's own modules are there once in an isolate, whatever contexts and copies of this package there are: on one of their functions, every
// copy finds the gate that the first has made. The number is that of the gate's layout.
const key = Symbol.for('ferrule.gate.1');

function sharedGate() {
  const found = getOwnPropertyDescriptor(Script, key)?.value;
  if (isInt32Array(found) && found.length === length) {
    return found;
  }
  const own = new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
  // A gate that cannot be shared stays shut: another copy's callbacks may be alive.
  own[ALIVE] = defineProperty(Script, key, { __proto__: null, value: own }) ? 0 : 1;
  return own;
}

const gate = sharedGate();

module.exports = {
  gate,
  int32: new Int32Array(memory),
  float32: new Float32Array(memory),
  float64: new Float64Array(memory),
  int64: new BigInt64Array(memory),
  uint64: new BigUint64Array(memory),
};
