// What is measured of memory: reading and writing at a pointer, strings and buffers from C and to C. The memory is C's own, of
// native/memory.c; how it is read and written differs from engine to engine more than a call does, and is an operation of the engine.

export const texts = {
  11: ['hello world', 'Lorem ipsum', 'ferrule 1.0', '0123456789A'],
  // One byte per character in V8, and two; a string in UTF-8 is longer than in either.
  nonAscii: ['Grüße, Welt', 'Ça va, père', 'Привет, мир', '日本語のテキストです。'],
};

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const scratchLength = 64;

/** What C has in memory, by the number with which `memory_pointer` is asked for it; each kind has so many places. */
export const kinds = { text: 0, longText: 1, nonAscii: 2, integers: 3, wideIntegers: 4, doubles: 5, block: 6, huge: 7, scratch: 8 };

const integers = [11, 22];
const wideIntegers = [2n ** 60n + 1n, 2n ** 61n + 3n];
const doubles = [0.25, 1.5];
const longTexts = ['a', 'b'].map((first) => first + '0123456789'.repeat(1000).slice(1));
const byteOfBlock = (index, place) => (index * 7 + place * 3 + 1) & 0xff;

const encoded = (text) => new TextEncoder().encode(text);
const bytesOf = (array) => new Uint8Array(array.buffer);
const makers = {
  [kinds.text]: (place) => encoded(texts[11][place]),
  [kinds.longText]: (place) => encoded(longTexts[place]),
  [kinds.nonAscii]: (place) => encoded(texts.nonAscii[place]),
  [kinds.integers]: (place) => bytesOf(Int32Array.of(integers[place])),
  [kinds.wideIntegers]: (place) => bytesOf(BigUint64Array.of(wideIntegers[place])),
  [kinds.doubles]: (place) => bytesOf(Float64Array.of(doubles[place])),
  [kinds.block]: (place) => new Uint8Array(mebibyte).map((_, index) => (index * 7 + place * 3 + 1) & 0xff),
  [kinds.huge]: () => new Uint8Array(gibibyte),
  [kinds.scratch]: () => new Uint8Array(scratchLength),
};
const contents = new Map();

/** The bytes that are in C's memory at first. */
export function contentOf(kind, place) {
  const key = `${kind} ${place}`;
  if (!contents.has(key)) contents.set(key, makers[kind](place));
  return contents.get(key);
}

/** Bytes as something that can be compared: their number, and what the first of them are. */
export function digest(bytes) {
  let hash = 0;
  const end = Math.min(bytes.length, mebibyte);
  for (let index = 0; index < end; index++) hash = (Math.imul(hash, 31) + bytes[index]) | 0;
  return `${bytes.length} bytes, ${hash}`;
}

const both = { c: true, buffer: true };

/** A row that reads a number. */
const readCase = ({ operation, kind, values, ...rest }) => ({
  title: operation,
  floor: { buffer: true },
  operations: [operation],
  data: ({ accessed }) => ({ pointers: [accessed(kind, 0), accessed(kind, 1)] }),
  reference: ({ pointers }) => ({ [operation]: (pointer) => values[pointers.indexOf(pointer)] }),
  answers: ({ pointers }) => ({ [operation]: pointers.map((pointer) => [pointer, 0]) }),
  body: (call) => `sum += ${call(operation, 'pointers[i & 1]', '0')};`,
  ...rest,
});

const textCase = ({ kind, all, ...rest }) => ({
  operations: ['toString'],
  data: ({ pointer }) => ({ pointers: all.map((_, place) => pointer(kind, place)) }),
  reference: ({ pointers }) => ({ toString: (pointer) => all[pointers.indexOf(pointer)] }),
  answers: ({ pointers }) => ({ toString: pointers.map((pointer) => [pointer]) }),
  body: (call) => `sum += ${call('toString', `pointers[i & ${all.length - 1}]`)}.length;`,
  ...rest,
});

const bytesCase = ({ operation, kind, places, length, ...rest }) => ({
  operations: [operation],
  data: ({ pointer }) => ({ pointers: Array.from({ length: places }, (_, place) => pointer(kind, place, length)) }),
  reference({ pointers }) {
    const expected = pointers.map((_, place) => contentOf(kind, place).subarray(0, length));
    return { [operation]: (pointer) => expected[pointers.indexOf(pointer)] };
  },
  digest,
  answers: ({ pointers }) => ({ [operation]: pointers.map((pointer) => [pointer, length]) }),
  body: (call) => `sum += ${call(operation, `pointers[i & ${places - 1}]`, String(length))}[63];`,
  ...rest,
});

/** What writes to C's memory is held against what C finds there afterwards: the sum of the first bytes of both places. */
const writeCase = ({ operation, looked, write, ...rest }) => ({
  operations: [operation],
  functions: { look: ['scratch_sum', 'u32', ['u32', 'u32']] },
  reference({ pointers }) {
    const memory = pointers.map(() => new Uint8Array(scratchLength));
    return {
      [operation]: (...list) => write(memory, pointers, ...list),
      look: (place, length) => memory[place].subarray(0, length).reduce((sum, byte) => sum + byte, 0),
    };
  },
  finish: (call) => `sum = ${call('look', '0', String(looked))} + ${call('look', '1', String(looked))};`,
  ...rest,
});

const scratches = (access) => [access(kinds.scratch, 0), access(kinds.scratch, 1)];
const exportedTexts = texts[11];
const exportedBytes = () => [0, 1].map((place) => {
  const bytes = globalThis.Buffer ? globalThis.Buffer.alloc(scratchLength) : new Uint8Array(scratchLength);
  bytes.set(contentOf(kinds.block, place).subarray(0, scratchLength));
  return bytes;
});

/** The hot cases of memory. Each reads or writes what is at a pointer from C. */
export const memoryCases = [
  readCase({ name: 'get-int32', operation: 'getInt32', kind: kinds.integers, values: integers, aim: 6 }),
  readCase({
    name: 'get-uint64',
    operation: 'getUint64',
    kind: kinds.wideIntegers,
    values: wideIntegers,
    // Bigints are kept, not added: an addition would cost as much as the reading.
    data: ({ accessed }) => ({ pointers: [accessed(kinds.wideIntegers, 0), accessed(kinds.wideIntegers, 1)], results: [0n, 0n] }),
    body: (call) => `results[i & 1] = ${call('getUint64', 'pointers[i & 1]', '0')};`,
    finish: () => 'sum = results[0] + results[1];',
  }),
  readCase({ name: 'get-float64', operation: 'getFloat64', kind: kinds.doubles, values: doubles }),
  writeCase({
    name: 'set-int32',
    title: 'setInt32',
    aim: 7,
    operation: 'setInt32',
    looked: 4,
    data: ({ accessed }) => ({ pointers: scratches(accessed) }),
    write: (memory, pointers, pointer, offset, value) => void new DataView(memory[pointers.indexOf(pointer)].buffer)
      .setInt32(offset, value, true),
    answers: ({ pointers: [a, b] }) => ({ setInt32: [[a, 0, -2], [b, 0, 2 ** 31 - 1]], look: [[0, 4], [1, 4]] }),
    body: (call) => `${call('setInt32', 'pointers[i & 1]', '0', 'i')};`,
  }),
  textCase({ name: 'to-string-11', title: 'toString, 11 characters', kind: kinds.text, all: texts[11], aim: 20, floor: both }),
  textCase({ name: 'to-string-10000', title: 'toString, 10,000 characters', kind: kinds.longText, all: longTexts, floor: both }),
  textCase({
    name: 'to-string-non-ascii',
    title: 'toString, 11 characters, not ASCII',
    kind: kinds.nonAscii,
    all: texts.nonAscii,
    floor: { buffer: true },
  }),
  bytesCase({
    name: 'to-buffer-64',
    title: 'toBuffer, copy of 64 B',
    operation: 'copyBytes',
    kind: kinds.block,
    places: 2,
    length: 64,
    floor: both,
  }),
  bytesCase({
    name: 'to-buffer-1m',
    title: 'toBuffer, copy of 1 MiB',
    unit: { name: 'µs', size: 1e3 },
    operation: 'copyBytes',
    kind: kinds.block,
    places: 2,
    length: mebibyte,
    floor: both,
  }),
  bytesCase({
    name: 'view-1g',
    title: 'toBuffer, view of 1 GiB',
    unit: { name: 'µs', size: 1e3 },
    operation: 'viewBytes',
    kind: kinds.huge,
    places: 1,
    length: gibibyte,
    floor: { buffer: true },
    // In most engines it is the time of collecting garbage, for memory that is not theirs.
    outlier: true,
  }),
  writeCase({
    name: 'export-string',
    title: 'exportString, 11 characters',
    operation: 'exportString',
    looked: 12,
    data: ({ pointer }) => ({ pointers: scratches(pointer), texts: exportedTexts }),
    write: (memory, pointers, text, pointer) => void memory[pointers.indexOf(pointer)].set(encoded(`${text}\0`)),
    answers: ({ pointers: [a, b] }) => ({
      exportString: [['ferrule 2.0', a, 16], ['', b, 16], ['Grüße, ab', a, 16]],
      look: [[0, 12], [1, 1]],
    }),
    body: (call) => `${call('exportString', 'texts[i & 3]', 'pointers[i & 1]', '16')};`,
  }),
  writeCase({
    name: 'export-buffer',
    title: 'exportBuffer, 64 B',
    operation: 'exportBuffer',
    looked: 64,
    data: ({ pointer }) => ({ pointers: scratches(pointer), buffers: exportedBytes() }),
    write: (memory, pointers, bytes, pointer) => void memory[pointers.indexOf(pointer)].set(bytes),
    answers: ({ pointers: [a, b], buffers }) => ({ exportBuffer: [[buffers[1], a, 64], [buffers[0], b, 64]], look: [[0, 64], [1, 64]] }),
    body: (call) => `${call('exportBuffer', 'buffers[i & 1]', 'pointers[i & 1]', '64')};`,
  }),
  {
    name: 'get-raw-pointer',
    title: 'getRawPointer',
    operations: ['getRawPointer'],
    functions: { first: ['read_i32', 'i32', ['pointer']] },
    data: () => ({ buffers: [new Int32Array(256).fill(33), new Int32Array(256).fill(44)], pointers: [null, null] }),
    reference: () => ({ getRawPointer: (buffer) => buffer, first: (buffer) => buffer[0] }),
    // An address is only as good as what is there.
    answers: () => ({}),
    body: (call) => `pointers[i & 1] = ${call('getRawPointer', 'buffers[i & 1]')};`,
    finish: (call) => `sum = ${call('first', 'pointers[0]')} + ${call('first', 'pointers[1]')};`,
  },
];
