'use strict';

// Hands every export things that say when they are looked at. Prints the codes of what is thrown.

const ffi = require('ferrule');

const touched = new Proxy({}, { __proto__: null, get: (_, trap) => () => { throw new Error(`looked at: ${trap}`); } });
const trap = new Proxy({}, touched);
const codes = new Set();
for (const value of Object.values(ffi)) {
  if (typeof value !== 'function') continue;
  // The second time for what Rust sees, where the first argument is all right.
  for (const args of [[trap, trap, trap, trap], [trap, 1n, 0, trap]]) {
    try {
      if (value === ffi.DynamicLibrary) new value(...args);
      else value(...args);
      codes.add(`${value.name} did not throw`);
    } catch ({ code, message }) {
      codes.add(code ?? `${value.name}: ${message}`);
    }
  }
}
console.log(JSON.stringify([...codes]));
