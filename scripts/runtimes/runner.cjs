'use strict';

// What the tests use of `node:test`, for runtimes whose own `node:test` works in a runner of theirs only, with reports of theirs: `describe`,
// `test` with `skip`, `before` and `after`. It reports as scripts/reporter.mjs does, so that a file's tests count as they do in Node.
//
// Tests run one after another, in the order in which they stand, once the file has been loaded.

const fs = require('node:fs');
const { inspect } = require('node:util');

const report = fs.openSync(process.env.FERRULE_TEST_REPORT, 'a');
// Processes that a test starts must not write into this test's report.
delete process.env.FERRULE_TEST_REPORT;

const write = (record) => fs.writeSync(report, `${JSON.stringify(record)}\n`);

const suite = (name, skip) => ({ name, skip, before: [], after: [], entries: [] });

const file = suite([], false);
let current = file;

// The arguments that node:test takes: a name, options or none, and a function.
function described(name, ...rest) {
  const options = typeof rest[0] === 'function' ? {} : rest[0];
  return { name: [...current.name, name], skip: options.skip ?? false, body: rest.at(-1) };
}

function describe(...args) {
  const { name, skip, body } = described(...args);
  const outer = current;
  const inner = suite(name, outer.skip || skip);
  outer.entries.push(inner);
  current = inner;
  try {
    body();
  } finally {
    current = outer;
  }
}

function test(...args) {
  const { name, skip, body } = described(...args);
  current.entries.push({ name, skip: current.skip || skip, body });
}

const before = (body) => { current.before.push(body); };
const after = (body) => { current.after.push(body); };

function outcome(name, kind, error) {
  process.exitCode = kind === 'failed' ? 1 : process.exitCode;
  write({ event: 'result', name, outcome: kind, details: kind === 'failed' ? inspect(error, { breakLength: 120 }) : undefined });
}

// Whether a hook did what it should.
async function succeeds(bodies, name) {
  try {
    for (const body of bodies) await body();
    return true;
  } catch (error) {
    outcome(name, 'failed', error);
    return false;
  }
}

async function runTest({ name, skip, body }, excluded) {
  const title = name.join(' > ');
  if (excluded(title) || skip) {
    outcome(title, 'skipped');
    return;
  }
  write({ event: 'begin', name: title });
  try {
    await body();
    outcome(title, 'passed');
  } catch (error) {
    outcome(title, 'failed', error);
  }
}

async function runSuite({ name, before, after, entries }, excluded) {
  const title = [...name, '(hook)'].join(' > ');
  if (await succeeds(before, title)) {
    for (const entry of entries) await (entry.entries === undefined ? runTest : runSuite)(entry, excluded);
  }
  await succeeds(after, title);
}

exports.module = Object.assign(test, { describe, suite: describe, test, it: test, before, after });

/**
 * Runs all that the file has declared. `excluded` says whether a test, by its full name, is not to be run here; `unknown` gives the
 * exclusions that were none of them.
 */
exports.run = async function run(excluded, unknown) {
  await runSuite(file, excluded);
  for (const name of unknown()) outcome(name, 'failed', new Error('The file has no such test to be excluded.'));
  write({ event: 'end' });
};
