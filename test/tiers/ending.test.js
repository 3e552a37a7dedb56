'use strict';

// What ends while hot code is calling: threads, the process, libraries, callbacks, and the package's own file.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('../fixture');
const { keepsLibraries, unloads } = require('../loader');
const { reached } = require('../machine');
const { answer, runUpTo } = require('./process');

// Two processes at a time.
const options = { concurrency: 2 };

describe('a Worker', options, () => {
  test('has a gate of its own', async () => {
    const seen = await answer(async ({ fixture, start }) => {
      const { lastTier, optimize, site } = require('./tiers/site');
      const library = fixture.open();
      const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
      const adding = site(add, 2);
      const work = ({ fixture: { open }, worker: { parentPort } }, hasCallback) => {
        const { lastTier: tier, optimize: heat, site: makeSite } = require('./tiers/site');
        const mine = open();
        const sum = mine.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
        const summing = makeSite(sum, 2);
        if (hasCallback) mine.registerCallback(() => {});
        heat(summing, () => summing(2, 3), { callees: [sum], fastest: hasCallback ? 'cell' : 'fast' });
        parentPort.on('message', () => process.exit());
        parentPort.postMessage([summing(2, 3), tier()]);
      };
      const ask = async (worker) => new Promise((resolve) => worker.on('message', resolve));
      const seen = [];
      // Theirs is shut, mine is not.
      const busy = start(work, [true]);
      seen.push(await ask(busy));
      optimize(adding, () => adding(2, 3), { callees: [add] });
      seen.push([adding(2, 3), lastTier()]);
      // Mine is shut, theirs is not.
      const callback = library.registerCallback(() => {});
      const idle = start(work, [false]);
      seen.push(await ask(idle));
      adding(2, 3);
      seen.push([adding(2, 3), lastTier()]);
      library.unregisterCallback(callback);
      const ended = [busy, idle].map((worker) => new Promise((resolve) => worker.on('exit', resolve)));
      busy.postMessage('end');
      idle.postMessage('end');
      await Promise.all(ended);
      optimize(adding, () => adding(2, 3), { callees: [add] });
      console.log(JSON.stringify([...seen, [adding(2, 3), lastTier()]]));
    });
    assert.deepEqual(seen, ['cell', 'fast', 'fast', 'cell', 'fast'].map((tier) => [5, reached(tier)]));
  });

  // Hot calls whose callback ends the thread; those of main threads end the process.
  const work = ({ fixture, worker }, how) => {
    const { optimize, site } = require('./tiers/site');
    const library = fixture.open();
    const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
      if (value === 50_000) {
        if (how === 'exit') process.exit(6);
        if (how === 'wait') {
          worker.parentPort.postMessage('here');
          for (;;);
        }
      }
      return value;
    });
    const calling = site(call, 2);
    optimize(calling, () => calling(callback, 5), { callees: [call], fastest: 'cell' });
    if (how === 'run') worker.parentPort.postMessage('here');
    const end = how === 'run' ? Infinity : 50_001;
    for (let value = 0; value < end; value++) calling(callback, value % 50_000 + Number(value >= 50_000 && how !== 'run') * 50_000);
    console.log('not reached');
  };
  const withoutCallback = ({ fixture, worker }) => {
    const { optimize, site } = require('./tiers/site');
    const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
    const adding = site(add, 2);
    optimize(adding, () => adding(2, 3), { callees: [add] });
    worker.parentPort.postMessage('here');
    for (;;) adding(2, 3);
  };
  const host = ({ start }, source, how) => {
    const worker = start(source, [how]);
    worker.on('message', () => setTimeout(() => worker.terminate(), 10)).on('exit', (code) => {
      const { nest } = require('./tiers/nest');
      console.log(JSON.stringify([code, nest(1000) > 1000]));
    });
  };

  test('that exits in a callback ends alone', async () => {
    assert.deepEqual(await answer(host, { parameters: [String(work), 'exit'] }), [6, true]);
  });
  test('that is terminated in a callback ends alone', async () => {
    assert.deepEqual(await answer(host, { parameters: [String(work), 'wait'] }), [1, true]);
  });
  test('that is terminated in a loop of calls ends alone', async () => {
    assert.deepEqual(await answer(host, { parameters: [String(work), 'run'] }), [1, true]);
    assert.deepEqual(await answer(host, { parameters: [String(withoutCallback)] }), [1, true]);
  });
  test('or process that exits in a callback has that exit code', async () => {
    assert.deepEqual(await runUpTo('fast', work, { parameters: ['exit'] }), { status: 6, signal: null, stdout: '', stderr: '' });
  });
});

describe('a callback that is not one any more', options, () => {
  // Called by C from inside of V8's fast call: the gate is open.
  const callLate = async ({ ffi, fixture, start }, how) => {
    const { lastTier, optimize, site } = require('./tiers/site');
    const { collectUntil } = require('./garbage');
    const library = fixture.open();
    const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
    const calling = site(call, 2);
    const identity = library.getSymbol('identity_i32');
    const other = new ffi.DynamicLibrary(fixture.path);
    const i32 = { return: 'i32', arguments: ['i32'] };
    let late;
    if (how === 'thread' || how === 'ended') {
      const worker = start(({ fixture: { open }, worker: { parentPort } }, isEnding) => {
        globalThis.library = open();
        parentPort.postMessage(globalThis.library.registerCallback({ return: 'i32', arguments: ['i32'] }, function late() {}));
        if (!isEnding) parentPort.on('message', () => {});
      }, [how === 'ended']);
      const ended = new Promise((resolve) => worker.on('exit', resolve));
      late = await new Promise((resolve) => worker.on('message', resolve));
      if (how === 'ended') await ended;
    } else {
      late = other.registerCallback(i32, require('./compile').compile('return function late() { return 8; }')());
      if (how === 'unregistered') other.unregisterCallback(late);
      if (how === 'closed') other.close();
      if (how === 'collected') {
        other.unrefCallback(late);
        await collectUntil(() => calling(late, 5) === 0);
      }
    }
    optimize(calling, () => calling(identity, 5), { callees: [call], fastest: process.env.FERRULE_TIERS });
    console.log(calling(late, 5), lastTier());
    process.exit();
  };
  const messages = {
    unregistered: `Callback "late" (int32) -> int32 of ${path} was called after it was unregistered\n`,
    closed: `Callback "late" (int32) -> int32 of ${path} was called after its library was closed\n`,
    thread: 'Callbacks can only be invoked on the system thread they were created on\n'
      + `    in callback "late" (int32) -> int32 of ${path}\n`,
    ended: `Callback "late" (int32) -> int32 of ${path} was called after the thread that registered it had ended\n`,
  };
  for (const [how, stderr] of Object.entries(messages)) {
    test(`aborts: ${how}`, async () => {
      for (const tier of ['fast', 'cell']) {
        const ended = await runUpTo(tier, callLate, { parameters: [how] });
        assert.deepEqual(ended, { status: null, signal: 'SIGABRT', stdout: '', stderr }, tier);
      }
    });
  }
  test('does nothing: collected', async () => {
    for (const tier of ['fast', 'cell']) {
      const ended = await runUpTo(tier, callLate, { parameters: ['collected'] });
      assert.deepEqual(ended, { status: 0, signal: null, stdout: `0 ${reached(tier)}\n`, stderr: '' });
    }
  });
});

describe('a library that a callback closes', options, () => {
  // Code of the fixture under another name, which can be unloaded.
  const copyFixture = (ffi, fixture) => {
    const { copyFileSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
    const { join } = require('node:path');
    const directory = mkdtempSync(join(require('node:os').tmpdir(), 'ferrule-'));
    const copy = join(directory, 'other');
    copyFileSync(fixture.path, copy);
    process.on('exit', () => rmSync(directory, { recursive: true }));
    return { library: new ffi.DynamicLibrary(copy), isLoaded: () => readFileSync('/proc/self/maps', 'latin1').includes(copy) };
  };
  const skip = process.platform !== 'linux' && 'the loaded libraries are looked up in /proc';
  const close = (body) => `({ ffi, fixture }) => { const copyFixture = ${copyFixture}; (${body})(copyFixture(ffi, fixture), fixture); }`;

  test('stays until C has left it, and no longer', { skip }, async () => {
    const seen = await answer(close(({ library, isLoaded }, fixture) => {
      const { optimize, site } = require('./tiers/site');
      const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
      const outer = fixture.open();
      const calling = site(call, 2);
      const seen = [];
      let closing = false;
      const callback = outer.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        if (closing) {
          library.close();
          globalThis.gc?.();
          seen.push(isLoaded());
        }
        return value + 1;
      });
      optimize(calling, () => calling(callback, 5), { callees: [call], fastest: 'cell' });
      closing = true;
      seen.push(calling(callback, 7), isLoaded());
      console.log(JSON.stringify(seen));
    }));
    assert.deepEqual(seen, [true, 8, !unloads]);
  });

  // Its destructor calls JavaScript, which calls C.
  test('does not take the result along', { skip: skip || keepsLibraries }, async () => {
    const result = await answer(close(({ library: other }, fixture) => {
      const library = fixture.open();
      const i64 = { return: 'i64', arguments: ['i64'] };
      const identity = library.getFunction('identity_i64', i64);
      const call = library.getFunction('call_i64', { return: 'i64', arguments: ['pointer', 'i64'] });
      const seen = [];
      const late = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        seen.push(String(identity(666n)));
        return value;
      });
      // What the destructor says goes to standard error.
      require('node:fs').closeSync(2);
      other.getFunction('call_at_unload', { arguments: ['pointer'] })(late);
      const closer = library.registerCallback(i64, (value) => {
        other.close();
        return value;
      });
      seen.push(String(call(closer, 7n)));
      console.log(JSON.stringify(seen));
    }));
    assert.deepEqual(result, ['666', '7']);
  });

  test('is unloaded, though a time that was up stopped another call', { skip }, async () => {
    const seen = await answer(close(({ library, isLoaded }, fixture) => {
      const vm = require('node:vm');
      const outer = fixture.open();
      const call = outer.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
      const endless = outer.registerCallback({ return: 'i32', arguments: ['i32'] }, () => { for (;;); });
      const seen = [];
      try {
        vm.runInNewContext('call(endless, 1)', { call, endless }, { timeout: 20 });
      } catch (error) {
        seen.push(error.code);
      }
      library.getFunction('noop', {})();
      library.close();
      console.log(JSON.stringify([...seen, isLoaded()]));
    }));
    assert.deepEqual(seen, ['ERR_SCRIPT_EXECUTION_TIMEOUT', !unloads]);
  });
});

const isKept = process.platform === 'win32' && 'the system lets nobody replace a file that is loaded';
test('a file of the package that is replaced while it runs changes nothing', { skip: isKept }, async () => {
  const seen = await answer(({ fixture }) => {
    const fs = require('node:fs');
    const { join, dirname } = require('node:path');
    const root = join(dirname(require.resolve('ferrule')), '..');
    const directory = fs.mkdtempSync(join(require('node:os').tmpdir(), 'ferrule-copy-'));
    try {
      for (const name of ['package.json', 'lib', join('build', 'ferrule.node')]) {
        fs.cpSync(join(root, name), join(directory, name), { recursive: true });
      }
      const { DynamicLibrary } = require(directory);
      // Another version, as an update of packages would bring it; nothing in it can be executed.
      const file = join(directory, 'build', 'ferrule.node');
      fs.writeFileSync(`${file}.new`, Buffer.alloc(fs.statSync(file).size, 0xcc));
      fs.renameSync(`${file}.new`, file);
      const library = new DynamicLibrary(fixture.path);
      const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
      const seen = [];
      // More than have room in what is made for the first one.
      for (let count = 0; count < 3000; count++) {
        const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + count);
        if (call(callback, 1) === 1 + count) seen.push(count);
      }
      console.log(seen.length);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  });
  assert.equal(seen, 3000);
});
