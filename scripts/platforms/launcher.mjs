// A launcher is a script that stands for a platform's Node, `bin/v24.21.0/node`, and can be started like a Node of this
// machine. How it starts the real one is what the classes for the ways to run Node add (platforms/node.mjs):
//
//   setUpRunner()           makes what launchers need; called once the source is set up
//   launcherLines(version)  the shell script
//   environment             variables for programs on the platform
//   timeout                 for a test file, in milliseconds
//   needs                   what it takes, for the error when a launcher does not work

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, run } from '../command.mjs';
import { lineOf } from '../nodes.mjs';
import { makeOnce, writeScript } from './steps.mjs';

/** The line that brought node:ffi. */
export const firstBuiltIn = 26;

export class LaunchedNode {
  constructor(directory, record, source) {
    this.directory = directory;
    this.record = record;
    this.source = source;
    this.launchers = path.join(directory, 'bin');
  }

  /** Of Node, oldest first. */
  get versions() {
    return this.source.versions;
  }

  /** The headers and libraries of the platform. */
  get system() {
    return this.source.system;
  }

  /** The script that stands for this version of Node: it is called `node`, alone in its directory. */
  launcherOf(version) {
    const launcher = this.#launcherPath(version);
    if (!fs.existsSync(launcher)) throw new Failure(`${launcher} has not been set up.`);
    return launcher;
  }

  /** The binary itself, which only what a launcher has started can start. */
  binaryOf(version) {
    return this.source.binaryOf(version);
  }

  /** What test/conformance compares with: a Node with a node:ffi of its own, started by what a launcher has started; undefined where there is none. */
  get oracle() {
    const newest = this.versions.at(-1);
    return lineOf(newest) >= firstBuiltIn ? this.binaryOf(newest) : undefined;
  }

  #launcherPath(version) {
    return path.join(this.launchers, `v${version}`, 'node');
  }

  async setUp() {
    await this.source.setUp();
    await this.setUpRunner();
    for (const version of this.versions) await this.#writeLauncher(version);
  }

  /** Writes the launcher and sees once that it works, also for what it starts. */
  async #writeLauncher(version) {
    const lines = this.launcherLines(version);
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
      `Node ${version} for ${this.record.architecture} does not run here, or cannot start another one:`, output.trim(), '', this.needs,
    ].join('\n'));
  }
}
