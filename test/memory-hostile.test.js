'use strict';

// The memory functions where an error would be somebody else's memory: at the ends of what may be touched, while a debugger runs other code in
// between, and when the program has changed the class of Buffers.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('./child');
const { ADDRESS_SIZE, SIZE } = require('./machine');

async function printed(body, options) {
  const { status, signal, stdout, stderr } = await run(body, options);
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' }, stdout);
  return stdout;
}

// One page of memory, and pages before and behind it that must not be touched.
const skip = process.platform !== 'linux' && 'the numbers of mmap are those of Linux';

describe('between two pages that must not be touched', { skip }, () => {
  const ffi = require('./subject');
  const LENGTHS = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65, 127, 128, 129, 255, 256, 1000, 2046, 2047, 2048, 2049, 4094, 4095];
  // Whole characters of every width and a byte order mark, and then what is no UTF-8.
  const VALID = [[0x41], [0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xef, 0xbb, 0xbf]];
  const INVALID = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xf0, 0x9f], [0xc3], [0x80]];

  const PAGE = 65_536;
  const system = new ffi.DynamicLibrary(null);
  const { mmap, mprotect } = system.getFunctions({
    mmap: { arguments: ['pointer', SIZE, 'i32', 'i32', 'i32', SIZE], return: 'pointer' },
    mprotect: { arguments: ['pointer', SIZE, 'i32'], return: 'i32' },
  });

  function page() {
    const [READ_WRITE, PRIVATE_ANONYMOUS] = [3, 0x22];
    const start = mmap(null, BigInt(3 * PAGE), READ_WRITE, PRIVATE_ANONYMOUS, -1, 0n) + BigInt(PAGE);
    for (const forbidden of [start - BigInt(PAGE), start + BigInt(PAGE)]) assert.equal(mprotect(forbidden, BigInt(PAGE), 0), 0);
    return { start, end: start + BigInt(PAGE) };
  }

  function bytes(length, pieces, round) {
    const all = [];
    for (let index = round; all.length < length; index += 7) all.push(...pieces[index % pieces.length]);
    return Uint8Array.from(all.slice(0, length));
  }

  const rounds = [[VALID.slice(0, 1)], [VALID], [VALID], [[...VALID, ...INVALID]], [[...INVALID, ...VALID]]]
    .map(([pieces], round) => LENGTHS.map((length) => bytes(length, pieces, round))).flat();

  test('text is read to its NUL', () => {
    const { end } = page();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    ffi.setUint8(end - 1n, 0, 0);
    for (const text of rounds) {
      const at = end - BigInt(text.length) - 1n;
      if (text.length > 0) ffi.exportArrayBufferView(text, at, text.length);
      assert.equal(ffi.toString(at), decoder.decode(text));
    }
  });

  test('bytes are copied in and out, at either end', () => {
    const { start, end } = page();
    for (const content of rounds.filter(({ length }) => length > 0)) {
      const { length } = content;
      for (const at of [start, end - BigInt(length)]) {
        const exports = [
          () => ffi.exportBuffer(Buffer.from(content), at, length),
          () => ffi.exportArrayBuffer(content.slice().buffer, at, length),
          () => ffi.exportArrayBufferView(content, at, length),
        ];
        for (const call of exports) {
          ffi.toBuffer(at, length, false).fill(0xee);
          call();
          for (const copy of [true, undefined, false]) {
            const [buffer, store] = [ffi.toBuffer(at, length, copy), ffi.toArrayBuffer(at, length, copy)];
            assert.ok(buffer.equals(content) && Buffer.from(store).equals(content));
            assert.deepEqual([buffer.buffer.byteLength, store.byteLength], [length, length]);
          }
        }
      }
    }
  });

  test('strings are written with their NUL, and not into less room', () => {
    const { end } = page();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (const text of rounds.map((content) => decoder.decode(content))) {
      for (const encoding of ['utf8', 'latin1', 'utf16le']) {
        const content = Buffer.from(text, encoding);
        const zeros = Buffer.alloc(encoding === 'utf16le' ? 2 : 1);
        const size = content.length + zeros.length;
        const at = end - BigInt(size);
        ffi.toBuffer(at, size, false).fill(0xee);
        assert.throws(() => ffi.exportString(text, at, size - 1, encoding), { code: 'ERR_OUT_OF_RANGE' });
        assert.ok(ffi.toBuffer(at, size).every((byte) => byte === 0xee), 'nothing is written');
        ffi.exportString(text, at, size, encoding);
        assert.ok(ffi.toBuffer(at, size).equals(Buffer.concat([content, zeros])));
      }
    }
  });

  test('numbers are read and written, cold and hot, whatever the offset', () => {
    const { start, end } = page();
    // The largest offset of 32 bits, or what there is before the page.
    const FAR = ADDRESS_SIZE === 8 ? 0xffff_ffffn : start - 1n;
    const sizes = { Int8: 1, Uint8: 1, Int16: 2, Uint16: 2, Int32: 4, Uint32: 4, Int64: 8, Uint64: 8, Float32: 4, Float64: 8 };
    for (const [type, size] of Object.entries(sizes)) {
      const last = end - BigInt(size);
      for (let round = 0; round < 5000; round++) {
        const value = /64/.test(type) && !type.startsWith('Float') ? BigInt(round) : round & 0x7f;
        ffi[`set${type}`](last, 0, value);
        const read = ffi[`get${type}`];
        const seen = [read(last, 0), read(last), read(start, PAGE - size), read(last - FAR, Number(FAR)), read(last, -0)];
        assert.ok(seen.every((number) => number === value), type);
      }
    }
  });
});

test('what a debugger evaluates while the program works leads no access elsewhere', async () => {
  const wrong = await printed(async ({ ffi, fixture }) => {
    const { interrupted } = require('./incoming/inspector');
    const { setFlagsFromString } = require('node:v8');
    // Cold code, where functions are called that optimised code has inside of its callers.
    for (const flag of ['--no-opt', '--max-optimized-bytecode-size=0']) setFlagsFromString(flag);
    const [ours, theirs] = [fixture.allocate(128), fixture.allocate(64)];
    const text = fixture.allocate(64);
    ffi.exportString('ours', text, 5);
    const [small, store] = [Buffer.alloc(8, 1), new ArrayBuffer(8)];
    const is = (seen, expected) => (seen === expected ? undefined : `${seen} for ${expected}`);
    let value = 0;
    const works = {
      getUint8: () => is(ffi.getUint8(ours), 0),
      getInt32: () => is(ffi.getInt32(ours, 4), 0),
      getUint64: () => is(ffi.getUint64(ours, 8), 0n),
      getFloat64: () => is(ffi.getFloat64(ours, 8), 0),
      toString: () => is(ffi.toString(text), 'ours'),
      toBuffer: () => is(ffi.toBuffer(ours, 8)[0], 0),
      'toBuffer, large': () => is(ffi.toBuffer(ours, 65)[0], 0),
      'toBuffer, zero-copy': () => is(ffi.toBuffer(ours, 8, false)[0], 0),
      toArrayBuffer: () => is(new Uint8Array(ffi.toArrayBuffer(ours, 8))[0], 0),
      'toArrayBuffer, zero-copy': () => is(new Uint8Array(ffi.toArrayBuffer(ours, 8, false))[0], 0),
      setInt32() {
        ffi.setInt32(ours, 16, ++value);
        return is(ffi.getInt32(theirs, 16), -1);
      },
      setInt64() {
        ffi.setInt64(ours, 16, BigInt(++value));
        return is(ffi.getInt32(theirs, 16), -1);
      },
      exportString() {
        ffi.exportString('text', ours + 16n, 5);
        return is(ffi.getInt32(theirs, 16), -1);
      },
      exportBuffer() {
        ffi.exportBuffer(small, ours + 16n, 8);
        return is(ffi.getInt32(theirs, 16), -1);
      },
      exportArrayBuffer() {
        ffi.exportArrayBuffer(store, ours + 16n, 8);
        return is(ffi.getInt32(theirs, 16), -1);
      },
    };
    ffi.toBuffer(theirs, 64, false).fill(0xff);
    console.log(JSON.stringify(await interrupted(works, () => {
      ffi.getUint64(theirs, 0);
      ffi.getInt64(theirs, 0);
    })));
  });
  assert.equal(wrong, '{}\n');
});

test('Buffers are Buffers, and show nothing private, whatever the program makes of their class', async () => {
  const answer = await printed(({ ffi, fixture }) => {
    const memory = fixture.allocate(256);
    ffi.setUint8(memory, 0, 7);
    const own = Buffer[Symbol.species];
    const seen = [];
    const classes = [
      class extends Uint8Array {
        constructor(...given) {
          super(...given);
          seen.push(given);
        }
      },
      function nobody() { return {}; },
    ];
    const answers = [];
    const before = Object.getPrototypeOf(own);
    for (const parent of classes) {
      Object.setPrototypeOf(own, parent);
      for (const length of [8, 64, 65, 200]) {
        for (const copy of [true, false]) {
          const buffer = ffi.toBuffer(memory, length, copy);
          if (buffer instanceof Uint8Array && buffer.length === length && buffer[0] === 7) continue;
          answers.push(`toBuffer(${length}, ${copy}) is ${typeof buffer} of ${buffer.length}`);
        }
        const store = ffi.toArrayBuffer(memory, length);
        if (store.byteLength !== length) answers.push(`toArrayBuffer(${length})`);
      }
      Object.setPrototypeOf(own, before);
    }
    console.log(answers.join() || 'Buffers', seen.length);
  });
  assert.equal(answer, 'Buffers 0\n');
});
