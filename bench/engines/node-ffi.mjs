// The API of node:ffi, which both Ferrule and Node's built-in have.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

function signature(result, parameters) {
  return { arguments: parameters, return: result };
}

const operations = {
  getInt32: (pointer, offset) => `getInt32(${pointer}, ${offset})`,
  getUint64: (pointer, offset) => `getUint64(${pointer}, ${offset})`,
  getFloat64: (pointer, offset) => `getFloat64(${pointer}, ${offset})`,
  setInt32: (pointer, offset, value) => `setInt32(${pointer}, ${offset}, ${value})`,
  toString: (pointer) => `toString(${pointer})`,
  copyBytes: (pointer, length) => `toBuffer(${pointer}, ${length}, true)`,
  viewBytes: (pointer, length) => `toBuffer(${pointer}, ${length}, false)`,
  exportString: (text, pointer, length) => `exportString(${text}, ${pointer}, ${length})`,
  exportBuffer: (bytes, pointer, length) => `exportBuffer(${bytes}, ${pointer}, ${length})`,
  getRawPointer: (bytes) => `getRawPointer(${bytes})`,
  readInt32: (pointer) => `getInt32(${pointer})`,
  readText: (pointer, offset) => `toString(getUint64(${pointer}, ${offset}))`,
};

/** The engine whose module `require(name)` gives. */
export function nodeFfi(name) {
  let ffi;
  return {
    load() {
      ffi = require(name);
    },
    operations,
    operationScope() {
      const { getInt32, getUint64, getFloat64, setInt32, toString, toBuffer, exportString, exportBuffer, getRawPointer } = ffi;
      return { getInt32, getUint64, getFloat64, setInt32, toString, toBuffer, exportString, exportBuffer, getRawPointer };
    },
    open(path) {
      const library = new ffi.DynamicLibrary(path);
      const define = (symbol, result, parameters) => library.getFunction(symbol, signature(result, parameters));
      return {
        define,
        defineAll: (list) => list.map(([symbol, result, parameters]) => define(symbol, result, parameters)),
        registerCallback: (result, parameters, callback) => library.registerCallback(signature(result, parameters), callback),
      };
    },
  };
}
