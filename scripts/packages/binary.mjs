// What a native binary is made for, and what it asks of the system that loads it: read from the file itself, whatever its platform.

import { Failure } from '../command.mjs';

/** The text at an offset, up to the zero behind it. */
function textAt(bytes, offset) {
  return bytes.toString('latin1', offset, bytes.indexOf(0, offset));
}

/** The offset in the file of an address in memory, by segments or sections `{ address, offset, size }`. */
function offsetOf(address, places) {
  const place = places.find((candidate) => address >= candidate.address && address < candidate.address + candidate.size);
  if (!place) throw new Failure(`The address 0x${address.toString(16)} is in no part of the file.`);
  return place.offset + address - place.address;
}

const PT_LOAD = 1, PT_DYNAMIC = 2;
const DT_NEEDED = 1, DT_STRTAB = 5, DT_VERNEED = 0x6ffffffe, DT_VERNEEDNUM = 0x6fffffff;
const SHT_SYMTAB = 2, SHT_DYNSYM = 11;

/** Reads the numbers of an ELF file, of 32 or 64 bits. */
class ElfReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.wide = bytes[4] === 2;
    if (bytes[5] !== 1) throw new Failure('The file is big-endian; there is no such target.');
  }

  word(at) {
    return this.wide ? Number(this.bytes.readBigUInt64LE(at)) : this.bytes.readUInt32LE(at);
  }

  /** The rows of a table whose place is in the header: the program headers, or the section headers. */
  rows(at32, at64, size32, size64) {
    const start = this.word(this.wide ? at64 : at32);
    const size = this.bytes.readUInt16LE(this.wide ? size64 : size32);
    const count = this.bytes.readUInt16LE((this.wide ? size64 : size32) + 2);
    return Array.from({ length: count }, (_, index) => start + index * size);
  }

  segments() {
    return this.rows(28, 32, 42, 54).map((at) => (this.wide
      ? { type: this.bytes.readUInt32LE(at), offset: this.word(at + 8), address: this.word(at + 16), size: this.word(at + 32) }
      : { type: this.bytes.readUInt32LE(at), offset: this.word(at + 4), address: this.word(at + 8), size: this.word(at + 16) }));
  }

  sections() {
    const [offset, size, link] = this.wide ? [24, 32, 40] : [16, 20, 24];
    return this.rows(32, 40, 46, 58).map((at) => ({
      type: this.bytes.readUInt32LE(at + 4), offset: this.word(at + offset), size: this.word(at + size), link: this.bytes.readUInt32LE(at + link),
    }));
  }

  /** The entries of the dynamic section, as pairs of tag and value. */
  dynamic({ offset, size }) {
    const width = this.wide ? 16 : 8;
    return Array.from({ length: Math.floor(size / width) }, (_, index) => {
      const at = offset + index * width;
      return [this.word(at), this.word(at + width / 2)];
    });
  }

  /** The versions that are asked of libraries, such as GLIBC_2.17. */
  versions(at, count, strings) {
    const found = [];
    for (; count > 0; count -= 1) {
      let entry = at + this.bytes.readUInt32LE(at + 8);
      for (let left = this.bytes.readUInt16LE(at + 2); left > 0; left -= 1) {
        found.push(textAt(this.bytes, strings + this.bytes.readUInt32LE(entry + 8)));
        entry += this.bytes.readUInt32LE(entry + 12);
      }
      at += this.bytes.readUInt32LE(at + 12);
    }
    return found;
  }

  /** The names that the file defines for others. */
  exports(sections) {
    const table = sections.find(({ type }) => type === SHT_DYNSYM);
    if (!table) return [];
    const width = this.wide ? 24 : 16;
    const names = [];
    for (let at = table.offset; at < table.offset + table.size; at += width) {
      const isDefined = this.bytes.readUInt16LE(at + (this.wide ? 6 : 14)) !== 0;
      if (isDefined) names.push(textAt(this.bytes, sections[table.link].offset + this.bytes.readUInt32LE(at)));
    }
    return names;
  }
}

const elfMachines = { 40: 'arm', 62: 'x64', 183: 'arm64' };
const FREEBSD = 9;
const HARD_FLOAT = 0x400;

function readElf(bytes) {
  const reader = new ElfReader(bytes);
  const segments = reader.segments();
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) throw new Failure('The file is no shared library: it has no dynamic section.');
  const entries = reader.dynamic(dynamic);
  const value = (wanted) => entries.find(([tag]) => tag === wanted)?.[1];
  const strings = offsetOf(value(DT_STRTAB), loaded);
  const needed = entries.filter(([tag]) => tag === DT_NEEDED).map(([, name]) => textAt(bytes, strings + name));
  const versions = value(DT_VERNEED) === undefined ? [] : reader.versions(offsetOf(value(DT_VERNEED), loaded), value(DT_VERNEEDNUM), strings);
  const sections = reader.sections();
  const machine = elfMachines[bytes.readUInt16LE(18)];
  return {
    format: 'ELF',
    os: bytes[7] === FREEBSD || versions.some((name) => name.startsWith('FBSD_')) ? 'freebsd' : 'linux',
    cpu: machine,
    softFloat: machine === 'arm' && (bytes.readUInt32LE(36) & HARD_FLOAT) === 0,
    needed,
    versions,
    exports: reader.exports(sections),
    hasSymbols: sections.some(({ type }) => type === SHT_SYMTAB),
  };
}

const machMachines = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const LC_SYMTAB = 0x2, LC_LOAD_DYLIB = 0xc, LC_DYSYMTAB = 0xb, LC_CODE_SIGNATURE = 0x1d;

function readMach(bytes) {
  const result = { format: 'Mach-O', os: 'darwin', cpu: machMachines[bytes.readUInt32LE(4)], needed: [], versions: [], exports: [], isSigned: false };
  let at = 32;
  let names;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
    const command = bytes.readUInt32LE(at);
    if (command === LC_LOAD_DYLIB) result.needed.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)));
    if (command === LC_CODE_SIGNATURE) result.isSigned = true;
    if (command === LC_SYMTAB) names = { symbols: bytes.readUInt32LE(at + 8), strings: bytes.readUInt32LE(at + 16) };
    if (command === LC_DYSYMTAB) {
      // Local ones; the system's own strip leaves one, which says that it was here.
      result.hasSymbols = bytes.readUInt32LE(at + 12) > 1;
      const [first, count] = [bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20)];
      // A C name has an underscore before it.
      const nameOf = (index) => textAt(bytes, names.strings + bytes.readUInt32LE(names.symbols + index * 16)).slice(1);
      result.exports = Array.from({ length: count }, (_, index) => nameOf(first + index));
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return result;
}

const portableMachines = { 0x8664: 'x64', 0xaa64: 'arm64' };
const PE32_PLUS = 0x20b;

function readPortable(bytes) {
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0' || bytes.readUInt16LE(optional) !== PE32_PLUS) {
    throw new Failure('The file is no 64-bit library of Windows.');
  }
  const firstSection = optional + bytes.readUInt16LE(header + 20);
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => {
    const at = firstSection + index * 40;
    return { address: bytes.readUInt32LE(at + 12), size: bytes.readUInt32LE(at + 16), offset: bytes.readUInt32LE(at + 20) };
  });
  const directory = (index) => bytes.readUInt32LE(optional + 112 + index * 8);
  const needed = [];
  for (let at = directory(1) && offsetOf(directory(1), sections); at && bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    needed.push(textAt(bytes, offsetOf(bytes.readUInt32LE(at + 12), sections)));
  }
  const names = [];
  if (directory(0) !== 0) {
    const table = offsetOf(directory(0), sections);
    const pointers = offsetOf(bytes.readUInt32LE(table + 32), sections);
    for (let index = 0; index < bytes.readUInt32LE(table + 24); index += 1) {
      names.push(textAt(bytes, offsetOf(bytes.readUInt32LE(pointers + index * 4), sections)));
    }
  }
  return {
    format: 'PE', os: 'win32', cpu: portableMachines[bytes.readUInt16LE(header + 4)], needed, versions: [], exports: names,
    hasSymbols: bytes.readUInt32LE(header + 16) !== 0,
  };
}

/**
 * What a binary is: `{ format, os, cpu, needed, versions, exports, hasSymbols }`, where `needed` are the libraries that the loader must find,
 * `versions` the versions that it asks of them, and `hasSymbols` says that there are names in it which nobody needs. Throws a Failure when it
 * is nothing of the kind.
 */
export function readBinary(bytes) {
  try {
    if (bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46) return readElf(bytes);
    if (bytes.length >= 64 && bytes.readUInt32LE(0) === 0xfeedfacf) return readMach(bytes);
    if (bytes.length >= 64 && bytes.toString('latin1', 0, 2) === 'MZ') return readPortable(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('The file is cut off, or damaged.');
  }
  throw new Failure('The file is no native binary: it is neither ELF nor Mach-O nor PE.');
}
