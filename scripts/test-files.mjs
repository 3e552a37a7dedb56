// Runs test files on one Node and says what came out. Each file is a process of its own, started by us and not by
// `node --test`, because what is tested here can do to a process what other tests cannot. We see the signal a file died
// of and the test that was running, notice a process that ended with exit code 0 before its tests were done, and can
// end one that never returns from native code; `node --test` says "test failed" to the first, takes the second for a
// success, and waits for ever for the third on Node 24 and later.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { failureOf, parallelism, root } from './command.mjs';

// From the directory that test files are run in, which a Node for another platform may have under another name.
const reporter = './scripts/reporter.mjs';

/** What these check does not depend on the Node or the platform that runs them, or they go through the lines themselves: once is enough. */
export const onOneLine = new Set([
  'test/api-reference.test.js', 'test/bundles.test.js', 'test/executable.test.js', 'test/layers.test.js', 'test/packages.test.js', 'test/types.test.js',
]);

/** These measure memory or time, which tests running beside them would disturb: they run last, one by one. */
export const alone = new Set(['test/leak.test.js']);

/** How much of what a failing file printed is worth showing. */
const shownLines = 60;

/** All test files, as paths from the repository's root with forward slashes. */
export function testFiles(directory = path.join(root, 'test')) {
  const entries = fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true }) : [];
  return entries
    .map((name) => path.relative(root, path.join(directory, name)).split(path.sep).join('/'))
    .filter((name) => /\.test\.[cm]?js$/.test(name) && !name.includes('/node_modules/'))
    .sort();
}

function readReport(file) {
  if (!fs.existsSync(file)) return [];
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

function execute(binary, args, { env, timeout }) {
  return new Promise((resolve) => {
    const child = spawn(binary, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeout);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    const finish = (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut, output: Buffer.concat(chunks).toString() });
    };
    child.on('error', (error) => resolve({ code: 1, signal: null, timedOut, output: String(error) }));
    child.on('close', finish);
    child.on('exit', (code, signal) => timedOut && finish(code, signal));
  });
}

/** What is wrong with a file as a whole, beyond the tests that failed in it; null when nothing is. */
function failureOfFile(records, ending, failed) {
  const results = records.filter(({ event }) => event === 'result');
  const ended = records.some(({ event }) => event === 'end');
  const begun = records.filter(({ event }) => event === 'begin').at(-1);
  const where = begun ? `, in or after the test "${begun.name}"` : '';
  // Exit code 1 is how the runner says that tests failed; they have been reported then.
  const ordinary = ended && ending.signal === null && !ending.timedOut && (ending.code === 0 || (ending.code === 1 && failed > 0));
  if (!ordinary) {
    const how = failureOf(ending);
    if (how) return `The process ${how}${where}.`;
    if (begun) return `The process ended with exit code 0 before its tests were done${where}.`;
    return 'No test ran: the file has none, or the process ended early.';
  }
  return results.length === 0 ? 'The file has no test.' : null;
}

/** The arguments with which Node runs a test file; `entry`, if any, stands before it: a program that starts it. */
export const nodeArguments = (file, entry = []) => [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', ...entry, file];

async function runFile(file, { binary, argumentsFor, environment, timeout, scratch }) {
  const report = path.join(scratch, `${file.replaceAll('/', '-')}.jsonl`);
  const env = { ...process.env, ...environment, FERRULE_TEST_REPORT: report };
  // Settings for the Node that runs this script are not for the one under test.
  delete env.NODE_OPTIONS;
  delete env.NODE_TEST_CONTEXT;
  const start = Date.now();
  const ending = await execute(binary, argumentsFor(file), { env, timeout });
  const records = readReport(report);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const skips = [];
  for (const { event, name, outcome, details, reason } of records) {
    if (event !== 'result') continue;
    counts[outcome] += 1;
    if (outcome === 'failed') failures.push({ name, details });
    if (outcome === 'skipped') skips.push({ name, reason });
  }
  const failure = failureOfFile(records, ending, counts.failed);
  if (failure) {
    counts.failed += 1;
    failures.push({ name: 'the file itself', details: failure });
  }
  return { file, ...counts, failures, skips, output: ending.output, time: Date.now() - start };
}

/**
 * Runs files on the Node at `binary`, several at a time, those in `alone` after the others and one by one, and calls
 * `onFile` as each one ends, with
 * `{ file, passed, failed, skipped, failures: [{ name, details }], skips: [{ name, reason }], output, time }`.
 * Another runtime needs other arguments, `argumentsFor` a file, and its `environment`.
 */
export async function runTestFiles(files, { onFile, alone = new Set(), ...how }) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-test-'));
  try {
    const queue = files.filter((file) => !alone.has(file));
    const worker = async () => {
      for (let file = queue.shift(); file; file = queue.shift()) onFile(await runFile(file, { argumentsFor: (name) => nodeArguments(name), timeout: 300_000, ...how, scratch }));
    };
    await Promise.all(Array.from({ length: Math.min(parallelism, queue.length) }, worker));
    for (const file of files) {
      if (alone.has(file)) onFile(await runFile(file, { argumentsFor: (name) => nodeArguments(name), timeout: 300_000, ...how, scratch }));
    }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** The end of what a file printed, without the empty lines around it. */
export function shownOutput(output) {
  const lines = output.trim().split('\n');
  return lines.length > shownLines ? [`(${lines.length - shownLines} lines before)`, ...lines.slice(-shownLines)] : lines;
}
