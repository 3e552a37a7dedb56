'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { ADDRESS_SIZE, AddressArray, element } = require('../machine');
const { getRawPointer, toString } = require('../subject');
const { open, openApart, pointers } = require('./system');

for (const opener of [open, openApart]) {
  test(`${opener.name} says which package an absent library is in`, () => {
    assert.throws(() => opener('libferrule-absent.so.1', 'libabsent1', {}), {
      message: /^libferrule-absent\.so\.1 cannot be loaded: install the Debian package libabsent1 \(.*No such file/,
    });
  });

  test(`${opener.name} passes on every other error`, () => {
    const definitions = { no_such_function: { return: 'void' } };
    assert.throws(() => opener('libm.so.6', 'libc6', definitions), {
      code: 'ERR_FFI_CALL_FAILED', message: /(?:undefined symbol|Symbol not found): no_such_function$/,
    });
    assert.throws(() => opener('libm.so.6', 'libc6', 'floor'), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test(`${opener.name} gives the library and its functions`, () => {
    const { library, functions } = opener('libm.so.6', 'libc6', { floor: { arguments: ['f64'], return: 'f64' } });
    assert.equal(functions.floor(-2.5), -3);
    assert.equal(library.path, 'libm.so.6');
    library.close();
  });
}

test('pointers reads an array with a count and one that ends in NULL', () => {
  const texts = ['first', 'second'].map((text) => Buffer.from(`${text}\0`));
  const array = Buffer.alloc(3 * ADDRESS_SIZE);
  new AddressArray(array.buffer, array.byteOffset, 3).set(texts.map((text) => element(getRawPointer(text))));
  const address = getRawPointer(array);
  assert.deepEqual(pointers(address).map((pointer) => toString(pointer)), ['first', 'second']);
  assert.deepEqual(pointers(address, 1), [getRawPointer(texts[0])]);
  assert.deepEqual(pointers(address, 3).at(-1), 0n);
  assert.deepEqual(pointers(0n, 0), []);
});
