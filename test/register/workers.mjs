// Starts a Worker of each kind and prints what each of them found.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const file = (name) => new URL(name, import.meta.url);
const source = `require(${JSON.stringify(fileURLToPath(file('worker-ways.cjs')))});`;
const nested = `
  const { Worker, parentPort } = require('node:worker_threads');
  new Worker(new URL(${JSON.stringify(file('worker-ways.mjs').href)})).once('message', (observed) => parentPort.postMessage(observed));
`;
const dataURL = new URL(`data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module';
  import { parentPort } from 'node:worker_threads';
  import ffi from 'node:ffi';
  parentPort.postMessage({ 'static import': ffi === createRequire(${JSON.stringify(import.meta.url)})('ferrule') });
`)}`);

const kinds = {
  commonjs: [file('worker-ways.cjs')],
  module: [file('worker-ways.mjs')],
  source: [source, { eval: true }],
  nested: [nested, { eval: true }],
  data: [dataURL],
  flags: [file('worker-ways.mjs'), { execArgv: ['--import', 'ferrule/register'] }],
  preload: [source, { eval: true, execArgv: ['--require', 'ferrule/register'], env: {} }],
};

const results = {};
for (const kind of process.argv.slice(2)) {
  const worker = new Worker(...kinds[kind]);
  const [observed] = await once(worker, 'message');
  await worker.terminate();
  results[kind] = observed;
}
process.stdout.write(JSON.stringify(results));
