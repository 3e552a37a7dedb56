'use strict';

// Runs observe.js in a child process and gives what it saw, as a map from case id to outcome.

const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');

const ORACLE = 'v26.10.0';
// An emulated processor takes its time.
const TIMEOUT = process.env.FERRULE_EMULATED ? 900_000 : 120_000;
const root = path.join(__dirname, '..', '..');

exports.oraclePath = oraclePath;
exports.observe = observe;
exports.observeAborts = observeAborts;
exports.differencesOf = differencesOf;
exports.run = run;

function oraclePath() {
  const executable = process.platform === 'win32' ? 'node.exe' : path.join('bin', 'node');
  const oracle = process.env.FERRULE_ORACLE ?? path.join(root, '.nodes', ORACLE, executable);
  if (!existsSync(oracle)) {
    throw new Error(
      `Node ${ORACLE}, whose node:ffi Ferrule is compared with, is not at ${oracle}: \`node scripts/nodes.mjs\` fetches it`,
    );
  }
  return oracle;
}

function observe(executable, subject, mode) {
  const { status, signal, stdout, stderr } = run(executable, subject, ['--expose-gc'], [mode]);
  const lines = stdout
    .split('\n')
    .filter((line) => line.endsWith(']'))
    .map((line) => JSON.parse(line));
  if (status !== 0) {
    const [last] = lines.at(-1) ?? ['(before the first case)'];
    throw new Error(`${subject} on ${executable} ended with ${signal ?? status} in case "${last}":\n${stderr}`);
  }
  return new Map(lines.filter((line) => line.length === 2));
}

function observeAborts(executable, subject) {
  const outcomes = new Map();
  for (const id of Object.keys(require('./aborts'))) {
    const { status, signal, stderr } = run(executable, subject, [], ['abort', id]);
    // Windows has another end of lines, which C's text mode writes and Rust does not.
    outcomes.set(`a callback that ${id}`, { status, signal, line: stderr.split(/\r?\n/)[0] });
  }
  return outcomes;
}

function run(executable, subject, options, parameters) {
  const result = spawnSync(
    executable,
    ['--no-warnings', ...options, path.join(__dirname, 'observe.js'), ...parameters],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, FERRULE_SUBJECT: subject },
      maxBuffer: 2 ** 28,
      timeout: TIMEOUT,
    },
  );
  if (result.error) {
    throw result.error;
  }
  return result;
}

// The ids whose outcomes are not the same, those that one side lacks included.
function differencesOf(left, right) {
  const ids = new Set([...left.keys(), ...right.keys()]);
  return [...ids].filter((id) => !isDeepStrictEqual(left.get(id), right.get(id)));
}
