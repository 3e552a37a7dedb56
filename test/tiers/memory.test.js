'use strict';

// What calls leave behind: no handle, no function, and no signature beyond those that an environment keeps compiled code for.
// FERRULE_TIERS_ALL=1 in the environment does it 30 million times where a few million will do otherwise.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { LAST, reached } = require('../machine');
const { answer } = require('./process');

const isAll = Boolean(process.env.FERRULE_TIERS_ALL);
const MIB = 2 ** 20;

// Small pages of young objects from the start, and no threads of V8's, which allocate at times of their own.
const flags = ['--expose-gc', '--max-semi-space-size=1', '--min-semi-space-size=1', '--single-threaded'];

// Two processes at a time.
const options = { concurrency: 2 };

describe('calls in one loop leave nothing behind', options, () => {
  // Everything happens in one turn of the event loop, and in one function: no handle scope is closed in between.
  const measure = (modules, count, hasCallback, highest) => {
    const address = BigInt(highest);
    const { lastTier } = require('./tiers/site');
    const { resident } = modules.allocation;
    const library = modules.fixture.open();
    const get = (name, result, ...list) => library.getFunction(name, { return: result, arguments: list });
    const sum = get('buffer_sum', 'u64', 'buffer', 'u64');
    const copy = get('buffer_copy', 'void', 'buffer', 'buffer', 'u64');
    const isNull = get('string_is_null', 'u8', 'pointer');
    const length = get('string_length', 'u64', 'string');
    const identity = get('identity_pointer', 'pointer', 'pointer');
    const [to, from] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
    const [numbers, view, bytes] = [new Uint32Array(40), new DataView(new ArrayBuffer(100)), new ArrayBuffer(8)];
    const latin = Buffer.from([0xe9, 0x41]).toString('latin1');
    if (hasCallback) library.registerCallback(() => {});
    const loops = {
      buffer(times) { for (let index = 0; index < times; index++) sum(to, 4); },
      views(times) { for (let index = 0; index < times; index += 3) isNull(numbers), isNull(view), isNull(bytes); },
      'two buffers'(times) { for (let index = 0; index < times; index++) copy(to, from, 16n); },
      text(times) { for (let index = 0; index < times; index++) length('hello world'); },
      'Latin-1'(times) { for (let index = 0; index < times; index++) length(latin); },
      bigint(times) { for (let index = 0; index < times; index++) identity(address); },
      // No text for a fast call.
      euro(times) { for (let index = 0; index < times; index++) length('1 €'); },
    };
    const seen = {};
    for (const [name, loop] of Object.entries(loops)) {
      loop(200_000);
      gc();
      const before = resident();
      loop(count);
      gc();
      seen[name] = { grown: resident() - before, tier: lastTier() };
    }
    console.log(JSON.stringify(seen));
  };
  // 4 MiB are less than one and a half bytes for each of three million calls; a handle has eight.
  for (const [name, hasCallback, tier] of [['in V8\'s fast calls', false, 'fast'], ['while a callback is alive', true, 'cell']]) {
    test(name, async () => {
      const seen = await answer(measure, { flags, parameters: [isAll ? 30_000_000 : 3_000_000, hasCallback, String(0x7fff_ffff_0000n & LAST)] });
      assert.equal(Object.keys(seen).length, 7);
      for (const [kind, { grown, tier: taken }] of Object.entries(seen)) {
        assert.ok(grown < 4 * MIB, `${kind}: ${grown} bytes`);
        assert.equal(taken, reached(kind === 'euro' ? 'cell' : tier), kind);
      }
    });
  }
});

test('functions that are dropped leave nothing behind', async () => {
  const samples = await answer(async ({ allocation, fixture, garbage }, rounds, count) => {
    const library = fixture.open();
    const address = library.getSymbol('identity_i32');
    const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'string'];
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < count; index++) {
        const callable = library.getFunctionFromPointer(address, { return: 'i32', arguments: ['i32', types[index % types.length]] });
        const other = ['pointer', 'string'].includes(types[index % types.length]) ? null : 1;
        if (callable(index, other) !== index) throw new Error('a wrong answer');
        if (index % 1000 === 999) await new Promise(setImmediate);
      }
      await garbage.collect();
      await garbage.collect();
      samples.push(allocation.resident() + process.memoryUsage().heapUsed);
    }
    console.log(JSON.stringify(samples));
  }, { flags, parameters: [10, isAll ? 100_000 : 3000] });
  // The first rounds are not looked at: caches fill. A function that stays takes several hundred bytes.
  const [earlier, later] = [samples.slice(4, 7), samples.slice(7)];
  const grown = Math.min(...later) - Math.min(...earlier);
  assert.ok(grown < MIB, `${grown} bytes: ${samples}`);
});

describe('very many signatures', options, () => {
  test('are served, the last ones by the slow tier', async () => {
    const { tiers, wrong } = await answer(({ fixture }) => {
      const { lastTier } = require('./tiers/site');
      const library = fixture.open();
      const address = library.getSymbol('identity_i32');
      const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'string'];
      const tiers = [];
      let wrong = 0;
      const make = (number) => {
        const list = [0, 1, 2, 3].map((place) => types[Math.floor(number / types.length ** place) % types.length]);
        const callable = library.getFunctionFromPointer(address, { return: 'i32', arguments: ['i32', ...list] });
        return [callable, list.map((type) => (['pointer', 'string'].includes(type) ? null : 1))];
      };
      const kept = [];
      for (let number = 0; number < 4300; number++) {
        const [callable, values] = make(number);
        if (callable(number, ...values) !== number) wrong++;
        tiers.push(lastTier());
        kept.push([callable, values]);
      }
      // The first ones still have their code.
      for (let number = 0; number < 4300; number += 100) {
        const [callable, values] = kept[number];
        if (callable(-number, ...values) !== -number) wrong++;
        tiers.push(lastTier());
        const [again] = make(number);
        if (again(number, ...values) !== number) wrong++;
        try {
          again('1', ...values);
          wrong++;
        } catch (error) {
          if (error.message !== 'Argument 0 must be an int32') throw error;
        }
      }
      console.log(JSON.stringify({ tiers, wrong }));
    });
    assert.equal(wrong, 0);
    assert.deepEqual([tiers[0], tiers[4000], tiers[4200], tiers[4300], tiers.at(-1)], ['cell', 'cell', 'slow', 'cell', 'slow'].map(reached));
    assert.equal(tiers.filter((tier) => tier === reached('cell')).length > 4000, true);
  });

  test('end with the Worker that had them', async () => {
    const samples = await answer(async ({ allocation, start }, workers, signatures) => {
      const work = ({ fixture }, count) => {
        const library = fixture.open();
        const address = library.getSymbol('noop');
        const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'string'];
        for (let number = 0; number < count; number++) {
          const list = [0, 1, 2].map((place) => types[Math.floor(number / types.length ** place) % types.length]);
          library.getFunctionFromPointer(address, { arguments: list });
        }
      };
      // Bytes of sealed code.
      const mapped = () => {
        if (process.platform !== 'linux') return 0;
        const lines = require('node:fs').readFileSync('/proc/self/maps', 'latin1').split('\n');
        return lines.filter((line) => / r-xp 0+ 00:00 0 /.test(line)).reduce((sum, line) => {
          const [start, end] = line.split(' ')[0].split('-').map((address) => parseInt(address, 16));
          return sum + end - start;
        }, 0);
      };
      const samples = [];
      for (let round = 0; round < workers; round++) {
        await new Promise((resolve) => start(work, [signatures]).on('exit', resolve));
        samples.push([allocation.resident(), mapped()]);
      }
      console.log(JSON.stringify(samples));
    }, { parameters: isAll ? [20, 1500] : [6, 400] });
    const [[before, codeBefore], [after, codeAfter]] = [samples.at(-4), samples.at(-1)];
    // Of three Workers; each has had a page for each signature.
    assert.ok(codeAfter - codeBefore < MIB, `${samples}`);
    assert.ok(after - before < 12 * MIB, `${samples}`);
  });
});
