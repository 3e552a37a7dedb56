'use strict';

// Empties the cache of CommonJS, as programs do that load themselves again.

const ffi = require('node:ffi');
const { path } = require('../fixture');
const warnings = [];
process.on('warning', ({ name }) => warnings.push(name));

const empty = () => Object.keys(require.cache).forEach((file) => delete require.cache[file]);

empty();
const observed = {
  'require': require('node:ffi') === ffi,
  'process.getBuiltinModule': process.getBuiltinModule === undefined || process.getBuiltinModule('node:ffi') === ffi,
  'instances': new (require('node:ffi').DynamicLibrary)(path) instanceof ffi.DynamicLibrary,
};
setImmediate(() => {
  observed['one warning'] = warnings.filter((name) => name === 'ExperimentalWarning').length <= 1;
  process.stdout.write(JSON.stringify(observed));
});
