'use strict';

// Deno: the functions of `Deno.dlopen`, unlike those of `Deno.UnsafeFnPointer`, are called by V8's fast calls. So the addon's own library has
// one that goes on to the address which it is called with. As in Node's fast calls, no JavaScript may run inside.

const { binary } = require('./binding.js');
const { openSymbols } = require('./symbols.js');

const { dlopen, env, permissions } = Deno;

// Nobody is to be asked for a permission that changes nothing but the speed.
function variable(name) {
  const { state } = permissions.querySync({ __proto__: null, name: 'env', variable: name });
  return state === 'granted' ? env.get(name) : undefined;
}

const describe = (parameters, result) => ({ __proto__: null, parameters, result });

const file = binary();

module.exports = {
  __proto__: null,
  name: 'deno',
  variable,
  // Whoever may load the addon may open it here: the permission is for its file.
  ...file === undefined ? undefined : openSymbols(describe, (description) => dlopen(file, description).symbols),
};
