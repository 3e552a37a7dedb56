'use strict';

// Loads a test file in Bun or Deno and runs what it declares:
//
//   start.cjs FILE EXCLUSION…        an exclusion is the full name of a test, in which a * stands for any text
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

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const patterns = exclusions.map((text) => [text, new RegExp(`^${text.split('*').map(escaped).join('.*')}$`, 's')]);

function isExcluded(name) {
  const found = patterns.filter(([, pattern]) => pattern.test(name));
  for (const [text] of found) used.add(text);
  return found.length > 0;
}

async function main() {
  require(file);
  await runner.run(isExcluded, () => exclusions.filter((pattern) => !used.has(pattern)));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
