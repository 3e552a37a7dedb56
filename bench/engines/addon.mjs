// The addon of native/addon.c: its functions are in it, with their types, and have the names of the C functions.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
// What one would write by hand takes and gives what it needs: a callback gets numbers and strings, not their addresses.
const operations = {
  getInt32: (pointer, offset) => `get_int32(${pointer}, ${offset})`,
  getUint64: (pointer, offset) => `get_uint64(${pointer}, ${offset})`,
  getFloat64: (pointer, offset) => `get_float64(${pointer}, ${offset})`,
  setInt32: (pointer, offset, value) => `set_int32(${pointer}, ${offset}, ${value})`,
  toString: (pointer) => `to_string(${pointer})`,
  copyBytes: (pointer, length) => `copy_bytes(${pointer}, ${length})`,
  viewBytes: (pointer, length) => `view_bytes(${pointer}, ${length})`,
  exportString: (text, pointer, length) => `export_string(${text}, ${pointer}, ${length})`,
  exportBuffer: (bytes, pointer, length) => `export_buffer(${bytes}, ${pointer}, ${length})`,
  getRawPointer: (bytes) => `get_raw_pointer(${bytes})`,
  readInt32: (number) => number,
  readText: (text) => text,
};

const partOfIt = 'an addon has its functions from the start';

export default ({ addon }) => {
  let functions;
  return {
    load() {
      functions = require(addon);
    },
    unsupported: { 'get-function': partOfIt, 'first-call': partOfIt, memory: partOfIt },
    operations,
    operationScope() {
      const { get_int32, get_uint64, get_float64, set_int32, to_string } = functions;
      const { copy_bytes, view_bytes, export_string, export_buffer, get_raw_pointer } = functions;
      return {
        get_int32, get_uint64, get_float64, set_int32, to_string, copy_bytes, view_bytes, export_string, export_buffer, get_raw_pointer,
      };
    },
    open() {
      return {
        define(symbol) {
          const [, index] = /^sum_(\d+)$/.exec(symbol) ?? [];
          const found = index ? functions.bind_sum(Number(index) - 1000) : functions[symbol];
          if (typeof found !== 'function') throw new Error(`the addon has no ${symbol}`);
          return found;
        },
        registerCallback: (_result, _parameters, callback) => callback,
        keepCallback: (_symbol, callback) => functions.keep_callback(callback, 21),
      };
    },
  };
};
