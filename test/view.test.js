'use strict';

// Native memory as JavaScript's, JavaScript's memory as an address: toString, toBuffer, toArrayBuffer, getRawPointer,
// getCurrentEventLoop.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { getCurrentEventLoop, getRawPointer, getUint8, setUint8, toArrayBuffer, toBuffer, toString } = require('./subject');
const { allocate, native } = require('./conformance/native');
const { allocationFailed, argumentType, argumentValue, invalidPointer, outOfRange } = require('./errors');
const { collectUntil, gc } = require('./garbage');
const { ADDRESS_SIZE, LAST, withoutV8 } = require('./machine');

// Since V8 12, an ArrayBuffer over no bytes has an address all the same.
const forgetsAddresses = parseInt(process.versions.v8, 10) < 12 && 'this V8 keeps no address of nothing';

const makers = { toBuffer, toArrayBuffer };
const bytesOf = (made) => new Uint8Array(made.buffer ?? made, made.byteOffset ?? 0, made.byteLength);
const filled = (size) => {
  const address = allocate(size);
  for (let offset = 0; offset < size; offset++) setUint8(address, offset, (offset * 7 + 1) & 255);
  return address;
};

describe('toString', () => {
  const read = (...bytes) => toString(getRawPointer(Buffer.from([...bytes, 0])));

  test('reads to the first NUL', () => {
    const text = Buffer.from('until here\0and no further\0');
    assert.equal(toString(getRawPointer(text)), 'until here');
    assert.equal(toString(getRawPointer(text) + 6n), 'here');
    assert.equal(toString(getRawPointer(text) + 10n), '');
    assert.equal(toString(getRawPointer(text), 'surplus'), 'until here');
    assert.equal(toString(native('string_constant', 'pointer')()), 'ferrule é € 😀');
  });

  test('gives null for NULL', () => assert.equal(toString(0n), null));

  test('reads UTF-8 of every width and length', () => {
    for (const text of ['', 'a', 'é', '€', '😀', 'aé€😀'.repeat(5000), 'x'.repeat(5_000_000), 'ÿ'.repeat(70_000)]) {
      assert.ok(toString(getRawPointer(Buffer.from(`${text}\0`))) === text, `${text.length}`);
    }
  });

  test('replaces what is no UTF-8 as TextDecoder does', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const cases = [
      [0x80], [0xc0, 0x80], [0xc3], [0xc3, 0x41], [0xe2, 0x82], [0xe2, 0x82, 0x41], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98],
      [0xf4, 0x90, 0x80, 0x80], [0xff, 0xfe], [0x41, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x42], [0xef, 0xbb, 0xbf, 0x41],
      [0xef, 0xbf, 0xbe], [0xf0, 0x80, 0x80, 0xaf],
    ];
    for (const bytes of cases) assert.equal(read(...bytes), decoder.decode(Uint8Array.from(bytes)), bytes.join());
  });

  test('refuses what is no address', () => {
    for (const value of [undefined, null, 0, '1', {}, Buffer.alloc(1), Object(1n)]) {
      assert.throws(() => toString(value), argumentType('The first argument must be a bigint'));
    }
    for (const value of [-1n, LAST + 1n, 2n ** 64n]) {
      assert.throws(() => toString(value), argumentValue('The first argument must be a non-negative bigint'));
    }
  });
});

for (const [name, make] of Object.entries(makers)) {
  describe(name, () => {
    test('copies', () => {
      const address = filled(100);
      for (const copy of [[], [undefined], [true], [1], ['false'], [{}]]) {
        const made = make(address, 100, ...copy);
        assert.deepEqual([...bytesOf(made)], Array.from({ length: 100 }, (_, offset) => (offset * 7 + 1) & 255));
        assert.notEqual(getRawPointer(made), address);
        bytesOf(made)[0] = 99;
        assert.equal(getUint8(address), 1);
      }
    });

    test('copies exactly the bytes asked for, into a store of their own', () => {
      const address = filled(5000);
      for (const size of [0, 1, 3, 8, 63, 64, 65, 4095, 4096, 5000]) {
        const made = make(address, size);
        assert.equal(made.byteLength, size);
        assert.equal((made.buffer ?? made).byteLength, size);
        assert.equal(made.byteOffset ?? 0, 0);
      }
    });

    test('aliases, with a falsy third argument', () => {
      const address = filled(100);
      for (const copy of [false, null, 0, '', NaN, 0n]) {
        const made = make(address, 100, copy);
        assert.equal(getRawPointer(made), address);
        bytesOf(made)[50] = 1;
        assert.equal(getUint8(address, 50), 1);
        setUint8(address, 50, 2);
        assert.equal(bytesOf(made)[50], 2);
      }
    });

    test('gives two views of one address, and overlapping ones', () => {
      const address = filled(256);
      const views = [make(address, 256, false), make(address, 256, false), make(address, 10, false), make(address + 5n, 100, false)];
      assert.equal(new Set(views.map((made) => made.buffer ?? made)).size, 4);
      bytesOf(views[0])[7] = 77;
      assert.deepEqual(views.map((made, index) => bytesOf(made)[index === 3 ? 2 : 7]), [77, 77, 77, 77]);
      bytesOf(views[3])[0] = 55;
      assert.deepEqual(views.map((made, index) => bytesOf(made)[index === 3 ? 0 : 5]), [55, 55, 55, 55]);
    });

    test('leaves the memory alone when a view is collected', async () => {
      const address = filled(64);
      let references = (() => Array.from({ length: 20 }, () => new WeakRef(make(address, 64, false))))();
      assert.ok(await collectUntil(() => references.every((reference) => reference.deref() === undefined)));
      references = [];
      gc();
      assert.equal(getUint8(address, 9), 64);
      assert.equal(bytesOf(make(address, 64, false))[9], 64);
    });

    test('weighs nothing when it aliases, however long it is', () => {
      const address = filled(64);
      const before = process.memoryUsage().external;
      // Only V8's own functions make such views; with 32-bit addresses, 2^30 bytes are too many for one.
      const views = Array.from({ length: 100 }, () => make(address, !withoutV8 ? 2 ** 30 : 2 ** 20, false));
      if (!withoutV8) assert.ok(process.memoryUsage().external - before < 2 ** 20, 'no collection is brought nearer');
      assert.equal(bytesOf(views[99])[9], 64);
    });

    test('views of JavaScript\'s own memory work, too', () => {
      const own = new Uint8Array(64);
      const made = make(getRawPointer(own), 64, false);
      bytesOf(made)[3] = 4;
      assert.equal(own[3], 4);
    });

    test('gives an empty one for no bytes', () => {
      for (const [address, copy] of [[0n, true], [0n, false], [allocate(1), true], [allocate(1), false], [LAST, true]]) {
        assert.equal(make(address, 0, copy).byteLength, 0);
      }
      assert.equal(make(allocate(1), -0).byteLength, 0);
    });

    test('keeps the address of no bytes', { skip: withoutV8 || forgetsAddresses }, () => {
      const address = allocate(1);
      const made = make(address, 0, false);
      assert.equal(getRawPointer(made), address);
      assert.equal(native('identity_pointer', 'pointer', 'buffer')(made), address);
      assert.equal(getRawPointer(make(address, 0)), 0n);
    });

    test('refuses pointers, lengths, and both together', () => {
      for (const value of [undefined, null, 1, '1', {}]) {
        assert.throws(() => make(value, 1), argumentType('The first argument must be a bigint'));
        assert.throws(() => make(value), argumentType('The first argument must be a bigint'));
      }
      for (const value of [-1n, LAST + 1n, 2n ** 64n]) {
        assert.throws(() => make(value, 1), argumentValue('The first argument must be a non-negative bigint'));
      }
      for (const value of [undefined, null, '1', 1n, true, {}]) {
        assert.throws(() => make(1n, value), argumentType('The length must be a number'));
      }
      for (const value of [-1, 0.5, NaN, Infinity, -Infinity]) {
        assert.throws(() => make(1n, value), argumentValue('The length must be a non-negative integer'));
      }
      for (const copy of [true, false]) {
        const null_ =
          name === 'toBuffer' ? 'Cannot create a buffer from a null pointer' : 'Cannot create an ArrayBuffer from a null pointer';
        assert.throws(() => make(0n, 1, copy), invalidPointer(null_));
        assert.throws(() => make(LAST, 2, copy), argumentValue('The pointer and length exceed the platform address range'));
        assert.throws(() => make(LAST - 8n, 1000, copy), argumentValue('The pointer and length exceed the platform address range'));
        for (const length of [Math.min(2 ** 53, Number(LAST) + 1), 2 ** 53, 2 ** 60, 2 ** 64, 1e300]) {
          assert.throws(() => make(1n, length, copy), outOfRange('The length is too large'));
        }
      }
    });

    test('throws for a copy that does not fit into memory', () => {
      // More than there is, but no more than there are addresses behind 4096.
      for (const length of ADDRESS_SIZE === 8 ? [2 ** 52, Number.MAX_SAFE_INTEGER, 2 ** 48] : [2 ** 32 - 2 ** 13, 2 ** 32 - 2 ** 14]) {
        assert.throws(() => make(4096n, length), allocationFailed, String(length));
        assert.throws(() => make(4096n, length, true), allocationFailed);
      }
    });
  });
}

test('toBuffer gives Buffers, toArrayBuffer plain ArrayBuffers', () => {
  const address = filled(16);
  for (const copy of [true, false]) {
    const [buffer, store] = [toBuffer(address, 16, copy), toArrayBuffer(address, 16, copy)];
    assert.ok(Buffer.isBuffer(buffer));
    assert.equal(Object.getPrototypeOf(store), ArrayBuffer.prototype);
    assert.equal(store.resizable, false);
    assert.equal(buffer.toString('hex', 0, 2), '0108');
    assert.notEqual(getRawPointer(store.slice(0)), address);
    assert.notEqual(getRawPointer(structuredClone(store)), address);
  }
});

// Node-API makes one that stays where it is.
test('a zero-copy ArrayBuffer keeps its address when it is transferred', { skip: withoutV8 }, () => {
  const address = filled(16);
  const store = toArrayBuffer(address, 16, false);
  const moved = structuredClone(store, { transfer: [store] });
  assert.equal(new Uint8Array(moved)[1], 8);
  assert.equal(store.byteLength, 0);
  assert.equal(getRawPointer(moved), address);
  if (moved.transfer) assert.equal(getRawPointer(moved.transfer()), address);
});

describe('getRawPointer', () => {
  test('knows all kinds of memory', () => {
    const address = native('identity_pointer', 'pointer', 'pointer');
    const store = new ArrayBuffer(64);
    const start = getRawPointer(store);
    assert.equal(start, address(store));
    for (const offset of [0, 1, 8, 63, 64]) {
      assert.equal(getRawPointer(new Uint8Array(store, offset)), start + BigInt(offset));
      assert.equal(getRawPointer(new DataView(store, offset)), start + BigInt(offset));
      assert.equal(getRawPointer(Buffer.from(store, offset)), start + BigInt(offset));
    }
    assert.equal(getRawPointer(new Float64Array(store, 16, 1)), start + 16n);
    const shared = new SharedArrayBuffer(64);
    assert.ok(getRawPointer(shared) > 0n);
    assert.equal(getRawPointer(new Int32Array(shared, 8)), getRawPointer(shared) + 8n);
    assert.equal(getRawPointer(new Int32Array(2), 'surplus') > 0n, true);
  });

  test('gives 0n where there is no memory', () => {
    for (const empty of [
      new ArrayBuffer(0), Buffer.alloc(0), new Uint8Array(0), new DataView(new ArrayBuffer(0)), new SharedArrayBuffer(0),
    ]) {
      assert.equal(getRawPointer(empty), 0n);
    }
  });

  test('refuses detached memory and everything else', () => {
    const store = new ArrayBuffer(8);
    const views = [new Uint8Array(store), new DataView(store), Buffer.from(store)];
    structuredClone(store, { transfer: [store] });
    assert.throws(() => getRawPointer(store), argumentValue('ArrayBuffer is detached'));
    for (const gone of views) {
      assert.throws(() => getRawPointer(gone), argumentValue('ArrayBufferView is backed by a detached ArrayBuffer'));
    }
    const refusal = argumentType('The first argument must be a Buffer, ArrayBuffer, SharedArrayBuffer, or ArrayBufferView');
    for (const other of [
      undefined, null, 1n, 1, 'text', {}, [], () => {}, new Proxy(Buffer.alloc(1), {}), Object.create(ArrayBuffer.prototype),
    ]) {
      assert.throws(() => getRawPointer(other), refusal);
    }
  });
});

test('getCurrentEventLoop gives one address for the thread', () => {
  const loop = getCurrentEventLoop();
  assert.ok(loop > 0n);
  assert.equal(getCurrentEventLoop('surplus'), loop);
  // The first field of a uv_loop_t is `data`, which Node does not use here; the memory is readable in any case.
  assert.equal(typeof getUint8(loop), 'number');
});
