'use strict';

// Other runtimes than Node: what their own FFI does in the place of Node-API (lib/runtime.js) comes to the same as without it.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');
const { reached } = require('./machine');
const { answer } = require('./tiers/process');

const { versions } = process;
const runtime = versions.bun !== undefined ? 'bun' : versions.deno !== undefined ? 'deno' : 'node';
// The tier of a call whose arguments are numbers and addresses, and of one while a callback is alive.
const [open, shut] = { bun: ['cell', 'cell'], deno: ['fast', 'cell'], node: ['fast', 'cell'] }[runtime].map(reached);

// Two processes at a time.
const options = { concurrency: 2 };

test('is known by its name, and offers what it has', () => {
  const { name, enter, ordinary, memory } = require('../lib/runtime.js');
  assert.equal(name, runtime);
  assert.deepEqual([enter, ordinary, memory].map((value) => value !== undefined), {
    bun: [false, true, true], deno: [true, false, true], node: [false, false, false],
  }[runtime]);
});

test('bigints fit 64 bits or not', () => {
  const { asIntN, asUintN } = require('../lib/runtime.js');
  for (const exponent of [0n, 1n, 31n, 32n, 53n, 62n, 63n, 64n, 65n, 128n]) {
    for (const sign of [1n, -1n]) {
      for (const less of [-1n, 0n, 1n]) {
        const value = sign * 2n ** exponent + less;
        assert.equal(asIntN(64, value) === value, BigInt.asIntN(64, value) === value, String(value));
        assert.equal(asUintN(64, value) === value, BigInt.asUintN(64, value) === value, String(value));
      }
    }
  }
});

test('ferrule/register makes node:ffi mean Ferrule for CommonJS and import()', () => {
  const register = path.join(__dirname, '..', 'lib', 'register');
  const flags = {
    bun: ['--preload', `${register}.js`],
    deno: ['run', '--allow-all', '--no-lock', '--quiet', '--preload', `${register}.mjs`],
    node: ['--require', `${register}.js`],
  }[runtime];
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const observed = JSON.parse(execFileSync(process.execPath, [...flags, path.join(__dirname, 'register', 'ways.cjs')], { encoding: 'utf8', env }));
  // Deno has a second namespace for what a hook has resolved, of the same module object.
  if (runtime === 'deno') delete observed['import() is import() of ferrule'];
  assert.ok(Object.keys(observed).length > 10);
  assert.deepEqual(Object.keys(observed).filter((way) => observed[way] !== true), []);
});

// In code that has run often.
const tiersOf = ({ fixture }) => {
  const { lastTier } = require('../lib/wrap.js');
  const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
  const pointer = fixture.native('identity_pointer', 'pointer', 'pointer');
  const heat = () => {
    let sum = 0;
    for (let count = 0; count < 200_000; count++) sum += add(count, 1);
    const tier = lastTier();
    for (let count = 0; count < 200_000; count++) sum += Number(pointer(1n));
    return [tier, lastTier(), sum];
  };
  const seen = [heat()];
  const library = fixture.open();
  const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => add(value, 1));
  seen.push(heat());
  const call = fixture.native('call_i32', 'i32', 'function', 'i32');
  let nested = 0;
  for (let count = 0; count < 20_000; count++) nested += call(callback, count);
  library.unregisterCallback(callback);
  seen.push(heat());
  console.log(JSON.stringify({ seen, nested }));
};

test('a call takes the way that is open, and a callback shuts it', async () => {
  const sum = 200_000 * 199_999 / 2 + 400_000;
  assert.deepEqual(await answer(tiersOf), {
    seen: [[open, open, sum], [shut, shut, sum], [open, open, sum]], nested: 20_000 * 19_999 / 2 + 20_000,
  });
});

describe('the same arguments come to the same, cold and hot,', options, () => {
  const takeSurvey = (_, tier) => {
    const { survey, subjects } = require('./tiers/survey');
    const { all, conversions } = survey(subjects, ['cold', 'worn'], tier, false);
    if (conversions !== 0) throw new Error('something was asked for a number or a text');
    const texts = {};
    for (const [subject, ways] of Object.entries(all)) {
      for (const [way, { texts: said }] of Object.entries(ways)) texts[`${subject}, ${way}`] = said;
    }
    console.log(JSON.stringify(texts));
  };
  const surveyOf = (tier) => answer(takeSurvey, { tier, parameters: [tier] });
  let reference;
  const expected = () => (reference ??= surveyOf('slow'));

  for (const tier of ['fast', 'cell']) {
    test(`to native functions on the tier "${tier}" and on the slow one`, async () => {
      const found = await surveyOf(tier);
      const wanted = await expected();
      assert.ok(Object.values(wanted).reduce((sum, texts) => sum + Object.keys(texts).length, 0) > 8000);
      assert.deepEqual(found, wanted);
    });
  }

  const takeMemorySurvey = ({ ffi }) => {
    const { survey, heat } = require('./direct/survey');
    let wrong = 0;
    const between = (subject, base) => { wrong += heat(subject, base); };
    console.log(JSON.stringify({ ...survey(ffi, 2, { between }), wrong }));
  };

  test('to the functions on memory', async () => {
    const [found, wanted] = [await answer(takeMemorySurvey), await answer(takeMemorySurvey, { tier: 'slow' })];
    assert.ok(Object.keys(wanted.results[0]).length > 9000);
    assert.deepEqual(found, wanted);
  });
});
