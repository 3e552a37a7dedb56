// The main thread of a process whose test file runs in a Worker: it loads nothing, passes the Worker's output on, and ends with its exit code.

import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

const [file, ...argv] = process.argv.slice(2);

// Its options, the test runner's among them, are this process's.
new Worker(resolve(file), { argv })
  .on('error', (error) => console.error(error))
  .on('exit', (code) => { process.exitCode = code; });
