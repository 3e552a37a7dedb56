'use strict';

// Calls that call back into calls that call back, by chance: every type, many arguments, texts and memory, each result checked against what
// the same would have given without C. Code becomes hot, is given up and becomes hot again on the way.

const { native } = require('./site');
const { open } = require('../conformance/native');
const { chooser, exact, types } = require('../values');

const deoptimize = native('%DeoptimizeFunction(code)');
const choose = chooser(2026);
const library = open();
const get = (name, result, ...list) => library.getFunctionFromPointer(library.getSymbol(name), { return: result, arguments: list });

// What the callbacks do, and how deep they have gone.
let depth = 0;
let limit = 3;
let hook = () => {};

function assertSame(seen, value, what) {
  if (!Object.is(seen, value)) throw new Error(`${what}: ${String(seen)}, not ${String(value)}`);
}

function inner() {
  hook();
  if (depth >= limit) return;
  depth++;
  for (let count = choose.below(3); count > 0; count--) choose.one(acts)();
  depth--;
}

const acts = [];

// One value there and another one back, of each type.
for (const type of types) {
  const call = get(`call_${type}`, type, 'function', type);
  let expected;
  let answer;
  const callback = library.registerCallback({ return: type, arguments: [type] }, (value) => {
    const mine = answer;
    assertSame(value, expected, `the argument of a callback with ${type}`);
    inner();
    return mine;
  });
  acts.push(() => {
    const value = choose.one(exact[type]);
    const mine = choose.one(exact[type]);
    expected = value;
    answer = mine;
    assertSame(call(callback, value), mine, `the result of a call with ${type}`);
  });
}

// Ten of ten types.
{
  const list = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'];
  const call = get('call_10_mixed', 'f64', 'function', ...list);
  let expected;
  const callback = library.registerCallback({ return: 'f64', arguments: list }, (...values) => {
    const mine = expected;
    values.forEach((value, index) => assertSame(value, mine[index], `argument ${index} of ten`));
    inner();
    return mine[9];
  });
  acts.push(() => {
    const values = list.map((type) => choose.one(exact[type]));
    expected = values;
    assertSame(call(callback, ...values), values[9], 'the result of ten');
  });
}

// A text that has to survive what the callback does.
{
  const call = get('string_after_callback', 'u64', 'string', 'function');
  const callback = library.registerCallback(inner);
  acts.push(() => {
    const length = choose.one([0, 1, 7, 100, 600, 2040, 2047, 2048, 4000]);
    const text = choose.one(['x', 'é', '€']).repeat(length);
    assertSame(call(text, callback), BigInt(Buffer.byteLength(text)), 'the length of a text');
  });
  acts.push(() => {
    const buffer = Buffer.from(`${'y'.repeat(choose.below(100))}\0`);
    assertSame(call(buffer, callback), BigInt(buffer.length - 1), 'the length of a text in memory');
  });
}

// Memory that C reads and writes while callbacks run.
{
  const call = get('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function');
  const compare = get('read_i32', 'i32', 'pointer');
  const callback = library.registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, (a, b) => {
    if (choose.below(8) === 0) inner();
    return Math.sign(compare(a) - compare(b));
  });
  acts.push(() => {
    const numbers = Int32Array.from({ length: 2 + choose.below(10) }, () => choose.below(1000) - 500);
    const sorted = numbers.slice().sort();
    call(numbers, numbers.length, 4n, callback);
    numbers.forEach((value, index) => assertSame(value, sorted[index], 'a sorted number'));
  });
}

// More arguments than registers, without a callback of its own.
{
  const weigh = get('weigh_20_i32', 'i64', ...Array(20).fill('i32'));
  acts.push(() => {
    const values = Array.from({ length: 20 }, () => choose.below(2 ** 16) - 2 ** 15);
    assertSame(weigh(...values), BigInt(values.reduce((sum, value, index) => sum + value * (index + 1), 0)), 'a weighed sum');
  });
  const concatenate = get('string_concatenate', 'u64', 'pointer', 'u64', 'string', 'pointer');
  acts.push(() => {
    const out = Buffer.alloc(1000);
    const length = concatenate(out, 1000, `first ${depth}`, choose.one(['second', Buffer.from('second\0')]));
    assertSame(out.toString('utf8', 0, Number(length)), `first ${depth}second`, 'two texts in one');
  });
}

// Calls that are refused, and errors that stay below the callback.
{
  const identity = get('identity_i32', 'i32', 'i32');
  acts.push(() => {
    for (const bad of [undefined, '1', 2 ** 31, 1n, Symbol.iterator]) {
      try {
        identity(bad);
        throw new Error('not refused');
      } catch (error) {
        if (error.code !== 'ERR_INVALID_ARG_VALUE') throw error;
      }
    }
  });
  const call = get('call_void', 'void', 'function');
  const callback = library.registerCallback(() => {
    try {
      inner();
      throw new RangeError('mine');
    } catch (error) {
      if (error.message !== 'mine') throw error;
    }
  });
  acts.push(() => call(callback));
}

// Does `count` things, as deep as `deepest`, and calls `everySo` inside of callbacks.
exports.nest = function nest(count, { deepest = 3, everySo } = {}) {
  limit = deepest;
  // Whoever stopped it the last time may have done so in the middle.
  depth = 0;
  let turn = 0;
  hook = () => {
    turn++;
    if (turn % 5000 === 0) for (const act of acts) deoptimize(act);
    if (everySo !== undefined && turn % everySo.often === 0) everySo.act(turn);
  };
  for (let done = 0; done < count; done++) choose.one(acts)();
  return turn;
};
