'use strict';

// A user's machine: an empty home, and Node alone on the PATH. No cargo, no compiler, none of this repository's environment.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const DEADLINE = 180_000;

// What the system needs to start programs at all.
const KEPT = ['SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'LANG'];

exports.Machine = class Machine {
  constructor() {
    this.directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-machine-')));
    this.home = this.make('home');
    this.variables = {};
  }

  // A directory on it, by its name or by its path below another one.
  make(...names) {
    const directory = path.join(this.directory, ...names);
    fs.mkdirSync(directory, { recursive: true });
    return directory;
  }

  // A directory with `node` in it, for the PATH.
  #directoryWith(node) {
    const directory = this.make('bin', path.basename(path.dirname(path.dirname(node))));
    const link = path.join(directory, path.basename(node));
    if (!fs.existsSync(link)) fs.symlinkSync(node, link);
    return directory;
  }

  // Runs a program to its end and resolves to `{ status, signal, stdout, stderr }`. `node` is the Node on its PATH.
  run(program, args, { cwd = this.directory, node = process.execPath, variables = {} } = {}) {
    const kept = Object.fromEntries(KEPT.filter((name) => name in process.env).map((name) => [name, process.env[name]]));
    const env = { ...kept, HOME: this.home, USERPROFILE: this.home, PATH: this.#directoryWith(node), ...this.variables, ...variables };
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE, killSignal: 'SIGKILL' });
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { output[name] += text; });
      child.on('error', reject);
      child.on('close', (status, signal) => resolve({ status, signal, ...output }));
    });
  }

  // The same for a program that must succeed; resolves to what it has printed.
  async succeed(program, args, options) {
    const { status, signal, stdout, stderr } = await this.run(program, args, options);
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${signal ?? status}:\n${stdout}${stderr}`);
    return stdout;
  }

  remove() {
    fs.rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
};
