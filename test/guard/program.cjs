'use strict';

// Says how it was started.
const { FERRULE_GUARD: guard = null } = process.env;
const isFerrule = require('node:ffi') === require('ferrule');
console.log(JSON.stringify({ isFerrule, guard, args: process.argv.slice(2), title: process.title.replace(/^.*node$/, 'node') }));
