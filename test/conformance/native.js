'use strict';

// The fixture library as the cases use it.

const ffi = require('../subject');
const { path } = require('../fixture');

// A library that nothing refers to is closed by the garbage collector, and takes its callbacks along.
const libraries = [];

exports.path = path;
exports.open = open;
exports.native = native;
exports.allocate = allocate;

function open() {
  const library = new ffi.DynamicLibrary(path);
  libraries.push(library);
  return library;
}

// In a library of its own: within one library a name has one signature.
function native(name, result, ...parameters) {
  return open().getFunction(name, { return: result, arguments: parameters });
}

// Zeroed memory of the C library's, which lives until the process ends.
function allocate(size) {
  return native('allocate_zeroed', 'pointer', 'u64')(BigInt(size));
}
