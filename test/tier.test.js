'use strict';

// A call does the same on every tier that Ferrule has, whichever compiler of V8's made the code that it comes from. FERRULE_TIERS_ALL=1 in
// the environment runs everything that is done here with a selection, or less often.

// Before anything of Ferrule's.
require('./tiers/site');
const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { uncompiled, withoutFast } = require('./machine');
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

  test('on all tiers', { skip: withoutFast }, async () => {
    const found = await surveyOf(['cold', 'baseline', 'maglev', ...optimizing], 'fast');
    assert.ok(await assertSame(found) > 10_000);
    assertFast(found.all);
  });

  test('through the cells', { skip: uncompiled }, async () => {
    assert.ok(await assertSame(await surveyOf(['cold', 'baseline', 'worn', ...isAll ? optimizing : []], 'cell')) > 10_000);
  });

  test('on the slow tier', async () => {
    assert.ok(await assertSame(await surveyOf(['baseline', 'worn', ...isAll ? optimizing : []], 'slow')) > 5000);
  });
});

describe('a function', options, () => {
  // Of which everything that can be seen is said, before and after its code has become hot.
  const describeFunctions = ({ ffi, fixture }) => {
    const { native } = require('./tiers/site');
    const hasFastProperties = native('return %HasFastProperties(code)');
    const attempt = (act) => {
      try {
        return typeof act();
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    };
    const library = fixture.open();
    const signatures = {
      add_i32: ['i32', 'i32'], string_length: ['string'], noop: [], weigh_20_i32: Array(20).fill('i32'), identity_i32: Array(70).fill('i32'),
    };
    const look = (callable) => {
      const text = Function.prototype.toString.call(callable);
      return {
        properties: Object.entries(Object.getOwnPropertyDescriptors(callable)).map(([key, { value, writable, enumerable, configurable }]) => (
          [key, typeof value === 'bigint' ? value === library.getSymbol(callable.name) : value, writable, enumerable, configurable])),
        isExtensible: Object.isExtensible(callable),
        prototype: Object.getPrototypeOf(callable) === Function.prototype && !('prototype' in callable),
        tag: Object.prototype.toString.call(callable),
        construct: [attempt(() => new callable()), attempt(() => Reflect.construct(callable, [])), attempt(() => class extends callable {})],
        hasText: text.length > 0 && !text.includes(fixture.path),
        known: library.getFunction(callable.name, { return: 'i32', arguments: signatures[callable.name] }) === callable
          && library.functions[callable.name] === callable,
      };
    };
    const callables = Object.entries(signatures).map(([name, list]) => library.getFunction(name, { return: 'i32', arguments: list }));
    const before = callables.map(look);
    for (let turn = 0; turn < 50_000; turn++) {
      callables[0](turn, 1);
      callables[1]('text');
      callables[2]();
    }
    const objects = [library.functions, library.getFunctions({ noop: { return: 'i32' } }), ffi.dlopen(fixture.path, { noop: {} }).functions];
    console.log(JSON.stringify({
      before, after: callables.map(look), objects: objects.map((object) => [hasFastProperties(object), Object.getPrototypeOf(object)]),
    }));
  };

  test('looks the same on every tier', async () => {
    for (const tier of ['fast', 'cell', 'slow']) {
      const { before, after } = await answer(describeFunctions, { tier });
      assert.deepEqual(after, before, tier);
      for (const [index, [name, length]] of [
        ['add_i32', 2], ['string_length', 1], ['noop', 0], ['weigh_20_i32', 20], ['identity_i32', 70],
      ].entries()) {
        const notConstructor = 'is not a constructor';
        const { construct, ...seen } = before[index];
        assert.deepEqual(seen, {
          properties: [['length', length, false, false, true], ['name', name, false, false, true], ['pointer', true, true, true, true]],
          isExtensible: true, prototype: true, tag: '[object Function]', hasText: true, known: true,
        }, name);
        assert.ok(construct[0].includes(notConstructor) && construct[1].includes(notConstructor), construct.join());
        assert.match(construct[2], /Class extends value .* is not a constructor or null/s);
      }
    }
  });

  test('is found quickly in the objects that hold them', async () => {
    const { objects } = await answer(describeFunctions);
    assert.deepEqual(objects, Array(3).fill([true, null]));
  });

  test('throws errors whose stack leads to the caller', async () => {
    for (const tier of ['fast', 'cell', 'slow']) {
      const stacks = await answer(({ fixture }) => {
        const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
        const length = fixture.native('string_length', 'u64', 'string');
        const attempt = (act) => {
          try {
            return act();
          } catch (error) {
            return error.stack;
          }
        };
        const attempts = [
          function caller() { return add('x', 1); },
          function caller() { return add(1); },
          function caller() { return length('a\0b'); },
          function caller() { return length({}); },
        ];
        for (let turn = 0; turn < 30_000; turn++) {
          add(turn, 1);
          length('text');
        }
        console.log(JSON.stringify(attempts.map(attempt)));
      }, { tier });
      const messages = ['Argument 0 must be an int32', 'Invalid argument count: expected 2, got 1', 'Argument 0 must not contain null bytes',
        'Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint'];
      stacks.forEach((stack, index) => {
        const [first, ...frames] = stack.split('\n').map((line) => line.trim());
        assert.equal(first, `TypeError: ${messages[index]}`);
        const own = frames.slice(0, frames.findIndex((frame) => frame.startsWith('at caller ')));
        const name = index < 2 ? 'add_i32' : 'string_length';
        assert.match(own.at(-1), new RegExp(`^at ${name} \\(ferrule:\\d+:\\d+\\)$`), stack);
        assert.ok(own.length <= 3 && own.every((frame) => /ferrule:|wrap\.js:/.test(frame)), stack);
      });
    }
  });
});
