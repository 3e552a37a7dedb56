'use strict';

// Calls functions of every kind with arguments of every kind, in every way that code can run, and tells what came of each call as a text.
// The texts do not depend on the process.

const { ways, fragile, lastTier, site } = require('./site');
const { createHash } = require('node:crypto');
const { getRawPointer } = require('ferrule');
const { open } = require('../conformance/native');
const { exact, types } = require('../values');
const { conversions, forScalar, label, objects, plain } = require('./arguments');
const memory = require('./memory');
const { flatten, repeated, ROOM, texts } = require('./texts');

// The same library for all: the gate has room for some thousands of them.
const library = open();
const native = (name, result, ...parameters) => (
  library.getFunctionFromPointer(library.getSymbol(name), { return: result, arguments: parameters })
);

const describe = (value) => (typeof value === 'bigint' || typeof value === 'number' ? label(value) : `${typeof value} ${String(value)}`);

// What a call gives or throws.
function outcome(act, show = describe) {
  let result;
  try {
    result = act();
  } catch (error) {
    const own = Object.getOwnPropertyNames(error).sort().join(' ');
    return `${error.constructor?.name} ${error.name} ${error.code}: ${error.message} (${own})`;
  }
  return show(result);
}

const one = (lists) => Object.fromEntries(Object.entries(lists).map(([name, make]) => [name, () => [make()]]));

// A list of arguments with another value at each place.
function replaced(good, values, places = good().keys()) {
  const lists = {};
  for (const place of places) {
    for (const [name, make] of Object.entries(values)) {
      lists[`${place}: ${name}`] = () => Object.assign(good(), { [place]: make() });
    }
  }
  return lists;
}

const counts = (good) => ({
  'no arguments': () => [],
  'one too few': () => good().slice(0, -1),
  'one too many': () => [...good(), undefined],
  'many too many': () => [...good(), ...Array(100).fill(1)],
  'the right number': good,
});

// Where a value is, as far as one can say without the number.
function showAddress(address, [value]) {
  if (address === 0n) return 'NULL';
  if (typeof value === 'object' && value !== null) return address === getRawPointer(value) ? 'its own' : 'of something else';
  return typeof value === 'string' ? 'somewhere' : describe(address);
}

const out = Buffer.alloc(4 * 2 ** 20);
function showText(length) {
  if (length === 2n ** 64n - 1n) return 'did not fit';
  const bytes = out.subarray(0, Number(length));
  return `${length} ${length < 40n ? bytes.toString('hex') : createHash('sha1').update(bytes).digest('hex')} ${out[Number(length)]}`;
}

// The parameters of the fixture's `record` functions after `out`.
const recorders = {
  record_8_mixed: 'i8 u8 i16 f32 u16 f64 i32',
  record_9_narrow: 'i8 u8 i16 u16 i8 u8 i16 u16',
  record_12_mixed: 'f32 i8 f64 u8 i64 f32 u16 i16 u64 f64 u32',
  record_20_mixed: 'i8 f64 u8 f32 i16 i64 u16 f32 i32 u32 u64 pointer f64 i8 f32 u8 i16 f64 u16',
};

// Some of everything that some type refuses.
const suspicious = Object.fromEntries([
  'a buffer', 'an array buffer', 'a lone surrogate', 'NUL', 'a detached view', 'an object', 'a function', 'what converts to a number',
  'an object that is like undefined', 'undefined', 'null', 'true', '-0', '-1', '1.5', 'NaN', '128', '256', '32768', '65536', '2147483648',
  '4294967296', '9007199254740992', '1n', '-1n', '9223372036854775808n', '18446744073709551616n', 'Symbol(Symbol.iterator)',
].map((name) => [name, { ...objects, ...plain, ...memory.all, ...texts }[name]]));

const subjects = {};
for (const type of types.filter((name) => name !== 'pointer')) {
  const good = () => [exact[type][0]];
  subjects[type] = { make: () => native(`identity_${type}`, type, type), good, lists: { ...one(forScalar(type)), ...counts(good) } };
}
for (const type of ['pointer', 'string', 'buffer', 'arraybuffer', 'function']) {
  const good = () => [type === 'string' ? 'text' : out];
  const all = { ...plain, ...objects, ...memory.all, ...texts };
  subjects[type] = {
    make: () => native('identity_pointer', 'pointer', type), good, show: showAddress, lists: { ...one(all), ...counts(good) },
  };
}
subjects['a copied text'] = {
  make: () => native('string_copy', 'u64', 'buffer', 'u64', 'string'),
  good: () => [out, out.length, 'text'],
  show: showText,
  lists: replaced(() => [out, out.length, 'text'], texts, [2]),
};
subjects['a text for a pointer'] = {
  ...subjects['a copied text'],
  make: () => native('string_copy', 'u64', 'pointer', 'u64', 'pointer'),
  good: () => [out, out.length, Buffer.from('text\0')],
};
// Together they take no more than the room that a fast call has, or a little more.
const pair = (first, second) => [out, BigInt(out.length), first, second];
const pairs = { 'two texts': () => pair('one', 'two'), 'a text and memory': () => pair('one', Buffer.from('two\0')) };
for (const [first, second] of [[1, ROOM - 4], [1, ROOM - 3], [1, ROOM - 2], [ROOM / 2 - 1, ROOM / 2 - 1], [ROOM / 2, ROOM / 2 - 1],
  [ROOM / 2, ROOM / 2], [ROOM - 2, 1], [ROOM - 1, 0], [ROOM, 1], [0, ROOM - 2], [3000, 3000]]) {
  pairs[`${first} and ${second} characters`] = () => pair(repeated('a', first), repeated('b', second));
  // A character of Latin-1 takes two bytes.
  pairs[`${first} and ${second} characters, one of Latin-1`] = () => pair(repeated('a', first), flatten(`é${repeated('b', second)}`));
}
subjects['two texts'] = {
  make: () => native('string_concatenate', 'u64', 'buffer', 'u64', 'string', 'string'),
  good: pairs['two texts'],
  show: showText,
  lists: { ...pairs, ...replaced(pairs['two texts'], texts, [3]), ...counts(pairs['two texts']) },
};
// What is out of bounds has no size; what has no prototype does not tell.
function sizeOf(value) {
  try {
    return value.byteLength ?? 4;
  } catch {
    return 0;
  }
}
const summed = { ...memory.views, ...memory.buffers, ...memory.resized };
subjects['the bytes of memory'] = {
  make: () => native('buffer_sum', 'u64', 'pointer', 'u64'),
  good: () => [Buffer.from([1, 2, 3]), 3n],
  lists: Object.fromEntries(Object.entries(summed).map(([name, make]) => [name, () => {
    const value = make();
    return [value, sizeOf(value)];
  }])),
};
// Three kinds of memory or text at once.
subjects['three addresses'] = {
  make: () => native('string_is_null', 'u8', 'pointer', 'string', 'buffer'),
  good: () => [out, 'text', out],
  lists: replaced(() => [Buffer.alloc(70), 'text', null], { ...suspicious, ...memory.empty, 'a buffer': () => out, 'Latin-1': texts['Latin-1'] }),
};
subjects['nine integers'] = {
  make: () => native('weigh_9_i32', 'i64', ...Array(9).fill('i32')),
  good: () => [1, -2, 3, -4, 5, -6, 7, -8, 2 ** 31 - 1],
  lists: { ...counts(() => Array(9).fill(3)), ...replaced(() => Array(9).fill(3), suspicious, [0, 5, 8]) },
};
for (const [name, text] of Object.entries(recorders)) {
  const list = text.split(' ');
  const good = () => [out, ...list.map((type, index) => exact[type][index % exact[type].length])];
  subjects[name] = {
    make: () => native(name, 'void', 'pointer', ...list),
    good,
    show(result, [, ...values]) {
      // Where memory is differs from process to process.
      list.forEach((type, index) => type === 'pointer' && typeof values[index] !== 'bigint' && out.fill(0, 8 * index, 8 * index + 8));
      return `${describe(result)} ${out.toString('hex', 0, 8 * list.length)}`;
    },
    lists: {
      ...counts(good),
      ...replaced(good, suspicious, list.map((_, index) => index + 1)),
      ...Object.fromEntries(exact.f64.map((_, pick) => [`set ${pick}`, () => [
        out, ...list.map((type, index) => exact[type][(index + pick) % exact[type].length]),
      ]])),
    },
  };
}
// V8 passes at most 32 arguments, two of which are its own and Ferrule's; the cells are for 64.
for (const [count, tier] of [[0], [1], [30], [31, 'cell'], [64, 'cell'], [65, 'slow']]) {
  const good = () => Array(count).fill(1);
  subjects[`${count} parameters`] = { make: () => native('noop', 'void', ...Array(count).fill('i32')), good, lists: counts(good), tier };
}

exports.subjects = Object.keys(subjects);

// Optimising code for each call takes its time: unless all is asked for, each way of that kind gets some of the arguments.
const STRIDE = 17;
function share(lists, wayName, isAll) {
  const position = [...fragile].indexOf(wayName);
  return Object.entries(lists).filter((_, index) => isAll || position === -1 || index % STRIDE === position * 5);
}

// What became of the calls of a subject in one way: the texts by what the arguments are, and the tiers by the same.
function run({ make, good, show, lists, tier: usual = 'fast' }, wayName, fastest, isAll) {
  const way = ways[wayName];
  const tier = usual === 'fast' || fastest === 'slow' ? fastest : usual;
  const texts = {};
  const tiers = {};
  const begin = () => {
    const callable = make();
    const call = site(callable, callable.length);
    const ready = way(callable, call, () => call(...good()), tier);
    // A site passes as many arguments as it was made for; another number of them comes from elsewhere.
    return { ready, act: (list) => (list.length === callable.length ? call(...list) : callable(...list)) };
  };
  let running = begin();
  // The first time, V8 gives optimised code up for what it has not seen yet.
  const rounds = wayName === 'worn' ? 2 : 1;
  for (let round = 0; round < rounds; round++) for (const [name, makeList] of share(lists, wayName, isAll)) {
    if (fragile.has(wayName)) running = begin();
    const list = makeList();
    out.fill(0, 0, 256);
    running.ready();
    texts[name] = outcome(() => running.act(list), (result) => (show ?? describe)(result, list));
    tiers[name] = lastTier();
  }
  return { texts, tiers };
}

// `{ subject: { way: { texts, tiers } } }`, for the ways that are named.
exports.survey = function survey(names, wayNames, fastest, isAll) {
  const all = {};
  for (const name of names) {
    all[name] = {};
    for (const wayName of wayNames) {
      if (ways[wayName]) all[name][wayName] = run(subjects[name], wayName, fastest, isAll);
    }
  }
  return { all, conversions: conversions.count };
};
