'use strict';

// The functions that crates/addon/src/runtime.rs exports under `ferrule_` and these names, with their parameters and results. Bun and Deno
// call the types alike.

const place = ['i32', 'i32', 'u32'];

exports.symbols = [
  ['readUint8', place, 'i32'],
  ['readUint16', place, 'i32'],
  ['readInt32', place, 'i32'],
  ['readFloat32', place, 'f32'],
  ['readFloat64', place, 'f64'],
  ['read64', [...place, 'i32', 'i32'], 'i32'],
  ['write8', [...place, 'i32'], 'i32'],
  ['write16', [...place, 'i32'], 'i32'],
  ['write32', [...place, 'i32'], 'i32'],
  ['write64', [...place, 'i32', 'i32'], 'i32'],
  ['copyBytes', [...place, 'i32', 'i32'], 'i32'],
];
