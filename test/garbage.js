'use strict';

// The garbage collector, for tests of what it may take.

const v8 = require('node:v8');
const { runInNewContext } = require('node:vm');

// Works in a process that was started without the flag, too. Bun needs none.
function collector() {
  if (process.versions.bun !== undefined) return () => { Bun.gc(true); };
  v8.setFlagsFromString('--expose-gc');
  return globalThis.gc ?? runInNewContext('gc');
}

const gc = collector();
exports.gc = gc;

// Generous: what is collectable at all goes in the first rounds. Only a test that fails gets to the end.
const ROUNDS = 40;

// One collection in a turn of the event loop of its own, because what a WeakRef has been asked for lives until its turn ends; and
// the turns in which finalizers and their consequences run.
exports.collect = async function collect() {
  await new Promise(setImmediate);
  gc();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
};

// Collects until the condition holds; tells whether it ever did.
exports.collectUntil = async function collectUntil(condition) {
  for (let round = 0; round < ROUNDS; round++) {
    if (condition()) return true;
    await exports.collect();
  }
  return condition();
};
