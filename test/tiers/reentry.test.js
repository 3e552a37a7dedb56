'use strict';

// JavaScript that C runs in the middle of a call of hot code: what it changes, throws and collects. FERRULE_TIERS_ALL=1 in the environment does
// more of it.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { reached, withoutFast } = require('../machine');
const { answer } = require('./process');

const isAll = Boolean(process.env.FERRULE_TIERS_ALL);

// Two processes at a time.
const options = { concurrency: 2 };

describe('the code of the caller', options, () => {
  test('is given up where it stands', async () => {
    const answers = await answer(({ fixture }) => {
      const site = require('./tiers/site');
      const { calls, change, worlds } = require('./tiers/worlds');
      const library = fixture.open();
      const all = {};
      for (const [name, world] of Object.entries(worlds)) {
        for (const [kind, call] of Object.entries(calls)) all[`${name}, with ${kind}`] = change(world, call, library, site);
      }
      console.log(JSON.stringify(all));
    });
    assert.ok(Object.keys(answers).length > 100);
    for (const [name, [usual, optimized]] of Object.entries(answers)) {
      assert.deepEqual(optimized, usual, name);
      // The change was one.
      if (!name.startsWith('the caller is deoptimised')) assert.notEqual(usual[0], usual[1], name);
    }
  });

  // The caller has been optimised for V8's fast calls when the callback comes.
  test('is given up where it stands, though no callback was there when it was made', async () => {
    const answers = await answer(({ fixture }) => {
      const { lastTier, optimize } = require('./tiers/site');
      const library = fixture.open();
      const answers = {};
      for (const type of ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'f32', 'f64', 'i64', 'u64', 'pointer']) {
        const one = ['i64', 'u64', 'pointer'].includes(type) ? 1n : 1;
        const fire = library.getFunction(`call_${type}`, { return: type, arguments: ['pointer', type] });
        const box = [1n];
        class Counter {
          step(value) { return value + one; }
        }
        const counter = new Counter();
        const caller = require('./compile').compile('fire', 'box', 'counter', `return function caller(value) {
          const passed = fire(box[0], counter.step(value));
          return counter.step(passed); // ${type}
        }`)(fire, box, counter);
        box[0] = library.getSymbol(`identity_${type}`);
        optimize(caller, () => caller(one), { callees: [fire] });
        box[0] = library.registerCallback({ return: type, arguments: [type] }, (value) => {
          Counter.prototype.step = function step(number) { return number + one + one + one; };
          return value;
        });
        answers[type] = [String(caller(one)), lastTier()];
        library.unregisterCallback(box[0]);
      }
      console.log(JSON.stringify(answers));
    });
    assert.equal(Object.keys(answers).length, 11);
    for (const [type, seen] of Object.entries(answers)) assert.deepEqual(seen, ['5', reached('cell')], type);
  });
});

describe('calls in callbacks in calls', options, () => {
  const nest = (_, count, deepest) => console.log(require('./tiers/nest').nest(count, { deepest }));

  test('three deep', async () => {
    assert.ok(await answer(nest, { parameters: [isAll ? 500_000 : 20_000, 3] }) > 20_000);
  });

  test('twelve deep', async () => {
    assert.ok(await answer(nest, { parameters: [isAll ? 50_000 : 1000, 12] }) > 1000);
  });

  test('while nobody asks which tier it was', async () => {
    assert.ok(await answer(nest, { parameters: [isAll ? 500_000 : 10_000, 3], trace: false }) > 10_000);
  });

  test('without V8\'s fast calls', async () => {
    assert.ok(await answer(nest, { parameters: [isAll ? 500_000 : 10_000, 3], tier: 'cell' }) > 10_000);
  });

  const collect = (_, count, often) => {
    const { gc } = globalThis;
    const act = (turn) => gc({ type: turn % 5 ? 'minor' : 'major' });
    console.log(require('./tiers/nest').nest(count, { everySo: { often, act } }));
  };
  const collected = (flags, count, often) => answer(collect, { flags: ['--expose-gc', ...flags], parameters: [count, often] });

  test('while garbage is collected', async () => {
    assert.ok(await collected([], isAll ? 30_000 : 5000, isAll ? 20 : 50) > 5000);
  });

  test('while everything moves', async () => {
    assert.ok(await collected(['--stress-compaction', '--gc-interval=997'], isAll ? 50_000 : 1000, 20) > 1000);
  });

  test('until a time is up, again and again', async () => {
    const { code, turns } = await answer(() => {
      const vm = require('node:vm');
      const { nest } = require('./tiers/nest');
      const context = vm.createContext({ nest });
      let code = '';
      for (let round = 0; round < 20; round++) {
        try {
          vm.runInContext('nest(1e9)', context, { timeout: 10 + round });
        } catch (error) {
          code = error.code;
        }
      }
      console.log(JSON.stringify({ code, turns: nest(2000) }));
    });
    assert.equal(code, 'ERR_SCRIPT_EXECUTION_TIMEOUT');
    assert.ok(turns > 2000);
  });

  test('in Workers at the same time', async () => {
    const turns = await answer(async ({ start }) => {
      const work = ({ worker: { parentPort } }) => parentPort.postMessage(require('./tiers/nest').nest(4000));
      const workers = [start(work), start(work)];
      const { nest } = require('./tiers/nest');
      const mine = nest(4000);
      const theirs = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('message', resolve))));
      console.log(JSON.stringify([mine, ...theirs]));
    });
    // All begin with the same dice.
    assert.equal(new Set(turns).size, 1);
  });
});

describe('without a callback of Ferrule\'s', options, () => {
  test('functions of the Node executable take no fast call, others do', { skip: withoutFast }, async () => {
    const tiers = await answer(({ ffi, fixture }) => {
      const { optimize, site } = require('./tiers/site');
      const images = require('./images');
      const [program, libc] = [images.program, images.libc].map((image) => new ffi.DynamicLibrary(image));
      const getpid = images.libc === null ? 'getpid' : '_getpid';
      const tierOf = (callable, values) => {
        const calling = site(callable, values.length);
        for (const fastest of ['fast', 'cell']) {
          try {
            optimize(calling, () => calling(...values), { callees: [callable], fastest });
            return fastest;
          } catch (error) {
            if (!error.message.includes('took the tier')) throw error;
          }
        }
      };
      const signatures = {
        uv_version: [program, { return: 'u32' }, []],
        uv_err_name_r: [program, { return: 'pointer', arguments: ['i32', 'buffer', 'u64'] }, [-2, Buffer.alloc(100), 100]],
        [getpid]: [libc, { return: 'i32' }, []],
        strlen: [libc, { return: 'u64', arguments: ['string'] }, ['text']],
      };
      const tiers = [];
      for (const [name, [image, signature, values]] of Object.entries(signatures)) {
        const address = image.getSymbol(name);
        const elsewhere = fixture.open().getFunctionFromPointer(address, signature);
        tiers.push([image.getFunction(name, signature), elsewhere].map((callable) => tierOf(callable, values)));
      }
      const legacy = [[images.program, 'uv_version'], [images.libc, getpid]].map(([image, name]) => (
        tierOf(ffi.getNativeFunction(image, name, 'int', []), [])
      ));
      const declared = fixture.open().getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'], reentrant: true });
      console.log(JSON.stringify({ tiers, legacy, declared: tierOf(declared, [1, 2]) }));
    });
    assert.deepEqual(tiers, {
      // Two functions of Node's, and two of C's.
      tiers: [['cell', 'cell'], ['cell', 'cell'], ['fast', 'fast'], ['fast', 'fast']], legacy: ['cell', 'fast'], declared: 'cell',
    });
  });

  test('the event loop runs inside of a hot call', async () => {
    const seen = await answer(({ ffi }) => {
      const { optimize } = require('./tiers/site');
      const run = new ffi.DynamicLibrary(require('./images').program).getFunction('uv_run', { return: 'i32', arguments: ['pointer', 'i32'] });
      const loop = ffi.getCurrentEventLoop();
      class Counter {
        step(value) { return value + 1; }
      }
      const counter = new Counter();
      const UV_RUN_NOWAIT = 2;
      const caller = (value) => {
        const before = counter.step(value);
        run(loop, UV_RUN_NOWAIT);
        return counter.step(before);
      };
      optimize(caller, () => caller(5), { callees: [run], fastest: 'cell' });
      setImmediate(() => { Counter.prototype.step = (value) => value + 100; });
      console.log(JSON.stringify([caller(5), caller(5)]));
    });
    assert.deepEqual(seen, [106, 205]);
  });

  // JavaScript runs in such a call, and Ferrule knows of no callback.
  const skip = Number(process.versions.node.split('.')[0]) < 26 && 'this Node has no node:ffi';
  test('a callback of node:ffi, called by a function that is declared to be reentrant', { skip }, async () => {
    const seen = await answer(({ fixture }) => {
      const { lastTier, optimize } = require('./tiers/site');
      const builtin = require('node:ffi');
      const library = fixture.open();
      const theirs = new builtin.DynamicLibrary(fixture.path);
      const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'], reentrant: true });
      const box = [1n];
      box[0] = library.getSymbol('identity_i32');
      class Counter {
        step(value) { return value + 1; }
      }
      const counter = new Counter();
      const caller = (value) => {
        const passed = call(box[0], counter.step(value));
        return counter.step(passed);
      };
      optimize(caller, () => caller(5), { callees: [call], fastest: 'cell' });
      box[0] = theirs.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        Counter.prototype.step = (number) => number + 100;
        return value;
      });
      console.log(JSON.stringify([caller(5), lastTier()]));
    }, { flags: ['--experimental-ffi', '--no-warnings'] });
    assert.deepEqual(seen, [106, 'cell']);
  });
});
