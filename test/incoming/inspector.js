'use strict';

// Lets an inspector, on another thread, evaluate something on this one while it works: V8 does so between two instructions of JavaScript
// where a function begins or a loop goes round, as it does for whoever types into a debugger's console.

const { Worker } = require('node:worker_threads');

const evaluator = `
  const { parentPort } = require('node:worker_threads');
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  parentPort.postMessage('connected');
  setInterval(() => session.post('Runtime.evaluate', { expression: 'globalThis.interrupt()' }), 1);
`;

// Works, in one turn of the event loop, until it was interrupted so many times or until something was wrong; gives what that was.
exports.interrupted = async function interrupted(works, interrupt, times = 150) {
  let count = 0;
  globalThis.interrupt = () => {
    count++;
    interrupt();
  };
  const worker = new Worker(evaluator, { eval: true });
  await new Promise((resolve) => { worker.once('message', resolve); });
  const wrong = {};
  for (const [name, work] of Object.entries(works)) {
    const enough = count + times;
    const deadline = Date.now() + 5000;
    while (count < enough && !(name in wrong) && Date.now() < deadline) {
      for (let index = 0; index < 100; index++) {
        const result = work();
        if (result !== undefined) wrong[name] = String(result);
      }
    }
    if (count === 0) wrong[name] = 'never interrupted';
  }
  globalThis.interrupt = () => {};
  await worker.terminate();
  return wrong;
};
