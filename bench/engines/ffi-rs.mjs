import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// ffi-rs's names for the types; it has no i8 and no u16.
const types = {
  u8: 'U8', i16: 'I16', i32: 'I32', u32: 'U32', i64: 'BigInt', f32: 'Float', f64: 'Double', void: 'Void', pointer: 'External',
  string: 'String', buffer: 'U8Array',
};

const noResult = 'ffi-rs calls a function later, from the event loop, and C gets no result';
const noWriter = 'ffi-rs has no function that writes at a pointer';

// It reads values through a list of types and a list of pointers; what is read as a string is a pointer to a pointer.
const operations = {
  getInt32: (pointer) => `restorePointer({ retType: [DataType.I32], paramsValue: [${pointer}] })[0]`,
  getUint64: (pointer) => `restorePointer({ retType: [DataType.BigInt], paramsValue: [${pointer}] })[0]`,
  getFloat64: (pointer) => `restorePointer({ retType: [DataType.Double], paramsValue: [${pointer}] })[0]`,
  toString: (pointer) => `restorePointer({ retType: [DataType.String], paramsValue: wrapPointer([${pointer}]) })[0]`,
  copyBytes: (pointer, length) => `Buffer.from(createExternalBuffer(${pointer}, ${length}))`,
  viewBytes: (pointer, length) => `createExternalBuffer(${pointer}, ${length})`,
};

export default () => {
  let ffi;
  let opened = 0;
  return {
    load() {
      ffi = require('ffi-rs');
    },
    // It takes the arguments in an array.
    call: (name, _parameters, expressions) => `${name}([${expressions.join(', ')}])`,
    unsupported: {
      'mixed-5': 'ffi-rs has no i8 and no u16',
      'pointer-null': 'ffi-rs takes no null for a pointer',
      'callback-i32': noResult,
      'callback-mixed-4': noResult,
      qsort: noResult,
      'sqlite3-exec': noResult,
      'set-int32': noWriter,
      'export-string': noWriter,
      'export-buffer': noWriter,
      'get-raw-pointer': 'ffi-rs does not tell the address of a buffer',
    },
    operations,
    operationScope() {
      const { DataType, restorePointer, wrapPointer, createExternalBuffer } = ffi;
      return { DataType, restorePointer, wrapPointer, createExternalBuffer, Buffer };
    },
    open(path) {
      const library = `library-${opened++}`;
      ffi.open({ library, path });
      const description = (result, parameters) => ({
        library, retType: ffi.DataType[types[result]], paramsType: parameters.map((type) => ffi.DataType[types[type]]),
      });
      return {
        define: (symbol, result, parameters) => ffi.define({ [symbol]: description(result, parameters) })[symbol],
        defineAll(list) {
          const functions = ffi.define(
            Object.fromEntries(list.map(([symbol, result, parameters]) => [symbol, description(result, parameters)])),
          );
          return list.map(([symbol]) => functions[symbol]);
        },
        // It calls the function later, from the event loop; C gets no result.
        keepCallback: (symbol, callback) => new Promise((resolve) => {
          const type = ffi.funcConstructor({ paramsType: [ffi.DataType.I32], retType: ffi.DataType.Void });
          const called = (number) => resolve(callback(number));
          const [pointer] = ffi.unwrapPointer(ffi.createPointer({ paramsType: [type], paramsValue: [called] }));
          ffi.load({
            library, funcName: symbol, retType: ffi.DataType.Void, paramsType: [ffi.DataType.External, ffi.DataType.I32],
            paramsValue: [pointer, 21],
          });
        }),
      };
    },
  };
};
