// The process that measures: one engine, and one case or several. Runs in Node, Deno and Bun. Its argument is a request in JSON, and its
// last line of output is the answer in JSON.
//
//   {
//     engine, cases: [names], library, copies: [paths], modules: { ferrule, addon },
//     timing: { sample, samples, warmUp, patience, size, jobs },
//   }
//   -> { [case]: { times: [nanoseconds per call], … } | { value, … } | { unsupported: reason } }

import assert from 'node:assert/strict';
import process from 'node:process';
import { coldCases, hotCases, jobCases, manyFunctions } from './cases.mjs';
import { now } from './clock.mjs';
import { measureHot } from './hot.mjs';
import { measureJob } from './job.mjs';
import { plainCall } from './loop.mjs';

const request = JSON.parse(process.argv[2]);
const makeEngine = (await import(`./engines/${request.engine}.mjs`)).default;
const engine = makeEngine(request.modules);
const loading = now();
await engine.load?.();
const loadTime = now() - loading;

const { call = plainCall, scope = {}, unsupported = {} } = engine;
const nanoseconds = 1e6;

const argumentsOfMany = [3, 4];

/** What the first calls of these functions return, added, each called once. */
const sumOfFirstCalls = new Function('constants', `
  const { ${Object.keys({ ...scope, a: 0, b: 0 }).join(', ')} } = constants;
  return function sumOfFirstCalls(functions) {
    let sum = 0;
    for (const native of functions) sum += ${call('native', ['i32', 'i32'], ['a', 'b'])};
    return sum;
  };`)({ ...scope, a: argumentsOfMany[0], b: argumentsOfMany[1] });

const expectedSumOfMany = manyFunctions.reduce((sum, _, index) => sum + argumentsOfMany[0] + argumentsOfMany[1] + index, 0);

/** Both at once: the time to look a thousand functions up, and the time to call each for the first time. */
function measureFirst() {
  const library = engine.open(request.library);
  const start = now();
  const functions = library.defineAll(manyFunctions);
  const defined = now();
  const sum = sumOfFirstCalls(functions);
  const called = now();
  assert.equal(sum, expectedSumOfMany);
  assert.equal(sumOfFirstCalls(functions), expectedSumOfMany);
  const perFunction = nanoseconds / functions.length;
  return { 'get-function': { value: (defined - start) * perFunction }, 'first-call': { value: (called - defined) * perFunction } };
}

function collectGarbage() {
  for (let round = 0; round < 5; round++) {
    if (globalThis.Bun) globalThis.Bun.gc(true);
    else globalThis.gc();
  }
}

function residentMemory() {
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

/** Functions of further copies of the library, once the engine has all it needs for the first thousand. */
function measureMemory() {
  const [first, ...others] = request.copies;
  const kept = [engine.open(first).defineAll(manyFunctions)];
  assert.equal(sumOfFirstCalls(kept[0]), expectedSumOfMany);
  // The young generation of the heap has its full size then.
  for (let index = 0; index < 2e6; index++) kept[0].last = [index];
  const before = residentMemory();
  for (const copy of others) {
    const functions = engine.open(copy).defineAll(manyFunctions);
    assert.equal(sumOfFirstCalls(functions), expectedSumOfMany);
    kept.push(functions);
  }
  const after = residentMemory();
  assert.equal(sumOfFirstCalls(kept.at(-1)), expectedSumOfMany);
  const number = others.length * manyFunctions.length;
  return { value: (after.resident - before.resident) / number, heap: (after.heap - before.heap) / number };
}

let first;
const measureCold = {
  load: () => ({ value: loadTime * nanoseconds }),
  'get-function': () => (first ??= measureFirst())['get-function'],
  'first-call': () => (first ??= measureFirst())['first-call'],
  memory: measureMemory,
};

const where = { path: request.library, timing: request.timing };

function measure(name) {
  if (Object.hasOwn(unsupported, name)) return { unsupported: unsupported[name] };
  if (Object.hasOwn(measureCold, name)) return measureCold[name]();
  const job = jobCases.find((known) => known.name === name);
  if (job) return measureJob(engine, job, where);
  return measureHot(engine, hotCases.find((known) => known.name === name), where);
}

const answers = {};
// First what needs a process in which little has happened.
for (const { name } of [...coldCases, ...hotCases, ...jobCases].filter((known) => request.cases.includes(known.name))) {
  try {
    answers[name] = await measure(name);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}
console.log(JSON.stringify(answers));
process.exit(0);
