'use strict';

// What a pointer-like parameter makes of each value (behaviour 3). Addresses differ from run to run, so a case says how
// the address that C got relates to the one that JavaScript knows.

const { pointerNames, numbers, bigints, foreigners, badPointerArguments } = require('../values');
const { lenders, empties, detached, outOfBounds } = require('../sources');

exports.isCalls = true;

exports.cases = (record, ffi, fixture) => {
  for (const name of pointerNames) {
    const identity = record.warm(fixture.native('identity_pointer', name, name), 1n);
    plainValues(record, name, identity);
    lentMemory(record, ffi, name, identity);
  }
  pairs(record, fixture);
  besideOtherTypes(record, fixture);
  writtenMemory(record, fixture);
};

function plainValues(record, name, identity) {
  const shown = name === 'pointer' ? numbers : numbers.slice(0, 5);
  for (const { label, make } of [...bigints, ...shown, ...foreigners, ...detached]) {
    record(`pointer/${name}/${label}`, () => identity(make()));
  }
  record(`pointer/${name}/undefined`, () => identity(undefined));
  record(`pointer/${name}/null`, () => identity(null));
}

function lentMemory(record, ffi, name, identity) {
  for (const { label, make } of lenders) {
    record(`pointer/${name}/${label}`, () => {
      const lender = make();
      return identity(lender) - ffi.getRawPointer(lender);
    });
  }
  for (const { label, make } of empties) {
    record(`pointer/${name}/${label}`, () => identity(make()));
  }
  for (const { label, make } of outOfBounds) {
    record(`pointer/${name}/${label}`, () => {
      const lender = make();
      return identity(lender) - ffi.getRawPointer(lender.buffer);
    });
  }
}

// Pointers and 64-bit integers alone: the built-in has a path of its own for them.
function pairs(record, fixture) {
  const store = fixture.native('write_pointer', 'void', 'pointer', 'pointer');
  const read = fixture.native('read_pointer', 'pointer', 'pointer');
  const cell = fixture.allocate(8);
  const write = record.warm(store, cell, 7n);
  for (const { label, make } of [...bigints, ...foreigners]) {
    store(cell, 7n);
    record(`pointer pair/${label}`, () => write(cell, make()));
    record(`pointer pair/${label}/left in memory`, () => read(cell));
  }
  const identity = fixture.open().getSymbol('identity_u64');
  const call = record.warm(fixture.native('call_bits', 'u64', 'pointer', 'u64'), identity, 5n);
  for (const { label, make } of badPointerArguments) {
    record(`pointer beside u64/${label}`, () => call(make(), 1n));
  }
}

// Beside a double the built-in takes yet another path.
function besideOtherTypes(record, fixture) {
  const signatures = [
    ['pointer', 'f64'],
    ['f64', 'pointer'],
    ['pointer', 'i32'],
    ['i64', 'string'],
    ['buffer', 'f32'],
    ['function', 'i32'],
  ];
  for (const parameters of signatures) {
    const usual = parameters.map((type) => ({ f64: 1, f32: 1, i32: 1, i64: 1n })[type] ?? 1n);
    const noop = record.warm(fixture.native('noop', 'void', ...parameters), ...usual);
    const position = usual.findIndex((_, index) => !['f64', 'f32', 'i32', 'i64'].includes(parameters[index]));
    for (const { label, make } of [...bigints, ...foreigners, ...detached]) {
      const list = (value) => usual.map((one, index) => (index === position ? value : one));
      record(`pointer among ${parameters.join(' ')}/${label}`, () => noop(...list(make())));
    }
  }
}

// C writes where JavaScript reads, also where a small typed array had no memory outside the heap before.
function writtenMemory(record, fixture) {
  for (const name of ['pointer', 'buffer', 'arraybuffer', 'string']) {
    const fill = record.warm(fixture.native('buffer_fill', 'void', name, 'u64', 'u8'), Buffer.alloc(8), 8n, 1);
    for (const { label, make } of [...lenders, ...empties].filter(({ label }) => !label.includes('prototype'))) {
      record(`written/${name}/${label}`, () => {
        const lender = make();
        fill(lender, BigInt(Math.min(lender.byteLength, 8)), 0xab);
        return [...new Uint8Array(lender.buffer ?? lender, lender.byteOffset, lender.byteLength)].slice(0, 12);
      });
    }
  }
  const sum = record.warm(fixture.native('buffer_sum', 'u64', 'buffer', 'u64'), Buffer.alloc(8), 8n);
  record('written/sum of a Buffer', () => sum(Buffer.from([1, 2, 3, 250]), 4n));
  record('written/sum of a Float64Array', () => sum(new Float64Array([1.5, -1]), 16n));
  record('written/sum of a BigInt64Array', () => sum(new BigInt64Array([1n, 256n]), 16n));
  record('written/sum of nothing', () => sum(null, 0n));
}
