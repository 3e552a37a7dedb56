'use strict';

// Runs a program in this process, as if Node had been started with it and with `--require ferrule/register`.

const Module = require('node:module');
const path = require('node:path');
const workerThreads = require('node:worker_threads');

const { withValue } = require('./options.js');

// Options that are about the process, such as V8's, hold for its Workers anyway, and Node refuses to be told so. Only its message says which.
function withoutRefused(execArgv, { code, message }) {
  if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV') return undefined;
  const refused = message.slice(message.indexOf(': ') + 2).split(', ');
  const isValue = (index) => refused.includes(execArgv[index - 1]) && withValue.has(execArgv[index - 1]) && !execArgv[index].startsWith('-');
  return execArgv.filter((option, index) => !refused.includes(option) && !isValue(index));
}

// Node hands its own options on to Workers, and ferrule/register is not among them here.
function passOn(execArgv) {
  const { Worker } = workerThreads;
  workerThreads.Worker = {
    Worker: class extends Worker {
      constructor(filename, settings = undefined) {
        if (settings === null || settings?.execArgv) {
          super(filename, settings);
          return;
        }
        try {
          super(filename, { __proto__: settings, execArgv });
        } catch (error) {
          const rest = withoutRefused(execArgv, error);
          if (rest === undefined) throw error;
          super(filename, { __proto__: settings, execArgv: rest });
        }
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
  // An ES module is the main module of nobody.
  delete process.mainModule;
  Module.runMain();
};
