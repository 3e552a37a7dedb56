// Deno has no strings as arguments: they are encoded by the caller, with a NUL at the end. Its pointers are objects.

// What must not be collected.
const kept = [];

const noSetter = 'Deno and Bun write through an ArrayBuffer over the memory, and have no function that writes at a pointer';

// A pointer is read through a view of it, which is made once when it is read more often.
const operations = {
  getInt32: (view, offset) => `${view}.getInt32(${offset})`,
  getUint64: (view, offset) => `${view}.getBigUint64(${offset})`,
  getFloat64: (view, offset) => `${view}.getFloat64(${offset})`,
  toString: (pointer) => `UnsafePointerView.getCString(${pointer})`,
  copyBytes: (pointer, length) => `copy(${pointer}, ${length})`,
  viewBytes: (pointer, length) => `new Uint8Array(UnsafePointerView.getArrayBuffer(${pointer}, ${length}))`,
  exportString: (text, pointer, length) => (
    `encoder.encodeInto(${text} + '\\0', new Uint8Array(UnsafePointerView.getArrayBuffer(${pointer}, ${length})))`
  ),
  exportBuffer: (bytes, pointer, length) => `new Uint8Array(UnsafePointerView.getArrayBuffer(${pointer}, ${length})).set(${bytes})`,
  getRawPointer: (bytes) => `UnsafePointer.of(${bytes})`,
  readInt32: (pointer) => `new UnsafePointerView(${pointer}).getInt32()`,
  readText: (pointer, offset) => `UnsafePointerView.getCString(new UnsafePointerView(${pointer}).getPointer(${offset}))`,
};

function copy(pointer, length) {
  const bytes = new Uint8Array(length);
  Deno.UnsafePointerView.copyInto(pointer, bytes);
  return bytes;
}

const encoder = new TextEncoder();

export default () => ({
  unsupported: { load: 'Deno has no module to load', 'set-int32': noSetter },
  scope: { encoder },
  call(name, parameters, expressions) {
    const written = expressions.map((text, index) => (parameters[index] === 'string' ? `encoder.encode(${text} + '\\0')` : text));
    return `${name}(${written.join(', ')})`;
  },
  operations,
  operationScope: () => ({ encoder, UnsafePointer: Deno.UnsafePointer, UnsafePointerView: Deno.UnsafePointerView, copy }),
  accessed: (pointer) => new Deno.UnsafePointerView(pointer),
  open(path) {
    const type = (name) => (name === 'string' ? 'buffer' : name);
    const defineAll = (list) => {
      const description = list.map(([symbol, result, parameters]) => [symbol, { parameters: parameters.map(type), result }]);
      const { symbols } = Deno.dlopen(path, Object.fromEntries(description));
      return list.map(([symbol]) => symbols[symbol]);
    };
    const define = (...description) => defineAll([description])[0];
    return {
      define,
      defineAll,
      registerCallback(result, parameters, callback) {
        const unsafe = new Deno.UnsafeCallback({ parameters, result }, callback);
        kept.push(unsafe);
        return unsafe.pointer;
      },
    };
  },
});
