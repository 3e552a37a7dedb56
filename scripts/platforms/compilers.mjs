// The C compilers for another platform: one class for each `compilers` of a record. Each compiler is a script that stands
// for it and can be called like the platform's own: `cc`, `gcc`, `clang`. A class has
//
//   setUp()            fetches what is missing and writes the scripts
//   scripts            the directory they are in
//   linker, archiver   the programs for what Rust compiles
//   rustFlags          further options for Rust's compiler, if there are any

import fs from 'node:fs';
import path from 'node:path';
import { DebianGcc } from './gcc.mjs';
import { MingwGcc } from './mingw.mjs';
import { installWheel, makeOnce, quoted, requireProgram, writeScript } from './steps.mjs';

export const zigPackage = 'ziglang==0.17.0';

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

  async setUp() {
    await this.gcc.setUp();
    await makeOnce(this.zig, zigPackage, (fresh) => installWheel(zigPackage, fresh));
    this.#writeScripts();
  }

  #writeScripts() {
    const { gcc, triplet } = this.record;
    for (const name of ['gcc', 'cc']) {
      writeScript(path.join(this.scripts, name), this.gcc.scriptOf(gcc.program, [`--sysroot=${this.system}`]));
    }
    writeScript(path.join(this.scripts, 'ar'), this.gcc.scriptOf(gcc.archiver));
    writeScript(path.join(this.scripts, 'clang'), [
      `export ZIG_GLOBAL_CACHE_DIR=${quoted(this.zigCache)} ZIG_LOCAL_CACHE_DIR=${quoted(this.zigCache)}`,
      // Without the checks that zig has Clang compile in by default.
      `exec ${quoted(path.join(this.zig, 'ziglang', 'zig'))} cc -target ${triplet} -fno-sanitize=undefined "$@"`,
    ]);
    fs.mkdirSync(this.zigCache, { recursive: true });
  }
}

/**
 * For musl: Clang, as zig has it, with zig's own copy of that library, which also links what Rust compiles; and the machine's
 * GCC with the headers and libraries of `system`, where it compiles for the same processor.
 */
class ZigAndMusl {
  constructor(tools, directory, system, record) {
    this.record = record;
    this.system = system;
    this.zig = path.join(tools, 'zig');
    this.zigCache = path.join(tools, 'zig-cache');
    this.specs = path.join(directory, 'compilers', 'musl-gcc.specs');
    this.scripts = path.join(directory, 'compilers');
  }

  get linker() {
    return path.join(this.scripts, 'clang');
  }

  get archiver() {
    return path.join(this.scripts, 'ar');
  }

  async setUp() {
    await makeOnce(this.zig, zigPackage, (fresh) => installWheel(zigPackage, fresh));
    fs.mkdirSync(this.zigCache, { recursive: true });
    const { triplet } = this.record;
    const zig = quoted(path.join(this.zig, 'ziglang', 'zig'));
    const cache = `export ZIG_GLOBAL_CACHE_DIR=${quoted(this.zigCache)} ZIG_LOCAL_CACHE_DIR=${quoted(this.zigCache)}`;
    for (const name of ['clang', 'cc']) {
      writeScript(path.join(this.scripts, name), [
        cache,
        'for argument do',
        '  shift',
        '  case $argument in',
        // Rust's name of the target, which zig does not know.
        '    --target=*) ;;',
        // What unwinds is zig's and goes into the library: not every system with musl has GCC's.
        '    -lgcc_s) set -- "$@" -lunwind ;;',
        '    *) set -- "$@" "$argument" ;;',
        '  esac',
        'done',
        `exec ${zig} cc -target ${triplet} -fno-sanitize=undefined "$@"`,
      ]);
    }
    writeScript(path.join(this.scripts, 'ar'), [cache, `exec ${zig} ar "$@"`]);
    if (this.record.architecture === process.arch) this.#writeGcc();
  }

  #writeGcc() {
    const gcc = requireProgram('gcc', 'it compiles C functions that calls are tried on');
    const { triplet } = this.record;
    const own = fs.readFileSync(path.join(this.system, 'usr', 'lib', triplet, 'musl-gcc.specs'), 'utf8');
    fs.writeFileSync(this.specs, own.replaceAll(/\/usr\/(?:include|lib)\//g, (directory) => this.system + directory));
    writeScript(path.join(this.scripts, 'gcc'), [`exec ${quoted(gcc)} -specs ${quoted(this.specs)} "$@"`]);
  }
}

const classes = { gcc: GccAndClang, musl: ZigAndMusl, mingw: MingwGcc };

/** The compilers that a record names; `tools`, `directory` and `system` as above. */
export function compilersOf(tools, directory, system, record) {
  return new classes[record.compilers](tools, directory, system, record);
}
