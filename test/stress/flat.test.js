'use strict';

// What callbacks leave behind while C is not done: one native call that calls back a million times opens and closes no handle scope of its own,
// so that whatever a callback leaves in it would still be there at the end. And what comes of callbacks that come and go.
// FERRULE_STRESS_ALL=1 in the environment does it ten times as often.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('../child');
const count = require('./count');

// Two processes at a time.
const options = { concurrency: 2 };

const MIB = 2 ** 20;
// Small pages of young objects from the start, and no threads of V8's, which allocate at times of their own.
const flags = ['--expose-gc', '--max-semi-space-size=1', '--min-semi-space-size=1', '--single-threaded'];

// V8 keeps local handles in blocks that it allocates, eight bytes for each: of the C library's heap, a leak of one handle in eight callbacks would
// take this much. Pages come and go for reasons of V8's own.
const allowed = (callbacks) => ({ allocated: callbacks, handles: 64 * 1024, heap: 2 * MIB, resident: 4 * MIB + callbacks });

async function samplesOf(body, parameters) {
  const { status, signal, stdout, stderr } = await run(body, { parameters, flags });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

function assertFlat({ first, last }, times) {
  for (const [key, most] of Object.entries(allowed(times))) {
    const grown = last[key] - first[key];
    if (process.env.FERRULE_LEAK_REPORT) console.log(`${key} grew by ${grown}, ${most} allowed`);
    assert.ok(grown < most, `${key} grew by ${grown} bytes, from ${first[key]} to ${last[key]}, ${most} allowed`);
  }
}

describe('memory stays flat inside of one native call', options, () => {
  // The callback itself looks, when a tenth of the calls are over and at the last one: what the call has left behind is all there then.
  const measure = ({ fixture, allocation }, type, times) => {
    const v8 = require('node:v8');
    const library = fixture.open();
    const look = () => {
      gc();
      return {
        allocated: allocation.allocated(), handles: v8.getHeapStatistics().used_global_handles_size,
        heap: process.memoryUsage().heapUsed, resident: allocation.resident(),
      };
    };
    // Everything that looking needs is there before.
    look();
    let calls = 0;
    let first;
    let last;
    const called = () => {
      calls++;
      if (calls === times / 10) first = look();
      if (calls === times) last = look();
    };
    const wrong = {
      mixed() {
        const mixed = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer', 'i32'];
        const callback = library.registerCallback({ return: 'i64', arguments: mixed }, (a, b, c, d, e, f, wide) => { called(); return wide; });
        return fixture.native('count_wrong_mixed', 'u32', 'function', 'u32')(callback, times);
      },
      void() {
        const call = fixture.native('call_void', 'void', 'function');
        const empty = library.registerCallback(called);
        const sum = library.registerCallback({ return: 'i32', arguments: ['i32'] }, () => { call(empty); return 1; });
        return Number(fixture.native('call_times_i32', 'i64', 'function', 'u32')(sum, times)) - times;
      },
    }[type] ?? (() => {
      const callback = library.registerCallback({ return: type, arguments: [type] }, (value) => { called(); return value; });
      return fixture.native(`count_wrong_${type}`, 'u32', 'function', 'u32')(callback, times);
    });
    console.log(JSON.stringify({ wrong: wrong(), calls, first, last }));
  };

  const times = { i32: [300_000, 10_000_000], i64: [300_000, 5_000_000], f64: [300_000, 5_000_000], pointer: [300_000, 5_000_000],
    mixed: [100_000, 2_000_000], void: [200_000, 5_000_000] };
  for (const [type, [few, all]] of Object.entries(times)) {
    const often = count(few, all);
    test(`of ${often.toLocaleString('en')} callbacks: ${type}`, async () => {
      const { wrong, calls, ...samples } = await samplesOf(measure, [type, often]);
      assert.deepEqual({ wrong, calls }, { wrong: 0, calls: often });
      assertFlat(samples, often);
    });
  }
});

describe('callbacks that come and go', options, () => {
  const turnOver = async ({ fixture, allocation }, kind, times) => {
    const v8 = require('node:v8');
    const library = fixture.open();
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const i32 = { return: 'i32', arguments: ['i32'] };
    const look = async () => {
      // Finalizers of Node-API run from the event loop.
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      gc();
      return {
        allocated: allocation.allocated(), handles: v8.getHeapStatistics().used_global_handles_size,
        heap: process.memoryUsage().heapUsed, resident: allocation.resident(),
      };
    };
    const addresses = new Set();
    let wrong = 0;
    const step = {
      never(index) {
        const address = library.registerCallback(i32, (value) => value + index);
        library.unregisterCallback(address);
        return address;
      },
      once(index) {
        const address = library.registerCallback(i32, (value) => value + index % 1000);
        if (call(address, 5) !== 5 + index % 1000) wrong++;
        library.unregisterCallback(address);
        return address;
      },
      'in turn, of many signatures'(index) {
        const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer'];
        const list = Array.from({ length: index % 7 }, (_, place) => types[(index + place * 5) % types.length]);
        const address = library.registerCallback({ return: types[index % types.length], arguments: list }, () => index);
        library.unregisterCallback(address);
        return address;
      },
    }[kind];
    let first;
    for (let index = 0; index < times; index++) {
      addresses.add(step(index));
      if (index === times / 2) first = await look();
      if (index % 1000 === 999) await new Promise(setImmediate);
    }
    const distinct = addresses.size;
    addresses.clear();
    console.log(JSON.stringify({ wrong, distinct, first, last: await look() }));
  };

  // Those in the quarantine (8,192), and those that rest between it and their next use (16,384).
  const MOST_ADDRESSES = 8192 + 16_384 + 1024;
  for (const kind of ['never', 'once', 'in turn, of many signatures']) {
    // What is looked at first, after half of them, has all the addresses there will be.
    const times = count(60_000, 1_000_000);
    test(`${times.toLocaleString('en')} times, called ${kind}`, async () => {
      const { wrong, distinct, ...samples } = await samplesOf(turnOver, [kind, times]);
      assert.equal(wrong, 0);
      assert.ok(distinct > 8192, `an address is used again after ${distinct}`);
      assert.ok(distinct < MOST_ADDRESSES, `${distinct} addresses`);
      assertFlat(samples, times);
    });
  }
});
