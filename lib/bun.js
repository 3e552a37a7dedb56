'use strict';

// Bun: a function of `bun:ffi` is called as JavaScriptCore's own native functions are, so JavaScript may run inside.

const { binary } = require('./binding.js');
const { openSymbols } = require('./symbols.js');

// Not by `require`, in which bundlers for Node would look for a package.
const { CFunction, dlopen } = process.getBuiltinModule('bun:ffi');

const describe = (args, returns) => ({ __proto__: null, args, returns });

const file = binary();
const { memory } = file === undefined ? { __proto__: null } : openSymbols(describe, (description) => dlopen(file, description).symbols);

module.exports = {
  __proto__: null,
  name: 'bun',
  ordinary: (entry) => CFunction({ __proto__: null, ptr: entry, args: [], returns: 'void' }),
  memory,
  slowBigInts: true,
  // JavaScriptCore makes a bigint where V8 only looks at one.
  asIntN: (_, value) => (value >= -0x8000000000000000n && value <= 0x7fffffffffffffffn ? value : ~value),
  asUintN: (_, value) => (value >= 0n && value <= 0xffffffffffffffffn ? value : ~value),
};
