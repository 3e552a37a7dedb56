// The same of an ES module.

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import process from 'node:process';
import ffi from 'node:ffi';
import ferrule from 'ferrule';

const { url, filename, main, resolve } = import.meta;
const answer = await new Promise((done) => {
  const text = 'import("node:ffi").then((ffi) => require("node:worker_threads").parentPort.postMessage([process.execArgv, Object.keys(ffi)]))';
  new Worker(text, { eval: true }).on('message', done);
});
const mains = [createRequire(url).main === undefined, 'mainModule' in process];
console.log(JSON.stringify({ mains, url, filename, main, resolved: resolve('ferrule'), argv: process.argv, isFerrule: ffi === ferrule, answer }));
