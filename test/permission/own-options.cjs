'use strict';

// Uses FFI in a Worker that has the options in the second argument, which replace those of the process.

const { isMainThread, parentPort, Worker } = require('node:worker_threads');

if (isMainThread) {
  new Worker(__filename, JSON.parse(process.argv[2])).on('message', (code) => console.log(code));
} else {
  let code;
  try {
    code = typeof require('ferrule').dlopen(require('../fixture').path);
  } catch (error) {
    code = error.code;
  }
  parentPort.postMessage(code);
}
