'use strict';

// Workers that are called back at the same time, and Workers that are stopped in the middle of that.

const { once } = require('node:events');
const { start } = require('../child');
const { resident } = require('../allocation');
const { native, open } = require('../conformance/native');
const { storms } = require('./storms');

const TOGETHER = 8;

function answer({ fixture, worker: { parentPort, workerData } }, id, times, together) {
  globalThis.gc = require('./garbage').gc;
  const { everyType, twelve } = require('./stress/echoes');
  const sum = fixture.native('call_times_i32', 'i64', 'function', 'u32');
  const mine = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value % 1000 * id);
  // None begins before all are there.
  Atomics.add(workerData, 0, 1);
  Atomics.notify(workerData, 0);
  for (let ready = 0; ready < together; ready = Atomics.load(workerData, 0)) Atomics.wait(workerData, 0, ready);
  const answers = sum(mine, times);
  const mixed = twelve(times / 10);
  const every = everyType(times / 100);
  parentPort.postMessage({ id, answers: String(answers), wrong: [mixed.wrong, ...every.wrong], calls: times + mixed.calls + every.calls });
}

// What Workers say of the callbacks that they had at the same time: `times` of one kind, and some more of others.
exports.answerTogether = function answerTogether(times) {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const started = Array.from({ length: TOGETHER }, (_, id) => start(answer, [id, times, TOGETHER], { workerData: state }));
  return Promise.all(started.map(async (worker) => {
    const [[message], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    return { ...message, code };
  }));
};

// What a Worker does, how it is stopped, and the codes it may then end with.
const workers = [
  ...Object.keys(storms).map((name) => ({ name, stop: 'terminate', codes: [1] })),
  ...Object.keys(storms).map((name) => ({ name, stop: 'exit', codes: [7] })),
  { name: 'sleeping', stop: 'terminate', codes: [1] },
  // While it loads the module.
  { name: 'flat', stop: 'online', codes: [1] },
  // Node says 0 of a Worker that it has not started.
  { name: 'flat', stop: 'at once', codes: [0, 1] },
];

function work({ worker: { workerData }, fixture }, name, isExiting) {
  const { storms } = require('./stress/storms');
  let calls = 0;
  const act = () => {
    calls++;
    if (calls === 50) Atomics.add(workerData, 0, 1);
    if (isExiting && calls === 100) process.exit(7);
    return false;
  };
  if (name === 'sleeping') {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, () => Atomics.add(workerData, 1, 1));
    const sleep = fixture.native('sleep_then_call', 'i32', 'function', 'u32', 'i32');
    Atomics.add(workerData, 0, 1);
    for (;;) sleep(callback, 20, 1);
  }
  storms[name](act);
  // A storm ends only because its thread is being stopped, and then nothing runs here.
  Atomics.add(workerData, 2, 1);
}

async function stopTogether(kinds) {
  const state = new Int32Array(new SharedArrayBuffer(12));
  const started = kinds.map(({ name, stop }) => start(work, [name, stop === 'exit'], { workerData: state }));
  const ended = started.map((worker) => once(worker, 'exit'));
  const errors = [];
  started.forEach((worker) => worker.on('error', (error) => errors.push(error)));
  started.forEach((worker, index) => kinds[index].stop === 'at once' && worker.terminate());
  started.forEach((worker, index) => kinds[index].stop === 'online' && worker.on('online', () => worker.terminate()));
  const awaited = kinds.filter(({ stop }) => stop === 'terminate' || stop === 'exit').length;
  while (Atomics.load(state, 0) < awaited && errors.length === 0) await new Promise(setImmediate);
  started.forEach((worker, index) => kinds[index].stop === 'terminate' && worker.terminate());
  const codes = (await Promise.all(ended)).map(([code]) => code);
  const wrong = codes.flatMap((code, index) => (kinds[index].codes.includes(code) ? [] : [`${kinds[index].name}, ${kinds[index].stop}: ${code}`]));
  return [...wrong, ...errors.map(String), ...state[2] ? ['JavaScript went on after the end'] : []];
}

// The wrong endings, and how much memory there was after a quarter of the Workers and after all.
exports.stopWorkers = async function stopWorkers(count) {
  const wrong = [];
  let before;
  for (let first = 0; first < count; first += TOGETHER) {
    const length = Math.min(TOGETHER, count - first);
    wrong.push(...await stopTogether(Array.from({ length }, (_, index) => workers[(first + index) % workers.length])));
    if (first >= count / 4) before ??= resident();
  }
  // This thread goes on, with callbacks of its own.
  const double = open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value * 2);
  return { wrong, grown: resident() - before, answer: native('call_i32', 'i32', 'function', 'i32')(double, 21) };
};

exports.kinds = workers.length;
