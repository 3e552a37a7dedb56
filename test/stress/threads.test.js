'use strict';

// Callbacks in many threads at once, and threads that are stopped in the middle of them. FERRULE_STRESS_ALL=1 in the environment does it with
// 8 Workers of 100,000 callbacks, and 1,000 Workers that are stopped.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { run } = require('../child');
const count = require('./count');

// Isolates come and go, and V8 takes memory for them in large pieces.
const MOST_GROWTH = 64 * 2 ** 20;

async function answerOf(body, parameters) {
  const { status, signal, stdout, stderr } = await run(body, { parameters, deadline: 280_000 });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

test('eight Workers are called back at the same time', async () => {
  const times = count(20_000, 100_000);
  const answers = await answerOf(async (_, often) => {
    console.log(JSON.stringify(await require('./stress/threads').answerTogether(often)));
  }, [times]);
  assert.equal(answers.length, 8);
  for (const [id, answer] of answers.entries()) {
    const sum = 1000 * 999 / 2 * (times / 1000) * id;
    assert.ok(answer.calls > times * 1.2, `${answer.calls}`);
    assert.deepEqual(answer, { id, answers: String(sum), wrong: Array(12).fill(0), calls: answer.calls, code: 0 });
  }
});

test('Workers are stopped in calls and callbacks, and nothing else is', async () => {
  const { kinds } = require('./threads');
  const { wrong, grown, answer } = await answerOf(async (_, often) => {
    console.log(JSON.stringify(await require('./stress/threads').stopWorkers(often)));
  }, [count(kinds * 2, 1000)]);
  assert.deepEqual({ wrong, answer }, { wrong: [], answer: 42 });
  assert.ok(grown < MOST_GROWTH, `${(grown / 2 ** 20).toFixed(1)} MiB more`);
});
