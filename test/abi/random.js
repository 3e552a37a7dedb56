'use strict';

// Pseudo-random choices that are the same on every machine and in every Node, and that any number of integers names: the choices
// for one signature do not depend on how many were made before it.

// Spreads a 32-bit integer's bits over all of it (the finalizer of MurmurHash3).
function mixed(integer) {
  let bits = integer;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

class Random {
  #state = 0;
  #step = 1;

  constructor(...seeds) {
    for (const seed of seeds) {
      this.#state = mixed(this.#state ^ mixed((seed >>> 0) + 0x9e3779b9));
      this.#step = (mixed(this.#step + this.#state) | 1) >>> 0;
    }
  }

  /** 32 random bits, as a number. */
  bits() {
    this.#state = (this.#state + this.#step) >>> 0;
    return mixed(this.#state);
  }

  /** 64 random bits, as a bigint. */
  wideBits() {
    return (BigInt(this.bits()) << 32n) | BigInt(this.bits());
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit) {
    return Math.floor((this.bits() / 2 ** 32) * limit);
  }

  one(list) {
    return list[this.below(list.length)];
  }

  /** True once in `times`. */
  rarely(times) {
    return this.below(times) === 0;
  }
}

module.exports = { Random };
