// Times a loop: finds out how many iterations take long enough to be measured, goes on until the engine has done optimising, and then
// takes the samples that count.

import { now } from './clock.mjs';

/** Warmed up is a loop whose last samples, this many, are no faster than the ones before, by this part of their time. */
const lastSamples = 4;
const improvement = 0.03;

// What else the machine does makes samples slower, never faster: the fastest tell whether the code still gets better.
function isWarm(times) {
  if (times.length < 2 * lastSamples) return false;
  return Math.min(...times.slice(-lastSamples)) >= (1 - improvement) * Math.min(...times.slice(0, -lastSamples));
}

function timed(loop, count) {
  const start = now();
  const sum = loop(count);
  return { sum, time: now() - start };
}

/** A moment for the engine to install optimised code that another thread has compiled. */
function pause() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Times `loop(count)` and resolves to `{ count, times, sums }`: the iterations, and for each sample the milliseconds and what the loop
 * returned. `sample` is the time of a sample, `warmUp` and `patience` the least and the greatest of the warm-up, all in milliseconds;
 * `count` is a multiple of `granularity`.
 */
export async function timeLoop(loop, { sample, samples, warmUp, patience, granularity = 1 }) {
  const begin = now();
  const whole = (count) => Math.ceil(count / granularity) * granularity;
  let count = whole(100);
  let recent = [];
  for (;;) {
    const { time } = timed(loop, count);
    if (time < sample) {
      // Twice as many at most: what ran so far may have been slow code.
      const wanted = count * sample * 1.1 / Math.max(time, 1e-3);
      count = Math.max(count + granularity, whole(Math.min(2 * count, wanted)));
      recent = [];
    } else {
      recent.push(time / count);
      const elapsed = now() - begin;
      if ((elapsed >= warmUp && isWarm(recent)) || elapsed >= patience) break;
    }
    await pause();
  }
  const measured = [];
  while (measured.length < samples) {
    measured.push(timed(loop, count));
    await pause();
  }
  return { count, times: measured.map(({ time }) => time), sums: measured.map(({ sum }) => sum) };
}
