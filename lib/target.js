'use strict';

// What this process runs on: `{ name, platform, arch, libc }`, of which `name` is that of a target (scripts/packages/targets.mjs) if there is
// a package for it. Only on Linux does the C library belong to the name; elsewhere `libc` is undefined.
//
// The C library is that of the program interpreter that the running executable asks for. Looking for the files of a library instead would
// find one that merely is installed as well; and Node's report, which knows for certain, takes a hundred times as long to make.

const { closeSync, openSync, readSync } = require('node:fs');

const names = { __proto__: null, glibc: 'gnu', musl: 'musl' };

// Where the fields of an ELF file's header and of its program headers are, by class: 1 for 32 bits, 2 for 64.
const layouts = {
  __proto__: null,
  1: { wordAt: (bytes, at) => bytes.readUInt32LE(at), headers: 28, size: 42, count: 44, offset: 4, length: 16 },
  2: { wordAt: (bytes, at) => Number(bytes.readBigUInt64LE(at)), headers: 32, size: 54, count: 56, offset: 8, length: 32 },
};
const MAGIC = 0x7f454c46;
const LITTLE_ENDIAN = 1;
const PT_INTERP = 3;

// The headers, and almost always the interpreter's path, are within this many bytes.
const BEGINNING = 2048;

// The interpreter's path, '' for an executable that has none, undefined for what cannot be read as a little-endian ELF file.
function interpreterOf(file) {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
    const beginning = Buffer.alloc(BEGINNING);
    readSync(descriptor, beginning, 0, BEGINNING, 0);
    const layout = layouts[beginning[4]];
    if (beginning.readUInt32BE(0) !== MAGIC || layout === undefined || beginning[5] !== LITTLE_ENDIAN) return undefined;
    const size = beginning.readUInt16LE(layout.size);
    const first = layout.wordAt(beginning, layout.headers);
    for (let index = beginning.readUInt16LE(layout.count), at = first; index > 0; index -= 1, at += size) {
      if (beginning.readUInt32LE(at) !== PT_INTERP) continue;
      const start = layout.wordAt(beginning, at + layout.offset), length = layout.wordAt(beginning, at + layout.length);
      if (start + length <= BEGINNING) return beginning.latin1Slice(start, start + length);
      const path = Buffer.alloc(length);
      readSync(descriptor, path, 0, length, start);
      return path.latin1Slice();
    }
    return '';
  } catch {
    // Out of reach: the permission model can forbid it, and not every system has /proc.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// 'glibc', 'musl', or undefined when nothing tells.
function libcOf(executable) {
  // Deno asks its user before it lets a program look at the executable, and says what it was built for.
  if (process.versions.deno !== undefined) return Deno.build.env === 'musl' ? 'musl' : 'glibc';
  const interpreter = interpreterOf(executable);
  if (interpreter?.includes('/ld-musl-')) return 'musl';
  if (interpreter?.includes('/ld-linux') || interpreter?.includes('/ld64.so')) return 'glibc';
  // A loader that was started by hand, an executable that is linked statically, or one that may not be read.
  const header = process.report?.getReport?.().header;
  if (header === undefined) return undefined;
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function target(executable = '/proc/self/exe') {
  const { platform, arch } = process;
  const libc = platform === 'linux' ? libcOf(executable) : undefined;
  return { name: [platform, arch, ...(libc === undefined ? [] : [names[libc]])].join('-'), platform, arch, libc };
}

module.exports = { target, libcOf };
