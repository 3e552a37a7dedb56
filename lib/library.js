'use strict';

// The shape of `DynamicLibrary`. What its methods do is in Rust (crates/addon/src/library.rs), which knows a library by an external in
// a private field: a method called on anything else finds none there, and Rust refuses it.

const { types: { isProxy } } = require('node:util');

const binding = require('./binding.js');
const threads = require('./threads.js');

const { defineProperties, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Object;
const { construct } = Reflect;
// The first releases of Node 20 have no such symbol; then nobody can name the property.
const { dispose = Symbol('Symbol.dispose') } = Symbol;

// A structured clone would make a plain object of an instance. Node's mark against that came with 22.10; before it, and in other
// engines, the base class protects them: no engine clones a FinalizationRegistry.
function markAsUncloneable(library) {
  const { markAsUncloneable: mark } = threads();
  if (mark !== undefined) mark(library);
}

// What Rust knows a library by, undefined when it is none; and the path it was opened with.
let native, pathOf;

const { prototype: basePrototype } = FinalizationRegistry;
const { prototype: objectPrototype } = Object;

class Library extends FinalizationRegistry {
  #native;
  #path;

  constructor(path) {
    super(() => {});
    this.#native = binding.openLibrary(path);
    this.#path = path ?? '';
    markAsUncloneable(this);
    defineProperties(this, ownProperties);
  }

  // These see the private fields and are nowhere to be found from outside.
  static {
    native = (library) => (typeof library === 'object' && library !== null && #native in library ? library.#native : undefined);
    pathOf = (library) => (native(library) === undefined ? binding.refuseReceiver() : library.#path);
  }
}

// Every instance has these two of its own, with getters that have no name. The defaults below (`name = undefined`) keep `length` at 0.
const ownProperties = {
  __proto__: null,
  path: { __proto__: null, get: { ''() { return pathOf(this); } }[''], enumerable: true },
  symbols: { __proto__: null, get: { ''() { return binding.getSymbols(native(this)); } }[''], enumerable: true },
};

function DynamicLibrary(path) {
  if (new.target === undefined) {
    binding.refuseCall();
  }
  const library = construct(Library, [path], new.target);
  // What the language gives a constructor without a prototype is that of the base class.
  if (getPrototypeOf(library) === basePrototype) setPrototypeOf(library, objectPrototype);
  return library;
}

function close() {
  return binding.closeLibrary(native(this));
}

function getFunction(name, signature) {
  return binding.getFunction(native(this), name, signature, this);
}

function getFunctions(definitions) {
  return binding.getFunctions(native(this), definitions, this);
}

// A callback's name for messages. A Proxy's traps and a getter are the user's code, and stay unused.
function nameOf(callback) {
  if (typeof callback !== 'function' || isProxy(callback)) return '';
  const name = getOwnPropertyDescriptor(callback, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

const methods = {
  functions() {
    return binding.getFunctions(native(this), undefined, this);
  },
  close,
  getFunction,
  getFunctions,
  getSymbol(name = undefined) {
    return binding.getSymbol(native(this), name);
  },
  getSymbols() {
    return binding.getSymbols(native(this));
  },
  getFunctionFromPointer(address, signature) {
    return binding.getFunctionFromPointer(native(this), address, signature, this);
  },
  registerCallback(signature = undefined, callback = undefined) {
    return binding.registerCallback(native(this), signature, callback, nameOf(typeof signature === 'function' ? signature : callback));
  },
  unregisterCallback(pointer = undefined) {
    return binding.unregisterCallback(native(this), pointer);
  },
  refCallback(pointer = undefined) {
    return binding.refCallback(native(this), pointer);
  },
  unrefCallback(pointer = undefined) {
    return binding.unrefCallback(native(this), pointer);
  },
  constructor: DynamicLibrary,
  [dispose]: close,
};

DynamicLibrary.prototype = defineProperties(methods, {
  __proto__: null,
  functions: { __proto__: null, get: methods.functions, set: undefined },
  constructor: { __proto__: null, enumerable: false },
});

module.exports = { DynamicLibrary, dispose };
