'use strict';

// Random signatures of callbacks, and C functions that call them. What is passed comes from a table of 8 bytes for each parameter, and a
// caller fills the whole of a register or stack slot with them: beyond a narrow value, that is anything, as the calling conventions allow
// where Ferrule compiles code. Elsewhere they may ask for more, and what is passed is of the parameter's type.

const { isCompiled } = require('../machine');

const C_TYPES = {
  __proto__: null, void: 'void',
  i8: 'int8_t', u8: 'uint8_t', i16: 'int16_t', u16: 'uint16_t', i32: 'int32_t', u32: 'uint32_t', i64: 'int64_t', u64: 'uint64_t',
  bool: 'uint8_t', char: 'char', f32: 'float', f64: 'double',
  pointer: 'void *', string: 'void *', buffer: 'void *', arraybuffer: 'void *', function: 'void *',
};
const NARROW = ['i8', 'u8', 'i16', 'u16', 'bool', 'char'];
const FLOATS = ['f32', 'f64'];
const PARAMETERS = Object.keys(C_TYPES).filter((type) => type !== 'void');
const RESULTS = ['void', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'bool', 'char', 'f32', 'f64', 'pointer'];

// How many parameters the table has room for.
exports.ROOM = 128;

// Numbers from 0 up to 1, the same ones for a seed.
exports.random = function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return state / 2 ** 32;
  };
};

exports.pick = (next, list) => list[Math.floor(next() * list.length)];

// Most have a few parameters, many more than there are registers, some more than compiled code takes.
function parameterCount(next, index) {
  if (index % 10 === 0) return Math.floor(next() * 110);
  return Math.floor(next() * (index % 3 === 0 ? 65 : 13));
}

exports.signatures = function signatures(next, count) {
  return Array.from({ length: count }, (_, index) => {
    const bias = next();
    const types = bias < 0.2 ? FLOATS : bias < 0.4 ? NARROW : PARAMETERS;
    const parameters = Array.from({ length: parameterCount(next, index) }, () => exports.pick(next, types));
    return { return: exports.pick(next, RESULTS), arguments: parameters };
  });
};

function caller(signature, index) {
  const result = C_TYPES[signature.return];
  const isFloat = (type) => FLOATS.includes(type);
  const passed = (type) => (isCompiled ? (isFloat(type) ? 'double' : 'uint64_t') : C_TYPES[type]);
  const taken = (type, parameter) => {
    if (isFloat(type)) return `${passed(type) === 'float' ? 'single' : 'number'}(${parameter})`;
    return isCompiled ? `table[${parameter}]` : `(${passed(type)})${passed(type) === 'void *' ? '(uintptr_t)' : ''}table[${parameter}]`;
  };
  const types = signature.arguments.map(passed).join(', ') || 'void';
  const values = signature.arguments.map(taken).join(', ');
  return `${result} caller_${index}(void *callback) {
  ${result === 'void' ? '' : 'return '}((${result} (*)(${types}))callback)(${values});
}
`;
}

exports.source = (signatures) => `#include <stdint.h>
#include <string.h>
uint64_t table[${exports.ROOM}];
static double number(int index) { double value; memcpy(&value, table + index, 8); return value; }
${isCompiled ? '' : 'static float single(int index) { float value; memcpy(&value, table + index, 4); return value; }\n'}${signatures.map(caller).join('')}`;
