'use strict';

// Prints whether an expression is true in this thread (with a second one), in a Worker of it, and in a Node process that it starts. As a script
// each time, because nothing else is compiled from text in every configuration.

const { execFileSync } = require('node:child_process');
const { runInThisContext } = require('node:vm');
const { Worker } = require('node:worker_threads');

const isTrue = (expression) => runInThisContext(expression) === true;

function inWorker(expression) {
  return new Promise((resolve, reject) => {
    const program = `globalThis.require = require; require('node:worker_threads').parentPort.postMessage(
      require('node:vm').runInThisContext(require('node:worker_threads').workerData) === true)`;
    new Worker(program, { eval: true, workerData: expression }).on('message', resolve).on('error', reject);
  });
}

const [holds, holdsAlso] = process.argv.slice(2);

async function main() {
  globalThis.require = require;
  const seen = { thread: isTrue(holds), worker: await inWorker(holds) };
  if (holdsAlso !== undefined) {
    seen.thread &&= isTrue(holdsAlso);
    seen.child = JSON.parse(execFileSync(process.execPath, [__filename, holds], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
  }
  console.log(JSON.stringify(seen));
}

main();
