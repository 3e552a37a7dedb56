'use strict';

// The JavaScript functions that users call. Rust does the work; the shape is what only JavaScript can give: a method is no
// constructor and has no `prototype`, and it alone knows how many arguments it was called with before they are spread.

const { compileFunction } = require('node:vm');

const { defineProperties } = Object;

// Beyond this many parameters, calls go through a rest array: V8 has a limit on parameters, and nobody calls such a function in a loop.
const MAX_NAMED_PARAMETERS = 64;

const factories = [];

// `raw => wrapper` for functions of `length` parameters. Only numbers get into the source.
function factory(length) {
  if (length > MAX_NAMED_PARAMETERS) {
    return (raw) => ({ call(...args) { return raw(...args); } }).call;
  }
  factories[length] ??= compileFactory(length);
  return factories[length];
}

function compileFactory(length) {
  const parameters = Array.from({ length }, (_, index) => `a${index}`).join(', ');
  return compileFunction(`
    'use strict';
    return {
      call(${parameters}) {
        if (arguments.length !== ${length}) return raw(...arguments);
        return raw(${parameters});
      },
    }.call;`, ['raw']);
}

// The wrapper of the native function `raw`. As long as the wrapper lives, so does `owner`, the library that it came from.
exports.wrap = function wrap(raw, name, length, address, owner) {
  const wrapper = factory(length)(raw);
  raw.owner = owner;
  return defineProperties(wrapper, {
    length: { value: length },
    name: { value: name },
    pointer: { value: address, writable: true, enumerable: true, configurable: true },
  });
};
