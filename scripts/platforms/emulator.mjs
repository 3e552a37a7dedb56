// Node for another processor, run under QEMU's user mode emulation.
//
// What that Node starts in its turn (tests start process.execPath) is started by the kernel, which must know of the
// emulator: binfmt_misc. Since Linux 6.7 a user namespace has its own, so the launcher registers the emulator in a
// fresh one, and nothing of the machine is changed.

import path from 'node:path';
import { Archive, unpack } from './debian.mjs';
import { LaunchedNode } from './launcher.mjs';
import { makeOnce, quoted, requireProgram } from './steps.mjs';

/** The line that tells binfmt_misc which files the emulator runs: executables of that machine. */
function registration(emulator, { class: elfClass, data, machine }) {
  // e_ident up to EI_VERSION and its padding, then e_type ET_EXEC and e_machine in the machine's byte order.
  const inOrder = (value) => (data === 1 ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff]);
  const header = [0x7f, 0x45, 0x4c, 0x46, elfClass, data, 1, ...Array(9).fill(0), ...inOrder(2), ...inOrder(machine)];
  // The system's identification does not matter, and ET_DYN (3) is an executable, too.
  const mask = [...Array(7).fill(0xff), 0, ...Array(8).fill(0xff), ...inOrder(0xfffe), 0xff, 0xff];
  const escaped = (bytes) => bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  // F: the emulator is opened once and for all, whatever stands at its path later.
  return `:ferrule:M::${escaped(header)}:${escaped(mask)}:${emulator}:F`;
}

const inNamespace = [
  'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&',
  'printf %s "$0" > /proc/sys/fs/binfmt_misc/register && exec "$@"',
].join(' ');

export class EmulatedNode extends LaunchedNode {
  // For tests that look at what an emulator changes: the memory of the process is also the emulator's.
  environment = { FERRULE_EMULATED: '1' };

  // An emulated processor is some twenty times slower.
  timeout = 30 * 60_000;

  needs = 'It needs Linux 6.7 or newer, with binfmt_misc (modprobe binfmt_misc) and with user namespaces allowed.';

  get #emulatorDirectory() {
    return path.join(this.directory, 'emulator');
  }

  async setUpRunner() {
    const { emulator } = this.record;
    await makeOnce(this.#emulatorDirectory, emulator, (fresh) => Archive.with({ suites: [emulator.suite] }, async (archive) => {
      await unpack(await archive.fetch(emulator.package), fresh, ['--strip-components=3', `./usr/bin/${emulator.program}`]);
    }));
  }

  launcherLines(version) {
    const { program, elf } = this.record.emulator;
    const unshare = requireProgram('unshare', 'it makes the namespace in which the emulator is known (Debian: util-linux)');
    return [
      `export QEMU_LD_PREFIX=${quoted(this.source.systemOf(version))}`,
      `exec ${unshare} --user --map-root-user --mount sh -c ${quoted(inNamespace)} \\`,
      `  ${quoted(registration(path.join(this.#emulatorDirectory, program), elf))} \\`,
      `  ${quoted(this.binaryOf(version))} "$@"`,
    ];
  }
}
