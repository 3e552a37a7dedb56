'use strict';

// Calls and callbacks in a program that a debugger looks into while it runs. FERRULE_STRESS_ALL=1 in the environment lets it look ten times as
// often.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('../child');
const count = require('./count');
const { works } = require('./interrupts');

// Two processes at a time.
const options = { concurrency: 2 };

// Where nothing is inlined, a function begins in more places.
const compilers = { 'in optimised code': [], 'in code that is not optimised': ['--no-opt', '--no-maglev'] };

for (const [compiler, flags] of Object.entries(compilers)) {
  describe(`what a debugger evaluates meanwhile, ${compiler}, changes nothing in`, options, () => {
    for (const name of works) {
      test(name, async () => {
        const { status, signal, stdout, stderr } = await run(async (_, work, times) => {
          console.log(JSON.stringify(await require('./stress/interrupts').interrupted(work, times)));
        }, { parameters: [name, count(5000, 50_000)], flags });
        assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
        assert.deepEqual(JSON.parse(stdout), { wrong: 0, wrongInside: 0 });
      });
    }
  });
}
