'use strict';

// Deno: the functions of `Deno.dlopen`, unlike those of `Deno.UnsafeFnPointer`, are called by V8's fast calls. So the addon's own library has
// one that goes on to the address which it is called with. As in Node's fast calls, no JavaScript may run inside.

const { binary } = require('./binding.js');
const { symbols } = require('./symbols.js');

function open(file) {
  const description = { __proto__: null, ferrule_enter: { __proto__: null, parameters: ['f64'], result: 'void' } };
  for (const [name, parameters, result] of symbols) description[`ferrule_${name}`] = { __proto__: null, parameters, result };
  // Whoever may load the addon may do this: the permission is for its file.
  const { symbols: found } = Deno.dlopen(file, description);
  const memory = { __proto__: null };
  for (const [name] of symbols) memory[name] = found[`ferrule_${name}`];
  return { __proto__: null, enter: found.ferrule_enter, memory };
}

const file = binary();

const { env, permissions } = Deno;

// Nobody is to be asked for a permission that changes nothing but the speed.
function variable(name) {
  const { state } = permissions.querySync({ __proto__: null, name: 'env', variable: name });
  return state === 'granted' ? env.get(name) : undefined;
}

module.exports = { __proto__: null, name: 'deno', variable, ...file === undefined ? undefined : open(file) };
