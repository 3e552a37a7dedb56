'use strict';

// Memory stays flat whatever is done again and again. Each kind of work has a process to itself, which does it in rounds with
// collections in between; what is looked at is how much memory a round adds, as the median over all pairs of rounds.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { allocated, skip } = require('./allocation');
const { run } = require('./child');
const { native } = require('./conformance/native');
const { withoutV8 } = require('./machine');

// The first rounds are not looked at: caches fill.
const WARM_UP = 3;
const ROUNDS = WARM_UP + 9;
// What a leak of this many bytes per iteration adds is seen; half of it is put up with, as noise.
const LEAK = 100;
// V8 takes and gives back this much in pages for reasons of its own; with Workers, whole isolates come and go.
const CHURN = 1.5 * 2 ** 20;
const ISOLATE_CHURN = 12 * 2 ** 20;
// Small pages of young objects from the start, which V8 would otherwise let grow as it sees fit, and no threads of V8's, which
// allocate at times of their own.
const FLAGS = ['--expose-gc', '--max-semi-space-size=1', '--min-semi-space-size=1', '--single-threaded'];

// What the process of one kind does. `setUp` gives the function that is done again and again.
async function measure(modules, setUp, iterations, rounds) {
  const { collect } = modules.garbage;
  const { allocated, resident } = modules.allocation;
  // Retired callbacks are kept on purpose, and after them the addresses of released ones, up to capacities that are full after these.
  const filler = modules.fixture.open();
  for (let count = 0; count < 26_000; count++) filler.unregisterCallback(filler.registerCallback(() => {}));
  const step = require('./compile').evaluate(setUp)(modules);
  const samples = [];
  for (let round = 0; round < rounds; round++) {
    for (let iteration = 0; iteration < iterations; iteration++) {
      const result = step(iteration);
      if (result instanceof Promise) await result;
      // Finalizers of Node-API run from the event loop.
      if (iteration % 500 === 499) await new Promise(setImmediate);
    }
    await collect();
    await collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    samples.push({ allocated: allocated(), heapUsed, external, arrayBuffers, resident: resident() });
  }
  console.log(JSON.stringify(samples));
}

// What the samples grow by from the first to the last, if they grow steadily (the Theil-Sen estimate): a leak adds to every round, and
// pages that come and go in a few of them change nothing.
function growth(values) {
  const slopes = [];
  for (let later = 1; later < values.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) slopes.push((values[later] - values[earlier]) / (later - earlier));
  }
  slopes.sort((a, b) => a - b);
  return slopes[slopes.length >> 1] * (values.length - 1);
}

const number = (bytes) => `${(bytes / 1024).toFixed()} KiB`;

async function assertFlat({ setUp, iterations, leak = LEAK, churn = CHURN }) {
  const { status, signal, stdout, stderr } = await run(measure, { parameters: [String(setUp), iterations, ROUNDS], flags: FLAGS });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  const samples = JSON.parse(stdout);
  for (const key of Object.keys(samples[0])) {
    const allowed = Math.max((leak / 2) * iterations * (ROUNDS - WARM_UP - 1), key === 'resident' ? churn : 0);
    const values = samples.map((sample) => sample[key]);
    const grown = growth(values.slice(WARM_UP));
    const text = `${key.padEnd(12)} grew by ${number(grown)}, ${number(allowed)} allowed: ${values.map(number).join(', ')}`;
    if (process.env.FERRULE_LEAK_REPORT) console.log(text);
    assert.ok(grown < allowed, text);
  }
}

const kinds = {
  'calls with numbers': { iterations: 10_000, setUp: ({ fixture }) => {
    const add = fixture.native('add_i64', 'i64', 'i64', 'i64');
    const weigh = fixture.native('weigh_20_i32', 'i64', ...Array(20).fill('i32'));
    const values = Array(20).fill(1);
    return (index) => add(BigInt(index), 1n) + weigh(...values);
  } },
  'calls with a short string': { iterations: 10_000, setUp: ({ fixture }) => {
    const length = fixture.native('string_length', 'u64', 'string');
    return (index) => length(`number ${index}`);
  } },
  'calls with a long string': { iterations: 5000, setUp: ({ fixture }) => {
    const length = fixture.native('string_length', 'u64', 'string');
    const long = 'x'.repeat(2000);
    return (index) => length(long + index);
  } },
  'calls with buffers': { iterations: 5000, setUp: ({ fixture }) => {
    const sum = fixture.native('buffer_sum', 'u64', 'pointer', 'u64');
    const kept = Buffer.alloc(64);
    return (index) => sum(kept, 64) + sum(Uint8Array.of(index), 1) + sum(new ArrayBuffer(16), 16) + sum(new DataView(kept.buffer, 8), 8);
  } },
  'calls that are refused': { iterations: 5000, setUp: ({ fixture }) => {
    const concatenate = fixture.native('string_concatenate', 'u64', 'pointer', 'u64', 'string', 'string');
    const long = 'x'.repeat(700);
    const attempts = [() => concatenate(), () => concatenate(0n, 0, long, true), () => concatenate(0n, 0, long, `${long}\0`)];
    return (index) => {
      try {
        attempts[index % attempts.length]();
      } catch (error) {
        if (error.code !== 'ERR_INVALID_ARG_VALUE') throw error;
      }
    };
  } },
  'calls back': { iterations: 3000, setUp: ({ fixture }) => {
    const library = fixture.open();
    const [call, text, many] = [
      fixture.native('call_i64', 'i64', 'function', 'i64'),
      fixture.native('call_text', 'u64', 'function', 'string'),
      fixture.native('call_12_i64', 'i64', 'function', 'i64'),
    ];
    const identity = library.registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => value);
    const first = library.registerCallback({ return: 'u64', arguments: ['pointer'] }, (address) => address);
    const twelve = library.registerCallback({ return: 'i64', arguments: Array(12).fill('i64') }, (...values) => values[11]);
    return (index) => [call(identity, BigInt(index)), text(first, `text ${index}`), many(twelve, BigInt(index))];
  } },
  'registering and unregistering': { iterations: 5000, setUp: ({ fixture }) => {
    const library = fixture.open();
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    return (index) => {
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + index);
      if (index % 4 === 0) library.unrefCallback(callback);
      if (index % 8 === 0) library.refCallback(callback);
      if (index % 2 === 0) call(callback, 1);
      library.unregisterCallback(callback);
    };
  } },
  'opening, resolving and closing': { iterations: 2000, setUp: ({ ffi, fixture }) => (index) => {
    const { lib, functions } = ffi.dlopen(fixture.path, { add_i32: { return: 'i32', arguments: ['i32', 'i32'] }, noop: {} });
    lib.getSymbol('string_length');
    functions.add_i32(index, 1);
    lib.registerCallback(() => functions);
    lib.close();
  } },
  // The callbacks that are kept come to lie among what goes, which the heap of Windows cannot give back, until all 8,192 do.
  'libraries that nobody closes': { iterations: 2000, churn: process.platform === 'win32' ? 4 * 2 ** 20 : CHURN, setUp: ({ ffi, fixture }) => (index) => {
    const library = new ffi.DynamicLibrary(fixture.path);
    library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] })(index, 1);
    if (index % 2) library.unrefCallback(library.registerCallback(() => library));
  } },
  'libraries that cannot be opened, symbols that are not there': { iterations: 3000, setUp: ({ ffi, fixture }) => {
    const library = fixture.open();
    const attempts = [
      () => new ffi.DynamicLibrary('/nowhere/library.so'),
      () => ffi.dlopen(fixture.path, { noop: {}, no_such: {} }),
      () => library.getSymbol('no_such'),
      () => library.getFunction('no_such', {}),
      () => library.getFunction('noop', { return: 'int' }),
      () => library.getFunctions({ noop: {}, add_i32: { results: 'i32' } }),
    ];
    return (index) => {
      try {
        attempts[index % attempts.length]();
        throw new Error('not refused');
      } catch (error) {
        if (error.code === undefined) throw error;
      }
    };
  } },
  'functions that are dropped': { iterations: 5000, setUp: ({ ffi, fixture }) => {
    const library = fixture.open();
    const address = library.getSymbol('add_i32');
    return (index) => {
      library.getFunctionFromPointer(address, { return: 'i32', arguments: ['i32', 'i32'] })(index, 1);
      ffi.getNativeFunction(fixture.path, 'add_i32', 'int', ['int', 'int'])(index, 1);
    };
  } },
  'functions that are made again': { iterations: 3000, setUp: ({ fixture }) => {
    const library = fixture.open();
    const names = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64'].map((type) => [
      `identity_${type}`,
      { return: type, arguments: [type] },
    ]);
    return (index) => {
      const [name, signature] = names[index % names.length];
      return [library.getFunction(name, signature), index % 16 === 0 && library.functions, index % 16 === 8 && library.symbols];
    };
  } },
  'views and copies': { iterations: 3000, setUp: ({ ffi, fixture }) => {
    const address = fixture.allocate(4096);
    return (index) => {
      ffi.toBuffer(address, 64)[0] = index;
      ffi.toArrayBuffer(address, 64);
      ffi.toBuffer(address, 4096, false)[0] = index;
      ffi.toArrayBuffer(address, 4096, false);
    };
  } },
  'views that are transferred': { iterations: 2000, skip: withoutV8, setUp: ({ ffi, fixture }) => {
    const address = fixture.allocate(4096);
    return () => {
      const view = ffi.toArrayBuffer(address, 4096, false);
      structuredClone(view, { transfer: [view] });
    };
  } },
  'reads, writes and exports': { iterations: 3000, setUp: ({ ffi, fixture }) => {
    const address = fixture.allocate(4096);
    return (index) => {
      ffi.setUint64(address, 8, BigInt(index));
      ffi.getUint64(address, 8);
      ffi.exportString(`text ${index}`, address, 4096);
      ffi.exportString(`text ${index}`, address, 4096, 'base64');
      ffi.toString(address);
      ffi.exportBuffer(Buffer.from('bytes'), address, 4096);
      ffi.exportArrayBuffer(new ArrayBuffer(8), address, 4096);
      ffi.getRawPointer(new Uint8Array(8));
    };
  } },
  // A Worker itself leaves a few KiB behind on some lines; its callbacks alone would leave many more.
  'Workers that end with all they have': { iterations: 3, leak: 60_000, churn: ISOLATE_CHURN, setUp: ({ start }) => {
    const { once } = require('node:events');
    const work = ({ fixture: { open } }) => {
      globalThis.library = open();
      const call = globalThis.library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
      for (let count = 0; count < 500; count++) {
        call(
          globalThis.library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value),
          count,
        );
      }
    };
    return () => once(start(work), 'exit');
  } },
};

describe('memory stays flat through', () => {
  for (const [name, kind] of Object.entries(kinds)) {
    test(name, { skip: kind.skip ?? false }, () => assertFlat(kind));
  }
});

test('the copy of a large string is given back when its call is over', { skip }, () => {
  const size = 20 * 2 ** 20;
  const length = native('string_length', 'u64', 'string');
  const text = 'x'.repeat(size);
  assert.equal(length('x'), 1n);
  const before = allocated();
  for (let call = 0; call < 3; call++) {
    assert.equal(length(text), BigInt(size));
    assert.throws(() => length(`${text}\0`), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  // `text` and its flattened copies are V8's.
  assert.ok(allocated() - before < size / 10);
});
