'use strict';

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');
const nodeZlib = require('node:zlib');
const { ADDRESS_SIZE, AddressArray, LAST, SIZE, addresses, element } = require('../machine');
const { dlopen, getRawPointer, toString } = require('../subject');
const { openApart } = require('./system');

const { library, functions: zlib } = openApart('libz.so.1', 'zlib1g', {
  zlibVersion: { return: 'pointer' },
  crc32: { arguments: [SIZE, 'buffer', 'u32'], return: SIZE },
  adler32: { arguments: [SIZE, 'buffer', 'u32'], return: SIZE },
  compressBound: { arguments: [SIZE], return: SIZE },
  compress2: { arguments: ['buffer', 'pointer', 'buffer', SIZE, 'i32'], return: 'i32' },
  uncompress: { arguments: ['buffer', 'pointer', 'buffer', SIZE], return: 'i32' },
  deflateInit2_: { arguments: ['buffer', 'i32', 'i32', 'i32', 'i32', 'i32', 'string', 'i32'], return: 'i32' },
  deflateSetDictionary: { arguments: ['buffer', 'buffer', 'u32'], return: 'i32' },
  deflate: { arguments: ['buffer', 'i32'], return: 'i32' },
  deflateEnd: { arguments: ['buffer'], return: 'i32' },
  inflateInit2_: { arguments: ['buffer', 'i32', 'string', 'i32'], return: 'i32' },
  inflateSetDictionary: { arguments: ['buffer', 'buffer', 'u32'], return: 'i32' },
  inflate: { arguments: ['buffer', 'i32'], return: 'i32' },
  inflateEnd: { arguments: ['buffer'], return: 'i32' },
});
const { lib: image, functions: libc } = dlopen(null, {
  calloc: { arguments: [SIZE, SIZE], return: 'pointer' },
  free: { arguments: ['pointer'], return: 'void' },
});
after(() => {
  library.close();
  image.close();
});

const [OK, STREAM_END, NEED_DICT, DATA_ERROR, MEM_ERROR, BUF_ERROR] = [0, 1, 2, -3, -4, -5];
const [NO_FLUSH, FINISH] = [0, 4];
const DEFLATED = 8;
const DEFAULT_STRATEGY = 0;
const windowBits = { zlib: 15, gzip: 15 + 16, raw: -15 };
const version = toString(zlib.zlibVersion());

// The C struct, laid out by hand for a machine whose pointers and longs are of one size, in words of that size:
//   next_in 0, avail_in 1, total_in 2, next_out 3, avail_out 4, total_out 5, msg 6, state 7,
//   zalloc 8, zfree 9, opaque 10, data_type 11, adler 12, reserved 13.
const WORDS = 14;
const HALVES = ADDRESS_SIZE / 4;
class Stream {
  #words;
  #halves;

  constructor({ allocate = 0n, release = 0n, opaque = 0n } = {}) {
    this.memory = Buffer.alloc(WORDS * ADDRESS_SIZE);
    this.#words = new AddressArray(this.memory.buffer, this.memory.byteOffset, WORDS);
    this.#halves = new Uint32Array(this.memory.buffer, this.memory.byteOffset, WORDS * HALVES);
    this.#words.set([allocate, release, opaque].map(element), 8);
  }

  // zlib keeps these addresses between calls, so the stream keeps the buffers.
  set input(buffer) {
    this.source = buffer;
    this.#words[0] = element(getRawPointer(buffer));
    this.#halves[HALVES] = buffer.length;
  }

  set output(buffer) {
    this.target = buffer;
    this.#words[3] = element(getRawPointer(buffer));
    this.#halves[4 * HALVES] = buffer.length;
  }

  get inputLeft() { return this.#halves[HALVES]; }
  get outputLeft() { return this.#halves[4 * HALVES]; }
  get totalIn() { return BigInt(this.#words[2]); }
  get totalOut() { return BigInt(this.#words[5]); }
  get message() { return toString(BigInt(this.#words[6])); }
  get adler() { return BigInt(this.#words[12]); }
}

function startDeflate(stream, { level = 6, format = windowBits.zlib } = {}) {
  return zlib.deflateInit2_(
    stream.memory, level, DEFLATED, format, 8, DEFAULT_STRATEGY, version, stream.memory.length,
  );
}

function startInflate(stream, format = windowBits.zlib) {
  return zlib.inflateInit2_(stream.memory, format, version, stream.memory.length);
}

// Feeds `data` in pieces of `inputSize` and collects pieces of up to `outputSize` until the stream ends.
function run(stream, step, data, { inputSize, outputSize }) {
  const output = Buffer.alloc(outputSize);
  const pieces = [];
  let fed = 0;
  stream.input = data.subarray(0, 0);
  for (;;) {
    if (stream.inputLeft === 0 && fed < data.length) {
      stream.input = data.subarray(fed, fed + inputSize);
      fed += inputSize;
    }
    stream.output = output;
    const code = step(stream.memory, fed < data.length ? NO_FLUSH : FINISH);
    pieces.push(Buffer.from(output.subarray(0, outputSize - stream.outputLeft)));
    if (code === STREAM_END) return Buffer.concat(pieces);
    // With nothing to do in this piece zlib reports BUF_ERROR, which is no error while there is more to give it.
    if (code !== OK && code !== BUF_ERROR) throw new Error(`zlib: ${code} ${stream.message}`);
  }
}

// Text with structure on several scales, about 1 MB: neither trivial nor random.
function sample() {
  let seed = 12345;
  const next = (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % limit;
  };
  const words = Array.from({ length: 400 }, (_, index) => `${index.toString(36)}${next(1e6).toString(36)}`);
  const lines = [];
  for (let line = 0; line < 12_000; line++) {
    lines.push(Array.from({ length: 4 + next(20) }, () => words[next(next(400) + 1)]).join(' '));
  }
  return Buffer.from(lines.join('\n'));
}
const data = sample();

test('the checksums equal a computation in JavaScript', () => {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  assert.equal(zlib.adler32(1n, data, data.length), BigInt(b * 65536 + a));
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  assert.equal(zlib.crc32(0n, data, data.length), BigInt(~crc >>> 0));
});

test('compress2 and uncompress use an in-out length', () => {
  const target = Buffer.alloc(Number(zlib.compressBound(BigInt(data.length))));
  const length = addresses([target.length]);
  assert.equal(zlib.compress2(target, length, data, BigInt(data.length), 9), OK);
  const compressed = target.subarray(0, Number(length[0]));
  assert.ok(compressed.length < data.length / 2);
  assert.ok(nodeZlib.inflateSync(compressed).equals(data));

  const back = Buffer.alloc(data.length);
  length[0] = element(back.length);
  assert.equal(zlib.uncompress(back, length, compressed, BigInt(compressed.length)), OK);
  assert.equal(Number(length[0]), data.length);
  assert.ok(back.equals(data));

  length[0] = element(10);
  assert.equal(zlib.uncompress(back.subarray(0, 10), length, compressed, BigInt(compressed.length)), BUF_ERROR);
});

describe('streaming through a z_stream built in a Buffer', () => {
  const formats = [
    ['zlib', nodeZlib.inflateSync, nodeZlib.deflateSync],
    ['gzip', nodeZlib.gunzipSync, nodeZlib.gzipSync],
    ['raw', nodeZlib.inflateRawSync, nodeZlib.deflateRawSync],
  ];
  for (const [format, decode, encode] of formats) {
    for (const sizes of [{ inputSize: 100_000, outputSize: 16_384 }, { inputSize: 997, outputSize: 61 }]) {
      test(`${format}, ${sizes.inputSize} bytes in and ${sizes.outputSize} out at a time`, () => {
        const deflater = new Stream();
        assert.equal(startDeflate(deflater, { format: windowBits[format] }), OK);
        const compressed = run(deflater, zlib.deflate, data, sizes);
        assert.equal(deflater.totalIn, BigInt(data.length));
        assert.equal(deflater.totalOut, BigInt(compressed.length));
        assert.equal(zlib.deflateEnd(deflater.memory), OK);
        assert.ok(compressed.length < data.length / 2);
        assert.ok(decode(compressed).equals(data), 'node:zlib reads what this zlib wrote');

        const inflater = new Stream();
        assert.equal(startInflate(inflater, windowBits[format]), OK);
        const restored = run(inflater, zlib.inflate, encode(data), sizes);
        assert.equal(inflater.totalOut, BigInt(data.length));
        assert.equal(zlib.inflateEnd(inflater.memory), OK);
        assert.ok(restored.equals(data), 'this zlib reads what node:zlib wrote');
      });
    }
  }
});

test('stored blocks are byte for byte those of node:zlib', () => {
  const small = data.subarray(0, 5000);
  const deflater = new Stream();
  assert.equal(startDeflate(deflater, { level: 0 }), OK);
  const stored = run(deflater, zlib.deflate, small, { inputSize: 5000, outputSize: 6000 });
  assert.equal(deflater.adler, zlib.adler32(1n, small, small.length));
  assert.equal(zlib.deflateEnd(deflater.memory), OK);
  assert.ok(stored.equals(nodeZlib.deflateSync(small, { level: 0 })));
});

test('zalloc and zfree are JavaScript callbacks that the struct points to', () => {
  const opaque = 0xc0ffee_0001n & LAST;
  const live = new Map();
  const sizes = [];
  const opaques = new Set();
  const strangers = [];
  const allocate = library.registerCallback(
    { return: 'pointer', arguments: ['pointer', 'u32', 'u32'] },
    (user, items, size) => {
      opaques.add(user);
      const pointer = libc.calloc(BigInt(items), BigInt(size));
      live.set(pointer, items * size);
      sizes.push(items * size);
      return pointer;
    },
  );
  const release = library.registerCallback(
    { return: 'void', arguments: ['pointer', 'pointer'] },
    (user, pointer) => {
      opaques.add(user);
      if (!live.delete(pointer)) strangers.push(pointer);
      libc.free(pointer);
    },
  );
  try {
    const deflater = new Stream({ allocate, release, opaque });
    assert.equal(startDeflate(deflater), OK);
    assert.ok(live.size >= 4, 'the state, the window and two tables');
    const compressed = run(deflater, zlib.deflate, data, { inputSize: 50_000, outputSize: 50_000 });
    assert.equal(zlib.deflateEnd(deflater.memory), OK);
    assert.equal(live.size, 0, 'everything allocated was released');
    assert.ok(nodeZlib.inflateSync(compressed).equals(data));

    const inflater = new Stream({ allocate, release, opaque });
    assert.equal(startInflate(inflater), OK);
    assert.ok(run(inflater, zlib.inflate, compressed, { inputSize: 50_000, outputSize: 50_000 }).equals(data));
    assert.ok(live.size >= 2, 'the state, and the window that a second piece of output needs');
    assert.equal(zlib.inflateEnd(inflater.memory), OK);
    assert.equal(live.size, 0);
    assert.deepEqual([...opaques], [opaque]);
    assert.deepEqual(strangers, []);
    assert.ok(sizes.includes(65536), 'the window of 2 * 32 KiB');
  } finally {
    library.unregisterCallback(allocate);
    library.unregisterCallback(release);
  }
});

test('an allocator that gives nothing makes the initialisation fail', () => {
  let asked = 0;
  const refuse = library.registerCallback({ return: 'pointer', arguments: ['pointer', 'u32', 'u32'] }, () => {
    asked++;
    return null;
  });
  const release = library.registerCallback({ return: 'void', arguments: ['pointer', 'pointer'] }, () => {});
  try {
    assert.equal(startDeflate(new Stream({ allocate: refuse, release })), MEM_ERROR);
    assert.equal(startInflate(new Stream({ allocate: refuse, release })), MEM_ERROR);
    assert.equal(asked, 2);
  } finally {
    library.unregisterCallback(refuse);
    library.unregisterCallback(release);
  }
});

test('a preset dictionary is asked for and used', () => {
  const dictionary = data.subarray(0, 2000);
  const message = Buffer.concat([data.subarray(500, 1500), Buffer.from('!')]);
  const deflater = new Stream();
  assert.equal(startDeflate(deflater), OK);
  assert.equal(zlib.deflateSetDictionary(deflater.memory, dictionary, dictionary.length), OK);
  const compressed = run(deflater, zlib.deflate, message, { inputSize: 2000, outputSize: 2000 });
  assert.equal(zlib.deflateEnd(deflater.memory), OK);
  assert.ok(compressed.length < 50);
  assert.ok(nodeZlib.inflateSync(compressed, { dictionary }).equals(message));

  const inflater = new Stream();
  const output = Buffer.alloc(message.length);
  assert.equal(startInflate(inflater), OK);
  inflater.input = compressed;
  inflater.output = output;
  assert.equal(zlib.inflate(inflater.memory, NO_FLUSH), NEED_DICT);
  assert.equal(inflater.adler, zlib.adler32(1n, dictionary, dictionary.length));
  assert.equal(zlib.inflateSetDictionary(inflater.memory, dictionary, dictionary.length), OK);
  assert.equal(zlib.inflate(inflater.memory, FINISH), STREAM_END);
  assert.ok(output.equals(message));
  assert.equal(zlib.inflateEnd(inflater.memory), OK);
});

test('damaged data is refused with a code and a message', () => {
  const damaged = nodeZlib.deflateSync(data.subarray(0, 3000));
  damaged[damaged.length - 1] ^= 1;
  const inflater = new Stream();
  assert.equal(startInflate(inflater), OK);
  inflater.input = damaged;
  inflater.output = Buffer.alloc(4000);
  assert.equal(zlib.inflate(inflater.memory, FINISH), DATA_ERROR);
  assert.equal(inflater.message, 'incorrect data check');
  assert.equal(zlib.inflateEnd(inflater.memory), OK);
});
