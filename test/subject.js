'use strict';

// The module under test: Ferrule, or whatever FERRULE_SUBJECT names ('node:ffi' on Node 26 runs a test on the built-in).
module.exports = require(process.env.FERRULE_SUBJECT ?? 'ferrule');
