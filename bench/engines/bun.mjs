// Bun has no strings as arguments: they are encoded by the caller, with a NUL at the end. Its pointers are numbers.

// What must not be collected.
const kept = [];

const noSetter = 'Deno and Bun write through an ArrayBuffer over the memory, and have no function that writes at a pointer';

const operations = {
  getInt32: (pointer, offset) => `read.i32(${pointer}, ${offset})`,
  getUint64: (pointer, offset) => `read.u64(${pointer}, ${offset})`,
  getFloat64: (pointer, offset) => `read.f64(${pointer}, ${offset})`,
  toString: (pointer) => `new CString(${pointer}).toString()`,
  copyBytes: (pointer, length) => `new Uint8Array(toArrayBuffer(${pointer}, 0, ${length})).slice()`,
  viewBytes: (pointer, length) => `toBuffer(${pointer}, 0, ${length})`,
  exportString: (text, pointer, length) => `toBuffer(${pointer}, 0, ${length}).write(${text} + '\\0')`,
  exportBuffer: (bytes, pointer, length) => `toBuffer(${pointer}, 0, ${length}).set(${bytes})`,
  getRawPointer: (bytes) => `ptr(${bytes})`,
  readInt32: (pointer) => `read.i32(${pointer}, 0)`,
  readText: (pointer, offset) => `new CString(read.ptr(${pointer}, ${offset})).toString()`,
};

export default () => {
  let ffi;
  return {
    async load() {
      ffi = await import('bun:ffi');
    },
    scope: { Buffer: globalThis.Buffer },
    call(name, parameters, expressions) {
      const written = expressions.map((text, index) => (parameters[index] === 'string' ? `Buffer.from(${text} + '\\0')` : text));
      return `${name}(${written.join(', ')})`;
    },
    unsupported: { 'set-int32': noSetter },
    operations,
    operationScope() {
      const { read, CString, toArrayBuffer, toBuffer, ptr } = ffi;
      return { read, CString, toArrayBuffer, toBuffer, ptr };
    },
    open(path) {
      const type = (name) => (['string', 'buffer', 'pointer', 'function'].includes(name) ? 'ptr' : name);
      const defineAll = (list) => {
        const description = list.map(([symbol, result, parameters]) => [symbol, { args: parameters.map(type), returns: type(result) }]);
        const { symbols } = ffi.dlopen(path, Object.fromEntries(description));
        return list.map(([symbol]) => symbols[symbol]);
      };
      const define = (...description) => defineAll([description])[0];
      return {
        define,
        defineAll,
        registerCallback(result, parameters, callback) {
          const made = new ffi.JSCallback(callback, { args: parameters.map(type), returns: type(result) });
          kept.push(made);
          return made.ptr;
        },
      };
    },
  };
};
