'use strict';

// C source: for each signature a function that writes every argument it receives into the record (record.h), has them folded into a
// checksum, and returns what the record says it should.

// The bits of an argument as the record has them: integers extended to 64 bits, floats by their own bits.
const bitsOf = {
  f32: (name) => `BITS_OF_FLOAT(${name})`,
  f64: (name) => `BITS_OF_DOUBLE(${name})`,
  pointer: (name) => `(uint64_t)(uintptr_t)${name}`,
  u8: (name) => name, u16: (name) => name, u32: (name) => name, u64: (name) => name, bool: (name) => name,
};
const bitsOfSigned = (name) => `(uint64_t)(int64_t)${name}`;

// How the result is made of `record.result`. An ABI leaves the bits above a narrow result to chance, and what a compiler makes of a
// cast is often clean: `computed` leaves what arithmetic left, and `wide` declares a type that fills the register, with all of the
// record's bits.
function resultOf({ c, values, style }) {
  const bits = style === 'computed' ? 'record.result + record.zero' : 'record.result';
  switch (values) {
    case 'void':
      return { c, expression: '' };
    case 'f32':
      return style === 'wide' ?
        { c: 'double', expression: ' DOUBLE_OF_BITS(record.result)' } :
        { c, expression: ` FLOAT_OF_BITS(${bits})` };
    case 'f64':
      return { c, expression: ` DOUBLE_OF_BITS(${bits})` };
    case 'bool':
      // Another value than 0 and 1 is none that C may return.
      return style === 'wide' ? { c: 'uint64_t', expression: ' record.result' } : { c, expression: ` (${bits}) & 1` };
    case 'pointer':
      return { c, expression: ` (${c})(uintptr_t)(${bits})` };
    default:
      return style === 'wide' ? { c: 'uint64_t', expression: ' record.result' } : { c, expression: ` (${c})(${bits})` };
  }
}

// Deliberate errors, by name, for the tests that show that they are noticed. Each changes the C side of a signature.
const other = { f32: ['int32_t', 'i32'], f64: ['int64_t', 'i64'] };
const faults = {
  // The first parameter is declared to be of the other register class.
  parameter: (signature) => replaceParameter(signature, 0, other[signature.parameters[0]?.values] ?? ['double', 'f64']),
  // The last one is declared to be narrower than it is.
  width: (signature) => replaceParameter(signature, signature.parameters.length - 1, ['int8_t', 'i8']),
  result: (signature) => {
    const [c, values] = other[signature.result.values] ?? ['double', 'f64'];
    return { ...signature, result: { ...signature.result, c, values, style: 'cast' } };
  },
  // The function ends the process.
  trap: (signature) => ({ ...signature, trap: true }),
};

// C follows strings and buffers: where there are some, the process would end.
function replaceParameter(signature, index, [c, values]) {
  if (signature.memory) return signature;
  const replaced = { ...signature.parameters[index], c, values };
  return { ...signature, parameters: signature.parameters.map((parameter, at) => (at === index ? replaced : parameter)) };
}

/** The C source of one signature's function. */
function functionSource(signature, fault) {
  const { index, symbol, parameters, result, optimised, trap } = faults[fault]?.(signature) ?? signature;
  const { c, expression } = resultOf(result);
  const declarations = parameters.map((parameter, at) => `${parameter.c} a${at}`).join(', ') || 'void';
  const records = parameters.map(({ values }, at) => `  RECORD(${at}, ${(bitsOf[values] ?? bitsOfSigned)(`a${at}`)});\n`);
  const spoils = parameters.map(({ spoiled }, at) => (spoiled ? `  SPOIL(a${at});\n` : ''));
  return `EXPORT ${optimised ? '' : 'UNOPTIMISED '}${c} ${symbol}(${declarations}) {
${records.join('')}${trap ? '  __builtin_trap();\n' : ''}${spoils.join('')}  finish(${index}, ${parameters.length});
  return${expression};
}
`;
}

/** A C file with the functions of all `signatures`. */
function fileSource(signatures, fault) {
  return `#include "record.h"\n\n${signatures.map((signature) => functionSource(signature, fault)).join('\n')}`;
}

module.exports = { fileSource, functionSource };
