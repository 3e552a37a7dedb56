'use strict';

// Workers: each has the module for itself, and what ends one ends nothing else.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const ffi = require('./subject');
const { allocate, native, open } = require('./conformance/native');
const { run, start } = require('./child');
const { withoutV8 } = require('./machine');

// Its messages, and the code it ended with.
async function finished(worker) {
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  const [code] = await once(worker, 'exit');
  return { messages, code };
}

// A process has to end well, whatever its Workers did.
const succeeds = async (body, stdout = 'done\n') => {
  assert.deepEqual(await run(body), { status: 0, signal: null, stdout, stderr: '' });
};

describe('the module loads', () => {
  const names = Object.keys(ffi);
  test('in a CommonJS Worker', async () => {
    assert.deepEqual(await finished(new Worker(path.join(__dirname, 'worker', 'script.cjs'))), { messages: [names], code: 0 });
  });

  test('in an ES module Worker', async () => {
    assert.deepEqual(await finished(new Worker(path.join(__dirname, 'worker', 'module.mjs'))), { messages: [names], code: 0 });
  });

  test('in a Worker made from text', async () => {
    const worker = start(({ ffi: exported, worker: { parentPort } }) => parentPort.postMessage(Object.keys(exported)));
    assert.deepEqual(await finished(worker), { messages: [names], code: 0 });
  });

  test('in a Worker of a Worker', async () => {
    const worker = start(({ start: startInner, worker: { parentPort } }) => {
      startInner(({ ffi: exported, worker: inner }) => inner.parentPort.postMessage(Object.keys(exported)))
        .on('message', (message) => parentPort.postMessage(message));
    });
    assert.deepEqual(await finished(worker), { messages: [names], code: 0 });
  });

  test('in Workers of a process whose main thread never loads it', () => succeeds(async ({ start: startWorker }) => {
    const { once: onceOf } = require('node:events');
    const work = ({ fixture }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + 1);
      process.exit(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 4));
    };
    // One after the other, so that nobody holds the addon in between, and then together.
    const codes = [];
    for (let count = 0; count < 8; count++) codes.push(await onceOf(startWorker(work), 'exit'));
    codes.push(...await Promise.all(Array.from({ length: 6 }, () => onceOf(startWorker(work), 'exit'))));
    if (codes.every(([code]) => code === 5)) console.log('done');
  }));
});

describe('at the same time', () => {
  test('eight Workers register and call', async () => {
    const work = ({ fixture, worker: { parentPort } }, id) => {
      const i32 = { return: 'i32', arguments: ['i32'] };
      const library = fixture.open();
      const [call, times] = [
        fixture.native('call_i32', 'i32', 'function', 'i32'),
        fixture.native('call_times_i32', 'i64', 'function', 'u32'),
      ];
      let wrong = 0;
      for (let round = 0; round < 300; round++) {
        const callback = library.registerCallback(i32, (value) => value * id);
        if (call(callback, round) !== round * id || times(callback, 20) !== BigInt(190 * id)) wrong++;
        if (round % 3) library.unregisterCallback(callback);
      }
      parentPort.postMessage([id, wrong]);
    };
    const workers = Array.from({ length: 8 }, (_, id) => start(work, [id]));
    const ended = await Promise.all(workers.map(finished));
    assert.deepEqual(ended, workers.map((_, id) => ({ messages: [[id, 0]], code: 0 })));
  });

  test('each has libraries of its own', async () => {
    const library = open();
    const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
    const worker = start(({ ffi: { DynamicLibrary }, fixture, worker: { parentPort } }) => {
      const mine = new DynamicLibrary(fixture.path);
      // No signature of another thread stands in the way.
      mine.getFunction('add_i32', { return: 'u32', arguments: ['u32', 'u32'] })(1, 2);
      mine.close();
      parentPort.postMessage('closed');
    });
    assert.deepEqual(await finished(worker), { messages: ['closed'], code: 0 });
    assert.equal(add(1, 2), 3);
  });

  test('each has an event loop of its own', async () => {
    const worker = start(({ ffi: exported, worker: { parentPort } }) => {
      parentPort.postMessage([exported.getCurrentEventLoop(), exported.getCurrentEventLoop()]);
    });
    const { messages: [[one, two]] } = await finished(worker);
    assert.equal(one, two);
    assert.notEqual(one, ffi.getCurrentEventLoop());
    assert.equal(ffi.getCurrentEventLoop(), ffi.getCurrentEventLoop());
  });
});

describe('a Worker that ends', () => {
  test('with libraries and callbacks alive harms nobody', () => succeeds(async ({ fixture, start: startWorker }) => {
    const { once: onceOf } = require('node:events');
    const work = ({ fixture: { open: openFixture, native: nativeFunction } }) => {
      globalThis.kept = [];
      for (let count = 0; count < 20; count++) {
        const library = openFixture();
        const call = library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
        const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
        call(callback, 1);
        if (count % 2) library.unrefCallback(callback);
        if (count % 5 === 0) library.close();
        globalThis.kept.push(library, call, callback);
      }
      nativeFunction('noop', 'void')();
    };
    for (let count = 0; count < 6; count++) {
      const [code] = await onceOf(startWorker(work), 'exit');
      if (code !== 0) throw new Error(`ended with ${code}`);
    }
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
    if (fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 7) === 7) console.log('done');
  }));

  // Each work ends its own thread, or waits to be ended once it has set `state[0]`; `state[1]` counts calls of a comparator.
  const works = {
    'by process.exit in a callback': { code: 5, work: ({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(() => process.exit(5)));
    } },
    'by process.exit many frames in': { code: 5, work: ({ fixture, worker: { workerData: state } }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (depth) => {
        if (depth === 0) process.exit(5);
        try {
          return call(callback, depth - 1);
        } finally {
          state[2]++;
        }
      });
      call(callback, 20);
      state[2]++;
    } },
    'by process.exit in a comparator': { code: 5, calls: 10, work: ({ fixture, worker: { workerData: state } }) => {
      const compare = fixture.open().registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, () => {
        if (++state[1] === 10) process.exit(5);
        return 1;
      });
      fixture.native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function')(new Int32Array(500), 500, 4, compare);
      state[2]++;
    } },
    'by terminate in a callback that never returns': { code: 1, work: ({ fixture, worker: { workerData: state } }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(() => {
        Atomics.store(state, 0, 1);
        Atomics.notify(state, 0);
        for (;;);
      }));
      state[2]++;
    } },
    'by terminate many frames in, in a callback that waits': { code: 1, work: ({ fixture, worker: { workerData: state } }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (depth) => {
        try {
          if (depth > 0) return call(callback, depth - 1);
          Atomics.store(state, 0, 1);
          Atomics.notify(state, 0);
          Atomics.wait(state, 3, 0);
        } catch {
          state[2]++;
        }
        return 1;
      });
      call(callback, 20);
      state[2]++;
    } },
    'by terminate in a comparator': { code: 1, calls: 10, work: ({ fixture, worker: { workerData: state } }) => {
      const compare = fixture.open().registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, () => {
        if (++state[1] < 10) return 1;
        Atomics.store(state, 0, 1);
        Atomics.notify(state, 0);
        for (;;);
      });
      fixture.native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function')(new Int32Array(500), 500, 4, compare);
      state[2]++;
    } },
  };
  for (const [name, { work, code, calls = 0 }] of Object.entries(works)) {
    test(name, () => succeeds(`async ({ fixture, start: startWorker }) => {
      const { once } = require('node:events');
      const state = new Int32Array(new SharedArrayBuffer(16));
      const worker = startWorker(${work}, [], { workerData: state });
      const exit = once(worker, 'exit');
      if (${code} === 1) {
        // The event loop stays free: the Worker needs it to load.
        while (Atomics.load(state, 0) === 0) await new Promise(setImmediate);
        worker.terminate();
      }
      const [code] = await exit;
      // This thread goes on, with callbacks of its own.
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value * 2);
      console.log(code, state[1], state[2], fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 21));
    }`, `${code} ${calls} 0 42\n`));
  }

  test('before it has loaded more than the native binary', () => succeeds(async ({ fixture, worker: { Worker: Thread } }) => {
    const { once: onceOf } = require('node:events');
    const binding = require.resolve('../lib/binding.js');
    await onceOf(new Thread(`require(${JSON.stringify(binding)})`, { eval: true }), 'exit');
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value * 2);
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 21));
  }, '42\n'));

  test('fifty times, in the middle of a callback', () => succeeds(async ({ fixture, start: startWorker }) => {
    const { once: onceOf } = require('node:events');
    const state = new Int32Array(new SharedArrayBuffer(8));
    const work = ({ fixture: { open: openFixture, native: nativeFunction }, worker: { workerData } }, kind) => {
      const call = nativeFunction('call_i32', 'i32', 'function', 'i32');
      const noop = nativeFunction('noop', 'void');
      const times = nativeFunction('call_times_i32', 'i64', 'function', 'u32');
      const library = openFixture();
      const i32 = { return: 'i32', arguments: ['i32'] };
      const identity = library.registerCallback(i32, (value) => value);
      const endless = {
        nothing() { for (;;); }, waiting() { Atomics.wait(workerData, 1, 0); }, calls() { for (;;) noop(); },
        callbacks() { for (;;) times(identity, 1000); },
        registrations() { for (;;) library.unregisterCallback(library.registerCallback(i32, (value) => value)); },
      };
      const callback = library.registerCallback(i32, (depth) => {
        if (depth > 0) return call(callback, depth - 1);
        Atomics.add(workerData, 0, 1);
        return endless[kind]();
      });
      call(callback, 5);
    };
    const kinds = ['nothing', 'waiting', 'calls', 'callbacks', 'registrations'];
    for (let round = 0; round < 5; round++) {
      const workers = Array.from({ length: 10 }, (_, index) => startWorker(work, [kinds[index % kinds.length]], { workerData: state }));
      while (Atomics.load(state, 0) < (round + 1) * 10) await new Promise(setImmediate);
      const codes = await Promise.all(workers.map((worker) => Promise.all([onceOf(worker, 'exit'), worker.terminate()])));
      if (codes.some(([[code]]) => code !== 1)) throw new Error(`ended with ${codes}`);
    }
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
    if (fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 7) === 7) console.log('done');
  }));

  test('with the process, which exits while Workers are in callbacks', () => succeeds(({ start: startWorker }) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    for (let count = 0; count < 4; count++) {
      startWorker(({ fixture, worker: { workerData } }) => {
        fixture.native(
          'call_void',
          'void',
          'function',
        )(
          fixture.open().registerCallback(() => {
            Atomics.add(workerData, 0, 1);
            for (;;);
          }),
        );
      }, [], { workerData: state });
    }
    const wait = () => (Atomics.load(state, 0) < 4 ? setImmediate(wait) : process.exit());
    process.on('exit', () => console.log('done'));
    wait();
  }));
});

describe('between threads', () => {
  // One that Node-API has made stays where it is.
  test('a zero-copy ArrayBuffer can be transferred', { skip: withoutV8 }, async () => {
    const address = allocate(64);
    const view = ffi.toArrayBuffer(address, 64, false);
    const worker = start(({ ffi: exported, worker: { parentPort, workerData } }) => {
      new Uint8Array(workerData).fill(7, 0, 32);
      parentPort.postMessage(exported.getRawPointer(workerData));
    }, [], { workerData: view, transferList: [view] });
    assert.equal(view.byteLength, 0);
    assert.deepEqual(await finished(worker), { messages: [address], code: 0 });
    assert.deepEqual([0, 31, 32].map((offset) => ffi.getUint8(address, offset)), [7, 7, 0]);
    native('release', 'void', 'pointer')(address);
  });

  test('a zero-copy ArrayBuffer that is not transferred is copied', async () => {
    const address = allocate(64);
    const worker = start(({ ffi: exported, worker: { parentPort, workerData } }) => {
      new Uint8Array(workerData).fill(7);
      parentPort.postMessage(exported.getRawPointer(workerData));
    }, [], { workerData: ffi.toArrayBuffer(address, 64, false) });
    const { messages: [elsewhere] } = await finished(worker);
    assert.notEqual(elsewhere, address);
    assert.equal(ffi.getUint8(address), 0);
  });

  test('the store of a zero-copy Buffer stays', () => {
    const address = allocate(64);
    const buffer = ffi.toBuffer(address, 64, false);
    const transfer = () => structuredClone(buffer, { transfer: [buffer.buffer] });
    // Before Node 21 a transfer overlooks what is marked as untransferable, and copies it.
    if (process.version.startsWith('v20.')) {
      assert.notEqual(ffi.getRawPointer(transfer()), address);
    } else {
      assert.throws(transfer, { name: 'DataCloneError' });
    }
    assert.equal(buffer.length, 64);
    assert.equal(ffi.getRawPointer(buffer), address);
  });

  test('addresses can be sent', async () => {
    const text = Buffer.from('in the memory of the main thread\0');
    const worker = start(({ ffi: exported, worker: { parentPort, workerData } }) => {
      parentPort.postMessage(exported.toString(workerData));
      exported.setUint8(workerData, 0, 'I'.charCodeAt());
    }, [], { workerData: ffi.getRawPointer(text) });
    assert.deepEqual((await finished(worker)).messages, ['in the memory of the main thread']);
    assert.equal(text[0], 'I'.charCodeAt());
  });

  test('libraries and functions cannot', () => {
    const library = open();
    assert.throws(() => structuredClone(library), { name: 'DataCloneError' });
    assert.throws(() => new Worker('', { eval: true, workerData: { library } }), { name: 'DataCloneError' });
    assert.throws(() => structuredClone(native('noop', 'void')), { name: 'DataCloneError' });
  });
});
