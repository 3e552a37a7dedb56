'use strict';

// Runs functions in Node processes and Workers of their own: for what would end the test's process, and for what has to be
// alone in it.
//
// A function is run from its source text: it sees its arguments and nothing of the file it stands in. The first argument is
// `modules` below, the others are parameters, passed as JSON.

const { spawn } = require('node:child_process');
const { Worker } = require('node:worker_threads');

const DEADLINE = 120_000;
// An emulated processor takes its time.
const PATIENCE = process.env.FERRULE_EMULATED ? 5 : 1;

// Loaded when asked for, because some processes must not load all of them.
/** Standard error without what an emulator, or Bun, says of the end of a process, at some length: the status says the same. */
exports.withoutEnding = (text) => text.replace(/^qemu: uncaught target signal .*\n/m, '').replace(/^={20,}\nBun v[^]*/m, '');

exports.modules = {
  get ffi() { return require('./subject'); },
  get fixture() { return require('./conformance/native'); },
  get allocation() { return require('./allocation'); },
  get garbage() { return require('./garbage'); },
  get worker() { return require('node:worker_threads'); },
  start,
};

function program(body, parameters) {
  return `(${body})(require(${JSON.stringify(__filename)}).modules, ...${JSON.stringify(parameters)});`;
}

// A Worker that runs `body`.
function start(body, parameters = [], options = {}) {
  return new Worker(program(body, parameters), { eval: true, ...options });
}

exports.start = start;

// Windows has no signals: `process.abort()` and the like end a process with 128 and the number of SIGABRT.
const ABORTED = process.platform === 'win32' ? 134 : undefined;

const ending = (status, signal) => (status === ABORTED ? { status: null, signal: 'SIGABRT' } : { status, signal });

// How a process that runs `body` ended and what it printed. A body that rejects ends it with status 1, as a throw does.
exports.run = function run(body, { parameters = [], flags = [], deadline = DEADLINE } = {}) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, '-e', program(body, parameters)], {
      cwd: __dirname, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: deadline * PATIENCE, killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => { output[name] += text; });
    }
    const lines = (text) => (process.platform === 'win32' ? text.replaceAll('\r\n', '\n') : text);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ ...ending(status, signal), stdout: lines(output.stdout), stderr: lines(exports.withoutEnding(output.stderr)) });
    });
  });
};
