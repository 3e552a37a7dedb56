'use strict';

// Asks for node:ffi in every way CommonJS has, and says for each whether Ferrule came.

const ferrule = require('ferrule');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const isFerrule = (value) => value === ferrule;

function ways() {
  return {
    'require': isFerrule(require('node:ffi')),
    'require again': isFerrule(require('node:ffi')),
    'module.require': isFerrule(module.require('node:ffi')),
    'createRequire': isFerrule(Module.createRequire(__filename)('node:ffi')),
    'createRequire of a directory that does not exist':
      isFerrule(Module.createRequire(path.join(path.parse(__dirname).root, 'nowhere', 'x.js'))('node:ffi')),
    'require in a vm script': isFerrule(vm.runInThisContext('(require) => require("node:ffi")')(require)),
    'require.resolve': require.resolve('node:ffi') === require.resolve('ferrule').replace(/index\.js$/, 'node-ffi.js'),
    'process.getBuiltinModule':
      process.getBuiltinModule === undefined || isFerrule(process.getBuiltinModule('node:ffi')),
    'isBuiltin': Module.isBuiltin('node:ffi'),
    'builtinModules': Module.builtinModules.filter((name) => name === 'node:ffi').length === 1,
  };
}

async function waysOfImport() {
  const namespace = await import('node:ffi');
  return {
    'import()': isFerrule(namespace.default),
    'import() is ferrule': namespace.default === (await import('ferrule')).default,
  };
}

// Not exported as a literal: a literal's names would become names of the namespace that ways.mjs imports.
exports.observe = async () => ({ ...ways(), ...await waysOfImport() });

if (require.main === module) {
  exports.observe().then((observed) => process.stdout.write(JSON.stringify(observed)));
}
