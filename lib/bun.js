'use strict';

// Bun: a function of `bun:ffi` is called as JavaScriptCore's own native functions are, so JavaScript may run inside.

const { binary } = require('./binding.js');
const { symbols } = require('./symbols.js');

// Not by `require`, in which bundlers for Node would look for a package.
const { CFunction, dlopen } = process.getBuiltinModule('bun:ffi');

function open(file) {
  const description = { __proto__: null };
  for (const [name, args, returns] of symbols) description[`ferrule_${name}`] = { __proto__: null, args, returns };
  const { symbols: found } = dlopen(file, description);
  const functions = { __proto__: null };
  for (const [name] of symbols) functions[name] = found[`ferrule_${name}`];
  return functions;
}

const file = binary();

module.exports = {
  __proto__: null,
  name: 'bun',
  ordinary: (entry) => CFunction({ __proto__: null, ptr: entry, args: [], returns: 'void' }),
  memory: file === undefined ? undefined : open(file),
  // JavaScriptCore makes a bigint where V8 only looks at one.
  asIntN: (_, value) => (value >= -0x8000000000000000n && value <= 0x7fffffffffffffffn ? value : ~value),
  asUintN: (_, value) => (value >= 0n && value <= 0xffffffffffffffffn ? value : ~value),
};
