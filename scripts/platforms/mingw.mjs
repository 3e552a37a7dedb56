// GCC for Windows, out of Debian's archive (MinGW-w64): see platforms/compilers.mjs.

import os from 'node:os';
import path from 'node:path';
import { Archive, unpack } from './debian.mjs';
import { makeOnce, quoted, writeScript } from './steps.mjs';

// What Rust has for the beginning and the end of a library on Windows: it registers unwind tables on 32-bit processors,
// and is empty on others. A standard library that is compiled from its sources comes without them.
const withoutEmptyObjects = [
  'for argument do',
  '  shift',
  '  case $argument in *rsbegin.o|*rsend.o) ;; *) set -- "$@" "$argument" ;; esac',
  'done',
];

export class MingwGcc {
  constructor(_tools, directory, _system, record) {
    this.record = record;
    this.gcc = path.join(directory, 'gcc');
    /** The directory of the scripts. */
    this.scripts = path.join(directory, 'compilers');
  }

  get linker() {
    return path.join(this.scripts, 'gcc');
  }

  get archiver() {
    return path.join(this.scripts, 'ar');
  }

  /** What Rust makes import libraries with. */
  get rustFlags() {
    return [`-Cdlltool=${path.join(this.scripts, 'dlltool')}`];
  }

  async setUp() {
    const { suite, package: name, triplet, program: gcc } = this.record.gcc;
    await makeOnce(this.gcc, { suite, name }, (fresh) => Archive.with({ suites: [suite] }, async (archive) => {
      for (const file of await archive.fetchWithDependencies([name])) await unpack(file, fresh, ['--exclude=./usr/share/doc']);
    }));
    // Its own libraries, but not the C library that came along: that must be the one of the machine's dynamic linker.
    const libraries = `export LD_LIBRARY_PATH=${quoted(path.join(this.gcc, 'usr', 'lib', `${os.machine()}-linux-gnu`))}`;
    const run = (program) => `exec ${quoted(path.join(this.gcc, 'usr', 'bin', program))} "$@"`;
    for (const name of ['gcc', 'cc']) writeScript(path.join(this.scripts, name), [libraries, ...withoutEmptyObjects, run(gcc)]);
    for (const name of ['ar', 'dlltool']) writeScript(path.join(this.scripts, name), [libraries, run(`${triplet}-${name}`)]);
  }
}
