'use strict';

// get*, set*, toString, toBuffer, toArrayBuffer, getRawPointer and the exports answer alike wherever V8 calls their native functions from,
// and without these functions; and do what Node's own do.

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');
const { heat } = require('./direct/survey');
const { uncompiled, withoutFast } = require('./machine');
const { answer } = require('./tiers/process');

// Two processes at a time.
const options = { concurrency: 2 };

const surveyed = path.join(__dirname, 'direct', 'survey.js');
const library = path.dirname(require.resolve('ferrule'));

// The first pass is in code that runs for the first time, the others in code that V8 has optimised, and gives up when arguments surprise it.
const takeSurvey = ({ ffi }, file) => {
  const { survey, heat } = require(file);
  let wrong = 0;
  const between = (subject, base) => { wrong += heat(subject, base); };
  console.log(JSON.stringify({ ...survey(ffi, 3, { between }), wrong }));
};

const inWorker = ({ start }, file) => {
  const worker = start((modules, survey) => {
    const { survey: ask, heat: warm } = require(survey);
    let wrong = 0;
    const between = (subject, base) => { wrong += warm(subject, base); };
    modules.worker.parentPort.postMessage({ ...ask(modules.ffi, 2, { between }), wrong });
  }, [file]);
  worker.on('message', (message) => console.log(JSON.stringify(message)));
};

let reference;
const expected = () => (reference ??= answer(takeSurvey, { tier: 'slow', parameters: [surveyed] }));

async function assertSame({ results, asked, wrong }) {
  const { results: [cold], asked: askedBefore } = await expected();
  assert.deepEqual({ asked, askedBefore, wrong }, { asked: 0, askedBefore: 0, wrong: 0 }, 'nothing was asked for a number');
  for (const pass of results) assert.deepEqual(pass, cold);
  assert.ok(Object.keys(cold).length > 9000);
}

describe('the answers are those of Rust', options, () => {
  test('without the functions, hot as well', async () => {
    await assertSame(await expected());
  });
  test('cold, hot, and after surprises', async () => {
    await assertSame(await answer(takeSurvey, { parameters: [surveyed] }));
  });
  for (const [name, flags] of Object.entries({
    'in code that TurboFan leaves alone': ['--max-optimized-bytecode-size=0'],
    'in code that is only interpreted': ['--max-optimized-bytecode-size=0', '--no-maglev', '--no-sparkplug'],
    'with garbage collections everywhere': ['--gc-interval=1000', '--single-threaded'],
    'without an optimising compiler': ['--no-opt'],
    'without V8\'s fast calls': ['--no-turbo-fast-api-calls'],
  })) {
    test(name, async () => {
      await assertSame(await answer(takeSurvey, { flags, parameters: [surveyed] }));
    });
  }
  test('in a Worker', async () => {
    await assertSame(await answer(inWorker, { parameters: [surveyed] }));
  });
});

test('the functions are there, and take what is valid', { skip: withoutFast }, () => {
  const ffi = require('ferrule');
  const binding = require(path.join(library, 'binding.js'));
  const before = { ...binding };
  const went = {};
  for (const name of Object.keys(before)) {
    if (!/^([gs]et(Int|Uint|Float)\d|to[A-Z]|export|getRaw)/.test(name)) continue;
    binding[name] = (...values) => {
      went[name] = (went[name] ?? 0) + 1;
      return before[name](...values);
    };
  }
  try {
    const memory = Buffer.from(new SharedArrayBuffer(512));
    const base = ffi.getRawPointer(memory);
    assert.equal(heat(ffi, base, 500), 0);
    assert.deepEqual(went, {});
    assert.throws(() => ffi.getInt8(0n), { code: 'ERR_FFI_INVALID_POINTER' });
    assert.deepEqual(went, { getInt8: 1 });
  } finally {
    Object.assign(binding, before);
  }
});

// What differs on purpose: offsets and lengths that JavaScript cannot count to, an empty view, which Node cannot make, and what somebody has
// made up to be a Buffer.
const known = [
  /^[gs]et\w+\(memory, (9007199254740992|18446744073709552000)\b/,
  /^to(Array)?Buffer\(memory, (9007199254740992|18446744073709552000)\)/,
  /^toBuffer\(0n, 0, false\)/,
  /^exportBuffer\(a Buffer (of 16-bit elements|with a length of its own), /,
  /^exportArrayBufferView\(a DataView that says it is a Buffer, /,
];

const builtin = Number(process.versions.node.split('.')[0]) >= 26;

test('the answers are those of Node', { skip: !builtin && 'this Node has no node:ffi' }, async () => {
  const { results: [cold] } = await expected();
  const { results: [nodes] } = await answer((_, file, skipped) => {
    const { survey } = require(file);
    const skip = (call) => skipped.some((text) => new RegExp(text).test(call));
    console.log(JSON.stringify(survey(require('node:ffi'), 1, { skip })));
  }, { flags: ['--no-warnings'], parameters: [surveyed, known.map(({ source }) => source)] });
  const compared = Object.fromEntries(Object.keys(nodes).map((call) => [call, cold[call]]));
  assert.deepEqual(compared, nodes);
  assert.ok(Object.keys(nodes).length > 9000);
});

test('a prototype that is a proxy does not lead elsewhere', () => {
  const ffi = require('ferrule');
  const memory = Buffer.from(new SharedArrayBuffer(64));
  const base = ffi.getRawPointer(memory);
  let asked = 0;
  const prototype = new Proxy({}, {
    getPrototypeOf() {
      asked++;
      ffi.setInt8(base, 40, 1);
      ffi.getInt8(base + 32n);
      return Buffer.prototype;
    },
  });
  ffi.exportBuffer(Object.setPrototypeOf(Uint8Array.of(1, 2, 3), prototype), base + 8n, 3);
  assert.ok(asked > 0);
  const expected = Buffer.alloc(64);
  expected.set([1, 2, 3], 8);
  expected[40] = 1;
  assert.deepEqual([...memory], [...expected]);
});

test('millions of calls in one turn leave nothing behind', { ...options, skip: uncompiled }, async () => {
  const grown = await answer(({ ffi }) => {
    const memory = Buffer.from(new SharedArrayBuffer(512));
    const base = ffi.getRawPointer(memory);
    const small = Buffer.alloc(16, 1);
    const plain = new ArrayBuffer(16);
    const work = (count) => {
      for (let index = 0; index < count; index++) {
        ffi.setInt32(base, 64, index);
        ffi.setInt64(base, 72, BigInt(ffi.getInt32(base, 64)));
        ffi.exportString('text', base, 5);
        if (ffi.toString(base) !== 'text' || ffi.getUint64(base, 72) !== BigInt(index)) throw new Error('wrong');
        ffi.exportBuffer(small, base + 100n, 16);
        ffi.exportArrayBuffer(plain, base + 200n, 16);
        if (ffi.getRawPointer(memory) !== base) throw new Error('wrong');
        ffi.toBuffer(base, 8);
      }
    };
    work(200_000);
    const before = process.memoryUsage().rss;
    work(1_500_000);
    console.log(process.memoryUsage().rss - before);
  });
  assert.ok(grown < 30 * 2 ** 20, `${grown} bytes more`);
});
