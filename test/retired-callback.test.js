'use strict';

// Callbacks that C calls although JavaScript has given them up: the process ends, with one line that says which callback it
// was and what had become of it. No other callback ever runs instead.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('./fixture');
const { run } = require('./child');
const { program } = require('./images');
const { uncompiled } = require('./machine');

// libffi gives the addresses of its closures out again at once.
const othersAddress = uncompiled && 'the addresses are libffi\'s, which soon belong to other callbacks';

// Two processes at a time: each takes a while to start, and little else.
const options = { concurrency: 2 };

async function assertAborts(body, line, parameters = []) {
  const { signal, stdout, stderr } = await run(body, { parameters });
  assert.equal(stderr, `${line}\n`);
  assert.equal(signal, 'SIGABRT');
  assert.equal(stdout, '', 'nothing ran afterwards');
}

describe('unregistered', options, () => {
  const line = `Callback "cmp" (int32) -> int32 of ${path} was called after it was unregistered`;

  test('and called', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { console.log('ran'); return 1; });
    library.unregisterCallback(callback);
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  test('with a thousand others after it', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const signature = { return: 'i32', arguments: ['i32'] };
    const callback = library.registerCallback(signature, function cmp() { console.log('ran'); return 1; });
    library.unregisterCallback(callback);
    const others = Array.from({ length: 1000 }, () => library.registerCallback(signature, () => { console.log('another ran'); return 2; }));
    if (others.includes(callback)) console.log('its address belongs to another');
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  test('with thousands of others that came and went', () => assertAborts(({ fixture }) => {
    const signature = { return: 'i32', arguments: ['i32'] };
    const library = fixture.open();
    const callback = library.registerCallback(signature, function cmp() { console.log('ran'); return 1; });
    library.unregisterCallback(callback);
    for (let other = 0; other < 8000; other++) {
      const address = library.registerCallback(signature, () => 2);
      if (address === callback) console.log('its address belongs to another');
      library.unregisterCallback(address);
    }
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  // More than the quarantine has room for: nobody knows its name any more, and it still belongs to no other.
  test('with so many others that came and went that it is forgotten', { skip: othersAddress }, () => assertAborts(({ fixture }) => {
    const signature = { return: 'i32', arguments: ['i32'] };
    const library = fixture.open();
    const callback = library.registerCallback(signature, function cmp() { console.log('ran'); return 1; });
    library.unregisterCallback(callback);
    for (let other = 0; other < 20_000; other++) {
      const address = library.registerCallback(signature, () => 2);
      if (address === callback) console.log('its address belongs to another');
      library.unregisterCallback(address);
    }
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, 'A callback was called that had been released long ago'));

  test('and its library closed', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { console.log('ran'); return 1; });
    library.unregisterCallback(callback);
    library.close();
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  test('by itself, and called again by C', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() {
      library.unregisterCallback(callback);
      return 1;
    });
    console.log(fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 2));
  }, line));

  test('after it was made weak and collected', () => assertAborts(async ({ fixture, garbage }) => {
    const library = fixture.open();
    const callback = (() => library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { return 1; }))();
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    library.unrefCallback(callback);
    if (!await garbage.collectUntil(() => call(callback, 1) === 0)) console.log('not collected');
    library.unregisterCallback(callback);
    console.log(call(callback, 1));
  }, line));

  test('and called on another thread', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { return 1; });
    library.unregisterCallback(callback);
    console.log(fixture.native('call_i32_on_thread', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  const parameters = [
    'int8', 'uint8', 'bool', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64', 'pointer', 'string',
    'buffer', 'function',
  ].join(', ');
  test('of the process itself, with every type', { skip: program !== null && 'no library is the process itself' }, () => assertAborts(({ ffi, fixture }, list) => {
    const library = new ffi.DynamicLibrary(null);
    const callback = library.registerCallback({ return: 'float32', arguments: list.split(', ') }, function every() { return 1; });
    library.unregisterCallback(callback);
    fixture.native('call_void', 'void', 'function')(callback);
  }, `Callback "every" (${parameters}) -> float32 of the process was called after it was unregistered`, [parameters]));
});

describe('of a closed library', options, () => {
  const line = `Callback "cmp" (int32) -> int32 of ${path} was called after its library was closed`;

  test('and called', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { console.log('ran'); return 1; });
    library.close();
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  test('with a thousand others after it', () => assertAborts(({ fixture }) => {
    const signature = { return: 'i32', arguments: ['i32'] };
    const library = fixture.open();
    const callback = library.registerCallback(signature, function cmp() { console.log('ran'); return 1; });
    library.close();
    const other = fixture.open();
    for (let count = 0; count < 1000; count++) other.registerCallback(signature, () => { console.log('another ran'); return 2; });
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  // One less than the quarantine has room for.
  test('with thousands of others that came and went', () => assertAborts(({ fixture }) => {
    const signature = { return: 'i32', arguments: ['i32'] };
    const library = fixture.open();
    const callback = library.registerCallback(signature, function cmp() { console.log('ran'); return 1; });
    library.close();
    const other = fixture.open();
    for (let count = 0; count < 8191; count++) other.unregisterCallback(other.registerCallback(signature, () => 2));
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, line));

  test('in a Worker', () => assertAborts(({ start }) => {
    start(({ fixture }) => {
      const library = fixture.open();
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { console.log('ran'); return 1; });
      library.close();
      console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
    }).on('exit', () => console.log('exit'));
  }, line));

  test('and called by the event loop', () => assertAborts(({ fixture }) => {
    const { startTimer } = require('./event-loop');
    const library = fixture.open();
    // The loop passes a pointer, which a callback that is not there does not look at.
    startTimer(library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { console.log('ran'); return 1; }));
    library.close();
    setTimeout(() => console.log('lives'), 1000);
  }, line));

  test('that it closed itself while C was not done', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { library.close(); return 1; });
    console.log(fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 2));
  }, line));

  test('after it was made weak and collected', () => assertAborts(async ({ fixture, garbage }) => {
    const library = fixture.open();
    const callback = (() => library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() { return 1; }))();
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    library.unrefCallback(callback);
    if (!await garbage.collectUntil(() => call(callback, 1) === 0)) console.log('not collected');
    library.close();
    console.log(call(callback, 1));
  }, line));
});

describe('of a Worker that has ended', options, () => {
  const line = `Callback "cmp" (int32) -> int32 of ${path} was called after the thread that registered it had ended`;
  const ways = {
    'by itself': () => {},
    'with its library still held': (parentPort, library) => { globalThis.library = library; },
    'by process.exit': (parentPort) => parentPort.on('message', () => process.exit()),
    'by terminate': () => setInterval(() => {}, 1000),
  };
  for (const [name, ending] of Object.entries(ways)) {
    test(name, () => assertAborts(({ fixture, start }, end) => {
      const worker = start(({ fixture: { open }, worker: { parentPort } }, endWorker) => {
        const library = open();
        parentPort.postMessage(
          library.registerCallback({ return: 'i32', arguments: ['i32'] }, function cmp() {
            console.log('ran');
            return 1;
          }),
        );
        require('./compile').evaluate(endWorker)(parentPort, library);
      }, [end]);
      let address;
      worker.on('message', (value) => {
        address = value;
        worker.postMessage('end');
        if (end.includes('setInterval')) worker.terminate();
      });
      worker.on('exit', () => console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(address, 1)));
    }, line, [String(ending)]));
  }
});

describe('of a Worker that has ended, with more', options, () => {
  const line = `Callback "cmp" (int32) -> int32 of ${path} was called after the thread that registered it had ended`;
  // In the main thread, or in another Worker, where addresses could be given to others; one less than the quarantine has room for.
  const others = {
    'thousands of others in the main thread': async ({ fixture }) => {
      const other = fixture.open();
      for (let count = 0; count < 8191; count++) other.unregisterCallback(other.registerCallback(() => {}));
    },
    'thousands of others in a Worker': ({ start }) => new Promise((resolve) => {
      start(({ fixture }) => {
        const other = fixture.open();
        for (let count = 0; count < 8191; count++) other.registerCallback(() => {});
      }).on('exit', resolve);
    }),
  };
  for (const [name, source] of Object.entries(others)) {
    test(name, () => assertAborts(async (modules, act) => {
      const worker = modules.start(({ fixture, worker: { parentPort } }) => {
        const signature = { return: 'i32', arguments: ['i32'] };
        parentPort.postMessage(fixture.open().registerCallback(signature, function cmp() { console.log('ran'); return 1; }));
      });
      const ended = new Promise((resolve) => worker.on('exit', resolve));
      const address = await new Promise((resolve) => worker.on('message', resolve));
      await ended;
      await require('./compile').evaluate(act)(modules);
      console.log(modules.fixture.native('call_i32', 'i32', 'function', 'i32')(address, 1));
    }, line, [`(${source})`]));
  }
});

describe('process.exit inside of a callback', options, () => {
  const exits = {
    'ends the process with its code': [({ fixture }) => {
      process.on('exit', (code) => console.log('exit', code));
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(() => process.exit(3)));
    }, 'exit 3\n'],
    'ends it from many frames in': [({ fixture }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const callback = fixture
        .open()
        .registerCallback({ return: 'i32', arguments: ['i32'] }, (depth) => (depth ? call(callback, depth - 1) : process.exit(3)));
      call(callback, 20);
      console.log('afterwards');
    }, ''],
    'lets exit handlers call C': [({ fixture }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const library = fixture.open();
      const double = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value * 2);
      process.on('exit', () => console.log(call(double, 21)));
      call(library.registerCallback({ return: 'i32', arguments: ['i32'] }, () => process.exit(3)), 1);
    }, '42\n'],
  };
  for (const [name, [body, stdout]] of Object.entries(exits)) {
    test(name, async () => assert.deepEqual(await run(body), { status: 3, signal: null, stdout, stderr: '' }));
  }
});
