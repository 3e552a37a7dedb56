'use strict';

// Everything stays right under V8's and Node's flags, in contexts, and in programs that change the language. FERRULE_TIERS_ALL=1 in the
// environment tries more flags.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('../fixture');
const { uncompiled, withoutFast } = require('../machine');
const { answer } = require('./process');

const isAll = Boolean(process.env.FERRULE_TIERS_ALL);

// Two processes at a time.
const options = { concurrency: 2 };

const takeTour = ({ ffi }) => console.log(JSON.stringify(require('./tiers/tour')(ffi)));

// What is said without the tier that said it.
const withoutTiers = ({ seen }) => Object.fromEntries(Object.entries(seen).map(([name, said]) => [name, [said].flat().map(
  (text) => text.replace(/, (fast|cell|slow|undefined)$/, ''),
)]));

let reference;
async function tour(flags, tier, trace) {
  const [expected, found] = await Promise.all([reference ??= answer(takeTour, { tier: 'slow' }), answer(takeTour, { flags, tier, trace })]);
  assert.deepEqual(withoutTiers(found), withoutTiers(expected));
  assert.ok(Object.keys(found.seen).length > 30);
  assert.ok(!JSON.stringify(found.seen).match(/[1-9]\d* wrong/));
  return found;
}

describe('with the flag', options, () => {
  // WebAssembly goes with compiling, about which V8 11 and 12 would print a line.
  const quietly = Number(process.versions.v8.split('.')[0]) < 13 ? ' --no-expose-wasm' : '';
  const off = 'flags or FERRULE_TIERS turn it off';
  // Which tiers are there is known from the flag; which one a call has reached by then is V8's affair.
  const flags = {
    '': {},
    [`--jitless${quietly}`]: { cell: off, fast: off, callback: off },
    '--no-turbo-fast-api-calls': { fast: off, callback: off },
    '--no_turbo_fast_api_calls': { fast: off, callback: off },
    '--no-opt': { fast: off, callback: off },
    '--max-lazy': {},
    '--always-sparkplug': {},
    '--disallow-code-generation-from-strings': {},
    '--frozen-intrinsics --no-warnings': {},
    '--enable-source-maps': {},
    '--predictable': {},
    '--stress-compaction --gc-interval=1009': {},
  };
  const more = ['--no-sparkplug', '--always-osr', '--deopt-every-n-times=131', '--interpreted-frames-native-stack', '--no-lazy-feedback-allocation',
    '--stress-flush-code --flush-bytecode', '--single-threaded', '--stack-size=100', '--stress-concurrent-inlining', '--stress-marking=50',
    '--stress-scavenge=50', '--no-use-osr', '--stress-incremental-marking', '--no-turbo-inlining', '--no-lazy', '--no-use-ic'];
  if (isAll) for (const flag of more) flags[flag] = {};
  if (isAll) flags[`--lite-mode${quietly}`] = { cell: off, fast: off, callback: off };

  for (const [flag, tiers] of Object.entries(flags)) {
    test(flag || 'none', async () => {
      const { seen, tiers: reasons } = await tour(flag.split(' ').filter(Boolean), 'fast');
      // Where a tier is missing, the reason may be that.
      const missing = uncompiled ? ['callback', 'cell', 'fast'] : ['callback', 'fast'];
      if (!withoutFast) assert.deepEqual(reasons, tiers);
      else assert.deepEqual(Object.keys(reasons).sort(), [...new Set([...missing, ...Object.keys(tiers)])].sort());
      const said = JSON.stringify(seen);
      if (tiers.fast) assert.ok(!said.includes('fast'), said);
      if (tiers.cell) assert.ok(!said.includes('cell'), said);
      if (flag === '--predictable' && !withoutFast) assert.match(seen.text, /fast$/);
    });
  }

  test('none, and nobody asks which tier it was', async () => {
    for (const flags of [[], ['--predictable'], ['--always-sparkplug']]) {
      const { seen } = await tour(flags, 'fast', false);
      assert.match(seen.i32, /^0 wrong, undefined$/);
    }
  });

  test('in the environment', async () => {
    const seen = await answer((_, flag) => {
      const { execFileSync } = require('node:child_process');
      const script = "console.log(JSON.stringify(require('./tiers/tour')(require('ferrule')).tiers))";
      const env = { ...process.env, NODE_OPTIONS: flag };
      console.log(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    }, { parameters: ['--max-old-space-size=500 --jitless'] });
    assert.equal(seen.fast, off);
  });

  test('of the tests: FERRULE_TIERS', { skip: uncompiled }, async () => {
    for (const [tier, reasons] of [['cell', { fast: off, callback: off }], ['slow', { cell: off, fast: off, callback: off }]]) {
      const { tiers, seen } = await tour([], tier);
      assert.deepEqual(tiers, reasons);
      assert.match(seen.i32, new RegExp(`${tier}$`));
    }
  });
});

describe('in a program that changes the language', options, () => {
  // The names that Ferrule's own objects have, and Node's options where it makes scripts.
  const names = ['fast', 'fastValues', 'call', 'callValues', 'cold', 'script', 'shape', 'wrap', 'trace', 'last', 'tiers', 'length', 'bytes',
    'filename', 'lineOffset', 'columnOffset', 'cachedData', 'produceCachedData', 'importModuleDynamically', 'displayErrors', 'timeout',
    'breakOnSigint', 'string', 'pointer', 'i32', 'int32', 'void', 'check', 'store', 'value', 'get'];

  test('inherited properties change nothing and are not looked at', async () => {
    for (const tier of ['fast', 'slow']) {
      const seen = await answer(({ ffi }, file, properties) => {
        const library = new ffi.DynamicLibrary(file);
        const address = library.getSymbol('identity_i32');
        const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'string'];
        const results = {};
        // Each makes functions of signatures that nobody has made yet, and calls them.
        properties.forEach((name, index) => {
          let looks = 0;
          const throwing = () => {
            looks++;
            throw new Error('mine');
          };
          Object.defineProperty(Object.prototype, name, { __proto__: null, configurable: true, get: throwing, set: throwing });
          let answers;
          try {
            const list = ['i32', types[index % 12], types[(index >> 2) % 12], 'i32', 'i32'];
            const values = list.map((type) => (type === 'pointer' || type === 'string' ? null : 1));
            const callable = library.getFunctionFromPointer(address, { __proto__: null, return: 'i32', arguments: list });
            let sum = 0;
            for (let turn = 0; turn < 200; turn++) {
              values[0] = turn;
              sum += Reflect.apply(callable, undefined, values);
            }
            answers = `${sum}, ${looks} looks`;
          } catch (error) {
            answers = error.message;
          } finally {
            delete Object.prototype[name];
          }
          results[name] = answers;
        });
        console.log(JSON.stringify(results));
      }, { tier, parameters: [path, names] });
      assert.deepEqual(seen, Object.fromEntries(names.map((name) => [name, '19900, 0 looks'])), tier);
    }
  });

  test('after hot code was made', async () => {
    const differences = await answer(({ ffi }, file) => {
      const { change, after: changes } = require('./hostile/changes');
      const library = new ffi.DynamicLibrary(file);
      const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
      const length = library.getFunction('string_length', { return: 'u64', arguments: ['string'] });
      const sum = library.getFunction('buffer_sum', { return: 'u64', arguments: ['buffer', 'u64'] });
      const call = library.getFunction('call_i64', { return: 'i64', arguments: ['pointer', 'i64'] });
      const memory = Buffer.from([1, 2, 3]);
      const callback = library.registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => value + length('text'));
      const { getOwnPropertyDescriptor } = Object;
      const refused = (act) => {
        try {
          act();
          return false;
        } catch (error) {
          // Which is first asked for its stack, as V8 makes that when somebody asks.
          return error.stack !== undefined && getOwnPropertyDescriptor(error, 'code')?.value === 'ERR_INVALID_ARG_VALUE';
        }
      };
      const act = () => {
        let wrong = 0;
        for (let turn = 0; turn < 200; turn++) {
          if (add(turn, 1) !== turn + 1) wrong++;
          if (length('text') !== 4n || length('€') !== 3n) wrong++;
          if (sum(memory, 3) !== 6n || sum(memory, 2n) !== 3n) wrong++;
          if (call(callback, 3) !== 7n) wrong++;
        }
        if (!refused(() => add('x', 1)) || !refused(() => add(1)) || !refused(() => sum({}, 1)) || !refused(() => length('a\0'))) wrong++;
        return wrong;
      };
      for (let turn = 0; turn < 100; turn++) if (act() !== 0) throw new Error('wrong without a change');
      const differences = {};
      for (const name of Object.keys(changes)) {
        const { result, caught } = change(changes[name], act);
        if (result !== 0 || caught.length > 0) differences[name] = `${result} wrong, ${caught.length} caught`;
      }
      console.log(JSON.stringify({ tried: Object.keys(changes).length, differences }));
    }, { parameters: [path] });
    assert.ok(differences.tried > 100);
    assert.deepEqual(differences.differences, {});
  });

  test('before it loads anything', async () => {
    const takeLateTour = () => {
      // What old libraries do: more methods, and enumerable ones.
      for (const { prototype } of [Object, Function, Array, String, Number, BigInt, Symbol, Error, Uint8Array, ArrayBuffer, Promise]) {
        for (const name of ['extra', 'fast', 'cold', 'slowly', 'target', 'owner']) prototype[name] = function extra() { return this; };
      }
      Array.prototype.flat = function flat() { return [...this]; };
      console.log(JSON.stringify(require('./tiers/tour')(require('ferrule'))));
    };
    const [usual, found] = await Promise.all([answer(takeTour), answer(takeLateTour)]);
    assert.deepEqual(withoutTiers(found), withoutTiers(usual));
  });
});

describe('in another context', options, () => {
  test('hot code of its calls', async () => {
    const seen = await answer(({ ffi, fixture }) => {
      const vm = require('node:vm');
      const library = fixture.open();
      const get = (name, result, ...list) => library.getFunction(name, { return: result, arguments: list });
      const context = vm.createContext({
        add: get('add_i32', 'i32', 'i32', 'i32'), length: get('string_length', 'u64', 'string'),
        sum: get('buffer_sum', 'u64', 'pointer', 'u64'), call: get('call_i32', 'i32', 'pointer', 'i32'),
      });
      const work = vm.runInContext(`(callback) => {
        const bytes = new Uint8Array(100).fill(1);
        let wrong = 0;
        for (let turn = 0; turn < 50_000; turn++) {
          if (add(turn, 1) !== turn + 1) wrong++;
          if (length('a text') !== 6n) wrong++;
          if (sum(bytes, 100) !== 100n) wrong++;
          if (callback && call(callback, turn) !== turn + 1) wrong++;
        }
        return wrong;
      }`, context);
      const increment = vm.runInContext('(value) => value + 1', context);
      const seen = [work()];
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, increment);
      seen.push(work(callback));
      library.unregisterCallback(callback);
      seen.push(work());
      const refusal = vm.runInContext('(() => { try { add("x", 1); } catch (error) { return error; } })()', context);
      console.log(JSON.stringify([...seen, refusal instanceof TypeError, refusal.code]));
    });
    assert.deepEqual(seen, [0, 0, 0, true, 'ERR_INVALID_ARG_VALUE']);
  });
});
