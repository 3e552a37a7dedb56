// GCC for Windows, out of Debian's archive (MinGW-w64): see platforms/compilers.mjs.

import path from 'node:path';
import { DebianGcc } from './gcc.mjs';
import { writeScript } from './steps.mjs';

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
    this.gcc = new DebianGcc(path.join(directory, 'gcc'), record.gcc);
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
    await this.gcc.setUp();
    const { triplet, program } = this.record.gcc;
    for (const name of ['gcc', 'cc']) {
      writeScript(path.join(this.scripts, name), [...withoutEmptyObjects, ...this.gcc.scriptOf(program)]);
    }
    for (const name of ['ar', 'dlltool']) writeScript(path.join(this.scripts, name), this.gcc.scriptOf(`${triplet}-${name}`));
  }
}
