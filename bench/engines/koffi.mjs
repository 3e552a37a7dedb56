import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// koffi's names for the types. Bytes go in as `uint8_t *`, which takes a Buffer as it is, and a registered callback as its address.
const types = {
  i8: 'int8_t', u8: 'uint8_t', i16: 'int16_t', u16: 'uint16_t', i32: 'int32_t', u32: 'uint32_t', i64: 'int64_t', u64: 'uint64_t',
  f32: 'float', f64: 'double', void: 'void', pointer: 'void *', string: 'const char *', buffer: 'const uint8_t *', function: 'void *',
};

// Of the ways that its documentation has, the fastest: the functions for a type, and names of types rather than type objects. The offset,
// which is 0, is left out: an addition of bigints or an argument would make it slower.
const operations = {
  getInt32: (pointer) => `koffi.decode.int32(${pointer})`,
  getUint64: (pointer) => `koffi.decode.uint64(${pointer})`,
  getFloat64: (pointer) => `koffi.decode.double(${pointer})`,
  setInt32: (pointer, _offset, value) => `koffi.encode(${pointer}, 'int32_t', ${value})`,
  toString: (pointer) => `koffi.decode.string(${pointer})`,
  copyBytes: (pointer, length) => `koffi.decode(${pointer}, bytes[${length}])`,
  viewBytes: (pointer, length) => `new Uint8Array(koffi.view(${pointer}, ${length}))`,
  exportString: (text, pointer, length) => `koffi.encode(${pointer}, 'char', ${text}, ${length})`,
  exportBuffer: (bytes, pointer, length) => `koffi.encode(${pointer}, bytes[${length}], ${bytes})`,
  getRawPointer: (bytes) => `koffi.address(${bytes})`,
  readInt32: (pointer) => `koffi.decode.int32(${pointer})`,
  readText: (pointer, offset) => `koffi.decode(${pointer}, ${offset}, 'const char *')`,
};

export default () => {
  let koffi;
  return {
    load() {
      koffi = require('koffi');
    },
    operations,
    operationScope() {
      const lengths = [64, 2 ** 20];
      return { koffi, bytes: Object.fromEntries(lengths.map((length) => [length, koffi.array('uint8_t', length, 'Typed')])) };
    },
    open(path) {
      const library = koffi.load(path);
      const define = (symbol, result, parameters) => library.func(symbol, types[result], parameters.map((type) => types[type]));
      return {
        define,
        defineAll: (list) => list.map(([symbol, result, parameters]) => define(symbol, result, parameters)),
        registerCallback(result, parameters, callback) {
          const prototype = koffi.proto(types[result], parameters.map((type) => types[type]));
          return koffi.register(callback, koffi.pointer(prototype));
        },
      };
    },
  };
};
