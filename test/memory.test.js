'use strict';

// get* and set*: one value in native memory.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const ffi = require('./subject');
const { native, open } = require('./conformance/native');
const { argumentType, argumentValue, invalidPointer, outOfRange } = require('./errors');
const { LAST, littleEndian } = require('./machine');
const { exact } = require('./values');

const elements = {
  Int8: { type: 'i8', size: 1, label: 'an int8', write: 'setInt8' },
  Uint8: { type: 'u8', size: 1, label: 'a uint8', write: 'setUint8' },
  Int16: { type: 'i16', size: 2, label: 'an int16', write: 'setInt16' },
  Uint16: { type: 'u16', size: 2, label: 'a uint16', write: 'setUint16' },
  Int32: { type: 'i32', size: 4, label: 'an int32', write: 'setInt32' },
  Uint32: { type: 'u32', size: 4, label: 'a uint32', write: 'setUint32' },
  Int64: { type: 'i64', size: 8, label: 'an int64', write: 'setBigInt64' },
  Uint64: { type: 'u64', size: 8, label: 'a uint64', write: 'setBigUint64' },
  Float32: { type: 'f32', size: 4, label: 'a float', write: 'setFloat32' },
  Float64: { type: 'f64', size: 8, label: 'a double', write: 'setFloat64' },
};

const memory = Buffer.alloc(64);
const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
const base = ffi.getRawPointer(memory);
// The largest offset that there can be: a safe integer, and an address.
const MOST = Math.min(Number.MAX_SAFE_INTEGER, Number(LAST));
const one = (size, type) => (size === 8 && type !== 'f64' ? 1n : 1);

for (const [name, { type, size, label, write }] of Object.entries(elements)) {
  const [get, set] = [ffi[`get${name}`], ffi[`set${name}`]];

  describe(name, () => {
    test('reads what is there, at any alignment and offset', () => {
      for (const value of exact[type]) {
        for (let at = 0; at < 17; at++) {
          memory.fill(0xa5);
          view[write](at, value, littleEndian);
          for (let offset = 0; offset <= at; offset++) {
            assert.ok(Object.is(get(base + BigInt(at - offset), offset), value), `${String(value)} at ${at}`);
          }
          assert.ok(Object.is(get(base + BigInt(at)), value));
          assert.ok(Object.is(get(base + BigInt(at), undefined), value));
          assert.ok(Object.is(native(`read_${type}`, type, 'pointer')(base + BigInt(at)), value));
        }
      }
    });

    test('writes its bytes and no others', () => {
      for (const value of exact[type]) {
        for (let at = 3; at < 20; at++) {
          const expected = new DataView(new Uint8Array(64).fill(0xa5).buffer);
          expected[write](at, value, littleEndian);
          memory.fill(0xa5);
          assert.equal(set(base + 3n, at - 3, value), undefined);
          // The bits of a NaN are the engine's business.
          if (Number.isNaN(value)) assert.ok(Number.isNaN(get(base, at)));
          else assert.deepEqual([...memory], [...new Uint8Array(expected.buffer)], `${String(value)} at ${at}`);
        }
      }
    });

    test('stores -0', () => {
      set(base, 0, -0);
      assert.ok(Object.is(get(base), type.startsWith('f') ? -0 : (size === 8 ? 0n : 0)));
      assert.equal(get(base, -0), get(base, 0));
      set(base, -0, one(size, type));
      assert.equal(get(base), one(size, type));
    });

    test('refuses values of other types, and out of range', () => {
      const wrongType = ['1', '', true, null, {}, [], Symbol('s'), Object(1), { valueOf: () => 1 }, () => 1];
      const wide = size === 8 && type !== 'f64';
      for (const value of wrongType) {
        assert.throws(() => set(base, 0, value), argumentValue(`Value must be ${wide ? 'a bigint or a number' : label}`));
      }
      const outside = {
        i8: [-129, 128, 0.5, NaN, Infinity, 1n], u8: [-1, 256, 0.5, 1n], i16: [-32769, 32768, 1n], u16: [-1, 65536, 1n],
        i32: [-(2 ** 31) - 1, 2 ** 31, 1.5, 1n], u32: [-1, 2 ** 32, NaN, 1n],
        i64: [-(2n ** 63n) - 1n, 2n ** 63n, 2 ** 53, -(2 ** 53), 1.5, NaN, Infinity, 1e300],
        u64: [-1n, 2n ** 64n, -1, 2 ** 53, 1.5, NaN, -Infinity], f32: [1n], f64: [1n],
      };
      memory.fill(7);
      for (const value of outside[type]) {
        assert.throws(() => set(base, 0, value), argumentValue(`Value must be ${label}`), String(value));
      }
      assert.deepEqual(memory, Buffer.alloc(64, 7), 'nothing was written');
    });

    test('refuses pointers', () => {
      for (const access of [(pointer) => get(pointer), (pointer) => set(pointer, 0, one(size, type))]) {
        for (const pointer of [undefined, null, 0, 1, '1', memory, Object(1n), {}]) {
          assert.throws(() => access(pointer), argumentType('The pointer must be a bigint'));
        }
        for (const pointer of [-1n, LAST + 1n, 2n ** 64n, -(2n ** 64n), 2n ** 100n]) {
          assert.throws(() => access(pointer), argumentValue('The pointer must be a non-negative bigint'));
        }
        assert.throws(() => access(0n), invalidPointer('Cannot dereference a null pointer'));
      }
    });

    test('refuses offsets', () => {
      for (const access of [(offset) => get(base, offset), (offset) => set(base, offset, one(size, type))]) {
        for (const offset of [null, '0', 0n, true, {}, [], Symbol('s'), Object(0)]) {
          assert.throws(() => access(offset), argumentType('The offset must be a number'));
        }
        for (const offset of [-1, 0.5, NaN, Infinity, -Infinity, -(2 ** 60)]) {
          assert.throws(() => access(offset), argumentValue('The offset must be a non-negative integer'));
        }
        for (const offset of [MOST + 1, 2 ** 53, 2 ** 60, 2 ** 64, 1e20, Number.MAX_VALUE]) {
          assert.throws(() => access(offset), outOfRange('The offset is too large'));
        }
      }
    });

    test('refuses to leave the address space', () => {
      for (const access of [(pointer, offset) => get(pointer, offset), (pointer, offset) => set(pointer, offset, one(size, type))]) {
        for (const [pointer, offset] of [[LAST, 1], [LAST, MOST], [LAST - 100n, 101]]) {
          assert.throws(() => access(pointer, offset), argumentValue('The pointer and offset exceed the platform address range'));
        }
        if (size > 1) {
          for (const [pointer, offset] of [[LAST, 0], [LAST - BigInt(size - 2), 0], [LAST - BigInt(size), 2]]) {
            assert.throws(() => access(pointer, offset), argumentValue('The accessed range exceeds the platform address range'));
          }
        }
      }
    });

    test('checks in a fixed order', () => {
      assert.throws(() => get(undefined, null), argumentType('The pointer must be a bigint'));
      assert.throws(() => get(0n, null), invalidPointer('Cannot dereference a null pointer'));
      assert.throws(() => set(), argumentType('The pointer must be a bigint'));
      assert.throws(() => set(0n), invalidPointer('Cannot dereference a null pointer'));
      assert.throws(() => set(base), argumentValue('Expected an offset argument'));
      assert.throws(() => set(base, undefined, 1), argumentValue('Expected an offset argument'));
      assert.throws(() => set(base, null), argumentType('The offset must be a number'));
      assert.throws(() => set(LAST, 1), argumentValue('The pointer and offset exceed the platform address range'));
      assert.throws(() => set(base, 0), argumentValue('Expected a value argument'));
      assert.throws(() => set(base, 0, undefined), argumentValue('Expected a value argument'));
      if (size > 1) {
        assert.throws(() => set(LAST, 0), argumentValue('Expected a value argument'));
        assert.throws(() => set(LAST, 0, 'x'), argumentValue('The accessed range exceeds the platform address range'));
      }
    });

    test('takes no notice of `this` and of surplus arguments', () => {
      assert.equal(set.call(null, base, 8, one(size, type), 'surplus'), undefined);
      assert.equal(get.call({}, base, 8, 'surplus'), one(size, type));
      assert.equal(get.length + set.length, 0);
      assert.throws(() => new get(base), { name: 'TypeError', message: /is not a constructor\b/ });
    });
  });
}

test('64-bit setters take safe integers', () => {
  for (const value of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    ffi.setInt64(base, 0, -value);
    assert.equal(ffi.getInt64(base), -BigInt(value));
    ffi.setUint64(base, 0, value);
    assert.equal(ffi.getUint64(base), BigInt(value));
  }
});

test('floats are rounded as C rounds them', () => {
  ffi.setFloat32(base, 0, 0.1);
  assert.equal(ffi.getFloat32(base), Math.fround(0.1));
  ffi.setFloat32(base, 0, 1e300);
  assert.equal(ffi.getFloat32(base), Infinity);
  ffi.setFloat32(base, 0, 2 ** 31 - 1);
  assert.equal(ffi.getFloat32(base), 2 ** 31);
});

test('C sees what was set, and is seen setting', () => {
  const [allocate, release] = [native('allocate_zeroed', 'pointer', 'u64'), native('release', 'void', 'pointer')];
  const address = allocate(4096n);
  for (const [name, { type }] of Object.entries(elements)) {
    for (const value of exact[type]) {
      ffi[`set${name}`](address, 4088, value);
      assert.ok(Object.is(native(`read_${type}`, type, 'pointer')(address + 4088n), value));
      native(`write_${type}`, 'void', 'pointer', type)(address + 1n, value);
      assert.ok(Object.is(ffi[`get${name}`](address, 1), value));
    }
  }
  release(address);
});

test('data symbols are memory', () => {
  const library = open();
  const address = library.getSymbol('EXPORTED_I32');
  const before = ffi.getInt32(address);
  ffi.setInt32(address, 0, before + 1);
  assert.equal(library.getFunction('exported_i32', { return: 'i32' })(), before + 1);
  ffi.setInt32(address, 0, before);
  assert.equal(ffi.toString(library.getSymbol('EXPORTED_TEXT')), 'exported text');
});
