'use strict';

// toString, toBuffer and toArrayBuffer (behaviour 6).

const { badPointers, everything } = require('../values');

const top = 2n ** 64n;

const texts = {
  empty: '00',
  ascii: '61626300',
  'two to four bytes': 'c3a9e282acf09f988000',
  'lone continuation': '80bf00',
  'overlong slash': 'c0af00',
  'overlong three': 'e080af00',
  'overlong four': 'f08080af00',
  'encoded surrogate': 'eda08000',
  'encoded surrogate pair': 'eda0bdedb88000',
  'truncated two': 'c361c300',
  'truncated three': 'e28261e200',
  'truncated four': 'f09f9861f09f00',
  'above the last character': 'f490808000',
  'five bytes': 'f88080808000',
  'fe and ff': 'feff00',
  'byte order mark': 'efbbbf6100',
  noncharacters: 'efbfbeefbfbf00',
  'control characters': '01090a0d1b7f00',
  'stops at the first NUL': '6100620063',
  long: `${'61'.repeat(3000)}00`,
  'long with an error at the end': `${'c3a9'.repeat(3000)}ff00`,
};

exports.cases = (record, ffi, fixture) => {
  const memory = fixture.allocate(8192);
  strings(record, ffi, memory);
  for (const name of ['toBuffer', 'toArrayBuffer']) {
    refusals(record, ffi, memory, name);
    lengths(record, ffi, memory, name);
    copyArgument(record, ffi, memory, name);
    aliasing(record, ffi, memory, name);
    owners(record, ffi, memory, name);
  }
};

function strings(record, ffi, memory) {
  for (const [label, bytes] of Object.entries(texts)) {
    ffi.exportBuffer(Buffer.from(bytes, 'hex'), memory, 8192);
    record(`toString/${label}`, () => ffi.toString(memory));
    record(`toString/${label}, surplus argument`, () => ffi.toString(memory, 1, 'latin1').length);
  }
  record('toString/NULL', () => ffi.toString(0n));
  record('toString/nothing', () => ffi.toString());
  for (const { label, make } of badPointers.filter(({ label }) => label !== 'bigint 0')) {
    record(`toString/${label}`, () => ffi.toString(make()));
  }
}

function refusals(record, ffi, memory, name) {
  const view = ffi[name];
  record(`${name}/nothing`, () => view());
  record(`${name}/no length`, () => view(memory));
  for (const { label, make } of badPointers) {
    record(`${name}/pointer ${label}`, () => view(make(), 4));
    record(`${name}/pointer ${label}, zero-copy`, () => view(make(), 4, false));
    record(`${name}/pointer ${label}, bad length`, () => view(make(), 'x'));
    record(`${name}/pointer ${label}, no bytes`, () => view(make(), 0));
  }
  for (const { label, make } of everything.filter(({ label }) => !isFairLength(label))) {
    record(`${name}/length ${label}`, () => view(memory, make()));
    record(`${name}/length ${label}, zero-copy`, () => view(memory, make(), false));
    record(`${name}/length ${label}, null pointer`, () => view(0n, make()));
  }
}

// These would copy what lies behind the fixture's memory, and have cases of their own where they are none.
function isFairLength(label) {
  const [type, text] = label.split(' ');
  return type === 'number' && Number.isInteger(Number(text)) && Number(text) > 128 && Number(text) < 2 ** 53;
}

function lengths(record, ffi, memory, name) {
  const view = ffi[name];
  ffi.exportBuffer(Buffer.from(Array.from({ length: 200 }, (_, index) => index)), memory, 200);
  for (const length of [0, -0, 1, 2, 7, 8, 9, 64, 100]) {
    const label = Object.is(length, -0) ? '-0' : length;
    record(`${name}/${label} bytes`, () => view(memory, length));
    record(`${name}/${label} bytes, zero-copy`, () => view(memory, length, false));
    record(`${name}/${label} bytes at an odd address`, () => view(memory + 3n, length));
    record(`${name}/${label} bytes from NULL`, () => view(0n, length));
    record(`${name}/${label} bytes from NULL, zero-copy`, () => view(0n, length, false));
    record(`${name}/${label} bytes, surplus argument`, () => view(memory, length, true, 'x'));
  }
  for (const [below, length] of [
    [1n, 2],
    [1n, 100],
    [4n, 5],
    [100n, 2 ** 40],
    [2n ** 63n, 2 ** 53 - 1],
  ].filter(([below, length]) => BigInt(length) > below)) {
    record(`${name}/${length} bytes from ${below} below the top`, () => view(top - below, length));
    record(`${name}/${length} bytes from ${below} below the top, zero-copy`, () => view(top - below, length, false));
  }
  record(`${name}/no bytes from the last address`, () => view(top - 1n, 0));
  record(`${name}/no bytes from the last address, zero-copy`, () => view(top - 1n, 0, false));
  for (const length of [2 ** 53, 2 ** 60, 2 ** 63, 2 ** 64, 2 ** 65]) {
    record(`${name}/${length} bytes`, () => view(memory, length));
    record(`${name}/${length} bytes, zero-copy`, () => view(memory, length, false));
  }
}

// undefined copies, anything else by its truth
function copyArgument(record, ffi, memory, name) {
  const view = ffi[name];
  ffi.exportBuffer(Buffer.alloc(16, 1), memory, 16);
  for (const { label, make } of everything) {
    record(`${name}/copy ${label}`, () => {
      const result = view(memory, 4, make());
      return ffi.getRawPointer(result) === memory ? 'zero-copy' : 'copy';
    });
  }
}

function aliasing(record, ffi, memory, name) {
  const view = ffi[name];
  const bytesOf = (result) => new Uint8Array(result.buffer ?? result, result.byteOffset ?? 0, 4);
  record(`${name}/copy is apart`, () => {
    ffi.setUint8(memory, 0, 1);
    const bytes = bytesOf(view(memory, 4));
    ffi.setUint8(memory, 0, 2);
    bytes[0] += 10;
    return [bytes[0], ffi.getUint8(memory, 0)];
  });
  record(`${name}/zero-copy reads and writes through`, () => {
    ffi.setUint8(memory, 0, 1);
    const bytes = bytesOf(view(memory, 4, false));
    ffi.setUint8(memory, 0, 2);
    const seen = bytes[0];
    bytes[0] += 10;
    return [seen, ffi.getUint8(memory, 0)];
  });
  record(`${name}/two zero-copy views of one address`, () => {
    const [first, second] = [view(memory, 4, false), view(memory, 4, false)];
    bytesOf(first)[1] = 77;
    return [first === second, (first.buffer ?? first) === (second.buffer ?? second), bytesOf(second)[1]];
  });
  record(`${name}/overlapping zero-copy views`, () => {
    const [first, second] = [view(memory, 8, false), view(memory + 2n, 4, false)];
    bytesOf(second)[0] = 88;
    return [bytesOf(first)[2], ffi.getRawPointer(second) - ffi.getRawPointer(first)];
  });
  record(`${name}/zero-copy view as an argument`, () => {
    const source = view(memory, 4, false);
    return ffi.getRawPointer(source) === memory;
  });
  record(`${name}/zero-copy view is kept by its views`, () => {
    const part = Buffer.from(view(memory, 8, false).buffer ?? view(memory, 8, false), 2, 2);
    part[0] = 99;
    return ffi.getUint8(memory, 2);
  });
}

// What may be done with the result: sliced, cloned, transferred.
function owners(record, ffi, memory, name) {
  const view = ffi[name];
  for (const copy of [true, false]) {
    const label = copy ? 'copy' : 'zero-copy';
    const storeOf = (result) => result.buffer ?? result;
    record(`${name}/${label} kind`, () => {
      const result = view(memory, 4, copy);
      const store = storeOf(result);
      return [
        Buffer.isBuffer(result),
        store instanceof ArrayBuffer,
        store.byteLength,
        store.resizable,
        store.maxByteLength,
      ];
    });
    record(`${name}/${label} slice`, () => ffi.getRawPointer(storeOf(view(memory, 4, copy)).slice()) === memory);
    record(`${name}/${label} structuredClone`, () => structuredClone(view(memory, 4, copy)));
    record(`${name}/${label} structuredClone with transfer`, () => {
      const result = view(memory, 4, copy);
      const clone = structuredClone(result, { transfer: [storeOf(result)] });
      return [storeOf(result).byteLength, clone, ffi.getRawPointer(clone) === memory];
    });
    record(`${name}/${label} transfer()`, () => {
      const store = storeOf(view(memory, 4, copy));
      const moved = store.transfer();
      return [store.byteLength, moved, ffi.getRawPointer(moved) === memory];
    });
    record(`${name}/${label} transfer to more`, () => {
      const store = storeOf(view(memory, 4, copy));
      const moved = store.transfer(8);
      return [store.byteLength, moved.byteLength, ffi.getRawPointer(moved) === memory];
    });
  }
}
