'use strict';

// Goes through functions of every kind until their code is hot, without anything that a flag of V8's could forbid, and says what came of it.

const { lastTier } = require('../../lib/wrap.js');
const binding = require('../../lib/binding.js');
const { path } = require('../fixture');
const { exact, outside, types } = require('../values');

const ITERATIONS = 30_000;

function outcome(act) {
  try {
    return String(act());
  } catch (error) {
    return `${error.name} ${error.code}: ${error.message}`;
  }
}

// The number of wrong answers, and the tier that the last call took.
function heat(act, isRight) {
  let wrong = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) if (!isRight(act(iteration), iteration)) wrong++;
  return `${wrong} wrong, ${lastTier()}`;
}

const foreign = [undefined, null, true, '1', '', Symbol.iterator, {}, [1], 1.5, NaN, 1n, -1n, 2n ** 64n, 2 ** 53];

module.exports = function tour(ffi) {
  const seen = {};
  const library = new ffi.DynamicLibrary(path);
  const get = (name, result, ...list) => (
    library.getFunctionFromPointer(library.getSymbol(name), { return: result, arguments: list })
  );
  for (const type of types) {
    const identity = get(`identity_${type}`, type, type);
    const values = exact[type];
    seen[type] = heat((turn) => identity(values[turn % values.length]), (result, turn) => Object.is(result, values[turn % values.length]));
    const refused = [...(outside[type] ?? []), ...foreign.filter((value) => type !== 'pointer' || typeof value !== 'string')];
    seen[`${type}, refused`] = [...refused.map((value) => outcome(() => identity(value))), outcome(() => identity()), outcome(() => identity(1, 2))];
  }

  const texts = ['hello', '', 'déjà vu', '€uro', 'x'.repeat(2047), 'x'.repeat(3000)];
  const length = get('string_length', 'u64', 'string');
  const lengths = texts.map((text) => BigInt(Buffer.byteLength(text)));
  seen.texts = heat((turn) => length(texts[turn % texts.length]), (result, turn) => result === lengths[turn % texts.length]).split(',')[0];
  seen.text = heat(() => length(texts[0]), (result) => result === 5n);
  seen['a text with NUL'] = outcome(() => length('a\0b'));

  const sum = get('buffer_sum', 'u64', 'buffer', 'u64');
  const memory = [Buffer.from([1, 2, 3]), new Uint8Array(100).fill(1), Uint8Array.of(1, 2, 3), new DataView(new ArrayBuffer(8)), new ArrayBuffer(4)];
  const sums = memory.map((it) => (it.length === undefined ? 0n : BigInt(it.reduce((total, byte) => total + byte))));
  seen.memory = heat((turn) => sum(memory[turn % 5], memory[turn % 5].byteLength), (result, turn) => result === sums[turn % 5]);
  seen['no memory'] = outcome(() => sum({}, 1));

  const weigh = get('weigh_20_i32', 'i64', ...Array(20).fill('i32'));
  seen.twenty = heat((turn) => weigh(turn, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20),
    (result, turn) => result === BigInt(turn + 2869));

  const call = get('call_i64', 'i64', 'function', 'i64');
  const callback = library.registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => {
    if (value % 1000n === 0n) outcome(() => length(1));
    return value + length('three');
  });
  seen['a callback'] = heat((turn) => call(callback, turn), (result, turn) => result === BigInt(turn) + 5n);
  library.unregisterCallback(callback);

  const identity = get('identity_f64', 'f64', 'f64');
  seen['after a callback'] = heat(identity, (result, turn) => result === turn);
  library.close();
  seen.closed = [outcome(() => identity(1)), outcome(() => call(1n, 2)), outcome(() => length('text'))];
  return { seen, tiers: binding.tiers() };
};
