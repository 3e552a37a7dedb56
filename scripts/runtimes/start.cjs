'use strict';

// Loads a test file in Bun or Deno and runs what it declares:
//
//   start.cjs FILE MODE EXCLUSION…        an exclusion is the full name of a test, or the beginning of names with a * behind it
//
// In the mode `all` the excluded tests are skipped; in the mode `excluded` everything else is.

const Module = require('node:module');

const runner = require('./runner.cjs');

const [file, mode, ...exclusions] = process.argv.slice(2);
process.argv.length = 2;

const { require: original } = Module.prototype;
Module.prototype.require = function(request) {
  return request === 'node:test' ? runner.module : Reflect.apply(original, this, [request]);
};

const matches = (name) => (pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);

require(file);
runner.run((name) => exclusions.some(matches(name)) === (mode === 'all')).catch((error) => {
  console.error(error);
  process.exit(1);
});
