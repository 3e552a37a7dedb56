'use strict';

// Callbacks that collect garbage in the middle of what they do, with arguments and results of every type. C holds each answer against what it
// passed: the functions give the number of those that were wrong.

const { native, open } = require('../conformance/native');
const { LAST } = require('../machine');
const { types } = require('../values');

const minor = () => globalThis.gc({ type: 'minor' });
const major = () => globalThis.gc();

// Between two of them a callback has been called about ten times; no type's values repeat in step with it.
function collector() {
  let calls = 0;
  return () => {
    calls++;
    if (calls % 11 === 0) minor();
    if (calls % 307 === 0) major();
    return calls;
  };
}

const isSame = (left, right) => Object.is(left, right);

// What the callback was given has to be the same after a collection, and so do the young objects that it made of it.
function echo(collect) {
  return (value) => {
    const made = { value, list: [value, `${value}`], bytes: BigUint64Array.of(BigInt.asUintN(64, typeof value === 'bigint' ? value : 7n)) };
    collect();
    const isKept = isSame(made.value, value) && isSame(made.list[0], value) && made.list[1] === `${value}`
      && made.bytes[0] === BigInt.asUintN(64, typeof value === 'bigint' ? value : 7n);
    if (!isKept) throw new Error(`${made.value} was ${value}`);
    return value;
  };
}

exports.everyType = function everyType(times) {
  const library = open();
  const collect = collector();
  const wrong = types.map((type) => {
    const callback = library.registerCallback({ return: type, arguments: [type] }, echo(collect));
    return native(`count_wrong_${type}`, 'u32', 'function', 'u32')(callback, times);
  });
  return { wrong, calls: collect() - 1 };
};

const mixed = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'i32'];

// The values that the fixture passes, from the fifth.
function expected(seed) {
  const wide = BigInt(seed) * 0x1_0000_0001n;
  return [
    seed << 24 >> 24, seed & 0xff, seed << 16 >> 16, seed & 0xffff, seed, seed >>> 0, wide, BigInt.asUintN(64, wide),
    (seed << 16 >> 16) / 4, seed / 2, BigInt(seed >>> 0) << 12n & LAST, ~seed,
  ];
}

// An answer to `count_wrong_mixed`, which is the seventh argument if all are what they should be.
function mixedCallback(library, act) {
  return library.registerCallback({ return: 'i64', arguments: mixed }, function callback(...values) {
    act();
    const wanted = expected(values[4]);
    return values.length === 12 && arguments.length === 12 && wanted.every((value, index) => isSame(value, values[index])) ? values[6] : 0n;
  });
}

exports.mixedCallback = mixedCallback;

exports.twelve = function twelve(times) {
  const collect = collector();
  const wrong = native('count_wrong_mixed', 'u32', 'function', 'u32')(mixedCallback(open(), collect), times);
  return { wrong, calls: collect() - 1 };
};

// Callbacks in callbacks: each level has arguments of its own, which what happens further in must not change.
exports.nested = function nested(times, deepest) {
  const library = open();
  const collect = collector();
  const storm = native('count_wrong_mixed', 'u32', 'function', 'u32');
  const echoes = types.map((type) => [
    native(`count_wrong_${type}`, 'u32', 'function', 'u32'),
    library.registerCallback({ return: type, arguments: [type] }, echo(collect)),
  ]);
  let wrong = 0;
  let depth = 0;
  let next = 0;
  const callback = mixedCallback(library, () => {
    collect();
    if (depth < deepest) {
      depth++;
      wrong += storm(callback, 2);
      depth--;
    }
    const [echoStorm, address] = echoes[next++ % echoes.length];
    wrong += echoStorm(address, 3);
  });
  wrong += storm(callback, times);
  return { wrong, calls: collect() - 1 };
};

// The memory that C was lent for a call stays where it is while its callbacks collect: texts, buffers, and arrays that V8 had in its heap.
exports.lent = function lent(times) {
  const library = open();
  const collect = collector();
  const lengthAfter = native('string_after_callback', 'u64', 'string', 'function');
  const sort = native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function');
  const { getInt32 } = require('../subject');
  const nothing = library.registerCallback(() => { collect(); });
  const compare = library.registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, (a, b) => {
    collect();
    return Math.sign(getInt32(a) - getInt32(b));
  });
  let wrong = 0;
  for (let time = 0; time < times; time++) {
    const long = `é${'text'.repeat(time % 500)}`;
    if (lengthAfter(long, nothing) !== BigInt(Buffer.byteLength(long))) wrong++;
    // Up to sixteen elements are in V8's heap until somebody asks for their address.
    const numbers = Int32Array.from({ length: 4 + time % 20 }, (_, index) => Math.imul(index + time, 0x9e3779b1));
    const sorted = numbers.toSorted?.() ?? numbers.slice().sort();
    sort(numbers, numbers.length, 4, compare);
    if (!numbers.every((number, index) => number === sorted[index])) wrong++;
  }
  return { wrong, calls: collect() - 1 };
};
