'use strict';

// More arguments than there are registers (behaviour 3): where each one lands, and what each one accepts there.

const { scalars, foreigners, badPointerArguments } = require('../values');

exports.isCalls = true;

const records = {
  record_8_mixed: ['i8', 'u8', 'i16', 'f32', 'u16', 'f64', 'i32'],
  record_9_narrow: ['i8', 'u8', 'i16', 'u16', 'i8', 'u8', 'i16', 'u16'],
  record_12_mixed: ['f32', 'i8', 'f64', 'u8', 'i64', 'f32', 'u16', 'i16', 'u64', 'f64', 'u32'],
  record_12_float: ['f32', 'f64', 'f32', 'f64', 'f32', 'f64', 'f32', 'f64', 'f32', 'f64', 'f32'],
  record_20_mixed: [
    'i8',
    'f64',
    'u8',
    'f32',
    'i16',
    'i64',
    'u16',
    'f32',
    'i32',
    'u32',
    'u64',
    'pointer',
    'f64',
    'i8',
    'f32',
    'u8',
    'i16',
    'f64',
    'u16',
  ],
};

// The value of a type that is furthest from the others' at each end, and one that tells positions apart.
const extremes = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  f32: [-Infinity, 3.4028234663852886e38],
  f64: [-1.7976931348623157e308, 5e-324],
  pointer: [0n, 2n ** 64n - 1n],
};

exports.cases = (record, ffi, fixture) => {
  for (const [name, parameters] of Object.entries(records)) {
    placement(record, fixture, name, parameters);
    refusals(record, fixture, name, parameters);
  }
  weights(record, fixture);
  ninth(record, fixture);
  hundreds(record, fixture);
};

function placement(record, fixture, name, parameters) {
  const out = Buffer.alloc(8 * 20);
  const usual = parameters.map((type, index) => distinct(type, index));
  const call = record.warm(fixture.native(name, 'void', 'buffer', ...parameters), out, ...usual);
  const rows = {
    distinct: usual,
    'distinct negative': parameters.map((type, index) => distinct(type, -index - 1)),
    lowest: parameters.map((type) => extremes[type][0]),
    highest: parameters.map((type) => extremes[type][1]),
    'lowest and highest': parameters.map((type, index) => extremes[type][index % 2]),
    'highest and lowest': parameters.map((type, index) => extremes[type][(index + 1) % 2]),
    zeros: parameters.map((type) => (['i64', 'u64', 'pointer'].includes(type) ? 0n : 0)),
    'negative zeros': parameters.map((type) => (['i64', 'u64', 'pointer'].includes(type) ? 0n : -0)),
  };
  for (const [label, list] of Object.entries(rows)) {
    record(`many/${name}/${label}`, () => {
      out.fill(0xee);
      call(out, ...list);
      return out.toString('hex');
    });
  }
}

function distinct(type, index) {
  const isUnsigned = type.startsWith('u') || type === 'pointer';
  const number = isUnsigned ? Math.abs(index) + 1 : index + (index < 0 ? -1 : 1);
  return (
    { i64: BigInt(number), u64: BigInt(number), pointer: BigInt(number), f32: number + 0.5, f64: number + 0.25 }[
      type
    ] ?? number
  );
}

// Each position refuses what its type refuses, and names itself.
function refusals(record, fixture, name, parameters) {
  const call = fixture.native(name, 'void', 'buffer', ...parameters);
  const out = Buffer.alloc(8 * 20);
  const usual = parameters.map((type, index) => distinct(type, index));
  for (const [index, type] of parameters.entries()) {
    for (const value of ['x', 2n ** 65n, -1.5, { pointer: 1n }]) {
      const list = usual.with(index, value);
      record(`many refused/${name}/${index} ${type}/${typeof value} ${value}`, () => call(out, ...list));
    }
  }
  record(`many refused/${name}/too few`, () => call(out, ...usual.slice(1)));
  record(`many refused/${name}/too many`, () => call(out, ...usual, 1));
}

function weights(record, fixture) {
  for (const count of [8, 9, 12, 20]) {
    const weigh = record.warm(
      fixture.native(`weigh_${count}_i32`, 'i64', ...Array(count).fill('i32')),
      ...Array(count).keys(),
    );
    record(`weigh i32/${count}/ascending`, () => weigh(...Array(count).keys()));
    record(`weigh i32/${count}/lowest`, () => weigh(...Array(count).fill(-(2 ** 31))));
    for (let position = 0; position < count; position++) {
      const list = Array(count).fill(0);
      list[position] = -1;
      record(`weigh i32/${count}/-1 at ${position}`, () => weigh(...list));
    }
  }
  for (const count of [8, 9, 12]) {
    const weigh = record.warm(
      fixture.native(`weigh_${count}_f64`, 'f64', ...Array(count).fill('f64')),
      ...Array(count).keys(),
    );
    record(`weigh f64/${count}/ascending`, () => weigh(...Array.from(Array(count).keys(), (index) => index + 0.5)));
    record(`weigh f64/${count}/infinities`, () => weigh(...Array(count).fill(-Infinity)));
  }
}

// The built-in passes nine parameters, and any `function` parameter, by another way than eight.
function ninth(record, fixture) {
  for (const [type, { range, valid }] of Object.entries(scalars)) {
    const one = typeof valid === 'bigint' ? 1n : 1;
    const edges = range
      ? [range.low, range.high, range.low - one, range.high + one, -0, 0.5, NaN, 1, 1n]
      : [-0, 0.1, NaN, -Infinity, 1e300, 1n];
    const eightMore = Array(8).fill('i32');
    const zeros = Array(8).fill(0);
    const nine = record.warm(fixture.native(`identity_${type}`, type, type, ...eightMore), valid, ...zeros);
    const last = record.warm(fixture.native('noop', 'void', ...eightMore, type), ...zeros, valid);
    const beside = record.warm(fixture.native(`identity_${type}`, type, type, 'function'), valid, null);
    const values = edges.map((edge) => ({
      label: `${typeof edge} ${Object.is(edge, -0) ? '-0' : edge}`,
      make: () => edge,
    }));
    for (const { label, make } of [...values, ...foreigners]) {
      record(`nine parameters/${type} first/${label}`, () => nine(make(), ...zeros));
      record(`nine parameters/${type} last/${label}`, () => last(...zeros, make()));
      record(`beside a function/${type}/${label}`, () => beside(make(), null));
    }
  }
  const pointer = record.warm(
    fixture.native('noop', 'void', ...Array(8).fill('i32'), 'pointer'),
    ...Array(8).fill(0),
    0n,
  );
  for (const { label, make } of badPointerArguments) {
    record(`nine parameters/pointer last/${label}`, () => pointer(...Array(8).fill(0), make()));
  }
}

// As many as a C compiler would accept; the callee looks at the first nine.
function hundreds(record, fixture) {
  for (const count of [50, 127, 200, 500]) {
    const call = fixture.native('weigh_9_i32', 'i64', ...Array(count).fill('i32'));
    record(`hundreds of parameters/${count}/length`, () => call.length);
    record(`hundreds of parameters/${count}/call`, () => call(...Array(count).keys()));
    record(`hundreds of parameters/${count}/one too few`, () => call(...Array(count - 1).keys()));
    record(`hundreds of parameters/${count}/last is bad`, () => call(...Array(count - 1).keys(), null));
  }
}
