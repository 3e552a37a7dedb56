'use strict';

// A debugger on another thread evaluates expressions here while JavaScript is running: V8 lets it in wherever a function begins or a loop turns.
// What it evaluates calls C and is called back, with values that are all wrong for whom it interrupts.

const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { native, open } = require('../conformance/native');

const WRONG = 0x5555_5555_5555_5555n;

// It never has more than some expressions on their way: answers would come only when this thread is done, so it counts what was evaluated.
const debuggerSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent < Atomics.load(workerData, 0) + 20; sent++) session.post('Runtime.evaluate', { expression: 'interrupt()' });
  }, 1);
  parentPort.once('message', () => {
    clearInterval(timer);
    session.disconnect();
  });
  parentPort.postMessage('ready');
`;

function interruption(counter) {
  const library = open();
  const call = native('call_i64', 'i64', 'function', 'i64');
  const mixed = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'i32'];
  const other = library.registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => value);
  const ten = library.registerCallback({ return: 'i64', arguments: mixed }, () => WRONG);
  const storm = native('count_wrong_mixed', 'u32', 'function', 'u32');
  const seen = { wrong: 0 };
  globalThis.interrupt = () => {
    Atomics.add(counter, 0, 1);
    if (call(other, WRONG) !== WRONG) seen.wrong++;
    storm(ten, 1);
  };
  return seen;
}

// What is interrupted: a thousand times something that C answers, or is answered. Gives the number of wrong ones.
const works = {
  callbacks() {
    const storm = native('count_wrong_i64', 'u32', 'function', 'u32');
    const callback = open().registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => value);
    return () => storm(callback, 1000);
  },
  'callbacks of twelve arguments'() {
    const { mixedCallback } = require('./echoes');
    const storm = native('count_wrong_mixed', 'u32', 'function', 'u32');
    const callback = mixedCallback(open(), () => {});
    return () => storm(callback, 1000);
  },
  'calls with integers'() {
    const add = native('add_i64', 'i64', 'i64', 'i64');
    return () => {
      let wrong = 0;
      for (let value = 0n; value < 1000n; value++) if (add(value, 7n) !== value + 7n) wrong++;
      return wrong;
    };
  },
  'calls with texts and addresses'() {
    const isEqual = native('string_equal', 'u8', 'string', 'pointer');
    const text = Buffer.from('a text\0');
    return () => {
      let wrong = 0;
      for (let time = 0; time < 500; time++) wrong += (isEqual('a text', text) !== 1) + (isEqual('a test', text) !== 0);
      return wrong;
    };
  },
};

exports.works = Object.keys(works);

// Does it until the debugger has come in so many times.
exports.interrupted = async function interrupted(name, times) {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const seen = interruption(counter);
  const worker = new Worker(debuggerSource, { eval: true, workerData: counter });
  await once(worker, 'message');
  const work = works[name]();
  let wrong = 0;
  while (Atomics.load(counter, 0) < times) wrong += work();
  worker.postMessage('end');
  await once(worker, 'exit');
  return { wrong, wrongInside: seen.wrong };
};
