'use strict';

// A call does the same in a call site that V8 has optimised for it as in one that runs for the first time.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary } = require('./subject');
const { native, path } = require('./conformance/native');
const { argumentValue, closed } = require('./errors');
const { exact, outside, types } = require('./values');
const { compile } = require('./compile');

const ITERATIONS = 200_000;

// Each site has code of its own, so that V8 sees one callable in it.
const site = (count) => {
  const names = Array.from({ length: count }, (_, index) => `a${index}`).join(', ');
  return compile('callable', names, `return callable(${names});`);
};

// Calls until the site is optimised, and counts the answers that are wrong.
function heat(call, callable, lists, answers) {
  let wrong = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const choice = iteration % lists.length;
    if (!Object.is(call(callable, ...lists[choice]), answers[choice])) wrong++;
  }
  assert.equal(wrong, 0);
}

function outcome(body) {
  try {
    return { value: body() };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const foreign = [
  undefined, null, true, 'a\0b', Symbol.iterator, {}, [1], Object(1), () => 1, 0, -0, 1.5, 1n, -1n, 2n ** 64n, NaN, detached(),
];

describe('one parameter', () => {
  for (const type of types) {
    test(type, () => {
      const identity = () => native(`identity_${type}`, type, type);
      const [cold, hot, call] = [identity(), identity(), site(1)];
      heat(call, hot, exact[type].map((value) => [value]), exact[type]);
      for (const value of [...exact[type], ...(outside[type] ?? []), ...foreign]) {
        assert.deepEqual(outcome(() => call(hot, value)), outcome(() => cold(value)), `${type} ${String(value)}`);
      }
      assert.throws(() => hot(), argumentValue('Invalid argument count: expected 1, got 0'));
      assert.throws(() => hot(1, 2), argumentValue('Invalid argument count: expected 1, got 2'));
    });
  }
});

describe('several parameters', () => {
  const cases = {
    'two pointers': { make: () => native('string_equal', 'u8', 'pointer', 'pointer'), good: ['text', 'text'], answer: 1 },
    'a pointer and a length': { make: () => native('buffer_sum', 'u64', 'buffer', 'u64'), good: [Buffer.from([1, 2, 3]), 3n], answer: 6n },
    'two integers': { make: () => native('add_i32', 'i32', 'i32', 'i32'), good: [20, 22], answer: 42 },
    'two floats': { make: () => native('add_f64', 'f64', 'f64', 'f64'), good: [0.5, 0.25], answer: 0.75 },
    'nine integers': { make: () => native('weigh_9_i32', 'i64', ...Array(9).fill('i32')), good: Array(9).fill(1), answer: 45n },
  };
  for (const [name, { make, good, answer }] of Object.entries(cases)) {
    test(name, () => {
      const [cold, hot, call] = [make(), make(), site(good.length)];
      heat(call, hot, [good], [answer]);
      for (let index = 0; index < good.length; index++) {
        // What C would follow or measure is left out: anything here that is accepted as a pointer or a length is harmless.
        const bad = [true, Symbol.iterator, {}, [1], Object(1), () => 1, 1.5, -1n, 2n ** 64n, NaN, 'a\0b', detached()];
        for (const value of bad) {
          const values = good.map((usual, place) => (place === index ? value : usual));
          assert.deepEqual(outcome(() => call(hot, ...values)), outcome(() => cold(...values)), `${index}: ${String(value)}`);
        }
      }
      assert.equal(call(hot, ...good), answer);
    });
  }
});

test('pointers that do not fit are refused, not cut off', () => {
  const library = new DynamicLibrary(path);
  const signatures = { add_pointer: ['pointer', 'pointer'], string_is_null: ['pointer'], garbage_bits: ['pointer', 'f64', 'pointer'] };
  for (const [name, list] of Object.entries(signatures)) {
    const callable = library.getFunction(name, { return: 'u64', arguments: list });
    const call = site(list.length);
    const good = list.map((type) => (type === 'f64' ? 0.5 : 0n));
    for (let iteration = 0; iteration < ITERATIONS; iteration++) call(callable, ...good);
    list.forEach((type, index) => {
      if (type !== 'pointer') return;
      for (const value of [-1n, 2n ** 64n, -(2n ** 64n), 2n ** 64n + 1n, 2n ** 200n]) {
        const values = good.map((usual, place) => (place === index ? value : usual));
        assert.throws(() => call(callable, ...values), argumentValue(`Argument ${index} must be a non-negative pointer bigint`));
      }
    });
  }
});

test('closing the library stops a hot call site', () => {
  for (const [name, result, list, good] of [
    ['noop', 'void', [], []],
    ['add_i32', 'i32', ['i32', 'i32'], [1, 2]],
    ['identity_pointer', 'pointer', ['pointer'], [1n]],
    ['string_length', 'u64', ['string'], ['text']],
    ['weigh_9_i32', 'i64', Array(9).fill('i32'), Array(9).fill(1)],
  ]) {
    const library = new DynamicLibrary(path);
    const callable = library.getFunction(name, { return: result, arguments: list });
    const call = site(list.length);
    for (let iteration = 0; iteration < ITERATIONS; iteration++) call(callable, ...good);
    library.close();
    for (let again = 0; again < 3; again++) assert.throws(() => call(callable, ...good), closed, name);
  }
});

test('closing it inside of the loop does, too', () => {
  const library = new DynamicLibrary(path);
  const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
  let sum = 0;
  assert.throws(() => {
    for (let iteration = 0; iteration < 2 * ITERATIONS; iteration++) {
      if (iteration === ITERATIONS) library.close();
      sum = add(sum, 1);
    }
  }, closed);
  assert.equal(sum, ITERATIONS);
});

test('a call site that sees many functions serves each', () => {
  const call = site(1);
  const functions = types.map((type) => [native(`identity_${type}`, type, type), exact[type]]);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const [callable, values] = functions[iteration % functions.length];
    const value = values[iteration % values.length];
    assert.ok(Object.is(call(callable, value), value));
  }
});
