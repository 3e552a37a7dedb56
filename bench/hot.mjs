// Measures a hot case in one engine.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { expectedSum, granularity, makeLoop, plainCall, takingTurns } from './loop.mjs';
import { timeLoop } from './stopwatch.mjs';

const nanoseconds = 1e6;
const shown = (value) => inspect(value, { maxArrayLength: 3, maxStringLength: 30 });

/** A function of `parameters` whose body is what `write(...names)` gives. */
function written(constants, parameters, write) {
  return new Function('constants', `
    const { ${Object.keys(constants).join(', ')} } = constants;
    return (${parameters.join(', ')}) => ${write(...parameters)};`)(constants);
}

/** A function that takes its arguments in the usual way, whatever the engine's is. */
export function plain({ call = plainCall, scope = {} }, native, parameters) {
  const names = parameters.map((_, index) => `a${index}`);
  return written({ native, ...scope }, names, (...expressions) => call('native', parameters, expressions));
}

function plainOperation({ operations, operationScope }, name) {
  const names = Array.from({ length: operations[name].length }, (_, index) => `a${index}`);
  return written(operationScope(), names, operations[name]);
}

function checkAnswers(engine, hotCase, natives, data, index) {
  const { digest = (value) => value } = hotCase;
  const reference = hotCase.reference(data, index);
  for (const [name, lists] of Object.entries(hotCase.answers(data))) {
    const function_ = hotCase.operations?.includes(name)
      ? plainOperation(engine, name)
      : plain(engine, natives[name], hotCase.functions[name][2]);
    for (const list of lists) {
      const answer = function_(...list);
      const expected = reference[name](...list);
      // What is there to write has no result, or one of the engine's own.
      const right = expected === undefined || Object.is(digest(answer), digest(expected));
      assert.ok(right, `${name}(${list.map(shown).join(', ')}) is ${shown(answer)}, not ${shown(expected)}`);
    }
  }
}

async function keepCallback(engine, library) {
  let calls = 0;
  const callback = (number) => {
    calls++;
    return number * 2;
  };
  const keep = library.keepCallback ?? ((symbol, function_) => {
    const parameters = ['function', 'i32'];
    const pointer = library.registerCallback('i32', ['i32'], function_);
    return plain(engine, library.define(symbol, 'i32', parameters), parameters)(pointer, 21);
  });
  assert.equal(await keep('call_back', callback), 42);
  assert.equal(calls, 1);
}

/** The functions of a case, one set of them for each loop. */
function nativesOf({ functions = {}, family }, library) {
  const define = (symbolOf) => Object.fromEntries(
    Object.entries(functions).map(([name, [symbol, ...types]]) => [name, library.define(symbolOf(symbol), ...types)]),
  );
  if (!family) return [define((symbol) => symbol)];
  return Array.from({ length: family.size }, (_, index) => define(() => family.symbol(index)));
}

/** A callback of a case, registered; `state` is what it can keep something in. */
export function registeredCallback(engine, library, { result, parameters, source }, state) {
  const text = source((name, ...expressions) => engine.operations[name](...expressions));
  const constants = { ...engine.operationScope?.(), state };
  const callback = new Function('constants', `
    'use strict';
    const { ${Object.keys(constants).join(', ')} } = constants;
    return ${text};`)(constants);
  return library.registerCallback(result, parameters, callback);
}

/** What a case's loop is about: values that the engine has to make. */
function dataOf(engine, library, { data, callback }) {
  const { accessed = (pointer) => pointer, pointerTo } = engine;
  const function_ = (symbol, parameters) => plain(engine, library.define(symbol, 'pointer', parameters), parameters);
  const pointer = pointerTo ?? ((kind, place) => function_('memory_pointer', ['u32', 'u32'])(kind, place));
  return {
    ...data?.({
      value: (index) => function_('value_pointer', ['u32'])(index),
      pointer,
      accessed: (kind, place) => accessed(pointer(kind, place)),
    }),
    ...callback && { callback: registeredCallback(engine, library, callback) },
  };
}

/** Resolves to `{ count, times }`, where the times are in nanoseconds for each call. */
export async function measureHot(engine, hotCase, { path, timing }) {
  const { name, calls = 1, callbackAlive, counter, family, operations } = hotCase;
  const library = engine.open(path);
  if (callbackAlive) await keepCallback(engine, library);
  const data = dataOf(engine, library, hotCase);
  const sets = nativesOf(hotCase, library);
  const check = () => sets.forEach((natives, index) => checkAnswers(engine, hotCase, natives, data, index));
  check();

  const scope = { ...engine.scope, ...operations && engine.operationScope() };
  const loops = sets.map((natives, index) => makeLoop(hotCase, natives, data, { ...engine, scope, label: `${name} ${index}` }));
  const loop = family ? takingTurns(loops, family.turn) : loops[0];
  const { count, times, sums } = await timeLoop(loop, { ...timing, granularity: granularity(hotCase) });

  const expected = expectedSum(hotCase, data, count);
  for (const sum of sums) assert.ok(Object.is(sum, expected), `the loop of ${count} returned ${sum}, not ${expected}`);
  if (counter) {
    const counted = plain(engine, library.define(...counter), []);
    const before = counted();
    loop(count);
    assert.equal((counted() - before) >>> 0, (count * calls) >>> 0, 'calls that arrived');
  }
  check();
  return { count, times: times.map((time) => time / count / calls * nanoseconds) };
}
