'use strict';

// Loads a test file in Bun or Deno and runs what it declares:
//
//   start.cjs FILE EXCLUSION…        an exclusion is the full name of a test, or the beginning of names with a * behind it
//
// An exclusion that is none of the file's is an error: the list of them is to say what is so.

const Module = require('node:module');

const runner = require('./runner.cjs');

const [file, ...exclusions] = process.argv.slice(2);
process.argv.length = 2;

const { require: original } = Module.prototype;
Module.prototype.require = function(request) {
  return request === 'node:test' ? runner.module : Reflect.apply(original, this, [request]);
};

const used = new Set();

function isExcluded(name) {
  const found = exclusions.find((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
  used.add(found);
  return found !== undefined;
}

async function main() {
  require(file);
  await runner.run(isExcluded, () => exclusions.filter((pattern) => !used.has(pattern)));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
