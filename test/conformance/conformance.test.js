'use strict';

// Ferrule on this Node against the node:ffi of Node 26.10, case by case: everything that a program can observe is the
// same, but for what ./differences.js lists.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { isMusl, translated } = require('../loader');
const { differences } = require('./differences');
const { oraclePath, observe, observeAborts, differencesOf, run } = require('./observation');

const FEWEST_RESULTS = 1500;
const SHOWN = 40;

const line = Number(process.versions.node.split('.')[0]);
const subject = process.env.FERRULE_SUBJECT ?? 'ferrule';
// V8 has no WebAssembly where it must not compile.
const isJitless = typeof WebAssembly === 'undefined';
const isWindows = process.platform === 'win32';
const active = differences.filter(({ nodes, musl, windows, jitless }) => (
  (nodes === undefined || nodes.includes(line)) && (!musl || isMusl) && (!windows || isWindows) &&
  (jitless === undefined || jitless === isJitless)
));

let cold;

test('every case has the outcome of the built-in, or a listed one', (t) => {
  const builtIn = inLoadersWords(observe(oraclePath(), 'node:ffi', 'cold'));
  cold = observe(process.execPath, subject, 'cold');
  compare(t, builtIn, cold);
  const idle = active.filter((difference) => ![...builtIn.keys()].some((id) => isAbout(difference, id)));
  assert.deepEqual(idle, [], 'a listed difference is about no case');
  assert.ok(builtIn.size >= FEWEST_RESULTS, `only ${builtIn.size} results were compared`);
});

test('what ends the process ends it in the same way', (t) => {
  compare(t, observeAborts(oraclePath(), 'node:ffi'), observeAborts(process.execPath, subject));
});

test('a call from optimised code has the outcome of any other call', (t) => {
  const hot = observe(process.execPath, subject, 'hot');
  const calls = new Map([...cold].filter(([id]) => hot.has(id)));
  const different = differencesOf(calls, hot);
  t.diagnostic(`${hot.size} results compared`);
  assert.equal(different.length, 0, report(different, calls, hot, ['cold', 'hot']));
});

// Without it the test above might pass because nothing was optimised. The built-in takes -0 for an i32 only there.
test('the heated call reaches optimised code', { skip: isJitless && 'V8 optimises nothing' }, () => {
  const { stdout } = run(oraclePath(), 'node:ffi', [], ['heat']);
  assert.deepEqual(JSON.parse(stdout), { cold: 'Argument 1 must be an int32', hot: 1 });
});

function compare(t, builtIn, ferrule) {
  const different = new Set(differencesOf(builtIn, ferrule));
  const unlisted = [...different].filter((id) => !active.some((difference) => isAbout(difference, id)));
  const problems = [...checkListed(builtIn, ferrule, different)];
  t.diagnostic(`${builtIn.size} results compared, ${different.size} differ, ${unlisted.length} of them unlisted`);
  assert.equal(unlisted.length, 0, report(unlisted, builtIn, ferrule, ['node:ffi', 'ferrule']));
  assert.equal(problems.length, 0, problems.slice(0, SHOWN).join('\n'));
}

// A listed difference has to be there, and to be what the list says.
function* checkListed(builtIn, ferrule, different) {
  for (const id of builtIn.keys()) {
    const about = active.filter((difference) => isAbout(difference, id));
    if (about.length > 1) {
      yield `${id} is listed twice: ${about.map(({ reason }) => reason).join(' / ')}`;
    } else if (about.length === 1 && !different.has(id)) {
      yield `${id} is listed, but is no difference any more (${about[0].reason}): ${JSON.stringify(ferrule.get(id))}`;
    } else if (about.length === 1 && !about[0].ferrule(ferrule.get(id), builtIn.get(id), id)) {
      yield `${id} is not what is listed (${about[0].reason}): ${JSON.stringify(ferrule.get(id))}`;
    }
  }
}

// There is no Node 26 for musl, so the built-in speaks with the words of another loader there.
function inLoadersWords(outcomes) {
  return new Map([...outcomes].map(([id, outcome]) => [id, JSON.parse(translated(JSON.stringify(outcome)))]));
}

function isAbout({ ids }, id) {
  return typeof ids === 'function' ? ids(id) : ids instanceof RegExp ? ids.test(id) : ids.includes(id);
}

function report(ids, left, right, [leftName, rightName]) {
  const shown = ids
    .slice(0, SHOWN)
    .map(
      (id) => `${id}\n  ${leftName}: ${JSON.stringify(left.get(id))}\n  ${rightName}: ${JSON.stringify(right.get(id))}`,
    );
  return [`${ids.length} outcomes differ`, ...shown].join('\n');
}
