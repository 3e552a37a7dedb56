// A reporter for node's test runner that writes one JSON object per line into the file FERRULE_TEST_REPORT names, for
// scripts/test-files.mjs to read:
//
//   { event: 'begin', name }                              a test is about to run
//   { event: 'result', name, outcome, details, reason }   it passed, failed (details) or was skipped (reason)
//   { event: 'end' }                                      the file's tests all came to their end
//
// It writes each line at once. When a test brings its process down, what was written tells which test that was.

import fs from 'node:fs';
import { inspect } from 'node:util';

const reportFile = process.env.FERRULE_TEST_REPORT;
// Node processes that a test starts must not write into this test's report.
delete process.env.FERRULE_TEST_REPORT;

const descriptor = fs.openSync(reportFile, 'a');

function write(record) {
  fs.writeSync(descriptor, `${JSON.stringify(record)}\n`);
}

function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skipped';
  // A test marked as to do may fail, that is what the mark says.
  if (data.todo !== undefined && data.todo !== false) return 'skipped';
  return type === 'test:pass' ? 'passed' : 'failed';
}

/** Why a test was skipped, in the words that the test gives. */
function reasonOf({ skip, todo }) {
  const given = skip || todo;
  return typeof given === 'string' ? given : 'no reason is given';
}

function detailsOf({ error }) {
  // The children that failed have reported why.
  if (error.failureType === 'subtestsFailed') return error.message;
  const cause = error.cause ?? error;
  if (typeof cause === 'string') return cause;
  // The test runner's own frames stand in every stack and say nothing.
  return inspect(cause, { breakLength: 120 }).replaceAll(/^\s+at [^\n]*node:(internal\/test_runner|async_hooks)[^\n]*\n?/gm, '');
}

export default async function* reporter(source) {
  // The names of the test that is being reported and of what it stands in, from the outside in.
  const names = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      names.length = data.nesting;
      names[data.nesting] = data.name;
    }
    if (type === 'test:dequeue') write({ event: 'begin', name: data.name });
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const outcome = outcomeOf(type, data);
    const suite = data.details.type === 'suite';
    // A suite counts through its tests, unless something of its own failed: a hook, or its body.
    if (suite && (outcome !== 'failed' || data.details.error.failureType === 'subtestsFailed')) continue;
    const name = [...names.slice(0, data.nesting), data.name].join(' > ');
    const details = outcome === 'failed' ? detailsOf(data.details) : undefined;
    const reason = outcome === 'skipped' ? reasonOf(data) : undefined;
    write({ event: 'result', name, outcome, details, reason });
  }
  write({ event: 'end' });
}
