'use strict';

// A random tree of calls: C calls JavaScript, which calls C, with other signatures, while the values of all outer calls have to stay what they
// were. On the way callbacks give themselves and their libraries up, and garbage is collected.

const ffi = require('../subject');
const { native, open, path } = require('../conformance/native');
const { gc } = require('../garbage');
const { LAST } = require('../machine');
const { pick, random } = require('./source');

const VALUES = {
  __proto__: null,
  i8: [-128, 127, 5], u8: [0, 255], i16: [-32768, 32767], u16: [65535, 1], i32: [-(2 ** 31), 2 ** 31 - 1, 3], u32: [2 ** 32 - 1, 0],
  i64: [-(2n ** 63n), 2n ** 63n - 1n, 5n], u64: [2n ** 64n - 1n, 0n, 2n ** 63n], f32: [0.5, -0, NaN], f64: [0.1, Infinity, -0],
  pointer: [0n, LAST, 123n],
};
const MIXED = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'];
const TEXTS = ['', 'a', 'é', '€', 'x'.repeat(100)];

const direct = Object.fromEntries(Object.keys(VALUES).map((type) => [type, native(`call_${type}`, type, 'function', type)]));
const mixed = native('call_10_mixed', 'f64', 'function', ...MIXED);
const length = native('string_length', 'u64', 'string');

class Nest {
  checks = 0;
  wrong = [];
  #next;
  #deepest;
  #depth = 0;
  #enough = 0;
  #library = open();

  constructor(seed, deepest) {
    this.#next = random(seed);
    this.#deepest = deepest;
  }

  grow(checks) {
    this.#enough = checks;
    while (this.checks < checks) this.#grow();
  }

  #same(seen, expected, what) {
    this.checks++;
    if (!Object.is(seen, expected)) this.wrong.push(`${what}: ${seen} for ${expected}, ${this.#depth} deep`);
  }

  #grow() {
    if (this.#depth >= this.#deepest || this.checks >= this.#enough) return;
    this.#depth++;
    const kind = this.#next();
    if (kind < 0.7) this.#one();
    else if (kind < 0.85) this.#ten();
    else this.#plain();
    this.#depth--;
  }

  #one() {
    const next = this.#next;
    const type = pick(next, Object.keys(VALUES));
    const [value, answer] = [pick(next, VALUES[type]), pick(next, VALUES[type])];
    const own = next() < 0.3 ? new ffi.DynamicLibrary(path) : undefined;
    const library = own ?? this.#library;
    const address = library.registerCallback({ return: type, arguments: [type] }, (seen) => {
      this.#same(seen, value, type);
      const event = next();
      if (event < 0.05) gc({ type: 'minor' });
      else if (event < 0.06) gc();
      else if (event < 0.3) library.unregisterCallback(address);
      else if (event < 0.4) {
        library.unrefCallback(address);
        library.refCallback(address);
      } else if (event < 0.6) own?.close();
      this.#grow();
      if (next() < 0.5) this.#grow();
      this.#same(seen, value, `${type}, later`);
      return answer;
    });
    this.#same(direct[type](address, value), answer, `the result, ${type}`);
    own?.close();
  }

  #ten() {
    const values = MIXED.map((type) => pick(this.#next, VALUES[type]));
    const answer = this.#next();
    const address = this.#library.registerCallback({ return: 'f64', arguments: MIXED }, (...seen) => {
      seen.forEach((argument, index) => this.#same(argument, values[index], `argument ${index}`));
      this.#grow();
      return answer;
    });
    this.#same(mixed(address, ...values), answer, 'the result of ten');
    this.#library.unregisterCallback(address);
  }

  #plain() {
    const text = pick(this.#next, TEXTS);
    this.#same(length(text), BigInt(Buffer.byteLength(text)), 'a length');
    try {
      direct.i32(0n, text);
      this.wrong.push('no error');
    } catch (error) {
      this.#same(error.code, 'ERR_INVALID_ARG_VALUE', 'an error');
    }
    this.#grow();
  }
}

module.exports = { Nest };
