'use strict';

// What JavaScript makes of each bit pattern that C returns (behaviour 3).

const { littleEndian } = require('../../machine');
const { scalars, pointerNames, typeNames } = require('../values');

exports.isCalls = true;

const patterns = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x1ffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1_0000_0080n,
  0x1234_5680n,
  0xdead_beef_1234_5680n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ff80n,
  0xffff_ffff_ffff_ffffn,
  2n ** 53n + 1n,
];

exports.cases = (record, ffi, fixture) => {
  for (const type of typeNames.filter((name) => !isFloat(name))) {
    const bits = record.warm(fixture.native('garbage_bits', type, 'u64'), 1n);
    for (const pattern of patterns) {
      record(`result/${type}/${pattern.toString(16)}`, () => bits(pattern));
    }
    record(`result/${type}/constant garbage`, () => fixture.native('garbage_result', type)());
  }
  floats(record, fixture);
  constants(record, ffi, fixture);
  narrowParameters(record, fixture);
  errno(record, fixture);
};

function isFloat(name) {
  return [...scalars.f32.names, ...scalars.f64.names].includes(name);
}

function floats(record, fixture) {
  const bytes = Buffer.alloc(8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const type of scalars.f32.names) {
    const read = record.warm(fixture.native('read_f32', type, 'buffer'), bytes);
    for (const word of [
      0, 0x80000000, 1, 0x3f800000, 0x3dcccccd, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001,
    ]) {
      record(`result/${type}/${word.toString(16)}`, () => {
        view.setUint32(0, word, littleEndian);
        return read(bytes);
      });
    }
  }
  for (const type of scalars.f64.names) {
    const read = record.warm(fixture.native('read_f64', type, 'buffer'), bytes);
    for (const value of [0, -0, 1, 0.1, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN, 2 ** 53]) {
      record(`result/${type}/${Object.is(value, -0) ? '-0' : value}`, () => {
        view.setFloat64(0, value, littleEndian);
        return read(bytes);
      });
    }
  }
}

function constants(record, ffi, fixture) {
  const declarations = {
    noop: 'void',
    return_null: 'pointer',
    return_minus_one_pointer: 'pointer',
    return_max_u64: 'u64',
    return_min_i64: 'i64',
    return_nan_f64: 'f64',
    return_negative_zero_f64: 'f64',
  };
  for (const [name, type] of Object.entries(declarations)) {
    const call = record.warm(fixture.native(name, type));
    record(`result constant/${name}`, () => call());
  }
  for (const type of pointerNames) {
    record(`result constant/return_null/${type} again`, () => fixture.native('return_null', type)());
    record(`result constant/return_minus_one_pointer/${type} again`, () =>
      fixture.native('return_minus_one_pointer', type)(),
    );
    record(`result constant/text as ${type}`, () => {
      const address = fixture.native('string_constant', type)();
      return [typeof address, ffi.toString(address)];
    });
  }
  record('result constant/void of a function that returns', () => fixture.native('return_max_u64', 'void')());
  record('result constant/no signature', () => fixture.open().getFunction('return_max_u64', {})());
}

// C reads only the low bits of a narrow argument, and may rely on the rest being its extension.
function narrowParameters(record, fixture) {
  for (const [type, { range, bytes }] of Object.entries(scalars)) {
    if (range === undefined || bytes === 8) {
      continue;
    }
    const widen = record.warm(fixture.native('identity_i32', 'i32', type), 1);
    for (const value of [range.low, range.high, Math.floor(range.high / 2), 1]) {
      record(`narrow parameter/${type}/${value}`, () => widen(value));
    }
  }
}

// One call leaves errno for the next one.
function errno(record, fixture) {
  const set = fixture.native('errno_set', 'void', 'i32');
  const get = fixture.native('errno_get', 'i32');
  for (const value of [0, 2, 33, 2 ** 31 - 1]) {
    record(`errno/${value}`, () => {
      set(value);
      return get();
    });
    record(`errno/${value} is still there`, () => {
      set(value);
      get();
      return get();
    });
  }
}
