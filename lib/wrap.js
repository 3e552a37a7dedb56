'use strict';

// The JavaScript functions that users call. Rust does the work; the shape is what only JavaScript can give: a method is no
// constructor and has no `prototype`, and it alone knows how many arguments it was called with.
//
// Nothing here goes through what a program can change: the language's functions are taken at load, descriptors have no prototype, and
// arguments are spread by `apply`, not by their iterator.

const { compileFunction } = require('node:vm');

const { defineProperties } = Object;
const { apply } = Reflect;

// Beyond this many parameters, calls go through a rest array: V8 has a limit on parameters, and nobody calls such a function in a loop.
const MAX_NAMED_PARAMETERS = 64;

// Makers of wrappers by their number of parameters.
const factories = { __proto__: null };

// `raw => wrapper` for functions of `length` parameters.
function factory(length) {
  if (length > MAX_NAMED_PARAMETERS) {
    return (raw) => ({ call(...args) { return apply(raw, undefined, args); } }).call;
  }
  factories[length] ??= compileFactory(length);
  return factories[length];
}

// Only numbers get into the source.
function compileFactory(length) {
  let parameters = '';
  for (let index = 0; index < length; index++) {
    parameters += index === 0 ? 'a0' : `, a${index}`;
  }
  const make = compileFunction(`
    'use strict';
    return {
      call(${parameters}) {
        if (arguments.length !== ${length}) return apply(raw, undefined, arguments);
        return raw(${parameters});
      },
    }.call;`, ['raw', 'apply']);
  return (raw) => make(raw, apply);
}

// The wrapper of the native function `raw`, which nobody else sees. As long as the wrapper lives, so does `owner`, the library that it
// came from.
exports.wrap = function wrap(raw, name, length, address, owner) {
  defineProperties(raw, { __proto__: null, owner: { __proto__: null, value: owner } });
  return defineProperties(factory(length)(raw), {
    __proto__: null,
    length: { __proto__: null, value: length },
    name: { __proto__: null, value: name },
    pointer: { __proto__: null, value: address, writable: true, enumerable: true, configurable: true },
  });
};
