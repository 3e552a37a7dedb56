'use strict';

// Buffer arguments: every kind of JavaScript memory that C can be given, and what is refused.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runInNewContext } = require('node:vm');
const { getRawPointer, getUint8, setUint8 } = require('./subject');
const { native, open } = require('./conformance/native');
const { argumentValue } = require('./errors');
const { collect, gc } = require('./garbage');

const address = native('identity_pointer', 'pointer', 'buffer');
const sum = native('buffer_sum', 'u64', 'pointer', 'u64');
const fill = native('buffer_fill', 'void', 'buffer', 'u64', 'u8');

const viewTypes = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array, globalThis.Float16Array, DataView, Buffer,
].filter(Boolean);
const over = (Type, store, offset, length) => (Type === Buffer ? Buffer.from(store, offset, length) : new Type(store, offset, length));
const width = (Type) => Type.BYTES_PER_ELEMENT ?? 1;

// That C reads and writes exactly the bytes of the view, and that `address` is where JavaScript says it is.
function assertShared(view, label) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  bytes.fill(3);
  assert.equal(sum(view, bytes.length), BigInt(3 * bytes.length), label);
  fill(view, bytes.length, 7);
  assert.ok(bytes.every((byte) => byte === 7), label);
  assert.equal(address(view), getRawPointer(view), label);
  const all = new Uint8Array(view.buffer);
  assert.ok(all.subarray(0, view.byteOffset).every((byte) => byte === 0), label);
  assert.ok(all.subarray(view.byteOffset + view.byteLength).every((byte) => byte === 0), label);
}

// V8 has none where it must not compile (--jitless).
const noWebAssembly = typeof WebAssembly === 'undefined' && 'there is no WebAssembly here';

describe('views', () => {
  for (const Type of viewTypes) {
    test(`${Type.name} over all kinds of stores, at any offset`, () => {
      const stores = {
        plain: () => new ArrayBuffer(256),
        shared: () => new SharedArrayBuffer(256),
        resizable: () => new ArrayBuffer(256, { maxByteLength: 4096 }),
        growable: () => new SharedArrayBuffer(256, { maxByteLength: 4096 }),
        ...(!noWebAssembly && {
          WebAssembly: () => new WebAssembly.Memory({ initial: 1 }).buffer,
          'shared WebAssembly': () => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer,
        }),
      };
      for (const [name, make] of Object.entries(stores)) {
        for (const offset of [0, width(Type), 16, 120]) {
          assertShared(over(Type, make(), offset, 8), `${name} + ${offset}`);
          const store = make();
          assert.equal(address(over(Type, store, offset, 8)), getRawPointer(store) + BigInt(offset), name);
        }
      }
    });
  }

  test('of other realms and of subclasses', () => {
    class Bytes extends Uint8Array {}
    assertShared(new Bytes(40));
    assertShared(runInNewContext('new Uint16Array(30)'));
    assertShared(runInNewContext('new DataView(new ArrayBuffer(64), 8, 8)'));
  });

  test('are measured by what they are, not by what they say', () => {
    const view = new Uint8Array(new ArrayBuffer(64), 16, 8);
    for (const [key, value] of Object.entries({ buffer: new ArrayBuffer(1), byteOffset: 0, byteLength: 1, length: 1 })) {
      Object.defineProperty(view, key, { value });
    }
    Object.setPrototypeOf(view, null);
    assert.equal(address(view), getRawPointer(view));
    fill(view, 8, 1);
    assert.equal(sum(address(view) - 16n, 64), 8n);
  });

  test('that are empty', () => {
    assert.equal(address(new ArrayBuffer(0)), 0n);
    assert.equal(address(Buffer.alloc(0)), 0n);
    assert.equal(address(new Uint8Array(0)), 0n);
    assert.equal(address(new DataView(new ArrayBuffer(0))), 0n);
    const store = new ArrayBuffer(32);
    for (const offset of [0, 16, 32]) {
      assert.equal(address(new Uint8Array(store, offset, 0)), getRawPointer(store) + BigInt(offset));
    }
    assert.equal(sum(Buffer.alloc(0), 0), 0n);
  });

  test('that are empty, and have memory to grow into', { skip: process.versions.bun !== undefined && 'JavaScriptCore has an address for what has no memory, too' }, () => {
    const growing = new ArrayBuffer(0, { maxByteLength: 4096 });
    const shrunk = new ArrayBuffer(16, { maxByteLength: 64 });
    const before = address(shrunk);
    shrunk.resize(0);
    for (const buffer of [growing, shrunk]) {
      assert.notEqual(address(buffer), 0n);
      for (const view of [buffer, new Uint8Array(buffer), new DataView(buffer)]) {
        assert.equal(address(view), address(buffer));
        assert.equal(getRawPointer(view), address(buffer));
      }
    }
    assert.equal(address(shrunk), before);
  });
});

describe('small typed arrays, which begin inside of the heap', () => {
  test('stay where C has seen them', async () => {
    const views = Array.from({ length: 200 }, (_, index) => new Uint8Array((index % 64) + 1));
    const addresses = views.map((view) => address(view));
    for (let round = 0; round < 3; round++) await collect();
    views.forEach((view, index) => {
      setUint8(addresses[index], view.length - 1, 200);
      assert.equal(view[view.length - 1], 200);
      assert.equal(address(view), addresses[index]);
      assert.equal(getRawPointer(view), addresses[index]);
    });
    assert.equal(new Set(addresses).size, views.length);
  });

  test('keep their contents', () => {
    for (let size = 1; size <= 80; size++) {
      const view = Uint8Array.from({ length: size }, (_, index) => index + 1);
      assert.equal(sum(view, size), BigInt((size * (size + 1)) / 2));
      assert.equal(view[size - 1], size);
      assert.equal(getUint8(address(view), size - 1), size);
    }
  });

  test('and the views of the same store see each other', () => {
    const view = new Float64Array([1, 2]);
    const before = new Uint8Array(view.buffer);
    fill(view, 16, 0);
    assert.deepEqual([...view, ...before], Array(18).fill(0));
  });
});

describe('ArrayBuffers', () => {
  test('are given whole', () => {
    for (const store of [new ArrayBuffer(100), new ArrayBuffer(100, { maxByteLength: 200 }), runInNewContext('new ArrayBuffer(100)')]) {
      fill(store, 100, 2);
      assert.ok(new Uint8Array(store).every((byte) => byte === 2));
      assert.equal(address(store), getRawPointer(store));
    }
  });

  test('that share memory have to be given through a view', () => {
    const refusal = argumentValue('Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint');
    const shared = new SharedArrayBuffer(8);
    assert.throws(() => address(shared), refusal);
    if (!noWebAssembly) assert.throws(() => address(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer), refusal);
    assert.equal(address(new Uint8Array(shared)), getRawPointer(shared));
  });

  test('that are detached are refused', () => {
    const store = new ArrayBuffer(16);
    const views = viewTypes.map((Type) => over(Type, store, 0, 1));
    structuredClone(store, { transfer: [store] });
    assert.throws(() => address(store), argumentValue('Argument 0 is a detached ArrayBuffer'));
    for (const view of views) {
      assert.throws(() => address(view), argumentValue('Argument 0 is an ArrayBufferView backed by a detached ArrayBuffer'));
    }
    const copy = native('buffer_copy', 'void', 'buffer', 'buffer', 'u64');
    assert.throws(() => copy(Buffer.alloc(1), store, 1), argumentValue('Argument 1 is a detached ArrayBuffer'));
  });

  test('of a WebAssembly memory that has grown are refused', { skip: noWebAssembly }, () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const [store, view] = [memory.buffer, new Uint8Array(memory.buffer)];
    assertShared(view);
    memory.grow(1);
    assert.throws(() => address(store), argumentValue('Argument 0 is a detached ArrayBuffer'));
    assert.throws(() => address(view), argumentValue('Argument 0 is an ArrayBufferView backed by a detached ArrayBuffer'));
    assertShared(new Uint8Array(memory.buffer));
  });

  test('may have been resized, and views over them with them', () => {
    const store = new ArrayBuffer(64, { maxByteLength: 1024 });
    const [tracking, fixed, data] = [new Uint8Array(store), new Uint8Array(store, 32, 16), new DataView(store, 8)];
    const start = getRawPointer(store);
    for (const size of [1024, 64, 48, 16, 8, 64]) {
      store.resize(size);
      assert.equal(address(store), start);
      assert.equal(address(tracking), start);
      if (size >= 48) {
        assert.equal(address(fixed), start + 32n);
        assert.equal(address(data), start + 8n);
        fill(fixed, 16, 9);
        assert.equal(fixed[15], 9);
      }
    }
    // An address that nobody should use. V8 stopped counting the offset of such a view in 13.x (Node 25).
    store.resize(4);
    for (const view of [fixed, data]) {
      assert.ok([start, start + 8n, start + 32n].includes(address(view)));
      assert.equal(address(view), getRawPointer(view));
    }
  });
});

test('other objects are refused', () => {
  const refusal = argumentValue('Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint');
  const others = [
    {}, [], [1, 2], Object.create(Buffer.prototype), Object.create(ArrayBuffer.prototype), new Proxy(Buffer.alloc(8), {}),
    new Proxy(new ArrayBuffer(8), {}), { __proto__: null, byteLength: 8 }, { pointer: 1n }, new Blob(['text']), new Map(),
    Object(1n), Object('text'), Object(Symbol('s')), new Date(0), /x/, native('noop', 'void'), class {}, open(),
    ...(noWebAssembly ? [] : [new WebAssembly.Memory({ initial: 1 })]), new Promise(() => {}), 0, 1.5, true, Symbol('s'),
  ];
  for (const value of others) assert.throws(() => address(value), refusal);
});

describe('a callback during the call', () => {
  test('does not lose the buffer, which nothing else holds, to the collector', () => {
    const library = open();
    const after = native('string_after_callback', 'u64', 'buffer', 'function');
    const callback = library.registerCallback(() => {
      gc();
      // Would take the place of memory that was given back.
      for (let index = 0; index < 50; index++) Buffer.alloc(20_000, 'z');
    });
    for (const size of [10, 60, 5000, 20_000]) {
      assert.equal(after(Buffer.from(`${'x'.repeat(size)}\0`), callback), BigInt(size));
      assert.equal(after(new TextEncoder().encode(`${'x'.repeat(size)}\0`).buffer, callback), BigInt(size));
      assert.equal(after(Uint8Array.from([...Buffer.from('x'.repeat(size)), 0]), callback), BigInt(size));
    }
  });

  test('sees what C has written, and C what it writes', () => {
    const library = open();
    const after = native('string_after_callback', 'u64', 'buffer', 'function');
    const text = new Uint8Array(Buffer.from('before the call\0'));
    const callback = library.registerCallback(() => { text[6] = 0; });
    assert.equal(after(text, callback), 6n);
  });
});

test('C moves bytes between two buffers', () => {
  const copy = native('buffer_copy', 'void', 'buffer', 'buffer', 'u64');
  const source = Buffer.from('from one store to another');
  const target = new ArrayBuffer(source.length);
  copy(target, source, source.length);
  assert.equal(Buffer.from(target).toString(), source.toString());
  const overlapping = Uint8Array.from({ length: 100 }, (_, index) => index);
  copy(overlapping.subarray(1), overlapping, 99);
  assert.deepEqual([...overlapping.subarray(0, 4), overlapping[99]], [0, 0, 1, 2, 98]);
});
