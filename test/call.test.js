'use strict';

// Calls: every type, any number of arguments, and what is refused.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary, getFloat64, getInt64, getUint64, getRawPointer } = require('./subject');
const { native, path } = require('./conformance/native');
const { argumentValue, closed } = require('./errors');
const { LAST, charIsSigned } = require('./machine');
const { chooser, exact, labels, outside, types } = require('./values');

const scalars = types.filter((type) => type !== 'pointer');
const narrow = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32'];
const identity = Object.fromEntries(types.map((type) => [type, native(`identity_${type}`, type, type)]));

describe('one argument and one result', () => {
  for (const type of types) {
    test(`${type} comes back as it went`, () => {
      for (const value of exact[type]) {
        assert.ok(Object.is(identity[type](value), value), `${type} ${String(value)}`);
      }
    });
  }

  for (const [type, values] of Object.entries(outside)) {
    test(`${type} refuses what does not fit`, () => {
      const message = type === 'pointer' ? 'Argument 0 must be a non-negative pointer bigint' : `Argument 0 must be ${labels[type]}`;
      for (const value of values) {
        assert.throws(() => identity[type](value), argumentValue(message), String(value));
      }
    });
  }

  for (const type of scalars) {
    test(`${type} refuses other types and converts nothing`, () => {
      let converted = 0;
      const convertible = {
        valueOf() {
          converted++;
          return 1;
        },
        toString() {
          converted++;
          return '1';
        },
        [Symbol.toPrimitive]() {
          converted++;
          return 1;
        },
      };
      const others = [
        '1', '', true, false, null, undefined, Symbol('s'), {}, [], [1], Object(1), Object(1n), convertible, () => 1,
        Buffer.alloc(8),
      ];
      for (const value of others) {
        assert.throws(() => identity[type](value), argumentValue(`Argument 0 must be ${labels[type]}`));
      }
      assert.equal(converted, 0);
    });
  }

  test('bigints are no numbers', () => {
    for (const type of [...narrow, 'f32', 'f64']) {
      assert.throws(() => identity[type](1n), argumentValue(`Argument 0 must be ${labels[type]}`));
    }
  });

  test('-0 is an integer', () => {
    for (const type of narrow) assert.ok(Object.is(identity[type](-0), 0), type);
    for (const type of ['i64', 'u64']) assert.equal(identity[type](-0), 0n);
  });

  test('64-bit integers may be given as safe integers', () => {
    for (const value of [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      assert.equal(identity.i64(value), BigInt(value));
      if (value >= 0) assert.equal(identity.u64(value), BigInt(value));
    }
    for (const value of [2 ** 53, -(2 ** 53), 1.5, NaN, Infinity, -Infinity, 2 ** 63, 1e300]) {
      assert.throws(() => identity.i64(value), argumentValue('Argument 0 must be an int64'), String(value));
      assert.throws(() => identity.u64(value), argumentValue('Argument 0 must be a uint64'), String(value));
    }
    assert.throws(() => identity.u64(-1), argumentValue('Argument 0 must be a uint64'));
    assert.throws(() => identity.pointer(1), argumentValue('Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint'));
  });

  test('f32 rounds to the nearest float', () => {
    assert.equal(identity.f32(0.1), Math.fround(0.1));
    assert.equal(identity.f32(1e300), Infinity);
    assert.equal(identity.f32(-1e300), -Infinity);
    assert.ok(Object.is(identity.f32(-1e-300), -0));
    assert.equal(identity.f32(2 ** 31 - 1), 2 ** 31);
  });

  test('two arguments do not get mixed up', () => {
    for (const type of scalars) {
      const [one, two] = type === 'i64' || type === 'u64' ? [5n, 7n] : [5, 7];
      const [sum, difference] = type === 'i64' || type === 'u64' ? [12n, 7n] : [12, 7];
      const add = native(`add_${type}`, type, type, type);
      assert.equal(add(one, two), sum);
      assert.equal(add(difference, type === 'i64' || type === 'u64' ? 0n : 0), difference);
    }
    assert.equal(native('add_i32', 'i32', 'i32', 'i32')(2 ** 31 - 1, 1), -(2 ** 31));
    assert.equal(native('add_pointer', 'pointer', 'pointer', 'u64')(LAST, 2n), 1n);
  });
});

describe('results', () => {
  test('take only the bits of their type', () => {
    const declared = { u8: 0x80, bool: 0x80, i8: -128, u16: 0x5680, i16: 0x5680, u32: 0x12345680, i32: 0x12345680 };
    const garbage = 0xdead_beef_1234_5680n;
    for (const [type, value] of Object.entries(declared)) {
      assert.equal(native('garbage_result', type)(), value, type);
    }
    assert.equal(native('garbage_result', 'u64')(), 0xdead_beef_1234_5680n);
    assert.equal(native('garbage_result', 'i64')(), BigInt.asIntN(64, 0xdead_beef_1234_5680n));
    assert.equal(native('garbage_result', 'pointer')(), garbage & LAST);
    assert.equal(native('garbage_result', 'char')(), charIsSigned ? -128 : 128);
    assert.equal(native('garbage_result', 'void')(), undefined);
    for (const [type, bits] of [['i8', 0xffff_ff7fn], ['i16', 0xffff_7fffn], ['i32', 0xffff_ffff_7fff_ffffn]]) {
      assert.equal(native('garbage_bits', type, 'u64')(bits), Number(BigInt.asIntN(Number(type.slice(1)), bits)));
    }
  });

  test('of pointers are never decoded', () => {
    for (const type of ['pointer', 'ptr', 'string', 'str', 'buffer', 'arraybuffer', 'function']) {
      assert.equal(native('return_null', type)(), 0n);
      assert.equal(native('return_minus_one_pointer', type)(), LAST);
    }
  });

  test('keep the ends of their ranges', () => {
    assert.equal(native('return_max_u64', 'u64')(), 2n ** 64n - 1n);
    assert.equal(native('return_min_i64', 'i64')(), -(2n ** 63n));
    assert.ok(Number.isNaN(native('return_nan_f64', 'f64')()));
    assert.ok(Object.is(native('return_negative_zero_f64', 'f64')(), -0));
  });
});

describe('many arguments', () => {
  test('of one type, in registers and beyond', () => {
    for (const [type, count] of [['i32', 8], ['i32', 9], ['i32', 12], ['i32', 20], ['f64', 8], ['f64', 9], ['f64', 12]]) {
      const weigh = native(`weigh_${count}_${type}`, type === 'i32' ? 'i64' : 'f64', ...Array(count).fill(type));
      const values = Array.from({ length: count }, (_, index) => (index % 2 ? -1 : 1) * (index * 1000 + 7));
      const sum = values.reduce((total, value, index) => total + value * (index + 1), 0);
      assert.equal(Number(weigh(...values)), sum, `${type} × ${count}`);
    }
  });

  // The parameters of the fixture's `record` functions after `out`.
  const recorders = {
    record_8_mixed: 'i8 u8 i16 f32 u16 f64 i32',
    record_9_narrow: 'i8 u8 i16 u16 i8 u8 i16 u16',
    record_12_mixed: 'f32 i8 f64 u8 i64 f32 u16 i16 u64 f64 u32',
    record_12_float: 'f32 f64 f32 f64 f32 f64 f32 f64 f32 f64 f32',
    record_20_mixed: 'i8 f64 u8 f32 i16 i64 u16 f32 i32 u32 u64 pointer f64 i8 f32 u8 i16 f64 u16',
  };
  const reader = (type) => {
    if (type.startsWith('f')) return getFloat64;
    if (type === 'u64' || type === 'pointer') return getUint64;
    return type === 'i64' ? getInt64 : (address, offset) => Number(getInt64(address, offset));
  };
  for (const [name, text] of Object.entries(recorders)) {
    test(name, () => {
      const list = text.split(' ');
      const record = native(name, 'void', 'pointer', ...list);
      const out = new BigUint64Array(list.length);
      const choose = chooser(list.length);
      for (let round = 0; round < 50; round++) {
        const values = list.map((type) => choose.one(exact[type]));
        record(out, ...values);
        const seen = list.map((type, index) => reader(type)(getRawPointer(out), index * 8));
        assert.deepEqual(seen, values);
      }
    });
  }

  test('a bad one is named by its place', () => {
    const list = recorders.record_20_mixed.split(' ');
    const record = native('record_20_mixed', 'void', 'pointer', ...list);
    const good = [new BigUint64Array(20), ...list.map((type) => exact[type][0])];
    list.forEach((type, index) => {
      const values = good.with ? good.with(index + 1, Symbol('bad')) : Object.assign([...good], { [index + 1]: Symbol('bad') });
      const what = type === 'pointer' ? 'a buffer, an ArrayBuffer, a string, or a bigint' : labels[type];
      assert.throws(() => record(...values), argumentValue(`Argument ${index + 1} must be ${what}`));
      // Of several, the first.
      assert.throws(
        () => record(...values.slice(0, index + 2), ...values.slice(index + 2).map(() => 'bad')),
        argumentValue(`Argument ${index + 1} must be ${what}`),
      );
    });
  });
});

describe('any signature', () => {
  // JavaScript at both ends: what went in must come out, whatever the mix.
  function roundTrip(result, list, values, answer) {
    const library = new DynamicLibrary(path);
    let seen;
    const callback = library.registerCallback({ return: result, arguments: list }, (...received) => { seen = received; return answer; });
    const call = library.getFunctionFromPointer(callback, { return: result, arguments: list });
    const returned = call(...values);
    library.close();
    assert.deepEqual(seen, values, `${list} -> ${result}`);
    assert.ok(Object.is(returned, answer), `${list} -> ${result}`);
    assert.throws(() => call(...values), closed);
  }

  test('of up to 24 parameters', () => {
    const choose = chooser(7);
    for (let round = 0; round < 400; round++) {
      const list = Array.from({ length: choose.below(25) }, () => choose.one(types));
      const result = choose.one(types);
      roundTrip(result, list, list.map((type) => choose.one(exact[type])), choose.one(exact[result]));
    }
  });

  test('of 3,000 parameters', () => {
    const choose = chooser(3000);
    const list = Array.from({ length: 3000 }, () => choose.one(types));
    roundTrip('f64', list, list.map((type) => choose.one(exact[type])), 0.1);
  });

  test('of 3,000 parameters, one too many or too few', () => {
    const noop = native('noop', 'void', ...Array(3000).fill('i32'));
    assert.equal(noop.length, 3000);
    assert.throws(() => noop(...Array(3001).fill(1)), argumentValue('Invalid argument count: expected 3000, got 3001'));
    assert.throws(() => noop(...Array(2999).fill(1)), argumentValue('Invalid argument count: expected 3000, got 2999'));
    const last = Object.assign(Array(3000).fill(1), { 2999: 1.5 });
    assert.throws(() => noop(...last), argumentValue('Argument 2999 must be an int32'));
  });
});

describe('the number of arguments', () => {
  test('must be right, and is checked first', () => {
    for (const count of [0, 1, 2, 8, 9, 16, 17, 20, 64, 65, 100]) {
      const noop = native('noop', 'void', ...Array(count).fill('i32'));
      for (const given of [0, 1, count - 1, count + 1, count + 20].filter((number) => number >= 0 && number !== count)) {
        assert.throws(() => noop(...Array(given).fill('bad')), argumentValue(`Invalid argument count: expected ${count}, got ${given}`));
      }
      assert.equal(noop(...Array(count).fill(1)), undefined);
    }
    assert.throws(() => native('noop', 'void')(undefined), argumentValue('Invalid argument count: expected 0, got 1'));
  });

  test('is counted the same with call, apply, bind and spread', () => {
    const add = native('add_i32', 'i32', 'i32', 'i32');
    assert.equal(add.call({}, 1, 2), 3);
    assert.equal(add.apply(undefined, [1, 2]), 3);
    assert.equal(add.bind(null, 1)(2), 3);
    assert.equal(Reflect.apply(add, null, [1, 2]), 3);
    assert.throws(() => add.bind(null, 1)(2, 3), argumentValue('Invalid argument count: expected 2, got 3'));
    assert.throws(() => add(), argumentValue('Invalid argument count: expected 2, got 0'));
  });
});

test('a refused call does not reach C', () => {
  const [count, read] = [native('counter_increment', 'u32', 'i32'), native('counter_read', 'u32')];
  const before = read();
  assert.throws(() => count('1'));
  assert.throws(() => count());
  assert.equal(read(), before);
  count(1);
  assert.equal(read(), before + 1);
});

test('errno stays between calls', () => {
  const [set, get] = [native('errno_set', 'void', 'i32'), native('errno_get', 'i32')];
  for (const value of [0, 2, 13, 2 ** 31 - 1]) {
    set(value);
    assert.equal(get(), value);
    assert.equal(get(), value);
  }
  set(77);
  assert.equal(native('string_length', 'u64', 'string')('x'.repeat(2000)), 2000n);
  assert.equal(get(), 77);
});
