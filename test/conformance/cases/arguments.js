'use strict';

// What each type of parameter makes of each value (behaviour 3).

const { scalars, everything, numbers, bigints } = require('../values');

exports.isCalls = true;

exports.cases = (record, ffi, fixture) => {
  scalarArguments(record, fixture);
  aliases(record, fixture);
  secondParameter(record, fixture);
  counts(record, fixture);
  order(record, fixture);
  receivers(record, fixture);
};

function scalarArguments(record, fixture) {
  for (const [type, { valid }] of Object.entries(scalars)) {
    const identity = record.warm(fixture.native(`identity_${type}`, type, type), valid);
    for (const { label, make } of everything) {
      record(`argument/${type}/${label}`, () => identity(make()));
    }
  }
}

// An alias has the range of its type, no more and no less.
function aliases(record, fixture) {
  for (const [type, { names, range, valid }] of Object.entries(scalars)) {
    for (const name of names.slice(1)) {
      const identity = record.warm(fixture.native(`identity_${type}`, name, name), valid);
      const one = typeof valid === 'bigint' ? 1n : 1;
      const edges = range ? [range.low, range.high, range.low - one, range.high + one] : [-1e300, 1e300, 0.1, NaN];
      for (const edge of [...edges, 0.5, true, '1', null, undefined, 3, 3n]) {
        record(`argument alias/${name}/${typeof edge} ${edge}`, () => identity(edge));
      }
    }
  }
}

// The index in the message, and a value that must not be shifted by the one before it.
function secondParameter(record, fixture) {
  for (const [type, { valid }] of Object.entries(scalars)) {
    const add = record.warm(fixture.native(`add_${type}`, type, type, type), valid, valid);
    for (const { label, make } of [...numbers, ...bigints]) {
      record(`second argument/${type}/${label}`, () => add(valid, make()));
    }
    record(`second argument/${type}/wraps`, () => add(scalars[type].range?.high ?? 1e308, valid));
  }
}

function counts(record, fixture) {
  const signatures = [
    ['noop', 'void'],
    ['return_max_u64', 'u64'],
    ['identity_i32', 'i32', 'i32'],
    ['identity_pointer', 'pointer', 'pointer'],
    ['identity_pointer', 'pointer', 'function'],
    ['string_length', 'u64', 'string'],
    ['add_f64', 'f64', 'f64', 'f64'],
    ['buffer_copy', 'void', 'buffer', 'buffer', 'u64'],
    ['weigh_8_i32', 'i64', ...Array(8).fill('i32')],
    ['weigh_9_i32', 'i64', ...Array(9).fill('i32')],
  ];
  for (const [name, result, ...parameters] of signatures) {
    const callable = fixture.native(name, result, ...parameters);
    const label = `${name}(${parameters.join(' ')})`;
    for (let count = 0; count <= parameters.length + 2; count++) {
      if (count !== parameters.length) {
        record(`argument count/${label}/${count} undefined`, () => callable(...Array(count).fill(undefined)));
        record(`argument count/${label}/${count} symbols`, () => callable(...Array(count).fill(Symbol('s'))));
      }
    }
  }
}

// From left to right, the first bad one is named, and C is not called.
function order(record, fixture) {
  const bad = { i8: 'x', u16: -1, i32: 1.5, u64: -1n, f32: null, pointer: {}, string: 'a\0b' };
  const names = Object.keys(bad);
  for (const first of names) {
    for (const second of names) {
      const library = fixture.open();
      const count = library.getFunction('counter_read', { return: 'u32' });
      const increment = library.getFunction('counter_increment', { return: 'u32', arguments: [first, second] });
      const before = count();
      record(`argument order/${first} ${second}/both bad`, () => increment(bad[first], bad[second]));
      record(`argument order/${first} ${second}/not called`, () => count() - before);
    }
  }
}

function receivers(record, fixture) {
  const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
  record('receiver/null', () => add.call(null, 1, 2));
  record('receiver/object', () => add.call({}, 1, 2));
  record('receiver/number', () => add.apply(5, [1, 2]));
  record('receiver/Reflect.apply', () => Reflect.apply(add, undefined, [1, 2]));
  record('receiver/bound', () => add.bind(null, 1)(2));
  record('receiver/array-like arguments', () => add.apply(null, { length: 2, 0: 1, 1: 2 }));
  record('receiver/map passes three', () => [1].map(add));
  record('receiver/new', () => new add(1, 2));
}
