'use strict';

// Runs Node in this process's place: as this process, where the system and Node can do that; else as a child whose input and output are this
// process's, which gets this process's signals and messages, and with which it ends. Files other than the first three stay behind.

const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { isatty } = require('node:tty');

// What ends a process that does not listen, but for faults, whose signals are a process's own.
const PASSED_ON = [
  'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGBREAK', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGXCPU', 'SIGXFSZ', 'SIGIO',
  'SIGPWR', 'SIGSTKFLT',
];

// The keys of a terminal send these to the child as well, and a program that gets one twice may take that for impatience.
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'];

const hasTerminal = () => [0, 1, 2].some((file) => isatty(file));

// How long a signal that this process sends itself may take, in milliseconds.
const PATIENCE = 1000;

// Whether the process that started this one has a channel to it (`fork`). Node has begun to read from it, so no other process can.
const hasChannel = () => process.send !== undefined;

// The other end of the channel may understand less than the program's: there is no telling, and no way to let the program know.
function passOn(message, handle) {
  try {
    process.send(message, handle);
  } catch (error) {
    process.stderr.write(`ferrule: a message of the program cannot be passed on: ${error.message}\n`);
  }
}

function passMessagesOn(child) {
  process.on('message', (message, handle) => { if (child.connected) child.send(message, handle); });
  child.on('message', (message, handle) => { if (process.connected) passOn(message, handle); });
  process.on('disconnect', () => { if (child.connected) child.disconnect(); });
  child.on('disconnect', () => { if (process.connected) process.disconnect(); });
}

// What a program sends before it ends can come after its end is known.
function afterMessages(child, act) {
  if (child.connected) child.once('disconnect', act);
  else act();
}

function runAsChild(args, env) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(hasChannel() ? ['ipc'] : [])];
  // As much as can be said, whatever the other end of the channel understands.
  const child = spawn(process.execPath, args, { env, stdio, serialization: 'advanced' });
  if (hasChannel()) passMessagesOn(child);
  const listeners = new Map();
  for (const signal of PASSED_ON.filter((name) => name in constants.signals)) {
    const isOurs = !(FROM_TERMINAL.includes(signal) && hasTerminal());
    const listener = () => { if (isOurs) child.kill(signal); };
    process.on(signal, listener);
    listeners.set(signal, listener);
  }
  child.on('error', (error) => {
    process.stderr.write(`ferrule: ${process.execPath} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => afterMessages(child, () => {
    for (const [name, listener] of listeners) process.off(name, listener);
    if (signal === null) {
      process.exit(code);
    }
    process.kill(process.pid, signal);
    // It does nothing to this process if it is one that Node ignores: the shell's number for it, then.
    setTimeout(() => process.exit(128 + constants.signals[signal]), PATIENCE);
  }));
}

// The messages of a cluster are Node's own, and nobody else gets to see them.
const isInCluster = () => hasChannel() && require('node:cluster').isWorker;

exports.launch = function launch({ options, program, args, env }) {
  if (isInCluster()) {
    process.stderr.write('ferrule: a worker of a cluster is this very process, and options for Node need another one: put them into execArgv of cluster.setupPrimary\n');
    process.exitCode = 1;
    return;
  }
  const all = [...options, ...(program === undefined ? [] : [program]), ...args];
  const environment = { ...process.env, ...env };
  try {
    // Node 22.15 and later, not on Windows.
    if (process.execve === undefined || process.platform === 'win32' || hasChannel()) {
      runAsChild(all, environment);
    } else {
      process.execve(process.execPath, [process.argv0, ...all], environment);
    }
  } catch (error) {
    if (error.code !== 'ERR_ACCESS_DENIED') throw error;
    process.stderr.write('ferrule: options for Node need another process, which NODE_OPTIONS or a configuration file does not permit this one: give them all to ferrule itself\n');
    process.exitCode = 1;
  }
};
