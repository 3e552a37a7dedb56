'use strict';

// The module as the name `node:ffi` gives it: the first to ask for it in a thread is told that it is experimental, as Node does.

process.emitWarning('FFI is an experimental feature and might change at any time', 'ExperimentalWarning');

module.exports = require('./index.js');
