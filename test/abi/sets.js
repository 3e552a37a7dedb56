'use strict';

// Sets of arguments for a signature, by number, and the stages of a trial that call with them.

const { inspect } = require('node:util');
const { Random } = require('./random');
const { argumentFor, bytesOf, resultFor } = require('./values');

// Which sets a stage calls with. What is hot has been warm: V8 optimises for the arguments it has seen.
const stages = { cold: [0], warm: [1, 2, 3], hot: [1, 2, 3], fresh: [4, 5], callback: [6, 1], released: [7, 1] };

// V8 counts the general-purpose and the floating-point parameters of a C call in five bits each (ParamField and FPParamField in its
// src/compiler/backend/instruction-codes.h). Beyond that there is no fast tier.
const MOST_COUNTED = 31;

// Beyond this many parameters there is no compiled code at all (MAX_PARAMETERS of crates/abi/src/cell.rs).
const MOST_COMPILED = 64;

// Argument registers of each kind, where their number matters.
const REGISTERS = 8;

// What a parameter takes of these: 64-bit integers and addresses go through memory, values that have an address are passed, and beside
// each that may be a string, the string.
function countedOf({ type, values }) {
  if (values === 'i64' || values === 'u64') return [0, 0];
  if (values === 'f32' || values === 'f64') return [0, 1];
  return [type === 'string' ? 2 : 1, 0];
}

/**
 * Whether V8 can pass the parameters of a signature, with the receiver in front and the address to call after them. Addresses and what has
 * one are passed when there is a value among them, and not at all otherwise.
 */
function isPassable(signature) {
  return signature.parameters.length <= MOST_COMPILED && arePassable(signature.parameters) && arePassable(signature.parameters.filter(({ values }) => values !== 'pointer'));
}

function arePassable(parameters) {
  let [general, floating] = [1, 1];
  for (const parameter of parameters) {
    const [more, moreFloating] = countedOf(parameter);
    general += more;
    floating += moreFloating;
  }
  return general <= MOST_COUNTED && floating <= MOST_COUNTED && !losesStack(general, floating);
}

/** Whether V8 would lose track of the stack: on arm64, where odd numbers of both kinds have no register (v8/fast_function.rs). */
function losesStack(general, floating) {
  const isOdd = (count) => count > REGISTERS && (count - REGISTERS) % 2 === 1;
  return process.arch === 'arm64' && isOdd(general) && isOdd(floating);
}

/** The arguments of the set `number`, and the result, for a signature: the same ones each time. */
function setOf(seed, signature, number, charIsSigned) {
  const random = new Random(seed, signature.index, 100 + number);
  const char = charIsSigned ? 'i8' : 'u8';
  const valuesOf = ({ values }) => (values === 'char' ? char : values);
  const expected = signature.parameters.map((parameter) => argumentFor(random, { ...parameter, values: valuesOf(parameter) }, signature));
  return {
    number,
    expected,
    values: expected.map(({ value }) => value),
    result: resultFor(random, valuesOf(signature.result)),
    fast: isPassable(signature) && expected.every(({ fast }) => fast),
  };
}

/** An argument or a result, for people. */
function valueText(value) {
  if (typeof value === 'string') return `${JSON.stringify(value)} (${value.length} characters)`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    const offset = value.byteOffset ? ` at ${value.byteOffset}` : '';
    return `${value.constructor.name}, ${value.byteLength} bytes${offset}: ${Buffer.from(bytesOf(value)).toString('hex')}`;
  }
  return inspect(value);
}

module.exports = { setOf, stages, valueText };
