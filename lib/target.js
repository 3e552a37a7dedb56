'use strict';

// What this process runs on: `{ name, platform, arch, libc }`, of which `name` is that of a target (scripts/packages/targets.mjs) if there is
// a package for it. Only on Linux does the C library belong to the name; elsewhere `libc` is undefined.
//
// The C library is that of the program interpreter that the running executable asks for. Looking for the files of a library instead would
// find one that merely is installed as well; and Node's report, which knows for certain, takes a hundred times as long to make.

const { closeSync, openSync, readSync } = require('node:fs');

const names = { __proto__: null, glibc: 'gnu', musl: 'musl' };

// The path of the interpreter is behind the headers, or a page later in an executable whose interpreter was exchanged.
const BEGINNING = 8192;

// The beginning of a file, '' if it cannot be read: the permission model can forbid it, and not every system has /proc.
function beginningOf(file) {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
    const bytes = Buffer.allocUnsafe(BEGINNING);
    return bytes.latin1Slice(0, readSync(descriptor, bytes, 0, BEGINNING, 0));
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// 'glibc', 'musl', or undefined when nothing tells.
function libcOf(executable) {
  // Deno asks its user before it lets a program look at the executable, and says what it was built for.
  if (process.versions.deno !== undefined) return Deno.build.env === 'musl' ? 'musl' : 'glibc';
  const beginning = beginningOf(executable);
  if (beginning.includes('/ld-linux')) return 'glibc';
  if (beginning.includes('/ld-musl-')) return 'musl';
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
