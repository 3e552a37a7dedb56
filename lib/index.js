'use strict';

// The module: every export with the shape it has in Node. Rust does the work and throws every error.
//
// Node's own accessors and conversions are native functions without parameters or `prototype`; methods with defaults are the same to
// whoever looks. Each is written out because each then has code of its own, which V8 optimises for the one native function it calls.

const binding = require('./binding.js');

binding.initialize(require('./hooks.js'));

const { DynamicLibrary, dispose } = require('./library.js');

// Taken at load: a program can replace it.
const { freeze } = Object;

const suffixes = { __proto__: null, darwin: 'dylib', win32: 'dll' };

function dlopen(path, definitions) {
  const lib = new DynamicLibrary(path);
  try {
    return {
      lib,
      functions: definitions === undefined ? freeze({ __proto__: null }) : lib.getFunctions(definitions),
      [dispose]() { lib.close(); },
    };
  } catch (error) {
    lib.close();
    throw error;
  }
}

function dlclose(handle) {
  handle.close();
}

function dlsym(handle, symbol) {
  return handle.getSymbol(symbol);
}

function exportString(string, pointer, length, encoding = undefined) {
  return binding.exportString(string, pointer, length, encoding);
}

function exportBuffer(buffer, pointer, length) {
  return binding.exportBuffer(buffer, pointer, length);
}

function exportArrayBuffer(arrayBuffer, pointer, length) {
  return binding.exportArrayBuffer(arrayBuffer, pointer, length);
}

function exportArrayBufferView(arrayBufferView, pointer, length) {
  return binding.exportArrayBufferView(arrayBufferView, pointer, length);
}

module.exports = {
  DynamicLibrary,
  dlopen,
  dlclose,
  dlsym,
  exportArrayBuffer,
  exportArrayBufferView,
  exportString,
  exportBuffer,
  getInt8(pointer = undefined, offset = undefined) { return binding.getInt8(pointer, offset); },
  getUint8(pointer = undefined, offset = undefined) { return binding.getUint8(pointer, offset); },
  getInt16(pointer = undefined, offset = undefined) { return binding.getInt16(pointer, offset); },
  getUint16(pointer = undefined, offset = undefined) { return binding.getUint16(pointer, offset); },
  getInt32(pointer = undefined, offset = undefined) { return binding.getInt32(pointer, offset); },
  getUint32(pointer = undefined, offset = undefined) { return binding.getUint32(pointer, offset); },
  getInt64(pointer = undefined, offset = undefined) { return binding.getInt64(pointer, offset); },
  getUint64(pointer = undefined, offset = undefined) { return binding.getUint64(pointer, offset); },
  getFloat32(pointer = undefined, offset = undefined) { return binding.getFloat32(pointer, offset); },
  getFloat64(pointer = undefined, offset = undefined) { return binding.getFloat64(pointer, offset); },
  getCurrentEventLoop() { return binding.getCurrentEventLoop(); },
  getRawPointer(source = undefined) { return binding.getRawPointer(source); },
  setInt8(pointer = undefined, offset = undefined, value = undefined) { return binding.setInt8(pointer, offset, value); },
  setUint8(pointer = undefined, offset = undefined, value = undefined) { return binding.setUint8(pointer, offset, value); },
  setInt16(pointer = undefined, offset = undefined, value = undefined) { return binding.setInt16(pointer, offset, value); },
  setUint16(pointer = undefined, offset = undefined, value = undefined) { return binding.setUint16(pointer, offset, value); },
  setInt32(pointer = undefined, offset = undefined, value = undefined) { return binding.setInt32(pointer, offset, value); },
  setUint32(pointer = undefined, offset = undefined, value = undefined) { return binding.setUint32(pointer, offset, value); },
  setInt64(pointer = undefined, offset = undefined, value = undefined) { return binding.setInt64(pointer, offset, value); },
  setUint64(pointer = undefined, offset = undefined, value = undefined) { return binding.setUint64(pointer, offset, value); },
  setFloat32(pointer = undefined, offset = undefined, value = undefined) { return binding.setFloat32(pointer, offset, value); },
  setFloat64(pointer = undefined, offset = undefined, value = undefined) { return binding.setFloat64(pointer, offset, value); },
  suffix: suffixes[process.platform] ?? 'so',
  toString(pointer = undefined) { return binding.toString(pointer); },
  toArrayBuffer(pointer = undefined, length = undefined, copy = undefined) { return binding.toArrayBuffer(pointer, length, copy); },
  toBuffer(pointer = undefined, length = undefined, copy = undefined) { return binding.toBuffer(pointer, length, copy); },
  types: Object.freeze({ __proto__: null, ...binding.types }),
  getNativeFunction(library, name, resultType, parameterTypes) {
    return binding.getNativeFunction(library, name, resultType, parameterTypes);
  },
  getBufferPointer(buffer) { return binding.getBufferPointer(buffer); },
  sizeof(type) { return binding.sizeof(type); },
};
