'use strict';

// The module: every export with the shape it has in Node. Rust does the work and throws every error.

const binding = require('./binding.js');

binding.initialize(require('./hooks.js'));

const { DynamicLibrary, dispose } = require('./library.js');
const memory = require('./memory.js');

// Taken at load: a program can replace it.
const { freeze } = Object;

const suffixes = { __proto__: null, darwin: 'dylib', win32: 'dll' };

function dlopen(path, definitions) {
  binding.checkAccess();
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
  binding.checkAccess();
  handle.close();
}

function dlsym(handle, symbol) {
  binding.checkAccess();
  return handle.getSymbol(symbol);
}

module.exports = {
  DynamicLibrary,
  dlopen,
  dlclose,
  dlsym,
  exportArrayBuffer: memory.exportArrayBuffer,
  exportArrayBufferView: memory.exportArrayBufferView,
  exportString: memory.exportString,
  exportBuffer: memory.exportBuffer,
  getInt8: memory.getInt8,
  getUint8: memory.getUint8,
  getInt16: memory.getInt16,
  getUint16: memory.getUint16,
  getInt32: memory.getInt32,
  getUint32: memory.getUint32,
  getInt64: memory.getInt64,
  getUint64: memory.getUint64,
  getFloat32: memory.getFloat32,
  getFloat64: memory.getFloat64,
  getCurrentEventLoop() { return binding.getCurrentEventLoop(); },
  getRawPointer: memory.getRawPointer,
  setInt8: memory.setInt8,
  setUint8: memory.setUint8,
  setInt16: memory.setInt16,
  setUint16: memory.setUint16,
  setInt32: memory.setInt32,
  setUint32: memory.setUint32,
  setInt64: memory.setInt64,
  setUint64: memory.setUint64,
  setFloat32: memory.setFloat32,
  setFloat64: memory.setFloat64,
  suffix: suffixes[process.platform] ?? 'so',
  toString: memory.toString,
  toArrayBuffer: memory.toArrayBuffer,
  toBuffer: memory.toBuffer,
  types: Object.freeze({ __proto__: null, ...binding.types }),
  getNativeFunction(library, name, resultType, parameterTypes) {
    return binding.getNativeFunction(library, name, resultType, parameterTypes);
  },
  getBufferPointer(buffer) { return binding.getBufferPointer(buffer); },
  sizeof(type) { return binding.sizeof(type); },
};
