'use strict';

// Native binaries with nothing in them but what scripts/packages/binary.mjs and lib/target.js read, in each of the three formats. The addresses in
// them are not offsets, as in real ones.

const BASE = 0x10000;

// Bytes that are put together piece by piece, each at a multiple of eight.
class Image {
  #chunks = [];
  #length = 0;

  // Appends a piece and gives its offset.
  put(piece) {
    const offset = this.#length;
    const padded = Buffer.alloc(Math.ceil(piece.length / 8) * 8);
    padded.set(piece);
    this.#chunks.push(padded);
    this.#length += padded.length;
    return offset;
  }

  bytes() {
    return Buffer.concat(this.#chunks);
  }
}

// Names, one after the other, and where each begins.
function strings(names) {
  const offsets = new Map();
  let text = '\0';
  for (const name of names) {
    offsets.set(name, text.length);
    text += `${name}\0`;
  }
  return { bytes: Buffer.from(text, 'latin1'), at: (name) => offsets.get(name) };
}

// An array of fields, as pairs of a size in bytes and a value.
function record(...fields) {
  const bytes = Buffer.alloc(fields.reduce((sum, [size]) => sum + size, 0));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, size);
    at += size;
  }
  return bytes;
}

exports.Elf = class Elf {
  constructor({
    machine, wide = true, flags = 0, osabi = 0, needed, versions, exports, hasSymbols = false, interpreter, before = 0, padding = 0,
  }) {
    Object.assign(this, { machine, wide, flags, osabi, needed, versions, exports, hasSymbols, interpreter, before, padding });
    this.word = wide ? 8 : 4;
  }

  #symbol(name, section) {
    return this.wide ? record([4, name], [1, 0x12], [1, 0], [2, section], [8, 0], [8, 0])
      : record([4, name], [4, 0], [4, 0], [1, 0x12], [1, 0], [2, section]);
  }

  #segment(type, offset, size) {
    const { word } = this;
    return this.wide ? record([4, type], [4, 4], [word, offset], [word, BASE + offset], [word, 0], [word, size], [word, size], [word, 8])
      : record([4, type], [word, offset], [word, BASE + offset], [word, 0], [word, size], [word, size], [4, 4], [word, 8]);
  }

  #section(type, offset, size, link) {
    const { word } = this;
    return record([4, 0], [4, type], [word, 0], [word, 0], [word, offset], [word, size], [4, link], [4, 0], [word, 8], [word, 0]);
  }

  #header(segments, sections, segmentCount, sectionCount) {
    const { wide, word, machine, flags, osabi } = this;
    const identity = Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, osabi, 0, 0, 0, 0, 0, 0, 0, 0]);
    return Buffer.concat([identity, record(
      [2, 3], [2, machine], [4, 1], [word, 0], [word, segments], [word, sections], [4, flags],
      [2, wide ? 64 : 52], [2, wide ? 56 : 32], [2, segmentCount], [2, wide ? 64 : 40], [2, sectionCount], [2, 0],
    )]);
  }

  // One library's versions.
  #versionNeeds(names) {
    const { length } = this.versions;
    const needs = this.versions.map((name, index) => record([4, 0], [2, 0], [2, 2], [4, names.at(name)], [4, index + 1 < length ? 16 : 0]));
    return Buffer.concat([record([2, 1], [2, needs.length], [4, 1], [4, 16], [4, 0]), ...needs]);
  }

  bytes() {
    const { word } = this;
    const names = strings([...this.needed, ...this.versions, ...this.exports, 'imported']);
    const segmentCount = this.interpreter === undefined ? 2 : 3;
    const start = this.wide ? 64 : 56;
    const image = new Image();
    image.put(Buffer.alloc(start + segmentCount * (this.wide ? 56 : 32)));
    image.put(Buffer.alloc(this.before));
    const interpreter = this.interpreter === undefined ? undefined : image.put(Buffer.from(`${this.interpreter}\0`));
    const stringsAt = image.put(names.bytes);
    const entries = [...this.needed.map((name) => [1, names.at(name)]), [5, BASE + stringsAt]];
    if (this.versions.length > 0) entries.push([0x6ffffffe, BASE + image.put(this.#versionNeeds(names))], [0x6fffffff, 1]);
    const dynamic = Buffer.concat([...entries, [0, 0]].map((entry) => record(...entry.map((value) => [word, value]))));
    const dynamicAt = image.put(dynamic);
    // The first symbol is none, and one that the file needs is none of its own.
    const symbols = Buffer.concat([
      this.#symbol(0, 0), this.#symbol(names.at('imported'), 0), ...this.exports.map((name) => this.#symbol(names.at(name), 1)),
    ]);
    const symbolsAt = image.put(symbols);
    const sections = [
      this.#section(0, 0, 0, 0), this.#section(11, symbolsAt, symbols.length, 2), this.#section(3, stringsAt, names.bytes.length, 0),
      ...(this.hasSymbols ? [this.#section(2, symbolsAt, symbols.length, 2)] : []),
    ];
    const sectionsAt = image.put(Buffer.concat(sections));
    image.put(Buffer.alloc(this.padding));
    const bytes = image.bytes();
    const segments = [this.#segment(1, 0, bytes.length), this.#segment(2, dynamicAt, dynamic.length)];
    if (interpreter !== undefined) segments.push(this.#segment(3, interpreter, this.interpreter.length + 1));
    bytes.set(this.#header(start, sectionsAt, segmentCount, sections.length));
    bytes.set(Buffer.concat(segments), start);
    return bytes;
  }
};

// A library of macOS.
exports.mach = function mach({ machine, needed, exports, hasSymbols = false, isSigned = true }) {
  const names = strings(exports.map((name) => `_${name}`));
  const symbol = (name) => record([4, name], [1, 0x0f], [1, 1], [2, 0], [8, 0]);
  // One is always left.
  const locals = hasSymbols ? 2 : 1;
  const symbols = Buffer.concat([...Array.from({ length: locals }, () => symbol(0)), ...exports.map((name) => symbol(names.at(`_${name}`)))]);
  const commands = (symbolsAt, stringsAt) => [
    ...needed.map((name) => {
      const text = Buffer.alloc(Math.ceil((name.length + 1) / 8) * 8);
      text.write(name);
      return Buffer.concat([record([4, 0xc], [4, 24 + text.length], [4, 24], [4, 0], [4, 0], [4, 0]), text]);
    }),
    record([4, 0x2], [4, 24], [4, symbolsAt], [4, exports.length + locals], [4, stringsAt], [4, names.bytes.length]),
    Buffer.concat([record([4, 0xb], [4, 80], [4, 0], [4, locals], [4, locals], [4, exports.length]), Buffer.alloc(56)]),
    ...(isSigned ? [record([4, 0x1d], [4, 16], [4, 0], [4, 0])] : []),
  ];
  const size = Buffer.concat(commands(0, 0)).length;
  const image = new Image();
  image.put(Buffer.alloc(32 + size));
  const symbolsAt = image.put(symbols);
  const stringsAt = image.put(names.bytes);
  const bytes = image.bytes();
  const all = commands(symbolsAt, stringsAt);
  bytes.set(record([4, 0xfeedfacf], [4, machine], [4, 0], [4, 6], [4, all.length], [4, size], [4, 0], [4, 0]));
  bytes.set(Buffer.concat(all), 32);
  return bytes;
};

// A library of 64-bit Windows, with one section.
exports.portable = function portable({ machine, needed, exports, hasSymbols = false }) {
  const start = 64 + 24 + 240 + 40;
  const address = (offset) => BASE + offset - start;
  const names = strings([...needed, ...exports]);
  const image = new Image();
  image.put(Buffer.alloc(start));
  const stringsAt = image.put(names.bytes);
  const nameAt = (name) => address(stringsAt + names.at(name));
  const imports = image.put(Buffer.concat([
    ...needed.map((name) => record([4, 0], [4, 0], [4, 0], [4, nameAt(name)], [4, 0])), Buffer.alloc(20),
  ]));
  const pointers = image.put(Buffer.concat([Buffer.alloc(0), ...exports.map((name) => record([4, nameAt(name)]))]));
  const table = image.put(Buffer.concat([Buffer.alloc(24), record([4, exports.length], [4, 0], [4, address(pointers)], [4, 0])]));
  const bytes = image.bytes();
  bytes.write('MZ');
  bytes.writeUInt32LE(64, 0x3c);
  bytes.write('PE\0\0', 64);
  bytes.set(record([2, machine], [2, 1], [4, 0], [4, 0], [4, hasSymbols ? 1 : 0], [2, 240], [2, 0x2022]), 68);
  bytes.writeUInt16LE(0x20b, 88);
  bytes.writeUInt32LE(address(table), 88 + 112);
  bytes.writeUInt32LE(address(imports), 88 + 120);
  bytes.set(record([4, 0], [4, 0], [4, bytes.length - start], [4, BASE], [4, bytes.length - start], [4, start]), 64 + 24 + 240);
  return bytes;
};
