// Node for another processor, run under QEMU's user mode emulation, and the libraries that it loads.
//
// A launcher is a script that stands for such a Node: `bin/v24.21.0/node`. What that Node starts in its turn (tests start
// process.execPath) is started by the kernel, which must know of the emulator: binfmt_misc. Since Linux 6.7 a user
// namespace has its own, so the launcher registers the emulator in a fresh one, and nothing of the machine is changed.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, npm, run } from '../command.mjs';
import { Archive, unpack } from './debian.mjs';
import { makeOnce, quoted, requireProgram, succeed, writeScript } from './steps.mjs';

/** The line that tells binfmt_misc which files the emulator runs: executables of that machine. */
function registration(emulator, { class: elfClass, data, machine }) {
  // e_ident up to EI_VERSION and its padding, e_type ET_EXEC, e_machine in little-endian order.
  const header = [0x7f, 0x45, 0x4c, 0x46, elfClass, data, 1, ...Array(9).fill(0), 2, 0, machine & 0xff, machine >> 8];
  // The system's identification does not matter, and ET_DYN (3) is an executable, too.
  const mask = [...Array(7).fill(0xff), 0, ...Array(8).fill(0xff), 0xfe, 0xff, 0xff, 0xff];
  const escaped = (bytes) => bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  // F: the emulator is opened once and for all, whatever stands at its path later.
  return `:ferrule:M::${escaped(header)}:${escaped(mask)}:${emulator}:F`;
}

const inNamespace = [
  'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&',
  'printf %s "$0" > /proc/sys/fs/binfmt_misc/register && exec "$@"',
].join(' ');

export class EmulatedNode {
  constructor(directory, record) {
    this.record = record;
    this.emulatorDirectory = path.join(directory, 'emulator');
    this.system = path.join(directory, 'system');
    this.nodes = path.join(directory, 'nodes');
    this.launchers = path.join(directory, 'bin');
  }

  #launcherPath(version) {
    return path.join(this.launchers, `v${version}`, 'node');
  }

  /** The script that stands for this version of Node: it is called `node`, alone in its directory. */
  launcherOf(version) {
    const launcher = this.#launcherPath(version);
    if (!fs.existsSync(launcher)) throw new Failure(`${launcher} has not been set up.`);
    return launcher;
  }

  /** The binary itself, which only the kernel of a launcher's namespace can start. */
  binaryOf(version) {
    return path.join(this.nodes, `v${version}`, 'bin', 'node');
  }

  async setUp() {
    const { emulator, system, nodes } = this.record;
    await makeOnce(this.emulatorDirectory, emulator, (fresh) => Archive.with({ suites: [emulator.suite] }, async (archive) => {
      await unpack(await archive.fetch(emulator.package), fresh, ['--strip-components=3', `./usr/bin/${emulator.program}`]);
    }));
    const { suite, architecture, packages } = system;
    await makeOnce(this.system, system, (fresh) => Archive.with({ suites: [suite], architecture }, async (archive) => {
      for (const file of await archive.fetchWithDependencies(packages)) await unpack(file, fresh, ['--exclude=./usr/share']);
    }));
    for (const version of nodes) await this.#fetchNode(version);
    for (const version of nodes) await this.#writeLauncher(version);
  }

  async #fetchNode(version) {
    const specification = `${this.record.nodePackage}@${version}`;
    await makeOnce(path.join(this.nodes, `v${version}`), { specification }, async (fresh) => {
      const options = { cwd: fresh, capture: true };
      const result = await npm(['pack', specification, '--ignore-scripts', '--no-audit'], options);
      const failure = failureOf(result);
      if (failure) throw new Failure(`npm pack ${specification} ${failure}.\n${result.output.trim()}`);
      const archive = fs.readdirSync(fresh).find((name) => name.endsWith('.tgz'));
      if (!archive) throw new Failure(`npm pack ${specification} left no archive.`);
      await succeed(requireProgram('tar', 'it unpacks Node'), ['-xzf', archive, '--strip-components=1'], options);
      fs.rmSync(path.join(fresh, archive));
    });
  }

  /** Writes the launcher and sees once that it works, also for what it starts. */
  async #writeLauncher(version) {
    const emulator = path.join(this.emulatorDirectory, this.record.emulator.program);
    const unshare = requireProgram('unshare', 'it makes the namespace in which the emulator is known (Debian: util-linux)');
    const lines = [
      `export QEMU_LD_PREFIX=${quoted(this.system)}`,
      `exec ${unshare} --user --map-root-user --mount sh -c ${quoted(inNamespace)} \\`,
      `  ${quoted(registration(emulator, this.record.emulator.elf))} \\`,
      `  ${quoted(this.binaryOf(version))} "$@"`,
    ];
    await makeOnce(path.dirname(this.#launcherPath(version)), lines, async (fresh) => {
      writeScript(path.join(fresh, 'node'), lines);
      await this.#check(path.join(fresh, 'node'), version);
    });
  }

  async #check(launcher, version) {
    const child = 'console.log(process.version + " " + process.arch)';
    const parent = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`;
    const { output, ...result } = await run(launcher, ['-e', parent], { capture: true, timeout: 120_000 });
    if (!failureOf(result) && output.trim() === `v${version} ${this.record.architecture}`) return;
    throw new Failure([
      `Node ${version} for ${this.record.architecture} does not run here, or cannot start another one:`, output.trim(), '',
      'It needs Linux 6.7 or newer, with binfmt_misc (modprobe binfmt_misc) and with user namespaces allowed.',
    ].join('\n'));
  }
}
