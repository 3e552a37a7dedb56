// What is measured of callbacks: C functions that call JavaScript a number of times, in one call from JavaScript.

const large = [2 ** 40, 2 ** 41];

/** A row of callbacks: C calls `callback`, which is JavaScript that every engine runs, and adds up what it returns, `valueOf(i)`. */
const callbackCase = ({ run, callback, valueOf, ...rest }) => ({
  ...rest,
  functions: { run },
  callback,
  floor: { c: true },
  reference: () => ({
    run(_callback, count) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += valueOf(i);
      return sum;
    },
  }),
  answers: ({ callback: pointer }) => ({ run: [[pointer, 0], [pointer, 1], [pointer, 1000]] }),
  // One call from JavaScript for all iterations.
  batch: (call) => `sum = ${call('run', 'callback', 'count')};`,
});

/** The hot cases of callbacks: nanoseconds per callback. */
export const callbackCases = [
  callbackCase({
    name: 'callback-i32',
    title: 'callback (i32) → i32',
    aim: 35,
    run: ['sum_callbacks_i32', 'f64', ['function', 'u32']],
    callback: { result: 'i32', parameters: ['i32'], source: () => '(a) => (a + 7) | 0' },
    valueOf: (i) => (i + 7) | 0,
  }),
  callbackCase({
    name: 'callback-mixed-4',
    title: 'callback (i32, f64, i64, u8) → f64',
    run: ['sum_callbacks_mixed', 'f64', ['function', 'u32']],
    callback: { result: 'f64', parameters: ['i32', 'f64', 'i64', 'u8'], source: () => '(a, b, c, d) => a + b + Number(c) + d' },
    valueOf: (i) => i + i * 0.5 + large[i & 1] + (i & 255),
  }),
];

/** The numbers that are sorted: as native/callbacks.c makes them. */
function unsortedNumbers(size) {
  const numbers = new Int32Array(size);
  let state = 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Thirty bits: the difference of two is no more than 32.
    numbers[index] = (state >>> 2) - 2 ** 29;
  }
  return numbers;
}

/** Depends on every number and its place: native/callbacks.c has the same. */
function hashOf(numbers) {
  let hash = 0;
  for (const number of numbers) hash = (Math.imul(hash, 31) + number) | 0;
  return hash;
}

const hashOfSorted = (size) => hashOf(unsortedNumbers(size).sort());

/** What the callback of a job makes of the text of a row. */
function addText(hash, text) {
  return (Math.imul(hash, 31) + text.charCodeAt(text.length - 1) + text.length) | 0;
}

function hashOfRows(size) {
  let hash = 0;
  for (let row = 0; row < size; row++) hash = addText(hash, `row number ${row}`);
  return hash;
}

/**
 * Whole jobs: the time of one call from JavaScript, during which C calls back very often. `title` is one for the size, as a text.
 *
 * `prepare` returns 0 when something is missing, and `missing` says what. `run` does the job and returns 0; `result` must equal
 * `expected(size)` then, and in C `hash(size)`. `source` is the callback's text, in which `operate(name, ...expressions)` writes a way to
 * read memory, and `state` is an object that is `state()` at first.
 */
export const jobCases = [
  {
    name: 'qsort',
    title: (size) => `qsort of ${size} ints`,
    sizes: { full: 1_000_000, once: 100_000 },
    missing: 'there was no memory for the numbers',
    unit: { name: 'ms', size: 1e6 },
    floor: { c: true },
    functions: {
      fill: ['fill_numbers', 'i32', ['u32']],
      sort: ['sort_numbers', 'i32', ['function', 'u32']],
      hash: ['hash_numbers', 'i32', ['u32']],
    },
    callback: {
      result: 'i32',
      parameters: ['pointer', 'pointer'],
      source: (operate) => `(a, b) => ${operate('readInt32', 'a')} - ${operate('readInt32', 'b')}`,
    },
    state: () => ({}),
    prepare: ({ fill }, size) => fill(size),
    run: ({ sort }, callback, size) => sort(callback, size),
    result: ({ hash }, _state, size) => hash(size),
    hash: hashOfSorted,
    expected: hashOfSorted,
  },
  {
    name: 'sqlite3-exec',
    title: (size) => `sqlite3_exec of ${size} rows`,
    sizes: { full: 100_000, once: 10_000 },
    unit: { name: 'ms', size: 1e6 },
    floor: { c: true },
    missing: 'libsqlite3 was not found',
    functions: {
      open: ['open_rows', 'i32', ['u32']],
      select: ['select_rows', 'i32', ['function', 'u32']],
    },
    callback: {
      result: 'i32',
      // What sqlite3_exec gives for each row: a pointer of the caller's, the number of columns, their texts, their names.
      parameters: ['pointer', 'i32', 'pointer', 'pointer'],
      source: (operate) => `(context, columns, values, names) => {
        const text = ${operate('readText', 'values', '8')};
        state.rows++;
        state.hash = state.addText(state.hash, text);
        return columns === 3 ? 0 : 1;
      }`,
    },
    state: () => ({ rows: 0, hash: 0, addText }),
    prepare: ({ open }, size) => open(size),
    run: ({ select }, callback, size) => select(callback, size),
    result: (_functions, { rows, hash }) => `${rows} rows, ${hash}`,
    hash: hashOfRows,
    expected: (size) => `${size} rows, ${hashOfRows(size)}`,
  },
];
