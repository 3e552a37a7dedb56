'use strict';

// What a program can do to the language and to Node, by name. Each change is a function that makes it; `change` below takes it back.
//
// What a trap is called on or given goes to `caught`: whoever sets traps must not get hold of anything that Ferrule keeps to itself.

const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;

let made = [];
let caught = [];

// Arrays are written to in this way because there can be setters for their indices.
function append(list, value) {
  defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

function put(object, key, descriptor) {
  append(made, { __proto__: null, object, key, before: getOwnPropertyDescriptor(object, key) });
  if (!defineProperty(object, key, { __proto__: null, configurable: true, ...descriptor })) throw new TypeError('not to be changed');
}

// Makes a change, acts, and takes the change back; what traps caught meanwhile comes back along with the result.
exports.change = function change(make, act) {
  caught = [];
  try {
    make();
    return { __proto__: null, result: act(), caught };
  } finally {
    for (let index = made.length - 1; index >= 0; index--) {
      const { object, key, before } = made[index];
      if (before === undefined) deleteProperty(object, key);
      else defineProperty(object, key, { __proto__: null, ...before });
    }
    made = [];
  }
};

function trap(...values) {
  for (let index = 0; index < values.length; index++) append(caught, values[index]);
}

const kinds = {
  'a value': () => ({ value: 1, writable: true }),
  'a function': () => ({ value: function trapped(...values) { trap(this, ...values); }, writable: true }),
  'a read-only value': () => ({ value: 1, writable: false }),
  'an accessor': () => ({
    get() {
      trap(this);
      return undefined;
    },
    set(value) { trap(this, value); },
  }),
  'a getter': () => ({
    get() {
      trap(this);
      return 1;
    },
  }),
  'an accessor that throws': () => ({
    get() {
      trap(this);
      throw new Error('trap');
    },
    set(value) {
      trap(this, value);
      throw new Error('trap');
    },
  }),
};

// Names that a descriptor has, and such as Ferrule or Node-API could assign.
const ofObjects = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'owner', 'code', 'pointer', '0', '5', '6'];
const ofFunctions = ['owner', 'pointer', 'code', 'get', 'value'];
const ofArrays = ['0', '1', '5', '6'];

const prototypes = [
  ['Object.prototype', Object.prototype, ofObjects],
  ['Function.prototype', Function.prototype, ofFunctions],
  ['Array.prototype', Array.prototype, ofArrays],
  ['Error.prototype', Error.prototype, ['code']],
];

const refuse = (name) => ({ value: function refused() { throw new Error(`${name} is not for you`); }, writable: true });

// All that can be called of an object, replaced by what throws.
function refuseAll(name, object) {
  for (const key of Reflect.ownKeys(object)) {
    const { value, get, configurable } = getOwnPropertyDescriptor(object, key);
    if (!configurable || key === 'constructor') continue;
    const { value: refused } = refuse(`${name}.${String(key)}`);
    if (typeof value === 'function') put(object, key, { value: refused, writable: true });
    else if (get) put(object, key, { get: refused });
  }
}

const changes = {};
for (const [name, prototype, names] of prototypes) {
  for (const property of names) {
    for (const [kind, describe] of Object.entries(kinds)) {
      changes[`${name}.${property} is ${kind}`] = () => put(prototype, property, describe());
    }
  }
}

const arrayIterator = getPrototypeOf([][Symbol.iterator]());
const typedArray = getPrototypeOf(Uint8Array);

const others = {
  'arrays are iterated over other values': () => {
    put(Array.prototype, Symbol.iterator, { value: function* values() { yield 5; yield 6; }, writable: true });
  },
  'arrays cannot be iterated over': () => {
    put(Array.prototype, Symbol.iterator, refuse('Array.prototype[Symbol.iterator]'));
    put(arrayIterator, 'next', refuse('next'));
  },
  'arrays join to code': () => put(Array.prototype, 'join', { value: () => 'a0 = globalThis.injected = 1', writable: true }),
  'the statics of Array throw': () => refuseAll('Array', Array),
  'the methods of arrays throw': () => refuseAll('Array.prototype', Array.prototype),
  'the statics of Object throw': () => refuseAll('Object', Object),
  'the statics of Reflect throw': () => refuseAll('Reflect', Reflect),
  'the statics of Number, Math and JSON throw': () => {
    for (const name of ['Number', 'Math', 'JSON']) refuseAll(name, globalThis[name]);
  },
  'the methods of strings, numbers and symbols throw': () => {
    for (const name of ['String', 'Number', 'BigInt', 'Symbol']) refuseAll(`${name}.prototype`, globalThis[name].prototype);
  },
  'the methods of functions throw': () => {
    for (const key of ['apply', 'bind', 'call', 'toString']) put(Function.prototype, key, refuse(key));
  },
  'the statics of Buffer throw': () => refuseAll('Buffer', Buffer),
  'everything is a Buffer': () => put(Buffer, Symbol.hasInstance, { value: () => true }),
  'nothing is a Buffer': () => put(Buffer, Symbol.hasInstance, { value: () => false }),
  'views lie about their sizes': () => {
    for (const key of ['length', 'byteLength', 'byteOffset', 'buffer']) put(typedArray.prototype, key, { get: () => 4096 });
    for (const key of ['byteLength', 'byteOffset', 'buffer']) put(DataView.prototype, key, { get: () => 4096 });
  },
  'methods of weak things throw': () => {
    refuseAll('FinalizationRegistry.prototype', FinalizationRegistry.prototype);
    refuseAll('WeakRef.prototype', WeakRef.prototype);
  },
  'Reflect.construct and Reflect.apply show what they are given': () => {
    for (const key of ['construct', 'apply']) {
      const original = Reflect[key];
      put(Reflect, key, { value: function shown(...values) {
        trap(...values);
        return original(...values);
      }, writable: true });
    }
  },
  'stack traces show functions and receivers': () => {
    put(Error, 'prepareStackTrace', { value: (_, sites) => {
      for (const site of sites) {
        for (const shown of [site.getFunction(), site.getThis()]) if (shown !== undefined && site.getFileName() !== '[eval]') trap(shown);
      }
      return 'shown';
    }, writable: true });
  },
};

const globals = ['Array', 'ArrayBuffer', 'BigInt', 'Buffer', 'DataView', 'Error', 'FinalizationRegistry', 'Function', 'Map', 'Number',
  'Object', 'Promise', 'Proxy', 'RangeError', 'Reflect', 'Set', 'String', 'Symbol', 'TypeError', 'Uint8Array', 'WeakMap', 'WeakRef',
  'WeakSet'];
for (const name of globals) {
  others[`the global ${name} throws`] = () => put(globalThis, name, refuse(name));
}

exports.after = { ...changes, ...others };

// Before the module is loaded, only names: who replaces what a module is made of can make any module he likes of it. And with accessors
// for indices, Node cannot load a module at all.
exports.before = Object.fromEntries(Object.entries(changes).filter(([name]) => !/\.\d/.test(name)));
