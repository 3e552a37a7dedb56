'use strict';

// What must be the same with ferrule/register and without: every name but node:ffi, and the shape of what it replaces.

const Module = require('node:module');

function attempt(action) {
  try {
    return typeof action();
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message, header: error.stack.split('\n')[0],
             mentionsThisFile: error.stack.includes(__filename), keys: Object.keys(error) };
  }
}

async function attemptImport(specifier) {
  try {
    return Object.keys(await import(specifier)).sort();
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message };
  }
}

function shape(object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined) return 'absent';
  const { value, ...attributes } = descriptor;
  return { ...attributes, type: typeof value, name: value.name, length: Array.isArray(value) ? 'array' : value.length,
           frozen: Object.isFrozen(value), own: Reflect.ownKeys(value).filter((name) => typeof name === 'string' && !/^\d/.test(name)) };
}

function constructible(callable) {
  try {
    Reflect.construct(Object, [], callable);
    return true;
  } catch {
    return false;
  }
}

async function observe() {
  const observed = {};
  const specifiers = ['ffi', 'node:ffix', 'node:', 'node:nope', 'node:fs', 'fs', 'node:test', 'test', './nowhere.cjs', 'ferrule-nowhere', ''];
  for (const specifier of specifiers) {
    observed[specifier] = {
      require: attempt(() => require(specifier)),
      resolve: attempt(() => require.resolve(specifier)),
      import: await attemptImport(specifier),
      getBuiltinModule: attempt(() => process.getBuiltinModule?.(specifier)),
      isBuiltin: Module.isBuiltin(specifier),
    };
  }
  for (const value of [undefined, null, 1, {}, Symbol('ffi')]) {
    observed[String(value)] = {
      require: attempt(() => require(value)),
      getBuiltinModule: attempt(() => process.getBuiltinModule?.(value)),
      isBuiltin: attempt(() => Module.isBuiltin(value)),
    };
  }
  observed.builtinModules = Module.builtinModules.filter((name) => name !== 'node:ffi');
  observed.shapes = {
    getBuiltinModule: shape(process, 'getBuiltinModule'),
    load: shape(Module, '_load'),
    resolveFilename: shape(Module, '_resolveFilename'),
    isBuiltin: shape(Module, 'isBuiltin'),
    builtinModules: shape(Module, 'builtinModules'),
  };
  observed.constructible = {
    isBuiltin: constructible(Module.isBuiltin),
    getBuiltinModule: process.getBuiltinModule !== undefined && constructible(process.getBuiltinModule),
  };
  observed.identity = require('node:fs') === require('fs') && require('node:fs') === (await import('node:fs')).default;
  return observed;
}

observe().then((observed) => process.stdout.write(JSON.stringify(observed)));
