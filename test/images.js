'use strict';

// What is opened for symbols that every process has: Node's own, and those of the C library. On Windows each image has its own symbols, and
// null is no path.

const isWindows = process.platform === 'win32';

exports.program = isWindows ? process.execPath : null;
exports.libc = isWindows ? 'ucrtbase.dll' : null;
