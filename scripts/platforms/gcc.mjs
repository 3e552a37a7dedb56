// A GCC for another platform, out of Debian's archive.

import os from 'node:os';
import path from 'node:path';
import { Archive, unpack } from './debian.mjs';
import { makeOnce, quoted } from './steps.mjs';

export class DebianGcc {
  /** `record` says which: the `gcc` of a platform's record. All of it goes into `directory`. */
  constructor(directory, record) {
    this.directory = directory;
    this.record = record;
  }

  async setUp() {
    const { suite, package: name } = this.record;
    await makeOnce(this.directory, { suite, name }, (fresh) => Archive.with({ suites: [suite] }, async (archive) => {
      for (const file of await archive.fetchWithDependencies([name])) await unpack(file, fresh, ['--exclude=./usr/share/doc']);
    }));
  }

  /** The shell script that runs one of its programs with what the shell's own arguments are, behind `options`. */
  scriptOf(program, options = []) {
    // Its own libraries, but not the C library that came along: that must be the one of the machine's dynamic linker.
    const libraries = path.join(this.directory, 'usr', 'lib', `${os.machine()}-linux-gnu`);
    const command = [path.join(this.directory, 'usr', 'bin', program), ...options].map(quoted).join(' ');
    return [`export LD_LIBRARY_PATH=${quoted(libraries)}`, `exec ${command} "$@"`];
  }
}
