'use strict';

// Processes of their own, with fewer tiers where a test wants that.

const assert = require('node:assert/strict');
const { run } = require('../child');

// Runs `body` where Ferrule has the tiers up to the one named.
function runUpTo(tier, body, options) {
  const { FERRULE_TIERS: before } = process.env;
  process.env.FERRULE_TIERS = tier;
  try {
    return run(body, options);
  } finally {
    if (before === undefined) delete process.env.FERRULE_TIERS;
    else process.env.FERRULE_TIERS = before;
  }
}

// What `body` prints as JSON before its process ends well.
async function answer(body, { tier = 'fast', ...options } = {}) {
  const { status, signal, stdout, stderr } = await runUpTo(tier, body, options);
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

module.exports = { answer, runUpTo };
