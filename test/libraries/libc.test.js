'use strict';

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { isMusl } = require('../loader');
const { ADDRESS_SIZE, AddressArray, SIZE, addresses, readAddress } = require('../machine');
const ffi = require('../subject');

const { callbacksOf, pointers } = require('./system');

const { dlopen, getFloat64, getInt32, getRawPointer, toString } = ffi;
// `long`.
const LONG = `i${8 * ADDRESS_SIZE}`;
const LONGEST = 2n ** BigInt(8 * ADDRESS_SIZE - 1) - 1n;

const { lib: library, functions: libc } = dlopen(null, {
  qsort: { arguments: ['buffer', SIZE, SIZE, 'function'], return: 'void' },
  bsearch: { arguments: ['buffer', 'buffer', SIZE, SIZE, 'function'], return: 'pointer' },
  strtol: { arguments: ['pointer', 'pointer', 'i32'], return: LONG },
  strtoull: { arguments: ['string', 'pointer', 'i32'], return: 'u64' },
  strtod: { arguments: ['string', 'pointer'], return: 'f64' },
  strtof: { arguments: ['string', 'pointer'], return: 'f32' },
  getenv: { arguments: ['string'], return: 'pointer' },
  setenv: { arguments: ['string', 'string', 'i32'], return: 'i32' },
  unsetenv: { arguments: ['string'], return: 'i32' },
  strlen: { arguments: ['string'], return: SIZE },
  strchr: { arguments: ['pointer', 'i32'], return: 'pointer' },
  strdup: { arguments: ['string'], return: 'pointer' },
  memcpy: { arguments: ['buffer', 'buffer', SIZE], return: 'pointer' },
  memcmp: { arguments: ['buffer', 'buffer', SIZE], return: 'i32' },
  free: { arguments: ['pointer'], return: 'void' },
  toupper: { arguments: ['i32'], return: 'i32' },
  llabs: { arguments: ['i64'], return: 'i64' },
  hypot: { arguments: ['f64', 'f64'], return: 'f64' },
  frexp: { arguments: ['f64', 'pointer'], return: 'f64' },
  gmtime_r: { arguments: ['buffer', 'buffer'], return: 'pointer' },
  timegm: { arguments: ['buffer'], return: SIZE },
  strftime: { arguments: ['buffer', SIZE, 'string', 'buffer'], return: SIZE },
  getpid: { return: 'i32' },
  tsearch: { arguments: ['pointer', 'pointer', 'function'], return: 'pointer' },
  tfind: { arguments: ['pointer', 'pointer', 'function'], return: 'pointer' },
  twalk: { arguments: ['pointer', 'function'], return: 'void' },
  tdelete: { arguments: ['pointer', 'pointer', 'function'], return: 'pointer' },
});

const { callback, unregisterCallbacks } = callbacksOf(library);
after(() => {
  unregisterCallbacks();
  library.close();
});

// int (*)(const void *, const void *)
const comparator = (compare) => callback('i32', ['pointer', 'pointer'], compare);

function randomIntegers(count) {
  let seed = 2024;
  return Int32Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return seed;
  });
}

test('qsort orders a typed array through a comparator in JavaScript', () => {
  const numbers = randomIntegers(10_000);
  const expected = numbers.slice().sort();
  let calls = 0;
  const ascending = comparator((left, right) => {
    calls++;
    const [a, b] = [getInt32(left), getInt32(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  });
  libc.qsort(numbers, BigInt(numbers.length), 4n, ascending);
  assert.deepEqual(numbers, expected);
  // musl sorts with no memory of its own, which takes it more than twice as many as glibc.
  assert.ok(calls > numbers.length && calls < numbers.length * (isMusl ? 40 : 20), `${calls} comparisons`);

  const descending = comparator((left, right) => Math.sign(getInt32(right) - getInt32(left)));
  const part = numbers.subarray(100, 200);
  libc.qsort(part, 100n, 4n, descending);
  assert.deepEqual(part, expected.slice(100, 200).reverse());
  assert.deepEqual(numbers.subarray(0, 100), expected.subarray(0, 100), 'what lies before the view is untouched');
  assert.deepEqual(numbers.subarray(200), expected.subarray(200), 'and what lies after it');
});

test('qsort orders an array of char * by what it points to', () => {
  const words = ['zebra', 'Äpfel', 'apple', 'ähre', 'mango', 'Zoo'];
  const memory = words.map((word) => libc.strdup(word));
  const array = addresses(memory);
  const collator = new Intl.Collator('de');
  const byText = comparator((left, right) => {
    const [[a], [b]] = [pointers(left, 1), pointers(right, 1)];
    return collator.compare(toString(a), toString(b));
  });
  libc.qsort(array, BigInt(array.length), BigInt(ADDRESS_SIZE), byText);
  assert.deepEqual(Array.from(array, (pointer) => toString(BigInt(pointer))), [...words].sort(collator.compare));
  memory.forEach((pointer) => libc.free(pointer));
});

test('bsearch finds an element and says where it lies', () => {
  const numbers = Float64Array.from({ length: 1000 }, (_, index) => index ** 1.5);
  const key = new Float64Array(1);
  const keys = new Set();
  const compare = comparator((keyPointer, element) => {
    keys.add(keyPointer);
    return Math.sign(getFloat64(keyPointer) - getFloat64(element));
  });
  const find = (value) => {
    key[0] = value;
    const found = libc.bsearch(key, numbers, BigInt(numbers.length), 8n, compare);
    return found === 0n ? null : Number(found - getRawPointer(numbers)) / 8;
  };
  assert.equal(find(0), 0);
  assert.equal(find(777 ** 1.5), 777);
  assert.equal(find(999 ** 1.5), 999);
  assert.equal(find(-1), null);
  assert.equal(find(2), null);
  assert.deepEqual([...keys], [getRawPointer(key)], 'the first parameter is always the key');
});

test('strtol and its relatives give a value and the end of what they read', () => {
  const end = new AddressArray(1);
  const text = Buffer.from('  -0x7fz rest\0');
  const strtol = (...list) => BigInt(libc.strtol(...list));
  assert.equal(strtol(text, end, 16), -127n);
  assert.equal(Number(BigInt(end[0]) - getRawPointer(text)), text.indexOf('z'));
  assert.equal(toString(BigInt(end[0])), 'z rest');
  assert.equal(strtol('777', null, 8), 0o777n);
  assert.equal(strtol('99999999999999999999', null, 10), LONGEST);
  assert.equal(strtol('-99999999999999999999', null, 10), -LONGEST - 1n);
  assert.equal(libc.strtoull('18446744073709551615', null, 10), 2n ** 64n - 1n);
  for (const number of ['3.141592653589793', '-0', '1e308', '5e-324', '0.1', '-inf']) {
    assert.equal(libc.strtod(number, null), number === '-inf' ? -Infinity : Number(number));
  }
  assert.ok(Number.isNaN(libc.strtod('nan', null)));
  assert.equal(libc.strtof('0.1', null), Math.fround(0.1));
});

test('the environment is that of process.env', () => {
  const name = 'FERRULE_LIBC_TEST';
  assert.equal(libc.getenv(name), 0n);
  assert.equal(toString(libc.getenv(name)), null);
  try {
    assert.equal(libc.setenv(name, 'grün = 🌿', 1), 0);
    assert.equal(process.env[name], 'grün = 🌿');
    process.env[name] = 'set by Node';
    assert.equal(toString(libc.getenv(name)), 'set by Node');
    assert.equal(libc.setenv(name, 'not overwritten', 0), 0);
    assert.equal(process.env[name], 'set by Node');
  } finally {
    assert.equal(libc.unsetenv(name), 0);
  }
  assert.equal(process.env[name], undefined);
});

test('strings and memory', () => {
  for (const text of ['', 'plain', 'ümläut', '日本', '🦀'.repeat(1000)]) {
    assert.equal(libc.strlen(text), BigInt(Buffer.byteLength(text)));
  }
  const copy = libc.strdup('key=välue');
  assert.equal(toString(libc.strchr(copy, '='.charCodeAt(0)) + 1n), 'välue');
  libc.free(copy);
  const [source, target] = [Buffer.from('0123456789'), Buffer.alloc(10, '-')];
  assert.equal(libc.memcpy(target.subarray(2), source.subarray(5), 4n), getRawPointer(target) + 2n);
  assert.equal(target.toString(), '--5678----');
  assert.ok(libc.memcmp(source, target, 10n) > 0);
  assert.equal(libc.memcmp(source.subarray(5), target.subarray(2), 4n), 0);
});

test('scalars in and out', () => {
  assert.equal(String.fromCharCode(libc.toupper('q'.charCodeAt(0))), 'Q');
  assert.equal(libc.llabs(-(2n ** 53n) - 1n), 2n ** 53n + 1n);
  assert.equal(libc.hypot(3, 4), 5);
  assert.equal(libc.getpid(), process.pid);
  const exponent = new Int32Array(1);
  assert.equal(libc.frexp(-48, exponent), -0.75);
  assert.equal(exponent[0], 6);
});

test('a struct that C fills is read in a Buffer', () => {
  // struct tm: nine ints (sec min hour mday mon year wday yday isdst), then the offset (long) and a name (char *).
  const tm = Buffer.alloc(40 + 2 * ADDRESS_SIZE);
  const fields = new Int32Array(tm.buffer, tm.byteOffset, 9);
  const date = new Date('2024-02-29T13:14:15Z');
  const seconds = BigInt(date.getTime() / 1000);
  assert.equal(libc.gmtime_r(new BigInt64Array([seconds]), tm), getRawPointer(tm));
  assert.deepEqual([...fields], [15, 14, 13, 29, 1, 124, date.getUTCDay(), 59, 0]);
  const zone = ADDRESS_SIZE === 8 ? 48 : 40;
  assert.equal(toString(readAddress(ffi, getRawPointer(tm), zone)), isMusl ? 'UTC' : 'GMT');
  const text = Buffer.alloc(64);
  const length = libc.strftime(text, BigInt(text.length), '%Y-%m-%dT%H:%M:%S', tm);
  assert.equal(`${text.toString('latin1', 0, Number(length))}.000Z`, date.toISOString());
  fields[3] += 1;
  assert.equal(libc.timegm(tm), seconds + 86_400n);
  assert.deepEqual([...fields.subarray(3, 5)], [1, 2], 'timegm turned the 30th of February into the 1st of March');
});

test('a tree of C nodes is built, searched and walked', () => {
  // The tree stores keys as void *, here the numbers themselves.
  const compare = comparator((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const root = new AddressArray(1);
  const keys = Array.from({ length: 500 }, (_, index) => BigInt((index * 7919) % 1009 + 1));
  for (const key of keys) libc.tsearch(key, root, compare);
  const sorted = [...new Set(keys)].sort((a, b) => Number(a - b));
  const walked = [];
  // VISIT: preorder 0, postorder 1 (between the two subtrees), endorder 2, leaf 3.
  const visit = callback('void', ['pointer', 'i32', 'i32'], (node, order) => {
    if (order === 1 || order === 3) walked.push(pointers(node, 1)[0]);
  });
  libc.twalk(BigInt(root[0]), visit);
  assert.deepEqual(walked, sorted);
  assert.notEqual(libc.tfind(keys[17], root, compare), 0n);
  assert.equal(libc.tfind(5000n, root, compare), 0n);
  for (const key of sorted) assert.notEqual(libc.tdelete(key, root, compare), 0n);
  assert.equal(BigInt(root[0]), 0n);
});

test('a symbol of libc has the address of the function that was called', () => {
  assert.equal(libc.getpid.pointer, library.getSymbol('getpid'));
  assert.equal(dlopen('libc.so.6').lib.getSymbol('getpid'), libc.getpid.pointer, 'whichever handle it is asked of');
});
