'use strict';

// Processes of their own in guarded mode, and what they say of themselves.

const { run } = require('../child');

// Only Linux has guarded mode.
exports.skip = process.platform === 'linux' ? false : 'guarded mode is only available on Linux';

// Runs `body` with this value of FERRULE_GUARD.
exports.guarded = function guarded(body, { value = '1', ...options } = {}) {
  const before = process.env.FERRULE_GUARD;
  process.env.FERRULE_GUARD = value;
  try {
    // The environment is read before this returns.
    return run(body, options);
  } finally {
    if (before === undefined) delete process.env.FERRULE_GUARD;
    else process.env.FERRULE_GUARD = before;
  }
};
