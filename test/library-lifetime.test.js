'use strict';

// How long a library stays loaded, functions by address, and `using`.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary, dlopen } = require('./subject');
const { path } = require('./fixture');
const { argumentType, argumentValue, closed } = require('./errors');
const { collect, collectUntil } = require('./garbage');
const { keepsLibraries, unloads } = require('./loader');
const { program } = require('./images');
const { LAST, addresses } = require('./machine');
const mapping = require('./mapping');
const { compile } = require('./compile');

const addition = { return: 'i32', arguments: ['i32', 'i32'] };
const isGone = (reference) => collectUntil(() => reference.deref() === undefined);

describe('a library is unloaded', { skip: mapping.skip || keepsLibraries }, () => {
  test('when it is closed', () => {
    const file = mapping.copy();
    const library = new DynamicLibrary(file);
    library.getFunction('add_i32', addition)(1, 2);
    assert.ok(mapping.isLoaded(file));
    library.close();
    assert.ok(!mapping.isLoaded(file));
  });

  test('when the last of several is closed', () => {
    const file = mapping.copy();
    const libraries = [1, 2, 3].map(() => new DynamicLibrary(file));
    libraries.forEach((library, index) => {
      library.close();
      library.close();
      assert.equal(mapping.isLoaded(file), index < 2);
    });
  });

  test('when it is collected', async () => {
    const file = mapping.copy();
    const reference = (() => new WeakRef(new DynamicLibrary(file)))();
    assert.ok(mapping.isLoaded(file));
    assert.ok(await isGone(reference));
    assert.ok(await collectUntil(() => !mapping.isLoaded(file)));
  });

  test('when it is collected with all of its functions', async () => {
    const file = mapping.copy();
    (() => {
      const { functions, lib } = dlopen(file, { add_i32: addition, noop: {} });
      lib.registerCallback(() => {});
      lib.unrefCallback(lib.registerCallback(() => {}));
      lib.getFunctionFromPointer(functions.noop.pointer, {})();
      lib.close();
      const again = dlopen(file, { add_i32: addition, noop: {} });
      assert.equal(again.functions.add_i32(1, 2), 3);
      again.lib.getFunctionFromPointer(again.functions.noop.pointer, {})();
    })();
    assert.ok(await collectUntil(() => !mapping.isLoaded(file)));
  });

  test('when dlopen fails afterwards', () => {
    const file = mapping.copy();
    assert.throws(() => dlopen(file, { no_such: {} }), { code: 'ERR_FFI_CALL_FAILED' });
    assert.ok(!mapping.isLoaded(file));
    const mine = new Error('mine');
    assert.throws(() => dlopen(file, { get noop() { throw mine; } }), (error) => error === mine);
    assert.ok(!mapping.isLoaded(file));
  });
});

describe('a function', () => {
  test('keeps its library', async () => {
    const make = () => {
      const library = new DynamicLibrary(path);
      return [library.getFunction('add_i32', addition), new WeakRef(library)];
    };
    let [add, reference] = make();
    for (let round = 0; round < 5; round++) await collect();
    assert.ok(reference.deref() instanceof DynamicLibrary);
    assert.equal(add(1, 2), 3);
    add = null;
    assert.ok(await isGone(reference));
  });

  test('stays the same as long as somebody holds it', async () => {
    const library = new DynamicLibrary(path);
    const add = library.getFunction('add_i32', addition);
    add.mark = 'mine';
    for (let round = 0; round < 3; round++) await collect();
    assert.equal(library.functions.add_i32, add);
    assert.equal(library.getFunction('add_i32', addition).mark, 'mine');
  });

  test('that nobody holds is made anew, with its first signature', async () => {
    const library = new DynamicLibrary(path);
    const reference = (() => {
      const add = library.getFunction('add_i32', addition);
      add.mark = 'mine';
      return new WeakRef(add);
    })();
    assert.ok(await isGone(reference));
    for (const signature of [{}, { return: 'u32', arguments: ['i32', 'i32'] }]) {
      assert.throws(
        () => library.getFunction('add_i32', signature),
        argumentValue('Function add_i32 was already requested with a different signature'),
      );
    }
    const again = library.functions.add_i32;
    assert.equal(again.mark, undefined);
    assert.equal(again(1, 2), 3);
    assert.equal(library.getFunction('add_i32', addition), again);
  });

  test('outlives thousands that are dropped', async () => {
    const library = new DynamicLibrary(path);
    const add = library.getFunction('add_i32', addition);
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 1000; count++) {
        library.getFunctionFromPointer(add.pointer, addition)(1, 2);
        new DynamicLibrary(path).getFunction('add_i32', addition)(1, 2);
      }
      await collect();
    }
    assert.equal(add(1, 2), 3);
  });
});

describe('getFunctionFromPointer', () => {
  const library = new DynamicLibrary(path);
  const address = library.getSymbol('add_i32');

  test('gives independent functions that are listed nowhere', () => {
    const fresh = new DynamicLibrary(path);
    const [one, two] = [fresh.getFunctionFromPointer(address, addition), fresh.getFunctionFromPointer(address, addition)];
    assert.notEqual(one, two);
    assert.deepEqual([one(1, 2), two(3, 4)], [3, 7]);
    assert.deepEqual([Object.keys(fresh.functions), Object.keys(fresh.symbols)], [[], []]);
    assert.deepEqual([one.length, one.pointer, Object.getPrototypeOf(one), 'prototype' in one], [2, address, Function.prototype, false]);
    // No signature of a name stands in the way, or comes to stand.
    assert.equal(fresh.getFunctionFromPointer(address, { result: 'u32', parameters: ['u32', 'u32'] })(2 ** 32 - 1, 2), 1);
    assert.equal(fresh.getFunction('add_i32', addition)(1, 2), 3);
  });

  test('takes any address: another library\'s, a callback\'s, a table\'s', () => {
    const table = addresses([address]);
    assert.equal(new DynamicLibrary(program).getFunctionFromPointer(BigInt(table[0]), addition)(1, 2), 3);
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value * 2);
    const call = library.getFunctionFromPointer(callback, { return: 'i32', arguments: ['i32'] });
    assert.equal(call(21), 42);
  });

  test('keeps the library', { skip: mapping.skip }, async () => {
    const file = mapping.copy();
    let add = (() => {
      const mine = new DynamicLibrary(file);
      return mine.getFunctionFromPointer(mine.getSymbol('add_i32'), addition);
    })();
    for (let round = 0; round < 5; round++) await collect();
    assert.ok(mapping.isLoaded(file));
    assert.equal(add(1, 2), 3);
    add = null;
    if (unloads) assert.ok(await collectUntil(() => !mapping.isLoaded(file)));
  });

  test('stops with the library', () => {
    const mine = new DynamicLibrary(path);
    const add = mine.getFunctionFromPointer(address, addition);
    mine.close();
    assert.throws(() => add(1, 2), closed);
    assert.throws(() => mine.getFunctionFromPointer(address, addition), closed);
  });

  test('refuses what is no address, in order', () => {
    for (const value of [undefined, null, 0, 1, '1', {}, Object(1n), Buffer.alloc(8), library.getFunction('noop', {})]) {
      assert.throws(() => library.getFunctionFromPointer(value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    for (const value of [0n, -1n, LAST + 1n, 2n ** 64n, -(2n ** 64n), 2n ** 200n]) {
      assert.throws(() => library.getFunctionFromPointer(value, addition), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
    }
    for (const value of [undefined, null, 1, 'i32', []]) {
      assert.throws(() => library.getFunctionFromPointer(address, value), argumentType('Function signature must be an object'));
    }
    assert.throws(() => library.getFunctionFromPointer(address, { return: 'int' }), argumentValue('Unsupported FFI type: int'));
  });
});

// Node 20 before 20.5 and other engines have no Symbol.dispose, and only the newest lines have the syntax.
describe('disposing', { skip: Symbol.dispose === undefined && 'there is no Symbol.dispose' }, () => {
  test('a library closes it', () => {
    const library = new DynamicLibrary(path);
    const add = library.getFunction('add_i32', addition);
    assert.equal(library[Symbol.dispose](), undefined);
    library[Symbol.dispose]();
    assert.throws(() => add(1, 2), closed);
  });

  test('what dlopen gave closes its library', () => {
    const handle = dlopen(path, { add_i32: addition });
    assert.equal(handle[Symbol.dispose](), undefined);
    handle[Symbol.dispose]();
    assert.throws(() => handle.functions.add_i32(1, 2), closed);
    assert.equal(typeof Object.getOwnPropertyDescriptor(handle, Symbol.dispose).value, 'function');
  });

  let withUsing;
  try {
    withUsing = compile('open', 'use', '{ using handle = open(); use(handle); }');
  } catch {
    // An older line: the tests above call what `using` would.
  }
  test('`using` closes at the end of the block', { skip: withUsing === undefined && 'this line has no `using`' }, () => {
    let library;
    withUsing(
      () => new DynamicLibrary(path),
      (opened) => {
        library = opened;
        assert.equal(opened.getFunction('add_i32', addition)(1, 2), 3);
      },
    );
    assert.throws(() => library.symbols, closed);
    withUsing(() => dlopen(path), ({ lib }) => { library = lib; assert.deepEqual(Object.keys(lib.symbols), []); });
    assert.throws(() => library.symbols, closed);
    const mine = new Error('mine');
    assert.throws(() => withUsing(() => (library = new DynamicLibrary(path)), () => { throw mine; }), (error) => error === mine);
    assert.throws(() => library.symbols, closed);
  });
});
