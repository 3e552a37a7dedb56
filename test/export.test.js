'use strict';

// exportString, exportBuffer, exportArrayBuffer, exportArrayBufferView: JavaScript's bytes into native memory.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runInNewContext } = require('node:vm');
const { exportArrayBuffer, exportArrayBufferView, exportBuffer, exportString, getRawPointer, toString } = require('./subject');
const { argumentType, argumentValue, invalidPointer, outOfRange } = require('./errors');
const { LAST } = require('./machine');

const memory = Buffer.alloc(4096);
const base = getRawPointer(memory);

// What an export has written, which must be all it has touched.
function written(body, size) {
  memory.fill(0xa5);
  assert.equal(body(), undefined);
  assert.ok(memory.subarray(size).every((byte) => byte === 0xa5), 'nothing behind it was touched');
  return memory.subarray(0, size);
}

const tooSmall = (least, given) => outOfRange(`The value of "len" is out of range. It must be >= ${least}. Received ${given}`);

// What all four refuse; `call(pointer, length)` exports `size` bytes.
function refusesPlaces(call, size) {
  for (const [length, received] of [
    [undefined, 'undefined'], [null, 'null'], ['9', "type string ('9')"], [9n, 'type bigint (9n)'], [true, 'type boolean (true)'],
    [{}, 'an instance of Object'],
  ]) {
    assert.throws(() => call(base, length), argumentType(`The "len" argument must be of type number. Received ${received}`));
  }
  for (const length of [1.5, NaN, Infinity, -Infinity]) {
    assert.throws(() => call(base, length), outOfRange(`The value of "len" is out of range. It must be an integer. Received ${length}`));
  }
  for (const [length, received] of [[-1, '-1'], [2 ** 53, '9_007_199_254_740_992'], [-(2 ** 40), '-1_099_511_627_776']]) {
    assert.throws(
      () => call(base, length),
      outOfRange(`The value of "len" is out of range. It must be >= 0 && <= 9007199254740991. Received ${received}`),
    );
  }
  assert.throws(() => call(base, size - 1), tooSmall(size, size - 1));
  assert.throws(() => call(undefined, size - 1), tooSmall(size, size - 1), 'the length comes before the pointer');
  for (const pointer of [undefined, null, 1, '1', memory, Object(1n)]) {
    assert.throws(() => call(pointer, size), argumentType('The pointer must be a bigint'));
  }
  for (const pointer of [-1n, LAST + 1n, 2n ** 64n]) {
    assert.throws(() => call(pointer, size), argumentValue('The pointer must be a non-negative bigint'));
  }
  assert.throws(() => call(0n, size), invalidPointer('Cannot create a buffer from a null pointer'));
  assert.throws(() => call(LAST, size + 1), argumentValue('The pointer and length exceed the platform address range'));
  assert.throws(
    () => call(LAST - 4096n, Math.min(Number.MAX_SAFE_INTEGER, Number(LAST))),
    argumentValue('The pointer and length exceed the platform address range'),
  );
}

describe('exportString', () => {
  const texts = [
    '', 'a', 'plain ASCII', 'aé€😀', '\ud800', 'a\udc00b', 'embedded\0NUL', 'é'.repeat(700), '€'.repeat(300), '68656c6c6f',
    'aGVsbG8=', 'aGVsbG8-_w', 'zz',
  ];
  const encodings = {
    utf8: 1, 'utf-8': 1, UTF8: 1, 'Utf-8': 1, latin1: 1, binary: 1, Latin1: 1, ascii: 1, ASCII: 1, hex: 1, HEX: 1, base64: 1,
    Base64: 1, base64url: 1, ucs2: 2, 'ucs-2': 2, utf16le: 2, 'utf-16le': 2, UTF16LE: 2, 'UCS-2': 2,
  };

  for (const [encoding, terminator] of Object.entries(encodings)) {
    test(`as ${encoding}, into exactly the room it needs, and into more`, () => {
      for (const text of texts) {
        const bytes = Buffer.from(text, encoding);
        const expected = Buffer.concat([bytes, Buffer.alloc(terminator)]);
        for (const room of [expected.length, expected.length + 1, 4096]) {
          assert.deepEqual(written(() => exportString(text, base, room, encoding), expected.length), expected, JSON.stringify(text));
        }
        for (let room = Math.max(expected.length - 3, 0); room < expected.length; room++) {
          assert.throws(() => exportString(text, base, room, encoding), tooSmall(expected.length, room));
        }
      }
    });
  }

  test('as UTF-8 when nothing is said', () => {
    for (const rest of [[], [undefined], ['']]) {
      assert.deepEqual([...written(() => exportString('é', base, 3, ...rest), 3)], [0xc3, 0xa9, 0]);
    }
    assert.equal((exportString('text', base, 5), toString(base)), 'text');
  });

  test('writes nothing when it refuses', () => {
    memory.fill(0xa5);
    assert.throws(() => exportString('too long', base, 8));
    assert.ok(memory.every((byte) => byte === 0xa5));
  });

  test('to any alignment', () => {
    for (let at = 0; at < 9; at++) {
      memory.fill(0xa5);
      exportString('ab', base + BigInt(at), 6, 'utf16le');
      assert.deepEqual([...memory.subarray(at, at + 7)], [0x61, 0, 0x62, 0, 0, 0, 0xa5]);
    }
  });

  test('strings of every inner kind', () => {
    const long = 'abcdefghij'.repeat(100);
    for (const text of [
      long.slice(3, 900),
      `${long}€`.slice(2, 700),
      [...'rope'].reduce((sum, letter) => sum + letter + long.slice(0, 50), ''),
    ]) {
      for (const encoding of ['utf8', 'latin1', 'utf16le']) {
        const bytes = Buffer.from(encoding === 'utf16le' ? `${text}\0` : text, encoding);
        const expected = encoding === 'utf16le' ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
        assert.ok(written(() => exportString(text, base, 4096, encoding), expected.length).equals(expected));
      }
    }
  });

  test('refuses what is no string or encoding, in order', () => {
    for (const [value, received] of [
      [undefined, 'undefined'], [null, 'null'], [1, 'type number (1)'], [Object('a'), 'an instance of String'],
      [memory, 'an instance of Buffer'], [Symbol('s'), 'type symbol (Symbol(s))'],
    ]) {
      assert.throws(
        () => exportString(value, undefined, undefined, 1),
        argumentType(`The "string" argument must be of type string. Received ${received}`),
      );
    }
    for (const [value, received] of [[null, 'null'], [1, 'type number (1)'], [Object('utf8'), 'an instance of String']]) {
      assert.throws(
        () => exportString('a', undefined, undefined, value),
        argumentType(`The "encoding" argument must be of type string. Received ${received}`),
      );
    }
    for (const value of ['bogus', 'buffer', 'utf', ' utf8']) {
      assert.throws(() => exportString('a', base, 100, value), {
        name: 'TypeError',
        code: 'ERR_UNKNOWN_ENCODING',
        message: `Unknown encoding: ${value}`,
      });
    }
  });

  test('refuses places', () => {
    refusesPlaces((pointer, length) => exportString('abc', pointer, length), 4);
    assert.throws(() => exportString('', 0n, 1), invalidPointer('Cannot create a buffer from a null pointer'));
  });
});

// The three that take memory, and what each takes.
const exporters = {
  exportBuffer: {
    call: exportBuffer, make: (bytes) => Buffer.from(bytes), argument: 'buffer', expected: 'Buffer',
    wrong: [new Uint8Array(2), new ArrayBuffer(2)],
  },
  exportArrayBuffer: {
    call: exportArrayBuffer, make: (bytes) => Uint8Array.from(bytes).buffer, argument: 'arrayBuffer', expected: 'ArrayBuffer',
    wrong: [new Uint8Array(2), Buffer.alloc(2)],
  },
  exportArrayBufferView: {
    call: exportArrayBufferView, make: (bytes) => Uint8Array.from(bytes), argument: 'arrayBufferView',
    expected: 'ArrayBufferView', wrong: [new ArrayBuffer(2)],
  },
};
for (const [name, { call, make, argument, expected, wrong }] of Object.entries(exporters)) {
  describe(name, () => {
    test('copies exactly its bytes', () => {
      for (const size of [1, 3, 64, 1000, 4096]) {
        const bytes = Array.from({ length: size }, (_, index) => (index * 13) & 255);
        for (const room of [size, 4096]) assert.deepEqual([...written(() => call(make(bytes), base, room), size)], bytes);
      }
    });

    test('copies nothing from an empty one, to nowhere even', () => {
      for (const pointer of [base, 0n, LAST]) assert.equal(written(() => call(make([]), pointer, 0), 0).length, 0);
    });

    test('refuses what it does not take', () => {
      const others = [
        [undefined, 'undefined'], [null, 'null'], ['text', "type string ('text')"], [{}, 'an instance of Object'],
        [[1], 'an instance of Array'],
        [new SharedArrayBuffer(1), 'an instance of SharedArrayBuffer'],
        ...wrong.map((value) => [value, `an instance of ${value.constructor.name}`]),
      ];
      for (const [value, received] of others) {
        assert.throws(
          () => call(value, undefined, undefined),
          argumentType(`The "${argument}" argument must be an instance of ${expected}. Received ${received}`),
        );
      }
    });

    test('refuses places', () => refusesPlaces((pointer, length) => call(make([1, 2, 3, 4]), pointer, length), 4));

    test('refuses what is detached', () => {
      // A small Buffer may lie in the pool, which does not let itself be detached.
      const source = name === 'exportBuffer' ? Buffer.from(new ArrayBuffer(3)) : make([1, 2, 3]);
      const store = source.buffer ?? source;
      structuredClone(store, { transfer: [store] });
      assert.throws(() => call(source, base, 100), argumentValue('ArrayBuffer is detached'));
      // The length comes first.
      assert.throws(() => call(source, base, 'x'), { code: 'ERR_INVALID_ARG_TYPE', message: /"len"/ });
      assert.throws(() => call(source, base, -1), { code: 'ERR_OUT_OF_RANGE', message: /"len"/ });
    });
  });
}

test('a Buffer may lie anywhere', () => {
  const shared = Buffer.from(new SharedArrayBuffer(8), 2, 3).fill(6);
  assert.deepEqual([...written(() => exportBuffer(shared, base, 3), 3)], [6, 6, 6]);
  const resizable = Buffer.from(new ArrayBuffer(8, { maxByteLength: 16 }), 1, 3).fill(5);
  assert.deepEqual([...written(() => exportBuffer(resizable, base, 3), 3)], [5, 5, 5]);
  assert.deepEqual([...written(() => exportBuffer(Buffer.from('pooled').subarray(2, 4), base, 2), 2)], [...Buffer.from('ol')]);
  const wide = Object.setPrototypeOf(Uint16Array.of(0x101, 0x202, 0x303), Buffer.prototype);
  assert.deepEqual([...written(() => exportBuffer(wide, base, 6), 6)], [1, 1, 2, 2, 3, 3]);
  assert.throws(() => exportBuffer(wide, base, 5), { code: 'ERR_OUT_OF_RANGE' });
});

test('every kind of view is exported', () => {
  const store = Uint8Array.from({ length: 64 }, (_, index) => index).buffer;
  for (const view of [
    new Int16Array(store, 8, 4), new Float64Array(store, 16, 1), new DataView(store, 5, 8), new BigInt64Array(store, 8, 1),
    Buffer.from(store, 3, 8),
  ]) {
    assert.deepEqual([...written(() => exportArrayBufferView(view, base, 8), 8)], [...new Uint8Array(store, view.byteOffset, 8)]);
  }
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(9);
  assert.deepEqual([...written(() => exportArrayBufferView(shared, base, 4), 4)], [9, 9, 9, 9]);
  assert.deepEqual([...written(() => exportArrayBufferView(runInNewContext('Uint8Array.of(1, 2)'), base, 2), 2)], [1, 2]);
});

test('a view that its resizable store has left behind', () => {
  const store = new ArrayBuffer(16, { maxByteLength: 32 });
  const [typed, tracking, data] = [new Uint8Array(store, 8, 8), new Uint8Array(store), new DataView(store, 8, 8)];
  store.resize(4);
  assert.equal(written(() => exportArrayBufferView(typed, base, 0), 0).length, 0);
  assert.deepEqual([...written(() => exportArrayBufferView(tracking, base, 4), 4)], [0, 0, 0, 0]);
  assert.throws(() => exportArrayBufferView(data, base, 8), (error) => error instanceof TypeError && error.code === undefined);
});

test('an ArrayBuffer is known by what it is, not by what it says', () => {
  const tagged = Object.defineProperty(Uint8Array.of(1, 2, 3).buffer, Symbol.toStringTag, { value: 'Something' });
  assert.deepEqual([...written(() => exportArrayBuffer(tagged, base, 3), 3)], [1, 2, 3]);
  for (const fake of [
    { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 },
    Object.create(ArrayBuffer.prototype),
    new Proxy(new ArrayBuffer(3), {}),
  ]) {
    assert.throws(() => exportArrayBuffer(fake, base, 3), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^The "arrayBuffer" argument must be an instance of ArrayBuffer/,
    });
  }
  assert.deepEqual([...written(() => exportArrayBuffer(runInNewContext('Uint8Array.of(7).buffer'), base, 1), 1)], [7]);
});
