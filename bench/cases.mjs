// What is measured: the rows of the tables. This file runs in every engine, and knows none of them.
//
// A hot case is a loop that calls C functions, as a user would write it: the functions are in constants, what they return is summed. The
// loop is kept as source text, because engines differ in how a call is written (`call` gives that) and each engine and case must have
// code of its own. The same text, run on `reference` in place of the C functions, says what the sum must be. Here are the calls; what is
// about callbacks and memory is in cases/.

import { callbackCases, jobCases } from './cases/callbacks.mjs';
import { memoryCases, texts } from './cases/memory.mjs';

/** A small value in `data` that differs from one iteration to the next. */
const either = (name) => `${name}[i & 1]`;

// Strings in one piece, as those that come from a file or a literal are: what `repeat` and `+` make is a tree until somebody reads it.
function long(length) {
  return texts[11].map((text) => JSON.parse(JSON.stringify(text.repeat(Math.ceil(length / text.length)).slice(0, length))));
}

function byteLength(text) {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

function bytesOf(length) {
  return [0, 1].map((seed) => {
    const bytes = globalThis.Buffer ? globalThis.Buffer.alloc(length) : new Uint8Array(length);
    return bytes.map((_, index) => (index * 7 + seed * 3 + 1) & 0xff);
  });
}

const addI32 = { add: ['add_i32', 'i32', ['i32', 'i32']] };
const addsI32 = { add: (a, b) => (a + b) | 0 };
const i32Answers = { add: [[2147483647, -1], [-2147483648, 0], [20, 22]] };
const readsPointer = { read: ['read_i32', 'i32', ['pointer']] };
const measuresString = { measure: ['string_length', 'u32', ['string']] };

const stringCase = (name, title, strings, aim) => ({
  name,
  title,
  aim,
  functions: measuresString,
  data: () => ({ texts: strings }),
  reference: () => ({ measure: byteLength }),
  answers: ({ texts: all }) => ({ measure: [...all.map((text) => [text]), ['']] }),
  body: (call) => `sum += ${call('measure', 'texts[i & 3]')};`,
});

const addCase = {
  functions: addI32,
  reference: () => addsI32,
  answers: () => i32Answers,
  body: (call) => `sum += ${call('add', 'i', '7')};`,
};
const string11 = stringCase('string-11', 'string, 11 characters', texts[11], 12);
const byteAt = {
  functions: { at: ['byte_at', 'u32', ['buffer', 'u32']] },
  data: () => ({ buffers: bytesOf(1024) }),
  reference: () => ({ at: (bytes, index) => bytes[index] }),
  answers: ({ buffers: [a, b] }) => ({ at: [[a, 0], [a, 1023], [b, 512]] }),
  body: (call) => `sum += ${call('at', either('buffers'), 'i & 1023')};`,
};

/** A case with a callback registered before the first call, and alive all the time. */
const withCallback = (base, name, title, aim) => ({ ...base, name, title, aim, callbackAlive: true });

/**
 * The hot cases that are calls: nanoseconds per call.
 *
 * `functions` are those called, as [symbol, result, parameters]; `body` is the body of the loop, which may use them, the members of
 * `data`, `i` and `sum`, and makes `calls` calls (1 unless told). `answers` are argument lists that are tried before and after the
 * measurement. In cases/ there are further ones: `operations` are used as functions are, but each engine has its own way to write them;
 * `batch` is all iterations in one statement, in place of `body`; `finish` comes after the loop; `callback` is registered and is there as
 * `callback`; `digest` makes of an answer what can be compared. `aim` is what Ferrule is meant to reach, in nanoseconds, on a machine where the C loop takes 1.7 for its noop.
 */
const callCases = [
  {
    name: 'noop',
    title: 'noop',
    aim: 3.5,
    functions: { noop: ['noop', 'void', []] },
    // It returns nothing: C counts the calls.
    counter: ['noop_calls', 'u32', []],
    reference: () => ({ noop: () => undefined }),
    answers: () => ({ noop: [[]] }),
    body: (call) => `${call('noop')};`,
  },
  { ...addCase, name: 'add-i32', title: 'i32 + i32', aim: 3.5 },
  {
    name: 'add-f64',
    title: 'f64 + f64',
    aim: 4,
    functions: { add: ['add_f64', 'f64', ['f64', 'f64']] },
    reference: () => ({ add: (a, b) => a + b }),
    answers: () => ({ add: [[0.5, 0.25], [-0, -0], [Infinity, 1], [NaN, 1]] }),
    body: (call) => `sum += ${call('add', 'i * 0.5', '0.25')};`,
  },
  {
    name: 'add-i64',
    title: 'i64 + i64',
    aim: 9,
    functions: { add: ['add_i64', 'i64', ['i64', 'i64']] },
    data: () => ({ steps: [12345n, 67890n] }),
    reference: () => ({ add: (a, b) => BigInt.asIntN(64, a + b) }),
    answers: () => ({ add: [[2n ** 62n, 2n ** 62n], [-(2n ** 63n), 1n], [2n ** 60n, -7n]] }),
    // C keeps the sum: another addition here would cost as much as a call. A number could not hold it, so that an engine that returns
    // numbers where it can returns a bigint, as the others do.
    start: '1152921504606846977n',
    body: (call) => `sum = ${call('add', 'sum', either('steps'))};`,
  },
  {
    name: 'add-8-i32',
    title: '8 × i32',
    aim: 4,
    functions: { add: ['add_8_i32', 'i32', Array(8).fill('i32')] },
    reference: () => ({ add: (a, b, c, d, e, f, g, h) => (a + b + c + d + e + f + g + h) | 0 }),
    answers: () => ({ add: [[1, 2, 3, 4, 5, 6, 7, 8], [-2147483648, 1, 0, 0, 0, 0, 0, 1]] }),
    body: (call) => `sum += ${call('add', 'i', 'i + 1', 'i + 2', 'i + 3', 'i & 7', 'i & 15', '7', '8')};`,
  },
  {
    name: 'mixed-5',
    title: 'i8, f64, u16, f32, i64',
    aim: 9,
    functions: { add: ['add_mixed', 'f64', ['i8', 'f64', 'u16', 'f32', 'i64']] },
    data: () => ({ large: [2n ** 40n, 2n ** 41n] }),
    reference: () => ({ add: (a, b, c, d, e) => a + b + c + Math.fround(d) + Number(e) }),
    answers: () => ({ add: [[-128, 0.5, 65535, 1.5, -1n], [127, 1e9, 0, -0.1, 2n ** 53n]] }),
    body: (call) => `sum += ${call('add', 'i & 127', 'i * 0.5', 'i & 65535', '0.25', either('large'))};`,
  },
  {
    name: 'mixed-12',
    title: '12 mixed, two of them on the stack',
    functions: {
      add: ['add_12_mixed', 'f64', ['i32', 'f64', 'u8', 'f32', 'i32', 'i16', 'u32', 'f64', 'i32', 'u8', 'i32', 'f32']],
    },
    reference: () => ({
      add: (a, b, c, d, e, f, g, h, i, j, k, l) => a + b + c + Math.fround(d) + e + f + g + h + i + j + k + Math.fround(l),
    }),
    answers: () => ({
      add: [
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        [-2147483648, 0.5, 255, -0.5, 2147483647, -32768, 4294967295, 1e9, -1, 0, 1, 3.25],
      ],
    }),
    body: (call) => `sum += ${call(
      'add', 'i', 'i * 0.5', 'i & 255', '0.25', 'i + 1', 'i & 1023', 'i + 2', 'i * 0.25', 'i + 3', '7', 'i & 15', '0.5',
    )};`,
  },
  {
    name: 'pointer-bigint',
    title: 'pointer',
    aim: 9,
    functions: readsPointer,
    // An address as the engine's own functions return it: a bigint in most, an object or a number in some.
    data: ({ value }) => ({ pointers: [value(0), value(1)] }),
    reference: ({ pointers }) => ({ read: (pointer) => (pointer === pointers[0] ? 11 : 22) }),
    answers: ({ pointers }) => ({ read: pointers.map((pointer) => [pointer]) }),
    body: (call) => `sum += ${call('read', either('pointers'))};`,
  },
  {
    name: 'pointer-null',
    title: 'pointer, null',
    functions: readsPointer,
    reference: () => ({ read: () => -1 }),
    answers: () => ({ read: [[null]] }),
    body: (call) => `sum += ${call('read', 'null')};`,
  },
  string11,
  stringCase('string-100', 'string, 100 characters', long(100)),
  stringCase('string-1000', 'string, 1,000 characters', long(1000)),
  stringCase('string-non-ascii', 'string, 11 characters, not ASCII', texts.nonAscii),
  {
    name: 'buffer',
    title: 'buffer',
    functions: { first: ['first_byte', 'u32', ['buffer']] },
    data: () => ({ buffers: bytesOf(1024) }),
    reference: () => ({ first: (bytes) => bytes[0] }),
    answers: ({ buffers }) => ({ first: [...buffers, buffers[0].subarray(100)].map((bytes) => [bytes]) }),
    body: (call) => `sum += ${call('first', either('buffers'))};`,
  },
  { ...byteAt, name: 'buffer-u32', title: 'buffer, u32', aim: 12 },
  {
    name: 'buffer-3',
    title: 'three buffers',
    aim: 30,
    functions: { first: ['first_bytes', 'u32', ['buffer', 'buffer', 'buffer']] },
    data: () => ({ a: bytesOf(1024), b: bytesOf(100), c: bytesOf(4096) }),
    reference: () => ({ first: (a, b, c) => a[0] + b[0] + c[0] }),
    answers: ({ a, b, c }) => ({ first: [[a[0], b[0], c[0]], [c[1], a[0], b[1].subarray(50)]] }),
    body: (call) => `sum += ${call('first', either('a'), either('b'), either('c'))};`,
  },
  {
    name: 'alternating',
    title: 'two functions, alternating',
    aim: 3.5,
    calls: 2,
    functions: { ...addI32, subtract: ['subtract_i32', 'i32', ['i32', 'i32']] },
    reference: () => ({ ...addsI32, subtract: (a, b) => (a - b) | 0 }),
    answers: () => ({ ...i32Answers, subtract: [[-2147483648, -1], [20, 22]] }),
    body: (call) => `sum += ${call('add', 'i', '7')};\n    sum += ${call('subtract', 'i', '5')};`,
  },
  {
    // Each function has a loop of its own, as if each belonged to another part of a program; the loops take turns.
    name: 'functions-200',
    title: '200 functions in use',
    aim: 3.5,
    family: { size: 200, turn: 64, symbol: (index) => `sum_${1000 + index}` },
    functions: { add: ['sum_1000', 'i32', ['i32', 'i32']] },
    reference: (_, index) => ({ add: (a, b) => (a + b + index) | 0 }),
    answers: () => ({ add: [[-2147483648, 0], [20, 22]] }),
    body: (call) => `sum += ${call('add', 'i', '7')};`,
  },
  withCallback(addCase, 'callback-add-i32', 'i32 + i32, a callback alive', { 20: 20, 22: 20, 24: 20, 26: 8 }),
  withCallback(string11, 'callback-string-11', 'string, 11 characters, a callback alive'),
  withCallback(byteAt, 'callback-buffer-u32', 'buffer, u32, a callback alive'),
];

const types = [
  ['i32', 'i32', 'i32'], ['u32', 'u32', 'u32'], ['f64', 'f64', 'f64'], ['f64', 'i32', 'f64'], ['f64', 'f64', 'i32'],
  ['i32', 'i16', 'i16'], ['u32', 'u8', 'u8'], ['f64', 'f32', 'f32'], ['i32', 'i32', 'u8'], ['f64', 'u32', 'f64'],
];

/** The thousand functions of ten signatures, as [symbol, result, parameters]; each returns its arguments and its index, added. */
export const manyFunctions = Array.from({ length: 1000 }, (_, index) => {
  const [result, ...parameters] = types[index % types.length];
  return [`many_${1000 + index}`, result, parameters];
});

/** A callback that is alive makes no difference to C. */
const calls = callCases.map((row) => ({ ...row, floor: { c: !row.callbackAlive } }));

/** All that is measured in a loop. `floor`: whether the loop is there in C (`c`), and with Buffers alone (`buffer`). */
export const hotCases = [...calls, ...callbackCases, ...memoryCases];

/** What is measured once per process. `unit`: how it is shown, and how many nanoseconds or bytes that is. */
export const coldCases = [
  { name: 'first-call', title: 'first call of a function', unit: { name: 'µs', size: 1e3 } },
  { name: 'get-function', title: 'getFunction × 1,000, per function', unit: { name: 'µs', size: 1e3 } },
  { name: 'load', title: 'load the module', unit: { name: 'ms', size: 1e6 } },
  { name: 'memory', title: 'memory per function', unit: { name: 'bytes', size: 1 } },
];

export { jobCases };

/** The tables, each with its rows, and the title and rows of its chart. */
export const tables = [
  {
    id: 'calls',
    title: 'Calls',
    rows: [...calls, ...coldCases],
    chart: { title: 'Time of a call in a hot loop', rows: calls },
  },
  {
    id: 'memory',
    title: 'Callbacks and memory',
    rows: [...callbackCases, ...jobCases, ...memoryCases],
    chart: { title: 'Time of a callback, or of reading and writing memory', rows: [...callbackCases, ...memoryCases] },
  },
];

export const cases = tables.flatMap(({ rows }) => rows);
