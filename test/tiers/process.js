'use strict';

// Processes of their own, which say what tier a call took, with fewer tiers where a test wants that, or without saying it: that adds to the
// code which is tested.

const assert = require('node:assert/strict');
const { run } = require('../child');
const { reached } = require('../machine');

// Runs `body` where Ferrule has the tiers up to the one named, as far as there are any.
function runUpTo(tier, body, { trace = true, ...options } = {}) {
  const before = {};
  const environment = { FERRULE_TIERS: reached(tier), FERRULE_TIER_TRACE: trace ? '1' : '' };
  for (const name of Object.keys(environment)) before[name] = process.env[name];
  Object.assign(process.env, environment);
  try {
    // The environment is read before this returns.
    return run(body, options);
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

// What `body` prints as JSON before its process ends well.
async function answer(body, { tier = 'fast', ...options } = {}) {
  const { status, signal, stdout, stderr } = await runUpTo(tier, body, options);
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

module.exports = { answer, runUpTo };
