'use strict';

// getNativeFunction, getBufferPointer and sizeof: the earlier proposal for this module.

const assert = require('node:assert/strict');
const os = require('node:os');
const { describe, test } = require('node:test');
const { DynamicLibrary, getBufferPointer, getNativeFunction, getRawPointer, setUint8, sizeof, toString } = require('./subject');
const { libc } = require('./images');
const { noSymbol, notFound } = require('./loader');
const { open, path } = require('./conformance/native');
const { argumentType, argumentValue } = require('./errors');
const { ADDRESS_SIZE, charIsSigned } = require('./machine');
const { exact, labels, outside } = require('./values');

// What C's names mean here; `long` is the one whose width depends on the platform.
const long = process.platform === 'win32' || ADDRESS_SIZE === 4 ? 'i32' : 'i64';
const unsignedLong = long.replace('i', 'u');
const meanings = {
  'char': charIsSigned ? 'i8' : 'u8', 'signed char': 'i8', 'unsigned char': 'u8', 'short': 'i16', 'short int': 'i16',
  'signed short': 'i16', 'signed short int': 'i16', 'unsigned short': 'u16', 'unsigned short int': 'u16', 'int': 'i32',
  'signed': 'i32', 'signed int': 'i32', 'unsigned': 'u32', 'unsigned int': 'u32', 'long': long, 'long int': long,
  'signed long': long, 'signed long int': long, 'unsigned long': unsignedLong, 'unsigned long int': unsignedLong,
  'long long': 'i64', 'long long int': 'i64', 'signed long long': 'i64', 'signed long long int': 'i64',
  'unsigned long long': 'u64', 'unsigned long long int': 'u64', 'float': 'f32', 'double': 'f64', 'int8_t': 'i8', 'uint8_t': 'u8',
  'int16_t': 'i16', 'uint16_t': 'u16', 'int32_t': 'i32', 'uint32_t': 'u32', 'int64_t': 'i64', 'uint64_t': 'u64',
};
const pointers = ['pointer', 'void *', 'char*', 'const char *', 'struct whatever **', 'int (*)(int)', '*'];
const sizes = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8, f32: 4, f64: 8 };
const noTypes = ['', 'void', 'i32', 'string', 'buffer', 'Int', ' int', 'int ', 'long double', 'size_t', 'bool', 'constructor', '__proto__'];

describe('sizeof', () => {
  test('knows every name', () => {
    for (const [name, type] of Object.entries(meanings)) assert.equal(sizeof(name), sizes[type], name);
    for (const name of pointers) assert.equal(sizeof(name), ADDRESS_SIZE, name);
  });

  test('gives undefined for everything else', () => {
    for (const name of [...noTypes, undefined, null, 1, {}, ['int'], Symbol('s'), Object('int')]) assert.equal(sizeof(name), undefined);
    assert.equal(sizeof(), undefined);
  });
});

describe('getBufferPointer', () => {
  test('gives the address of the first byte, offsets included', () => {
    const store = new ArrayBuffer(64);
    const start = getBufferPointer(store);
    assert.equal(start, getRawPointer(store));
    for (const offset of [0, 1, 8, 40]) {
      for (const view of [new Uint8Array(store, offset), Buffer.from(store, offset, 3), new DataView(store, offset)]) {
        assert.equal(getBufferPointer(view), start + BigInt(offset));
      }
    }
    assert.equal(getBufferPointer(new Float64Array(store, 16, 2)), start + 16n);
    const shared = new SharedArrayBuffer(16);
    assert.equal(getBufferPointer(new Int32Array(shared, 4)), getBufferPointer(shared) + 4n);
    const pooled = Buffer.from('text');
    setUint8(getBufferPointer(pooled), 0, 'T'.charCodeAt());
    assert.equal(pooled.toString(), 'Text');
  });

  test('refuses everything else', () => {
    const kinds = 'Buffer, TypedArray, DataView, ArrayBuffer, or SharedArrayBuffer';
    const others = [
      [undefined, 'undefined'], [null, 'null'], [1n, 'type bigint (1n)'], ['text', "type string ('text')"],
      [{}, 'an instance of Object'], [[1], 'an instance of Array'],
    ];
    for (const [value, received] of others) {
      assert.throws(
        () => getBufferPointer(value),
        argumentType(`The "buffer" argument must be an instance of ${kinds}. Received ${received}`),
      );
    }
    const store = new ArrayBuffer(8);
    const view = new Uint8Array(store);
    structuredClone(store, { transfer: [store] });
    for (const gone of [store, view]) assert.throws(() => getBufferPointer(gone), { code: 'ERR_INVALID_ARG_VALUE', message: /detached/ });
  });
});

describe('getNativeFunction', () => {
  for (const [name, type] of Object.entries(meanings)) {
    test(`${name} comes back as it went`, () => {
      const identity = getNativeFunction(path, `identity_${type}`, name, [name]);
      for (const value of exact[type]) assert.ok(Object.is(identity(value), value), String(value));
      const refusal = argumentValue(`Argument 0 must be ${labels[type]}`);
      for (const value of [...(outside[type] ?? []), '1', true, null, undefined, {}, { valueOf: () => 1 }]) {
        assert.throws(() => identity(value), refusal);
      }
    });
  }

  test('pointers by any name with an asterisk', () => {
    for (const name of pointers) {
      const identity = getNativeFunction(path, 'identity_pointer', name, [name]);
      for (const value of exact.pointer) assert.equal(identity(value), value);
      assert.equal(identity(null), 0n);
      const buffer = Buffer.alloc(8);
      assert.equal(identity(buffer), getBufferPointer(buffer));
      assert.throws(() => identity(-1n), argumentValue('Argument 0 must be a non-negative pointer bigint'));
      assert.throws(() => identity(1), argumentValue('Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint'));
    }
    assert.equal(getNativeFunction(path, 'string_length', 'uint64_t', ['const char *'])('four'), 4n);
    assert.equal(toString(getNativeFunction(path, 'string_constant', 'char *', [])()), 'ferrule é € 😀');
  });

  test('void as a result', () => {
    assert.equal(getNativeFunction(path, 'noop', 'void', [])(), undefined);
  });

  test('narrow results by their sign', () => {
    const results = {
      'signed char': -128, 'unsigned char': 128, 'short': 0x5680, 'unsigned short': 0x5680, 'int': 0x12345680,
      'unsigned': 0x12345680,
    };
    for (const [name, value] of Object.entries(results)) assert.equal(getNativeFunction(path, 'garbage_result', name, [])(), value, name);
    const narrow = { int8_t: -1, uint8_t: 255, int16_t: -1, uint16_t: 65535, int32_t: -1, uint32_t: 2 ** 32 - 1 };
    for (const [name, value] of Object.entries(narrow)) {
      assert.equal(getNativeFunction(path, 'garbage_bits', name, ['uint64_t'])(2n ** 64n - 1n), value, name);
    }
  });

  test('many arguments', () => {
    const list = [
      'void *', 'int8_t', 'double', 'uint8_t', 'float', 'short', 'int64_t', 'uint16_t', 'float', 'int', 'unsigned', 'uint64_t',
      'void *', 'double', 'signed char', 'float', 'unsigned char', 'int16_t', 'double', 'unsigned short',
    ];
    const record = getNativeFunction(path, 'record_20_mixed', 'void', list);
    const out = new BigInt64Array(19);
    record(out, -1, 0.5, 2, 1.5, -3, -4n, 5, 2.5, -6, 7, 8n, 9n, 3.5, -10, 4.5, 11, -12, 5.5, 13);
    const floats = new Float64Array(out.buffer);
    const seen = [...out].map((value, index) => ([1, 3, 7, 12, 14, 17].includes(index) ? floats[index] : Number(value)));
    assert.deepEqual(seen, [-1, 0.5, 2, 1.5, -3, -4, 5, 2.5, -6, 7, 8, 9, 3.5, -10, 4.5, 11, -12, 5.5, 13]);
    const noop = getNativeFunction(path, 'noop', 'void', Array(600).fill('double'));
    assert.equal(noop(...Array(600).fill(0.5)), undefined);
    assert.throws(() => noop(...Array(599).fill(0.5)), argumentValue('Invalid argument count: expected 600, got 599'));
  });

  test('re-entrant calls', () => {
    const library = open();
    const call = getNativeFunction(path, 'call_i32', 'int', ['int (*)(int)', 'int']);
    const factorial = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) =>
      value < 2 ? 1 : value * call(factorial, value - 1),
    );
    assert.equal(call(factorial, 10), 3628800);
  });

  test('null is the process itself', () => {
    // On Windows it is the program alone, which has libuv's functions, and none of C's.
    const pid = getNativeFunction(null, process.platform === 'win32' ? 'uv_os_getpid' : 'getpid', 'int', []);
    assert.equal(pid(), process.pid);
    const length = getNativeFunction(libc, 'strlen', 'unsigned long', ['char *']);
    assert.equal(length(os.EOL), unsignedLong === 'u64' ? BigInt(os.EOL.length) : os.EOL.length);
    assert.throws(() => getNativeFunction(null, 'identity_i32', 'int', ['int']), { code: 'ERR_FFI_SYMBOL_NOT_FOUND' });
  });

  test('one name with several signatures', () => {
    const [signed, unsigned] = ['int', 'unsigned'].map((name) => getNativeFunction(path, 'identity_i32', name, [name]));
    assert.deepEqual([signed(-1), unsigned(2 ** 32 - 1)], [-1, 2 ** 32 - 1]);
    assert.notEqual(getNativeFunction(path, 'noop', 'void', []), getNativeFunction(path, 'noop', 'void', []));
  });

  test('does not depend on anybody\'s DynamicLibrary', () => {
    const library = new DynamicLibrary(path);
    const add = getNativeFunction(path, 'add_i32', 'int', ['int', 'int']);
    library.close();
    assert.equal(add(1, 2), 3);
  });

  test('has the shape of the other functions', () => {
    const add = getNativeFunction(path, 'add_i32', 'int', ['int', 'int']);
    assert.deepEqual([add.name, add.length, typeof add.pointer, 'prototype' in add], ['add_i32', 2, 'bigint', false]);
    assert.equal(add.pointer, open().getSymbol('add_i32'));
  });

  test('refuses its arguments in order', () => {
    const wrong = [[undefined, 'undefined'], [1, 'type number (1)'], [{}, 'an instance of Object'], [Object('a'), 'an instance of String']];
    for (const [value, received] of wrong) {
      assert.throws(
        () => getNativeFunction(value, 1, 1, 1),
        argumentType(`The "library" argument must be of type string or null. Received ${received}`),
      );
      assert.throws(
        () => getNativeFunction(path, value, 1, 1),
        argumentType(`The "func" argument must be of type string. Received ${received}`),
      );
      assert.throws(
        () => getNativeFunction(path, 'noop', value, 1),
        argumentType(`The "retType" argument must be of type string. Received ${received}`),
      );
      assert.throws(
        () => getNativeFunction(path, 'noop', 'int', value),
        argumentType(`The "argTypes" argument must be an instance of Array. Received ${received}`),
      );
      assert.throws(
        () => getNativeFunction(path, 'noop', 'int', [value]),
        argumentType(`The "argTypes" argument must be of type string. Received ${received}`),
      );
    }
    assert.throws(() => getNativeFunction(null, null), { code: 'ERR_INVALID_ARG_TYPE', message: /^The "func" argument/ });
    assert.throws(() => getNativeFunction('a\0b', 'noop', 'void', []), argumentValue('Library path must not contain null bytes'));
    assert.throws(() => getNativeFunction(path, 'a\0b', 'void', []), argumentValue('Function name must not contain null bytes'));
  });

  test('refuses unknown types, libraries and symbols', () => {
    for (const name of noTypes) {
      const refusal = { name: 'TypeError', code: 'ERR_FFI_UNSUPPORTED_TYPE', message: `Unsupported FFI type: ${name}` };
      if (name !== 'void') assert.throws(() => getNativeFunction(path, 'noop', name, []), refusal);
      assert.throws(() => getNativeFunction(path, 'noop', 'void', ['int', name]), refusal);
    }
    assert.throws(() => getNativeFunction('/nowhere/lib.so', 'noop', 'void', []), {
      name: 'Error',
      code: 'ERR_FFI_LIBRARY_LOAD_FAILED',
      message: notFound('/nowhere/lib.so'),
    });
    assert.throws(() => getNativeFunction(path, 'no_such_symbol', 'void', []), {
      name: 'Error',
      code: 'ERR_FFI_SYMBOL_NOT_FOUND',
      message: noSymbol(path, 'no_such_symbol'),
    });
  });
});
