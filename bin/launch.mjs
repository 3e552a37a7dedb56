// Runs Node as a child that takes this process's place: its input and output are the child's, signals go to the child, and this process ends
// as the child does.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGBREAK'];

// The keys of a terminal send these to the child as well, and a program that gets one twice may take that for impatience.
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'];

const hasTerminal = () => [0, 1, 2].some((file) => isatty(file));

// How long a signal that this process sends itself may take, in milliseconds.
const PATIENCE = 1000;

export function launch(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
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
  child.on('exit', (code, signal) => {
    for (const [name, listener] of listeners) process.off(name, listener);
    if (signal === null) {
      process.exit(code);
    }
    process.kill(process.pid, signal);
    // It does nothing to this process if it is one that Node ignores: the shell's number for it, then.
    setTimeout(() => process.exit(128 + constants.signals[signal]), PATIENCE);
  });
}
