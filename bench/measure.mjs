// The process that measures: one engine, and one case or several. Runs in Node, Deno and Bun. Its argument is a request in JSON, and its
// last line of output is the answer in JSON.
//
//   { engine, cases: [names], library, copies: [paths], modules: { ferrule, addon }, timing: { sample, samples, warmUp, patience } }
//   -> { [case]: { times: [nanoseconds per call], … } | { value, … } | { unsupported: reason } }

import assert from 'node:assert/strict';
import process from 'node:process';
import { inspect } from 'node:util';
import { coldCases, hotCases, manyFunctions } from './cases.mjs';
import { now } from './clock.mjs';
import { expectedSum, granularity, makeLoop, plainCall, takingTurns } from './loop.mjs';
import { timeLoop } from './stopwatch.mjs';

const request = JSON.parse(process.argv[2]);
const makeEngine = (await import(`./engines/${request.engine}.mjs`)).default;
const engine = makeEngine(request.modules);
const loading = now();
await engine.load?.();
const loadTime = now() - loading;

const { call = plainCall, scope = {}, unsupported = {} } = engine;
const nanoseconds = 1e6;

/** A function that takes its arguments in the usual way, whatever the engine's is. */
function plain(native, parameters) {
  const names = parameters.map((_, index) => `a${index}`);
  const constants = { native, ...scope };
  return new Function('constants', `
    const { ${Object.keys(constants).join(', ')} } = constants;
    return (${names.join(', ')}) => ${call('native', parameters, names)};`)(constants);
}

const shown = (value) => inspect(value, { maxArrayLength: 3, maxStringLength: 30 });

function checkAnswers(hotCase, natives, data, index) {
  const reference = hotCase.reference(data, index);
  for (const [name, lists] of Object.entries(hotCase.answers(data))) {
    const native = plain(natives[name], hotCase.functions[name][2]);
    for (const list of lists) {
      const answer = native(...list);
      const expected = reference[name](...list);
      assert.ok(Object.is(answer, expected), `${name}(${list.map(shown).join(', ')}) is ${shown(answer)}, not ${shown(expected)}`);
    }
  }
}

async function keepCallback(library) {
  let calls = 0;
  const callback = (number) => {
    calls++;
    return number * 2;
  };
  assert.equal(await library.keepCallback('call_back', callback), 42);
  assert.equal(calls, 1);
}

/** The functions of a case, one set of them for each loop. */
function nativesOf({ functions, family }, library) {
  const define = (symbolOf) => Object.fromEntries(
    Object.entries(functions).map(([name, [symbol, ...types]]) => [name, library.define(symbolOf(symbol), ...types)]),
  );
  if (!family) return [define((symbol) => symbol)];
  return Array.from({ length: family.size }, (_, index) => define(() => family.symbol(index)));
}

async function measureHot(hotCase) {
  const { name, calls = 1, callback, counter, family } = hotCase;
  const library = engine.open(request.library);
  if (callback) await keepCallback(library);
  const values = hotCase.data ? { pointer: library.define('value_pointer', 'pointer', ['u32']) } : {};
  const data = hotCase.data?.({ pointer: values.pointer && plain(values.pointer, ['u32']) }) ?? {};
  const sets = nativesOf(hotCase, library);
  const check = () => sets.forEach((natives, index) => checkAnswers(hotCase, natives, data, index));
  check();

  const loops = sets.map((natives, index) => makeLoop(hotCase, natives, data, { call, scope, label: `${name} ${index}` }));
  const loop = family ? takingTurns(loops, family.turn) : loops[0];
  const { count, times, sums } = await timeLoop(loop, { ...request.timing, granularity: granularity(hotCase) });

  const expected = expectedSum(hotCase, data, count);
  for (const sum of sums) assert.ok(Object.is(sum, expected), `the loop of ${count} returned ${sum}, not ${expected}`);
  if (counter) {
    const counted = plain(library.define(...counter), []);
    const before = counted();
    loop(count);
    assert.equal((counted() - before) >>> 0, (count * calls) >>> 0, 'calls that arrived');
  }
  check();
  return { count, times: times.map((time) => time / count / calls * nanoseconds) };
}

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

const answers = {};
// First what needs a process in which little has happened.
for (const { name } of [...coldCases, ...hotCases].filter((known) => request.cases.includes(known.name))) {
  const hotCase = hotCases.find((known) => known.name === name);
  try {
    if (Object.hasOwn(unsupported, name)) answers[name] = { unsupported: unsupported[name] };
    else answers[name] = hotCase ? await measureHot(hotCase) : measureCold[name]();
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}
console.log(JSON.stringify(answers));
process.exit(0);
