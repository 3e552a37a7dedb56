'use strict';

// A call does the same on every tier that Ferrule has, whichever compiler of V8's made the code that it comes from. FERRULE_TIERS_ALL=1 in
// the environment runs everything that is done here with a selection, or less often.

const { lastTier, optimize, site } = require('./tiers/site');
const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const memory = require('./tiers/memory');
const { answer } = require('./tiers/process');
const { ROOM, texts } = require('./tiers/texts');

const isAll = Boolean(process.env.FERRULE_TIERS_ALL);

// Two processes at a time.
const options = { concurrency: 2 };

const takeSurvey = (_, ...parameters) => {
  const { survey, subjects } = require('./tiers/survey');
  console.log(JSON.stringify(survey(subjects, ...parameters)));
};

const surveyOf = (ways, tier, flags) => answer(takeSurvey, { tier, flags, parameters: [ways, tier, isAll] });

let reference;
const expected = () => (reference ??= surveyOf(['cold'], 'slow'));

// Every answer of a survey is that of the slow tier in code that runs for the first time.
async function assertSame(found) {
  const { all, conversions } = await expected();
  assert.equal(conversions + found.conversions, 0, 'nothing was asked for a number or a text');
  let compared = 0;
  for (const [subject, ways] of Object.entries(found.all)) {
    for (const [way, { texts }] of Object.entries(ways)) {
      for (const [name, text] of Object.entries(texts)) {
        assert.equal(text, all[subject].cold.texts[name], `${subject}, ${way}: ${name}`);
        compared++;
      }
    }
  }
  return compared;
}

// Names of arguments that have an address which a fast call can find out, and of texts that it can copy.
const slowViews = ['an array in the heap', 'the largest array in the heap', 'a view of another context', 'a frozen empty view'];
const slowMemory = /empt|to nothing|that is out of bounds|begins out of bounds/;
const addresses = [
  ...['1n', '0n', '9223372036854775808n', '18446744073709551615n', 'null', 'undefined'],
  ...Object.keys(memory.views).filter((name) => !slowViews.includes(name)),
  ...Object.keys(memory.buffers),
  ...Object.keys(memory.resized).filter((name) => !slowMemory.test(name)),
];
const flat = ['the empty text', 'one character', 'a short text', 'a text that was just made', 'an internalized text', 'a flattened rope',
  'Latin-1', 'the first character that is not ASCII', 'control characters'];
const fits = (name) => Buffer.byteLength(texts[name]()) < ROOM;
const copied = Object.keys(texts).filter((name) => flat.includes(name) || (/^\d+ char|^0x/.test(name) && fits(name)));
const fastOnes = { pointer: addresses, buffer: addresses, function: addresses, string: [...addresses, ...copied] };
const others = { '31 parameters': 'cell', '64 parameters': 'cell', '65 parameters': 'slow' };

// Optimised code takes V8's fast calls for all that they are for, and the slow tier for whatever is refused.
function assertFast(all) {
  for (const [subject, { worn: { texts: said, tiers } }] of Object.entries(all)) {
    for (const [name, text] of Object.entries(said)) {
      const isRefused = / ERR_/.test(text);
      const isFast = fastOnes[subject]?.includes(name) ?? !/text|memory|addresses|buffer/.test(subject);
      const tier = isRefused ? 'slow' : others[subject] ?? (isFast ? 'fast' : undefined);
      // A text for a pointer is not for a fast call.
      const isText = subject.startsWith('record') && name.endsWith('a lone surrogate');
      if (tier !== undefined && !isText) assert.equal(tiers[name], tier, `${subject}: ${name}`);
    }
  }
}

describe('the same arguments', options, () => {
  const optimizing = ['inlined', 'alone', 'deoptimized', 'worn'];

  test('give what they should', async () => {
    const { all } = await expected();
    const said = (subject, name) => all[subject].cold.texts[name];
    const refusal = (message) => `TypeError TypeError ERR_INVALID_ARG_VALUE: ${message} (code message stack)`;
    assert.equal(said('i32', '2147483647'), '2147483647');
    assert.equal(said('i32', '2147483648'), refusal('Argument 0 must be an int32'));
    assert.equal(said('u64', 'what converts to a bigint'), refusal('Argument 0 must be a uint64'));
    assert.equal(said('u64', 'one too many'), refusal('Invalid argument count: expected 1, got 2'));
    assert.equal(said('f64', '-0'), '-0');
    assert.equal(said('pointer', 'a view that has grown'), 'its own');
    assert.equal(said('pointer', 'null'), 'NULL');
    assert.equal(said('string', 'NUL'), refusal('Argument 0 must not contain null bytes'));
    assert.equal(said('a copied text', '2: a lone surrogate'), `5 ${Buffer.from('a\ufffdb').toString('hex')} 0`);
  });

  test('on all tiers', async () => {
    const found = await surveyOf(['cold', 'baseline', 'maglev', ...optimizing], 'fast');
    assert.ok(await assertSame(found) > 10_000);
    assertFast(found.all);
  });

  test('through the cells', async () => {
    assert.ok(await assertSame(await surveyOf(['cold', 'baseline', 'maglev', ...optimizing], 'cell')) > 10_000);
  });

  test('on the slow tier', async () => {
    assert.ok(await assertSame(await surveyOf(['baseline', 'maglev', ...optimizing], 'slow')) > 5000);
  });
});
