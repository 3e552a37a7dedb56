'use strict';

// Processes that end in the middle of a callback storm: each with its own exit code and nothing said, never by a signal. FERRULE_STRESS_ALL=1
// in the environment makes a thousand of them.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('../child');
const count = require('./count');
const { storms } = require('./storms');

// Two processes at a time.
const options = { concurrency: 2 };

// Node's own report, to its last line.
const uncaught = /^\S+:\d+\n[^]*\nError: mine\n    at [^]*\nNode\.js v[^\n]*\n$/;

// Each body is given a storm's name and the number of the callback in which something happens.
const ends = {
  'by process.exit in a callback': { status: 3, body: (_, name, when) => {
    const { storms: all } = require('./stress/storms');
    let calls = 0;
    all[name](() => calls++ === when && process.exit(3));
  } },
  'by process.exit in a callback, with exit handlers that have storms of their own': { status: 4, stdout: 'done\n', body: (_, name, when) => {
    const { storms: all } = require('./stress/storms');
    process.on('exit', () => {
      let later = 0;
      all.flat(() => later++ === 100);
      console.log(later === 101 ? 'done' : later);
    });
    let calls = 0;
    all[name](() => calls++ === when && process.exit(4));
  } },
  'by process.reallyExit in a callback': { status: 5, body: (_, name, when) => {
    const { storms: all } = require('./stress/storms');
    let calls = 0;
    all[name](() => calls++ === when && process.reallyExit(5));
  } },
  'by an exception that nobody catches, after a storm': { status: 1, stderr: uncaught, body: (_, name, when) => {
    const { storms: all } = require('./stress/storms');
    let calls = 0;
    all[name](() => calls++ >= when);
    throw new Error('mine');
  } },
  'by an exception that nobody catches, while Workers have storms': { status: 1, stderr: uncaught, body: async ({ start }, name, when) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    for (let worker = 0; worker < 2; worker++) {
      start(({ worker: { workerData } }, inner) => {
        require('./stress/storms').storms[inner](() => { Atomics.add(workerData, 0, 1); });
      }, [name], { workerData: state });
    }
    while (Atomics.load(state, 0) < when) await new Promise(setImmediate);
    setImmediate(() => { throw new Error('mine'); });
  } },
  'by process.exit, while Workers have storms': { status: 6, body: async ({ start }, name, when) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    for (let worker = 0; worker < 2; worker++) {
      start(({ worker: { workerData } }, inner) => {
        require('./stress/storms').storms[inner](() => { Atomics.add(workerData, 0, 1); });
      }, [name], { workerData: state });
    }
    while (Atomics.load(state, 0) < when) await new Promise(setImmediate);
    process.exit(6);
  } },
  'by process.exit in a storm of its own, while a Worker has one': { status: 7, body: ({ start }, name, when) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    start(({ worker: { workerData } }, inner) => {
      require('./stress/storms').storms[inner](() => { Atomics.add(workerData, 0, 1); });
    }, [name], { workerData: state });
    const { storms: all } = require('./stress/storms');
    const wait = () => (Atomics.load(state, 0) < when ? setImmediate(wait) : all[name](() => process.exit(7)));
    wait();
  } },
  'because a Worker has ended in its storm and nothing is left to do': { status: 0, body: ({ start }, name, when) => {
    start((modules, inner, last) => {
      let calls = 0;
      require('./stress/storms').storms[inner](() => calls++ === last && process.exit(1));
    }, [name, when]);
  } },
  'because nothing is left to do, under a thread of the library': { status: 0, body: ({ fixture }, name, when) => {
    fixture.native('start_busy_thread', 'i32')();
    let calls = 0;
    require('./stress/storms').storms[name](() => calls++ >= when);
  } },
  'although a time that was up stopped the storm': { status: 0, stdout: 'ERR_SCRIPT_EXECUTION_TIMEOUT\n', body: (_, name) => {
    const { storms: all } = require('./stress/storms');
    try {
      require('node:vm').runInNewContext('storm(() => false)', { storm: all[name] }, { timeout: 10 });
    } catch (error) {
      console.log(error.code);
    }
  } },
};

const names = Object.keys(storms);
// 1,050 in all; each end then meets each storm fifteen times, further in each time.
const processes = count(3, 15 * names.length);

for (const [end, { body, ...expected }] of Object.entries(ends)) {
  describe(`a process ends ${end}`, options, () => {
    for (let index = 0; index < processes; index++) {
      const name = names[(index * 3 + end.length) % names.length];
      const when = 1 + index * 37 % 1009;
      test(`${name}, ${when}`, async () => {
        const ended = await run(body, { parameters: [name, when] });
        const { stderr = '', stdout = '', status } = expected;
        if (stderr instanceof RegExp) assert.match(ended.stderr, stderr);
        assert.deepEqual({ ...ended, stderr: stderr instanceof RegExp ? '' : ended.stderr }, {
          status, signal: null, stdout, stderr: stderr instanceof RegExp ? '' : stderr,
        });
      });
    }
  });
}
