'use strict';

// Which JavaScript runtime this is, asked in this place only, and what its own FFI does better than its Node-API.
//
// | property | what it is, or undefined |
// |---|---|
// | `enter` | `(entry) => void`: a native function that enters the compiled code at `entry`, which takes all it needs from the cells. No JavaScript may run inside |
// | `ordinary` | `(entry) => () => void`: makes a native function that enters the code at `entry`, and may be called whenever JavaScript may run |
// | `memory` | the functions of crates/addon/src/runtime.rs, for lib/memory.js |
// | `variable` | `(name) => string`: an environment variable; undefined where the program may not read it |
// | `slowBigInts` | whether the engine takes its time over arrays of bigints, and less over numbers |
// | `asIntN`, `asUintN` | what answers faster than the language's own whether 64 bits hold a bigint: with the same bigint if they do, with another one if not |

const { bun, deno } = process.versions;
const { asIntN, asUintN } = BigInt;

function load() {
  if (bun !== undefined) return require('./bun.js');
  if (deno !== undefined) return require('./deno.js');
  return undefined;
}

module.exports = {
  __proto__: null,
  name: 'node',
  enter: undefined,
  ordinary: undefined,
  memory: undefined,
  variable: (name) => process.env[name],
  slowBigInts: false,
  asIntN,
  asUintN,
  ...load(),
};
