'use strict';

// get* and set* (behaviour 5).

const { numbers, bigints, foreigners, pointees, badPointers } = require('../values');

const kinds = {
  Int8: { bytes: 1 },
  Uint8: { bytes: 1 },
  Int16: { bytes: 2 },
  Uint16: { bytes: 2 },
  Int32: { bytes: 4 },
  Uint32: { bytes: 4 },
  Int64: { bytes: 8 },
  Uint64: { bytes: 8 },
  Float32: { bytes: 4 },
  Float64: { bytes: 8 },
};

const top = 2n ** 64n;

const badOffsets = [
  ...[
    null,
    '0',
    '',
    true,
    false,
    0n,
    1n,
    {},
    [],
    [0],
    -1,
    -0.5,
    0.5,
    1e-9,
    NaN,
    Infinity,
    -Infinity,
    -(2 ** 53),
    1e20,
    1e300,
    2 ** 65,
  ].map((value) => ({ label: `${typeof value} ${value}`, make: () => value })),
  { label: 'symbol', make: () => Symbol('s') },
  { label: 'new Number', make: () => new Number(0) },
  { label: 'object with valueOf', make: () => ({ valueOf: () => 0 }) },
  { label: 'function', make: () => () => 0 },
];

const patterns = [
  '0000000000000000',
  'ffffffffffffffff',
  '8000000000000080',
  '7fffffffffffff7f',
  '0102030405060708',
  'deadbeefcafebabe',
  '000000000000f03f',
  '000000000000f07f',
  '010000000000f07f',
  '0000803f000080bf',
  '0000807fffff7f7f',
];

exports.cases = (record, ffi, fixture) => {
  const memory = fixture.allocate(64);
  for (const [kind, { bytes }] of Object.entries(kinds)) {
    reads(record, ffi, memory, kind);
    writes(record, ffi, memory, kind, bytes);
    refusals(record, ffi, memory, kind);
    setterOrder(record, ffi, memory, kind);
    spans(record, ffi, memory, kind, bytes);
  }
  largeOffsets(record, ffi, memory);
};

function reads(record, ffi, memory, kind) {
  const get = ffi[`get${kind}`];
  for (const pattern of patterns) {
    ffi.exportBuffer(Buffer.from(pattern + pattern, 'hex'), memory, 16);
    record(`get${kind}/${pattern}`, () => get(memory));
    record(`get${kind}/${pattern} at 0`, () => get(memory, 0));
    record(`get${kind}/${pattern} at -0`, () => get(memory, -0));
    record(`get${kind}/${pattern} at undefined`, () => get(memory, undefined));
    record(`get${kind}/${pattern} unaligned`, () => [get(memory, 3), get(memory + 3n), get(memory + 1n, 2)]);
    record(`get${kind}/${pattern} surplus argument`, () => get(memory, 1, 2, 3));
  }
}

function writes(record, ffi, memory, kind, bytes) {
  const set = ffi[`set${kind}`];
  for (const { label, make } of [...numbers, ...bigints, ...foreigners, ...pointees]) {
    record(`set${kind}/${label}`, () => {
      ffi.exportBuffer(Buffer.alloc(24, 0xee), memory, 24);
      const result = set(memory, 5, make());
      return [result, ffi.toBuffer(memory, 24).toString('hex'), ffi[`get${kind}`](memory, 5)];
    });
  }
  record(`set${kind}/surplus argument`, () =>
    set(memory, 0, kind.endsWith('64') && !kind.startsWith('F') ? 1n : 1, 'x'),
  );
  record(`set${kind}/width`, () => {
    ffi.exportBuffer(Buffer.alloc(24, 0xee), memory, 24);
    set(memory + 8n, -0, 0);
    return [bytes, ffi.toBuffer(memory, 24).toString('hex')];
  });
  record(`set${kind}/refused value leaves memory alone`, () => {
    ffi.exportBuffer(Buffer.alloc(24, 0xee), memory, 24);
    try {
      set(memory, 0, 'x');
    } finally {
      record(`set${kind}/after a refused value`, () => ffi.toBuffer(memory, 24).toString('hex'));
    }
  });
}

function refusals(record, ffi, memory, kind) {
  const [get, set] = [ffi[`get${kind}`], ffi[`set${kind}`]];
  record(`get${kind}/nothing`, () => get());
  record(`set${kind}/nothing`, () => set());
  for (const { label, make } of badPointers) {
    record(`get${kind}/pointer ${label}`, () => get(make()));
    record(`get${kind}/pointer ${label}, bad offset`, () => get(make(), 'x'));
    record(`set${kind}/pointer ${label}`, () => set(make(), 0, 0));
  }
  for (const { label, make } of badOffsets) {
    record(`get${kind}/offset ${label}`, () => get(memory, make()));
    record(`set${kind}/offset ${label}`, () => set(memory, make(), 0));
  }
}

// pointer, offset there, offset good, range, value there, width, value good
function setterOrder(record, ffi, memory, kind) {
  const set = ffi[`set${kind}`];
  const lists = {
    'pointer only': [memory],
    'offset undefined': [memory, undefined],
    'offset undefined, value': [memory, undefined, 0],
    'no value': [memory, 0],
    'value undefined': [memory, 0, undefined],
    'null pointer only': [0n],
    'bad pointer, nothing else': ['x'],
    'bad pointer, bad offset': ['x', 'y', 0],
    'bad offset, no value': [memory, 'y'],
    'negative offset, no value': [memory, -1],
    'large offset, no value': [memory, 1e20],
    'overflow, no value': [top - 1n, 2],
    'overflow, bad value': [top - 1n, 2, 'z'],
    'width overflow, no value': [top - 1n, 0],
    'bad offset, bad value': [memory, 'y', 'z'],
    'bad value': [memory, 0, 'z'],
  };
  for (const [label, list] of Object.entries(lists)) {
    record(`set${kind}/order: ${label}`, () => set(...list));
  }
}

// The end of the address space: nothing is read there, because the range is refused.
function spans(record, ffi, memory, kind, bytes) {
  const [get, set] = [ffi[`get${kind}`], ffi[`set${kind}`]];
  const width = BigInt(bytes);
  for (const below of new Set([1n, 2n, 100n, width - 1n, width, width + 4n])) {
    for (const offset of [0, 1, 2, 5, 99, 100, 101, 2 ** 40, 2 ** 53 - 1]) {
      if (below > 0n && BigInt(offset) + width > below) {
        const address = top - below;
        record(`get${kind}/span ${below} below the top, offset ${offset}`, () => get(address, offset));
        record(`set${kind}/span ${below} below the top, offset ${offset}`, () => set(address, offset, 0));
        record(`set${kind}/span ${below} below the top, offset ${offset}, bad value`, () => set(address, offset, 'z'));
      }
    }
  }
}

// Beyond 2^53 the built-in reads whatever is there, if anything is; but at the end of the address space it refuses too.
function largeOffsets(record, ffi, memory) {
  for (const offset of [2 ** 53, 2 ** 53 + 2, 2 ** 60, 2 ** 63, 2 ** 64]) {
    record(`getInt8/offset ${offset} from the top`, () => ffi.getInt8(top - 1n, offset));
    record(`setInt8/offset ${offset} from the top`, () => ffi.setInt8(top - 1n, offset, 0));
  }
  for (const offset of [2 ** 64 + 2 ** 12, 2 ** 70]) {
    record(`getInt8/offset ${offset}`, () => ffi.getInt8(memory, offset));
    record(`setInt8/offset ${offset}`, () => ffi.setInt8(memory, offset, 0));
  }
}
