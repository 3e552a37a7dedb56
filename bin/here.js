'use strict';

// Runs a program in this process, as if Node had been started with it and with `--require ferrule/register`.

const Module = require('node:module');
const path = require('node:path');
const workerThreads = require('node:worker_threads');

// Node hands its own options on to Workers, and ferrule/register is not among them here.
function passOn(execArgv) {
  const { Worker } = workerThreads;
  workerThreads.Worker = {
    Worker: class extends Worker {
      constructor(filename, settings) {
        super(filename, settings?.execArgv === undefined ? { ...settings, execArgv } : settings);
      }
    },
  }.Worker;
  Module.syncBuiltinESMExports();
}

exports.run = function run({ preload, program, args, env }) {
  Object.assign(process.env, env);
  process.argv.splice(1, process.argv.length, path.resolve(program), ...args);
  if (preload.length > 0) {
    process.execArgv.push(...preload);
    passOn([...process.execArgv]);
    require(preload.at(-1));
  }
  Module.runMain();
};
