'use strict';

// The garbage collector at work inside of callbacks: V8 moves objects, and nothing that C or a callback holds may change by it.
// FERRULE_STRESS_ALL=1 in the environment does more of it.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('../child');
const count = require('./count');

// Two processes at a time.
const options = { concurrency: 2 };

// Flags of V8's that make it collect where it would not, and how much slower that makes everything. `--gc-interval` is not among them: it does
// nothing in the builds that Node makes.
const collectors = {
  'as usual': { flags: [] },
  'in a small heap': { flags: ['--max-semi-space-size=1', '--min-semi-space-size=1'] },
  'of the young when the space is partly full': { flags: ['--stress-scavenge=20'] },
  'in steps, all the time': { flags: ['--stress-incremental-marking'], slowness: 10 },
  'that moves all it can': { flags: ['--stress-compaction'], slowness: 20 },
};

// No line lacks one of these flags: Node would say so and end.
async function assertRight(body, flags, parameters, calls) {
  const { status, signal, stdout, stderr } = await run(body, { parameters, flags: ['--expose-gc', ...flags] });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  const seen = JSON.parse(stdout);
  assert.deepEqual([seen.wrong].flat().filter((wrong) => wrong !== 0), [], stdout);
  assert.ok(seen.calls >= calls, stdout);
}

// What happens, how often, and how many callbacks each time is at least.
const works = {
  'every type': {
    body: (_, times) => console.log(JSON.stringify(require('./stress/echoes').everyType(times))), times: count(400, 30_000), calls: 11,
  },
  'twelve arguments at once': {
    body: (_, times) => console.log(JSON.stringify(require('./stress/echoes').twelve(times))), times: count(2000, 200_000), calls: 1,
  },
  'callbacks in callbacks': {
    body: (_, times) => console.log(JSON.stringify(require('./stress/echoes').nested(times, 5))), times: count(40, 2000), calls: 100,
  },
  'what was lent to C': {
    body: (_, times) => console.log(JSON.stringify(require('./stress/echoes').lent(times))), times: count(60, 3000), calls: 4,
  },
};

for (const [collector, { flags, slowness = 1 }] of Object.entries(collectors)) {
  describe(`a collector ${collector}`, options, () => {
    for (const [name, { body, times, calls }] of Object.entries(works)) {
      const often = Math.ceil(times / slowness);
      test(name, () => assertRight(body, flags, [often], often * calls));
    }
  });
}
