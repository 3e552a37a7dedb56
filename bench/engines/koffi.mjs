import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// koffi's names for the types. Bytes go in as `uint8_t *`, which takes a Buffer as it is.
const types = {
  i8: 'int8_t', u8: 'uint8_t', i16: 'int16_t', u16: 'uint16_t', i32: 'int32_t', u32: 'uint32_t', i64: 'int64_t', u64: 'uint64_t',
  f32: 'float', f64: 'double', void: 'void', pointer: 'void *', string: 'const char *', buffer: 'const uint8_t *',
};

export default () => {
  let koffi;
  return {
    load() {
      koffi = require('koffi');
    },
    open(path) {
      const library = koffi.load(path);
      const define = (symbol, result, parameters) => library.func(symbol, types[result], parameters.map((type) => types[type]));
      return {
        define,
        defineAll: (list) => list.map(([symbol, result, parameters]) => define(symbol, result, parameters)),
        keepCallback(symbol, callback) {
          const prototype = koffi.pointer(koffi.proto('int32_t', ['int32_t']));
          const pointer = koffi.register(callback, prototype);
          return library.func(symbol, 'int32_t', [prototype, 'int32_t'])(pointer, 21);
        },
      };
    },
  };
};
