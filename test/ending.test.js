'use strict';

// What still lives when something ends: a library, a Worker, the process. C has exit handlers, destructors and threads of its own,
// which come late and must neither crash a process nor spoil its exit code.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('./fixture');
const { unloads } = require('./loader');
const { run } = require('./child');

// Two processes at a time: each takes a while to start, and little else.
const options = { concurrency: 2 };

async function assertEnds(body, expected, parameters = []) {
  assert.deepEqual(await run(body, { parameters }), { status: 0, signal: null, stdout: '', stderr: '', ...expected });
}

// A callback called `late` was called after `event`.
async function assertAborts(body, event, stdout) {
  const stderr = `Callback "late" (int32) -> int32 of ${path} was called after ${event}\n`;
  await assertEnds(body, { status: null, signal: 'SIGABRT', stdout, stderr });
}

// The functions below are source text to the processes they run in.
const abandon = ({ fixture }, hook) => {
  const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function late(value) {
    console.log('ran');
    return value * 2;
  });
  fixture.native(hook, 'void', 'function')(callback);
};

const startBusyThread = ({ fixture }) => {
  if (fixture.native('start_busy_thread', 'i32')() !== 0) throw new Error('no thread');
};

const startBusyThreadByLegacy = ({ ffi, fixture }) => {
  if (ffi.getNativeFunction(fixture.path, 'start_busy_thread', 'int', [])() !== 0) throw new Error('no thread');
};

// Which comes first when the process exits.
const order = process.platform === 'win32' ? ['unload', 'exit'] : ['exit', 'unload'];

const hooks = { call_at_unload: 'unload', call_at_exit: 'exit' };

describe('the process ends', options, () => {
  // Node's own report, to its last line.
  const uncaught = /^\[eval\]:\d+\n[^]*\nError: mine\n    at [^]*\nNode\.js v[^\n]*\n/;
  const ends = {
    'because nothing is left to do': { how: () => {}, status: 0 },
    'by process.exit': { how: () => process.exit(3), status: 3 },
    'by process.exit in a callback': { how: ({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(() => process.exit(4)));
    }, status: 4 },
    'by an exception that nobody catches': { how: () => { throw new Error('mine'); }, status: 1, message: uncaught },
  };

  // The exact status, and what was written after Node's own message, if there is one.
  async function assertProcessEnds(work, { how, status, message }, stderr, parameters = []) {
    const body = `(modules, ...parameters) => { (${work})(modules, ...parameters); (${how})(modules); }`;
    const ended = await run(body, { parameters });
    if (message) {
      assert.match(ended.stderr, message);
      ended.stderr = ended.stderr.replace(message, '');
    }
    assert.deepEqual(ended, { status, signal: null, stdout: '', stderr });
  }

  for (const [name, end] of Object.entries(ends)) {
    for (const [hook, event] of Object.entries(hooks)) {
      test(`${name}, and a late call comes at ${event}`, () => (
        assertProcessEnds(abandon, end, `${event} callback answered 0\n`, [hook])
      ));
    }

    test(`${name}, under a thread of the library`, () => assertProcessEnds(startBusyThread, end, ''));

    test(`${name}, under a thread of a library of the legacy API`, () => assertProcessEnds(startBusyThreadByLegacy, end, ''));
  }

  test('under a thread of the library, again and again', async () => {
    // Everything that ends has to take so long that the thread meets it.
    const body = ({ fixture }) => {
      const library = fixture.open();
      library.getFunction('start_busy_thread', { return: 'i32' })();
      const address = library.getSymbol('noop');
      globalThis.kept = Array.from({ length: 5000 }, () => library.getFunctionFromPointer(address, {}));
      for (let count = 0; count < 1000; count++) library.registerCallback(() => {});
    };
    for (let round = 0; round < 4; round++) await assertEnds(body, {});
  });

  test('and one library calls back into another', () => assertEnds(({ ffi, fixture }) => {
    const { copyFileSync, mkdtempSync, rmSync } = require('node:fs');
    const { tmpdir } = require('node:os');
    const { join } = require('node:path');
    const directory = mkdtempSync(join(tmpdir(), 'ferrule-'));
    const copy = join(directory, `other.${ffi.suffix}`);
    copyFileSync(fixture.path, copy);
    globalThis.kept = ['call_at_unload', 'call_at_exit'].map((hook) => {
      const library = new ffi.DynamicLibrary(copy);
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, () => 1);
      library.getFunction(hook, { arguments: ['function'] })(callback);
      return library;
    });
    // Windows keeps the file of a library that is loaded.
    if (process.platform !== 'win32') rmSync(directory, { recursive: true });
  }, { stderr: order.map((event) => `${event} callback answered 0\n`).join('') }));

  test('while Workers of Workers are in C', () => assertEnds(async ({ start }) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    const work = ({ fixture, worker: { workerData }, start: startInner }, source, depth) => {
      if (depth > 0) startInner(source, [source, depth - 1], { workerData });
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
      const call = fixture.native('sleep_then_call', 'i32', 'function', 'u32', 'i32');
      setTimeout(() => {
        Atomics.add(workerData, 0, 1);
        call(callback, 300, 1);
      }, 1);
    };
    for (let count = 0; count < 2; count++) start(work, [String(work), 2], { workerData: state });
    const wait = () => (Atomics.load(state, 0) < 6 ? setTimeout(wait, 1) : process.exit(0));
    process.on('exit', () => console.log('done'));
    wait();
  }, { stdout: 'done\n' }));
});

describe('a library is closed', options, () => {
  // Where nothing is unloaded, what was to be called then is called when the process exits, and answers nothing.
  const atExit = { stdout: 'closed\n', stderr: 'unload callback answered 0\n' };

  for (const [hook, event] of Object.entries(hooks)) {
    test(`and calls back at ${event}`, () => assertEnds(({ ffi, fixture }, name) => {
      const library = new ffi.DynamicLibrary(fixture.path);
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        console.log('ran');
        return value * 2;
      });
      library.getFunction(name, { arguments: ['function'] })(callback);
      library.close();
      console.log('closed');
    }, unloads ? { stdout: 'ran\nclosed\n', stderr: `${event} callback answered 10\n` } : { ...atExit, stderr: `${event} callback answered 0\n` }, [hook]));
  }

  // What closes a library says that nothing will call its callbacks any more, and here the code is unloaded only after the call.
  const byItsOwnCall = ({ ffi, fixture }) => {
    const library = new ffi.DynamicLibrary(fixture.path);
    const i32 = { return: 'i32', arguments: ['i32'] };
    const late = library.registerCallback(i32, function late(value) { return value * 2; });
    library.getFunction('call_at_unload', { arguments: ['function'] })(late);
    const closer = library.registerCallback(i32, (value) => {
      library.close();
      console.log('closed');
      return value;
    });
    console.log(library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] })(closer, 7));
  };
  test('by a call of its own, and calls back when that is over', () => (unloads ?
    assertAborts(byItsOwnCall, 'its library was closed', 'closed\n') :
    assertEnds(byItsOwnCall, { ...atExit, stdout: 'closed\n7\n' })));

  test('and what calls back then closes it again', () => assertEnds(({ ffi, fixture }) => {
    const library = new ffi.DynamicLibrary(fixture.path);
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
      library.close();
      try {
        library.getSymbol('noop');
      } catch (error) {
        console.log(error.code);
      }
      return value;
    });
    library.getFunction('call_at_unload', { arguments: ['function'] })(callback);
    library.close();
  }, unloads ? { stdout: 'ERR_FFI_LIBRARY_CLOSED\n', stderr: 'unload callback answered 5\n' } : { ...atExit, stdout: '' }));

  test('before a thread calls back', () => assertAborts(({ ffi, fixture }) => {
    // Keeps the code where it is, for the thread.
    fixture.open();
    const library = new ffi.DynamicLibrary(fixture.path);
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function late() { console.log('ran'); });
    library.getFunction('call_later', { return: 'i32', arguments: ['function', 'u32'] })(callback, 300);
    library.close();
    console.log('closed');
    setTimeout(() => console.log('lives'), 10_000);
  }, 'its library was closed', 'closed\n'));
});

describe('a Worker ends', options, () => {
  const ends = {
    'because nothing is left to do': { how: () => {}, code: 0 },
    'by process.exit': { how: () => process.exit(4), code: 4 },
    'by process.exit in a callback': { how: ({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(() => process.exit(5)));
    }, code: 5 },
    'by an exception that nobody catches': { how: () => { throw new Error('mine'); }, code: 1, error: 'mine' },
    'by terminate': { how: ({ worker: { parentPort } }) => {
      parentPort.postMessage('ready');
      for (;;);
    }, code: 1 },
  };

  // What happens in the main thread: with a module of its own or without, it outlives the Worker, and then ends.
  const outlive = async ({ start }, source) => {
    const worker = start(source);
    worker.on('message', () => worker.terminate()).on('error', ({ message }) => console.log(message));
    console.log(await new Promise((resolve) => worker.on('exit', resolve)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    console.log('lives');
  };

  const nothingElse = { how: () => {}, status: 0 };

  async function assertOutlived(work, { how, code, error }, stderr, parameters = [], last = nothingElse) {
    const source = `(modules) => { (${work})(modules, ...${JSON.stringify(parameters)}); (${how})(modules); }`;
    const body = `async (modules, source) => { ${last.loads ? 'modules.ffi;' : ''} await (${outlive})(modules, source); (${last.how})(); }`;
    const stdout = `${error ? `${error}\n` : ''}${code}\nlives\n`;
    await assertEnds(body, { status: last.status, stdout, stderr }, [source]);
  }

  for (const [name, end] of Object.entries(ends)) {
    test(`${name}, under a thread of the library`, () => assertOutlived(startBusyThread, end, ''));

    test(`${name}, under a thread of a library of the legacy API`, () => assertOutlived(startBusyThreadByLegacy, end, ''));

    for (const [hook, event] of Object.entries(hooks)) {
      test(`${name}, and a late call comes at ${event} of the process`, () => (
        assertOutlived(abandon, end, `${event} callback answered 0\n`, [hook], { ...nothingElse, loads: true })
      ));
    }
  }

  // Neither tells an addon of the main thread beforehand.
  const lasts = {
    'whose main thread never loaded the module': nothingElse,
    'that ends by process.exit': { how: () => process.exit(3), status: 3, loads: true },
  };
  for (const [name, last] of Object.entries(lasts)) {
    for (const [hook, event] of Object.entries(hooks)) {
      test(`and a late call comes at ${event} of a process ${name}`, () => (
        assertOutlived(abandon, ends['because nothing is left to do'], `${event} callback answered 0\n`, [hook], last)
      ));
    }
  }

  test('by terminate while C sleeps, which then calls back', () => assertEnds(async ({ start }) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    const worker = start(({ fixture, worker: { parentPort, workerData } }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        workerData[0]++;
        return value;
      });
      const call = fixture.native('sleep_then_call', 'i32', 'function', 'u32', 'i32');
      parentPort.postMessage('ready');
      call(callback, 1000, 1);
      for (;;);
    }, [], { workerData: state });
    worker.on('message', () => worker.terminate());
    console.log(await new Promise((resolve) => worker.on('exit', resolve)), ...state);
    setTimeout(() => console.log('lives'), 30);
  }, { stdout: '1 0\nlives\n' }));

  test('before a thread of the library calls back', () => assertAborts(async ({ start }) => {
    const worker = start(({ fixture }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function late() { console.log('ran'); });
      fixture.native('call_later', 'i32', 'function', 'u32')(callback, 1000);
    });
    console.log(await new Promise((resolve) => worker.on('exit', resolve)));
    setTimeout(() => console.log('lives'), 10_000);
  }, 'the thread that registered it had ended', '0\n'));
});
