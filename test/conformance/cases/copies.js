'use strict';

// exportString, exportBuffer, exportArrayBuffer, exportArrayBufferView (behaviour 6).

const { badPointers, everything, numbers } = require('../values');
const { lenders, empties, detached, outOfBounds } = require('../sources');

const top = 2n ** 64n;
const SIZE = 4096;

const encodings = [
  'utf8',
  'utf-8',
  'UTF8',
  'Utf-8',
  'ucs2',
  'ucs-2',
  'UCS-2',
  'utf16le',
  'utf-16le',
  'UTF-16LE',
  'latin1',
  'LATIN1',
  'binary',
  'ascii',
  'ASCII',
  'hex',
  'HEX',
  'base64',
  'BASE64',
  'base64url',
  '',
];

const notEncodings = [
  'buffer',
  'bogus',
  'utf',
  'utf16',
  'utf-16',
  'utf16be',
  'utf8 ',
  ' utf8',
  'utf_8',
  'latin-1',
  'iso-8859-1',
  'utf8\0',
  '\u0130',
];

const strings = {
  empty: '',
  one: 'a',
  ascii: 'hello',
  latin1: 'é ÿ',
  bmp: 'Ω漢',
  astral: '😀',
  'lone surrogate': 'a\ud800b',
  'embedded NUL': 'a\0b',
  hexadecimal: '00ff7e',
  'half hexadecimal': '00ff7',
  base64: 'aGVsbG8=',
  'base64 in url letters': '_-8',
  spaces: ' \n',
};

exports.cases = (record, ffi, fixture) => {
  const memory = fixture.allocate(SIZE);
  const after = (thunk) => {
    ffi.exportBuffer(Buffer.alloc(SIZE, 0xee), memory, SIZE);
    const result = thunk();
    return [result, ffi.toBuffer(memory, 32).toString('hex')];
  };
  encoded(record, ffi, memory, after);
  stringRefusals(record, ffi, memory, after);
  for (const name of ['exportBuffer', 'exportArrayBuffer', 'exportArrayBufferView']) {
    sources(record, ffi, memory, name, after);
    lengths(record, ffi[name], memory, name, sampleFor(name));
  }
  lengths(record, (text, pointer, length) => ffi.exportString(text, pointer, length), memory, 'exportString', 'abc');
  strangers(record, ffi, memory);
};

function encoded(record, ffi, memory, after) {
  for (const encoding of encodings) {
    for (const [label, text] of Object.entries(strings)) {
      record(`exportString/${label} as ${encoding || 'nothing'}`, () =>
        after(() => ffi.exportString(text, memory, 64, encoding)),
      );
    }
    record(`exportString/exact room as ${encoding || 'nothing'}`, () => {
      const needed = Buffer.byteLength('00ff', encoding || 'utf8') + (/^(ucs|utf-?16)/i.test(encoding) ? 2 : 1);
      return after(() => ffi.exportString('00ff', memory, needed, encoding));
    });
    record(`exportString/one byte too few as ${encoding || 'nothing'}`, () => {
      const needed = Buffer.byteLength('00ff', encoding || 'utf8') + (/^(ucs|utf-?16)/i.test(encoding) ? 2 : 1);
      return after(() => ffi.exportString('00ff', memory, needed - 1, encoding));
    });
  }
  record('exportString/undefined encoding', () => after(() => ffi.exportString('é', memory, 64, undefined)));
  record('exportString/no encoding', () => after(() => ffi.exportString('é', memory, 64)));
  record('exportString/surplus argument', () => after(() => ffi.exportString('é', memory, 64, 'utf8', 1)));
}

function stringRefusals(record, ffi, memory, after) {
  for (const encoding of notEncodings) {
    record(`exportString/unknown encoding ${encoding}`, () => after(() => ffi.exportString('a', memory, 64, encoding)));
  }
  for (const { label, make } of everything.filter(({ label }) => label !== 'string' && label !== 'empty string')) {
    record(`exportString/string ${label}`, () => ffi.exportString(make(), memory, 64));
    if (label !== 'undefined') {
      record(`exportString/encoding ${label}`, () => ffi.exportString('a', memory, 64, make()));
    }
  }
  // string, encoding's type, length, encoding's name, room, pointer
  const lists = {
    nothing: [],
    'string only': ['a'],
    'string and pointer': ['a', memory],
    'bad string, rest bad': [1, 'x', 'y', 5],
    'bad encoding type, rest bad': ['a', 'x', 'y', 5],
    'bad length, unknown encoding': ['a', 'x', 'y', 'bogus'],
    'unknown encoding, bad pointer': ['a', 'x', 5, 'bogus'],
    'unknown encoding, short length': ['abc', memory, 1, 'bogus'],
    'short length, bad pointer': ['abc', 'x', 1],
    'null pointer, short length': ['abc', 0n, 1],
    'null pointer': ['abc', 0n, 8],
    'empty string to NULL': ['', 0n, 8],
    'empty string, no room': ['', memory, 0],
  };
  for (const [label, list] of Object.entries(lists)) {
    record(`exportString/order: ${label}`, () => ffi.exportString(...list));
  }
}

function sampleFor(name) {
  const sample = Buffer.alloc(3, 0x61);
  return name === 'exportArrayBuffer'
    ? new Uint8Array(sample).buffer
    : name === 'exportBuffer'
      ? sample
      : new Uint8Array(sample);
}

function sources(record, ffi, memory, name, after) {
  const copy = ffi[name];
  // Some are in two tables, and WebAssembly's memory is larger than the room there is.
  const labelled = [...everything, ...lenders, ...empties, ...detached, ...outOfBounds];
  const makers = new Map(labelled.map(({ label, make }) => [label, make]));
  for (const [label, make] of [...makers].filter(([label]) => !label.includes('WebAssembly'))) {
    record(`${name}/${label}`, () => after(() => copy(patterned(make()), memory, 4096)));
    record(`${name}/${label} to NULL`, () => copy(make(), 0n, SIZE));
    record(`${name}/${label}, no room`, () => copy(make(), memory, 0));
  }
  record(`${name}/no arguments`, () => copy());
  record(`${name}/surplus argument`, () => after(() => copy(sampleFor(name), memory, 3, 'x')));
}

// Bytes that can be told apart, where there are any.
function patterned(value) {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    try {
      const bytes = new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, Math.min(value.byteLength, 250));
      bytes.forEach((_, index) => (bytes[index] = index + 1));
    } catch {
      // Detached or out of bounds: there is nothing to fill.
    }
  }
  return value;
}

function lengths(record, copy, memory, name, sample) {
  const rest = [2.5, 1e21, -1e21, 2 ** 33, 2 ** 33 + 0.5, 123456.789, 1e15 + 0.5, -12345678901].map((value) => ({
    label: `number ${value}`,
    make: () => value,
  }));
  for (const { label, make } of [...everything, ...rest]) {
    record(`${name} length/${label}`, () => copy(sample, memory, make()));
    record(`${name} length/${label}, bad pointer`, () => copy(sample, 'x', make()));
  }
  for (const { label, make } of badPointers) {
    record(`${name} pointer/${label}`, () => copy(sample, make(), 8));
    record(`${name} pointer/${label}, short length`, () => copy(sample, make(), 1));
  }
  for (const [below, length] of [
    [1n, 4],
    [3n, 4],
    [100n, 101],
    [2n ** 53n - 2n, 2 ** 53 - 1],
  ]) {
    record(`${name} span/${length} bytes from ${below} below the top`, () => copy(sample, top - below, length));
  }
  for (const number of numbers) {
    const length = number.make();
    if (Number.isInteger(length) && length >= 2 ** 31) {
      record(`${name} span/${number.label} bytes from the last address`, () => copy(sample, top - 1n, length));
    }
  }
}

// Objects that claim or hide what they are.
function strangers(record, ffi, memory) {
  const tagged = Object.defineProperty(new ArrayBuffer(4), Symbol.toStringTag, { value: 'Custom' });
  const fake = { byteLength: 2, [Symbol.toStringTag]: 'ArrayBuffer' };
  const renamed = Object.defineProperty(new Uint8Array(2), 'byteLength', { value: 1 });
  const elsewhere = require('node:vm').runInNewContext('({ buffer: new ArrayBuffer(2), view: new Uint8Array(2) })');
  const values = {
    'ArrayBuffer with a tag': tagged,
    'fake ArrayBuffer': fake,
    'view with own byteLength': renamed,
    'ArrayBuffer of another realm': elsewhere.buffer,
    'view of another realm': elsewhere.view,
    'ArrayBuffer without prototype': Object.setPrototypeOf(new ArrayBuffer(2), null),
    'object with the prototype of ArrayBuffer': Object.create(ArrayBuffer.prototype),
    'object with the prototype of Buffer': Object.create(Buffer.prototype),
  };
  for (const name of ['exportBuffer', 'exportArrayBuffer', 'exportArrayBufferView']) {
    for (const [label, value] of Object.entries(values)) {
      record(`${name}/stranger ${label}`, () => ffi[name](value, memory, 64));
    }
  }
  for (const [label, value] of Object.entries(values)) {
    record(`getRawPointer/stranger ${label}`, () => ffi.getRawPointer(value) !== 0n);
  }
}
