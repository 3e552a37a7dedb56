// The C compilers for another platform: one class for each `compilers` of a record. Each compiler is a script that stands
// for it and can be called like the platform's own: `cc`, `gcc`, `clang`. A class has
//
//   setUp()            fetches what is missing and writes the scripts
//   scripts            the directory they are in
//   linker, archiver   the programs for what Rust compiles

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Archive, unpack } from './debian.mjs';
import { makeOnce, quoted, requireProgram, succeed, writeScript } from './steps.mjs';

const zigPackage = 'ziglang==0.17.0';

/**
 * GCC, out of Debian's archive, and Clang, as zig has it. GCC also links what Rust compiles, because libraries that zig
 * links lack what runs their exit handlers when they are closed (GCC's crtbegin).
 */
class GccAndClang {
  /** `tools` is for what serves several platforms, `directory` for this one's; `system` has its headers and libraries. */
  constructor(tools, directory, system, record) {
    this.record = record;
    this.system = system;
    this.zig = path.join(tools, 'zig');
    this.zigCache = path.join(tools, 'zig-cache');
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

  async setUp() {
    const { suite, package: name } = this.record.gcc;
    await makeOnce(this.gcc, this.record.gcc, (fresh) => Archive.with({ suites: [suite] }, async (archive) => {
      for (const file of await archive.fetchWithDependencies([name])) await unpack(file, fresh, ['--exclude=./usr/share']);
    }));
    await makeOnce(this.zig, zigPackage, async (fresh) => {
      const python = requireProgram('python3', 'zig comes as a Python package');
      const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--target', fresh];
      await succeed(python, ['-m', 'pip', 'install', ...options, zigPackage]);
    });
    this.#writeScripts();
  }

  #writeScripts() {
    const { gcc, triplet } = this.record;
    // Its own libraries, but not the C library that came along: that must be the one of the machine's dynamic linker.
    const libraries = `export LD_LIBRARY_PATH=${quoted(path.join(this.gcc, 'usr', 'lib', `${os.machine()}-linux-gnu`))}`;
    const program = (name) => quoted(path.join(this.gcc, 'usr', 'bin', name));
    for (const name of ['gcc', 'cc']) {
      writeScript(path.join(this.scripts, name), [libraries, `exec ${program(gcc.program)} --sysroot=${quoted(this.system)} "$@"`]);
    }
    writeScript(path.join(this.scripts, 'ar'), [libraries, `exec ${program(gcc.archiver)} "$@"`]);
    writeScript(path.join(this.scripts, 'clang'), [
      `export ZIG_GLOBAL_CACHE_DIR=${quoted(this.zigCache)} ZIG_LOCAL_CACHE_DIR=${quoted(this.zigCache)}`,
      // Without the checks that zig has Clang compile in by default.
      `exec ${quoted(path.join(this.zig, 'ziglang', 'zig'))} cc -target ${triplet} -fno-sanitize=undefined "$@"`,
    ]);
    fs.mkdirSync(this.zigCache, { recursive: true });
  }
}

const classes = { gcc: GccAndClang };

/** The compilers that a record names; `tools`, `directory` and `system` as above. */
export function compilersOf(tools, directory, system, record) {
  return new classes[record.compilers](tools, directory, system, record);
}
