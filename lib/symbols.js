'use strict';

// The functions that crates/addon/src/runtime.rs exports under `ferrule_` and these names, with their parameters and results, which Bun and
// Deno call alike.

const place = ['i32', 'i32', 'u32'];

// For wrappers.
const enter = [['f64'], 'void'];

// For lib/memory.js.
const memory = {
  __proto__: null,
  readUint8: [place, 'i32'],
  readUint16: [place, 'i32'],
  readInt32: [place, 'i32'],
  readFloat32: [place, 'f32'],
  readFloat64: [place, 'f64'],
  read64: [[...place, 'i32', 'i32'], 'i32'],
  write8: [[...place, 'i32'], 'i32'],
  write16: [[...place, 'i32'], 'i32'],
  write32: [[...place, 'i32'], 'i32'],
  write64: [[...place, 'i32', 'i32'], 'i32'],
  copyBytes: [[...place, 'i32', 'i32'], 'i32'],
};

// All of them, as a runtime opens them: `describe` makes its description of a function, and `open` gives the functions of a description.
exports.openSymbols = function openSymbols(describe, open) {
  const description = { __proto__: null };
  for (const [name, [parameters, result]] of Object.entries({ ...memory, enter })) {
    description[`ferrule_${name}`] = describe(parameters, result);
  }
  const found = open(description);
  const functions = { __proto__: null };
  for (const name of Object.keys(memory)) functions[name] = found[`ferrule_${name}`];
  return { __proto__: null, enter: found.ferrule_enter, memory: functions };
};
