// Measures a whole job in one engine: the time of one call, with all that the engine has to do for it.

import assert from 'node:assert/strict';
import { now } from './clock.mjs';
import { plain, registeredCallback } from './hot.mjs';

const nanoseconds = 1e6;

/** `{ times }` in nanoseconds; or `{ unsupported }` when the system lacks what the job needs. */
export function measureJob(engine, job, { path, timing }) {
  const library = engine.open(path);
  const functions = Object.fromEntries(Object.entries(job.functions).map(([name, [symbol, result, parameters]]) => [
    name, plain(engine, library.define(symbol, result, parameters), parameters),
  ]));
  const state = job.state();
  const callback = registeredCallback(engine, library, job.callback, state);
  const timed = (size) => {
    Object.assign(state, job.state());
    if (!job.prepare(functions, size)) return null;
    const start = now();
    assert.equal(job.run(functions, callback, size), 0, 'what C returned');
    const time = now() - start;
    assert.equal(job.result(functions, state, size), job.expected(size), 'what came out');
    return time;
  };

  const size = job.sizes[timing.size];
  // A tenth first, so that the code is compiled.
  if (timed(size / 10) === null) return { unsupported: job.missing };
  const times = [];
  let total = 0;
  while (times.length === 0 || (times.length < timing.samples && total < timing.jobs)) {
    times.push(timed(size));
    total += times.at(-1);
  }
  return { times: times.map((time) => time * nanoseconds) };
}
