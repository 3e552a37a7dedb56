// The API of node:ffi, which both Ferrule and Node's built-in have.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

function signature(result, parameters) {
  return { arguments: parameters, return: result };
}

/** The engine whose module `require(name)` gives. */
export function nodeFfi(name) {
  let ffi;
  return {
    load() {
      ffi = require(name);
    },
    open(path) {
      const library = new ffi.DynamicLibrary(path);
      const define = (symbol, result, parameters) => library.getFunction(symbol, signature(result, parameters));
      return {
        define,
        defineAll: (list) => list.map(([symbol, result, parameters]) => define(symbol, result, parameters)),
        keepCallback(symbol, callback) {
          const pointer = library.registerCallback(signature('i32', ['i32']), callback);
          return define(symbol, 'i32', ['function', 'i32'])(pointer, 21);
        },
      };
    },
  };
}
