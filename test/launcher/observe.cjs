'use strict';

// What a program sees of how it was started.

const { fork } = require('node:child_process');
const { SHARE_ENV, Worker, isMainThread, parentPort } = require('node:worker_threads');

const seen = () => ({
  argv: process.argv,
  argv0: process.argv0,
  execArgv: process.execArgv,
  title: process.title.replace(/^\S*node\b.*/s, 'node'),
  main: [require.main === module, process.mainModule?.filename, module.id, module.parent ?? null, module.paths, __filename],
  ffi: [require('node:ffi') === require('ferrule'), require('node:module').isBuiltin('node:ffi')],
  environment: Object.keys(process.env).filter((name) => /FERRULE|NODE_OPTIONS/.test(name)),
});

if (process.argv.includes('leaf')) {
  (isMainThread ? process.send : parentPort.postMessage).call(isMainThread ? process : parentPort, seen());
} else {
  const here = seen();
  const results = [
    ['worker', (done) => new Worker(__filename, { argv: ['leaf'] }).on('message', done)],
    ['text', (done) => new Worker('require("node:worker_threads").parentPort.postMessage([process.execArgv, require("node:ffi") === require("ferrule")])', { eval: true }).on('message', done)],
    ['nested', (done) => new Worker(`const { Worker, parentPort } = require('node:worker_threads');
      new Worker(${JSON.stringify(__filename)}, { argv: ['leaf'] }).on('message', (message) => parentPort.postMessage(message));`, { eval: true }).on('message', done)],
    ['options', (done) => new Worker('require("node:worker_threads").parentPort.postMessage([process.execArgv, require("node:module").isBuiltin("node:ffi")])', { eval: true, execArgv: ['--no-warnings'] }).on('message', done)],
    ['shared', (done) => new Worker('require("node:worker_threads").parentPort.postMessage([process.execArgv, require("node:module").isBuiltin("node:ffi")])', { eval: true, env: SHARE_ENV }).on('message', done)],
    ['environment', (done) => new Worker('require("node:worker_threads").parentPort.postMessage([process.execArgv, require("node:module").isBuiltin("node:ffi")])', { eval: true, env: { A: 'b' } }).on('message', done)],
    ['fork', (done) => fork(__filename, ['leaf']).on('message', done)],
  ].map(([name, start]) => new Promise((resolve) => start((answer) => resolve([name, answer]))));
  Promise.all(results).then((all) => console.log(JSON.stringify([here, ...all])));
}
