'use strict';

// Signatures by number: what Ferrule is told, and what the C function declares. They come from a seed and an index alone, so that
// one of them can be had again without the others.

const { Random } = require('./random');

// A row per type of the API: its names, and the C types that a function of the signature may declare. `values` says which values it
// takes (values.js): C's `_Bool` holds two, and whether `char` has a sign is the platform's business.
const rows = {
  i8: { names: ['i8', 'int8'], c: [['int8_t', 'i8']] },
  u8: { names: ['u8', 'uint8'], c: [['uint8_t', 'u8']] },
  bool: { names: ['bool'], c: [['_Bool', 'bool'], ['uint8_t', 'u8']] },
  char: { names: ['char'], c: [['char', 'char']] },
  i16: { names: ['i16', 'int16'], c: [['int16_t', 'i16']] },
  u16: { names: ['u16', 'uint16'], c: [['uint16_t', 'u16']] },
  i32: { names: ['i32', 'int32'], c: [['int32_t', 'i32']] },
  u32: { names: ['u32', 'uint32'], c: [['uint32_t', 'u32']] },
  i64: { names: ['i64', 'int64'], c: [['int64_t', 'i64']] },
  u64: { names: ['u64', 'uint64'], c: [['uint64_t', 'u64']] },
  f32: { names: ['f32', 'float', 'float32'], c: [['float', 'f32']] },
  f64: { names: ['f64', 'double', 'float64'], c: [['double', 'f64']] },
  pointer: { names: ['pointer', 'ptr'], c: [['void *', 'pointer']] },
  string: { names: ['string', 'str'], c: [['const char *', 'pointer']] },
  buffer: { names: ['buffer'], c: [['void *', 'pointer']] },
  arraybuffer: { names: ['arraybuffer'], c: [['void *', 'pointer']] },
  function: { names: ['function'], c: [['callback', 'pointer']] },
};

const all = Object.keys(rows);
const narrow = ['i8', 'u8', 'bool', 'char', 'i16', 'u16'];
const wide = ['i64', 'u64', 'pointer'];
const float = ['f32', 'f64'];
const memory = ['pointer', 'string', 'buffer', 'arraybuffer', 'function'];

// As results, pointers are one type with several names.
const results = [...[...narrow, 'i32', 'u32', 'i64', 'u64', ...float].map((type) => [type]), memory];

// What a signature's parameters are drawn from. The mixes exhaust one class of registers while the other still has some.
const mixes = [
  all, all, all,
  [...narrow, 'i32', 'u32', ...float],
  [...narrow, 'f32'],
  ['i32', 'u32', 'f32', 'f64'],
  float,
  [...float, ...float, ...all],
  ['i32', 'u32', ...wide],
  [...wide, ...float],
  [...memory, 'i32', 'u32', 'u64'],
  [...memory, ...float],
];

const MOST_PARAMETERS = 20;
// Most signatures have at most so many. That is where registers run out, and larger ones take V8 long to optimise.
const FEW_PARAMETERS = 8;
// Once in this many signatures there are more, up to this many.
const LONG = { once: 200, most: 72 };
// Once in this many, the signature is that of the function before, under other names: functions of one signature share code.
const SHARED = 8;

function drawn(random, type) {
  const { names, c } = rows[type];
  const [declaration, values] = random.one(c);
  return { type, name: random.one(names), c: declaration, values };
}

// The types of a signature and nothing else, so that two signatures can have them in common.
function shape(seed, index) {
  const random = new Random(seed, index, 1);
  const usual = random.below((random.rarely(3) ? MOST_PARAMETERS : FEW_PARAMETERS) + 1);
  const count = random.rarely(LONG.once) ? MOST_PARAMETERS + 1 + random.below(LONG.most - MOST_PARAMETERS) : usual;
  const mix = random.one(mixes);
  return {
    parameters: Array.from({ length: count }, () => random.one(mix)),
    result: random.rarely(10) ? 'void' : random.one(random.one(results)),
  };
}

/**
 * The signature at `index` of the sequence that `seed` names:
 *
 * * `symbol`: the C function's name;
 * * `parameters`: of each its API type and name, its C type, the values it takes, and whether the C function overwrites it (`spoiled`);
 * * `result`: the same, and how the C function makes it (`style`, source.js);
 * * `optimised`: whether the C compiler optimises the function;
 * * `memory`: whether pointers are mostly strings and buffers, and `plain`: only such as the fast tier takes;
 * * `wideNumbers`: whether 64-bit integers are sometimes numbers;
 * * `caller`: how the JavaScript that calls it is written (harness.js).
 */
function signatureAt(seed, index) {
  const random = new Random(seed, index, 2);
  const types = shape(seed, random.rarely(SHARED) && index > 0 ? index - 1 : index);
  const spoils = random.rarely(6);
  const parameters = types.parameters.map((type) => ({ ...drawn(random, type), spoiled: spoils && random.below(3) > 0 }));
  const result = types.result === 'void' ? { type: 'void', name: 'void', c: 'void', values: 'void' } : drawn(random, types.result);
  return {
    index,
    symbol: `f${index}`,
    parameters,
    result: { ...result, style: random.one(['cast', 'computed', 'wide']) },
    optimised: !random.rarely(5),
    memory: random.rarely(3),
    plain: random.below(3) > 0,
    wideNumbers: random.rarely(4),
    caller: random.one(['wrapper', 'arguments', 'loaded']),
  };
}

/** `i32 f12(f64, pointer)`, in the API's names. */
function signatureText({ symbol, parameters, result }) {
  return `${result.name} ${symbol}(${parameters.map(({ name }) => name).join(', ')})`;
}

module.exports = { signatureAt, signatureText };
