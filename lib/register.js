'use strict';

// Makes the name `node:ffi` mean Ferrule in the thread that loads this file, on every supported Node; on Node 26 it takes
// the place of Node's own module. `ffi` without the scheme, and every other name, keep Node's own answer. Nothing is
// loaded here: the addon comes with the first use of the name.
//
// How each way to the name is covered:
//
//   require, module.require, createRequire     Module._load
//   require.resolve                            Module._resolveFilename; where Node asks the hooks first (24 and later),
//                                              module.registerHooks
//   import, import(), import.meta.resolve      module.registerHooks (Node 22.15 and later);
//                                              on an older Node module.register with register-resolve.mjs
//   process.getBuiltinModule                   replaced, where Node has it (20.16 and later)
//   module.isBuiltin, module.builtinModules    replaced, where Node does not list `node:ffi` itself
//
// module.registerHooks alone would not do for `require`: many lines that have it look a request that starts with `node:` up
// among the built-in modules whatever the hooks answer (https://github.com/nodejs/node/pull/61088).
//
// `require` ends at node-ffi.js and `import` at node-ffi.mjs, whose default export is what the other exports. So there is one
// module object, whichever way leads to it, and it is the one that `ferrule` names.
//
// As in Node, `--no-experimental-ffi` turns the name off. A Node that has the option then says so by not listing the module;
// for any other, the command `ferrule` does not load this file.
//
// All of this belongs to one thread. A Worker has it because it runs the `--require` and `--import` flags of its parent
// again. Left out are, and patching Node further for them would cost more than it gives:
//
// * a Worker made from source text (`eval: true`): Node runs `--require` there, but not `--import`;
// * a Worker with an `execArgv` of its own (for the flags) or an `env` of its own (for NODE_OPTIONS) that does not name
//   ferrule/register, and a Worker of a program that loads ferrule/register in its own code;
// * before Node 22.15, a static `import 'node:ffi'` below an ES module that was loaded with `require`: Node resolves that
//   graph without its hooks; and before Node 20.6, which has no hooks to register, every `import`;
// * in Bun, a static `import 'node:ffi'`;
// * a CommonJS file that is imported while somebody's asynchronous load hook supplies its source: Node gives it a second
//   kind of `require`, which finds the namespace of node-ffi.mjs instead of its default export (on older lines: a TypeError).
//
// To load this file twice, or from two copies of the package, is harmless: the copy loaded last answers.

const Module = require('node:module');
const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { isInternalThread } = require('node:worker_threads');

const registerPermission = require('./register-permission.js');

const NAME = 'node:ffi';
const commonjsPath = path.join(__dirname, 'node-ffi.js');
const commonjsURL = pathToFileURL(commonjsPath).href;
const moduleURL = pathToFileURL(path.join(__dirname, 'node-ffi.mjs')).href;

function replaceValue(object, key, value) {
  const { get, set, ...descriptor } = Object.getOwnPropertyDescriptor(object, key);
  // Bun and Deno have accessors in places, and Bun only looks at what their setters are given.
  if (set !== undefined) object[key] = value;
  else Object.defineProperty(object, key, { ...descriptor, value });
}

function replaceMethod(object, key, method) {
  for (const property of ['name', 'length']) {
    Object.defineProperty(method, property, Object.getOwnPropertyDescriptor(object[key], property));
  }
  replaceValue(object, key, method);
}

// As one of Node's own modules, it is the same whatever becomes of `require.cache`.
let ffiModule;
const theModule = () => (ffiModule ??= require('./node-ffi.js'));

function redirectRequests(key, answer) {
  const original = Module[key];
  replaceMethod(Module, key, function(request, ...rest) {
    return request === NAME ? answer(original, this, rest) : Reflect.apply(original, this, [request, ...rest]);
  });
}

// Having hooks puts frames between the caller and the error of a request that fails. Without room for them the caller's own
// frames would fall off the end of the stack.
const HOOK_FRAMES = 8;

function resolveOther(nextResolve, specifier, context) {
  const limit = Error.stackTraceLimit;
  if (typeof limit !== 'number') return nextResolve(specifier, context);
  // Reflect.set, because --frozen-intrinsics makes an assignment throw.
  Reflect.set(Error, 'stackTraceLimit', limit + HOOK_FRAMES);
  try {
    return nextResolve(specifier, context);
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

function resolve(specifier, context, nextResolve) {
  if (specifier !== NAME) return resolveOther(nextResolve, specifier, context);
  // Node 22.15 gives a Set here, later ones an array.
  return [...context.conditions].includes('require') ?
    { url: commonjsURL, format: 'commonjs', shortCircuit: true } :
    { url: moduleURL, format: 'module', shortCircuit: true };
}

function registerResolver() {
  try {
    Module.register?.('./register-resolve.mjs', { parentURL: moduleURL, data: { name: NAME, url: moduleURL } });
  } catch (error) {
    // Node runs such hooks in a Worker.
    if (error.code !== 'ERR_ACCESS_DENIED') throw error;
    process.emitWarning('Without --allow-worker, this version of Node cannot import node:ffi from Ferrule; require works', 'FerruleWarning');
  }
}

function redirectImports() {
  if (Module.registerHooks !== undefined) {
    Module.registerHooks({ resolve });
  } else if (globalThis.Bun?.plugin !== undefined) {
    // Nobody is asked for the static imports of an ES module there.
    Bun.plugin({ name: 'ferrule', setup(build) {
      build.onResolve({ filter: /^ffi$/, namespace: 'node' }, () => ({ path: fileURLToPath(moduleURL) }));
    } });
  } else {
    registerResolver();
  }
}

function replaceBuiltinModuleLookup() {
  const original = process.getBuiltinModule;
  if (original === undefined) return;
  replaceMethod(process, 'getBuiltinModule', function(id) {
    return id === NAME ? theModule() : Reflect.apply(original, this, arguments);
  });
}

function listBuiltinModule() {
  const { isBuiltin, builtinModules } = Module;
  if (isBuiltin(NAME)) return;
  replaceMethod(Module, 'isBuiltin', (name) => name === NAME || isBuiltin(name));
  const schemeOnly = builtinModules.findIndex((name) => name.startsWith('node:'));
  const position = schemeOnly === -1 ? builtinModules.length : schemeOnly;
  replaceValue(Module, 'builtinModules', Object.freeze(builtinModules.toSpliced(position, 0, NAME)));
}

// The flags of Node are looked through only where they may be needed: that takes a millisecond.
function isTurnedOff() {
  return !Module.isBuiltin(NAME) && Number.parseInt(process.versions.node, 10) >= 26 &&
    process.allowedNodeEnvironmentFlags.has('--experimental-ffi');
}

// Node runs `--require` also in the thread of the asynchronous loader hooks, where on Node 22 a synchronous hook keeps Node
// from loading the asynchronous ones.
if (!isInternalThread && !isTurnedOff()) {
  registerPermission();
  redirectRequests('_load', theModule);
  redirectRequests('_resolveFilename', (original, receiver, rest) => Reflect.apply(original, receiver, [commonjsPath, ...rest]));
  redirectImports();
  replaceBuiltinModuleLookup();
  listBuiltinModule();
  // `import { isBuiltin } from 'node:module'` reads a copy of the exports.
  Module.syncBuiltinESMExports();
}
