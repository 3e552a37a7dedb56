'use strict';

// The gate: calls take V8's fast calls only while no callback is alive that C could call in the middle of one.

const { lastTier, optimize, site } = require('./tiers/site');
const { answer } = require('./tiers/process');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { DynamicLibrary } = require('ferrule');
const { compile } = require('./compile');
const fixture = require('./fixture');
const { closed } = require('./errors');
const { collect, collectUntil } = require('./garbage');

const i32 = { return: 'i32', arguments: ['i32'] };
const callI32 = { return: 'i32', arguments: ['pointer', 'i32'] };

// The package's own directory.
const root = path.join(path.dirname(require.resolve('ferrule')), '..', path.sep);

const library = new DynamicLibrary(fixture.path);
const identity = library.getSymbol('identity_i32');
const call = library.getFunction('call_i32', callI32);
const calling = site(call, 2);

// Which tier a call takes when all of its code is optimised.
function tierOf(act, code = calling, callees = [call]) {
  for (const tier of ['fast', 'cell', 'slow']) {
    try {
      optimize(code, act, { callees, fastest: tier });
      return tier;
    } catch (error) {
      if (!error.message.includes('took the tier')) throw error;
    }
  }
  throw new Error('it stays on no tier');
}

const assertTier = (tier) => assert.equal(tierOf(() => assert.equal(calling(identity, 5), 5)), tier);

describe('the gate is open', () => {
  test('while there is no callback', () => assertTier('fast'));

  test('but not while there is one, in whatever library', () => {
    const other = new DynamicLibrary(fixture.path);
    for (const owner of [library, other, library]) {
      assertTier('fast');
      const callbacks = [1, 2, 3].map((number) => owner.registerCallback(i32, (value) => value + number));
      assertTier('cell');
      assert.deepEqual(callbacks.map((callback) => calling(callback, 10)), [11, 12, 13]);
      for (const callback of callbacks) {
        assertTier('cell');
        owner.unregisterCallback(callback);
      }
      assertTier('fast');
    }
    other.close();
  });

  test('after the library of the callback was closed', () => {
    const other = new DynamicLibrary(fixture.path);
    other.registerCallback(() => {});
    other.registerCallback(i32, () => 1);
    assertTier('cell');
    other.close();
    assertTier('fast');
  });

  test('after the function of a callback was collected', async () => {
    const callback = library.registerCallback(i32, compile('value', 'return value * 2'));
    assert.equal(calling(callback, 4), 8);
    library.unrefCallback(callback);
    assertTier('cell');
    assert.ok(await collectUntil(() => calling(callback, 4) === 0));
    // What C calls now is a callback that does nothing.
    assert.equal(tierOf(() => assert.equal(calling(callback, 4), 0)), 'fast');
    library.unregisterCallback(callback);
    assertTier('fast');
  });

  test('after `refCallback` only when the callback is unregistered', async () => {
    const callback = library.registerCallback(i32, (value) => value);
    for (let count = 0; count < 3; count++) library.unrefCallback(callback);
    library.refCallback(callback);
    for (let round = 0; round < 3; round++) await collect();
    assertTier('cell');
    library.unregisterCallback(callback);
    assertTier('fast');
  });

  test('after a library was collected with its callbacks', async () => {
    (() => {
      const other = new DynamicLibrary(fixture.path);
      other.unrefCallback(other.registerCallback(i32, compile('return 1')));
    })();
    assertTier('cell');
    assert.ok(await collectUntil(() => {
      calling(identity, 5);
      return lastTier() === 'fast';
    }));
    assertTier('fast');
  });

  test('after a callback that was refused', () => {
    for (const attempt of [
      () => library.registerCallback(i32),
      () => library.registerCallback(1),
      () => library.registerCallback({ return: 'no type' }, () => {}),
      () => library.registerCallback({ get return() { throw new Error('mine'); } }, () => {}),
      () => library.registerCallback(i32, new Proxy({}, {})),
      () => library.unregisterCallback(5n),
      () => library.unrefCallback(identity),
    ]) {
      assert.throws(attempt);
      assertTier('fast');
    }
  });

  test('for a library that is opened while it is shut, as soon as it is not', () => {
    const callback = library.registerCallback(i32, (value) => value + 1);
    const other = new DynamicLibrary(fixture.path);
    const add = other.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
    const adding = site(add, 2);
    const tier = () => tierOf(() => assert.equal(adding(2, 3), 5), adding, [add]);
    assert.equal(tier(), 'cell');
    library.unregisterCallback(callback);
    assert.equal(tier(), 'fast');
    other.close();
    assert.throws(() => adding(2, 3), closed);
  });

  test('to all copies of the package', () => {
    const copy = copyOfPackage();
    const theirs = require(copy);
    const tier = require(path.join(copy, 'lib', 'wrap.js')).lastTier;
    const other = new theirs.DynamicLibrary(fixture.path);
    const theirCall = other.getFunction('call_i32', callI32);
    const theirCalling = site(theirCall, 2);
    const theirTier = () => {
      for (let count = 0; count < 300_000; count++) theirCalling(identity, count);
      return tier();
    };
    assert.equal(theirTier(), 'fast');
    assertTier('fast');

    const mine = library.registerCallback(i32, (value) => theirCalling(identity, value) + 1);
    assert.equal(theirTier(), 'cell');
    assertTier('cell');
    const theirOwn = other.registerCallback(i32, (value) => calling(mine, value) + 1);
    library.unrefCallback(mine);
    assert.equal(theirCalling(theirOwn, 5), 7);
    assert.equal(calling(theirOwn, 5), 7);
    library.unregisterCallback(mine);
    assert.equal(theirTier(), 'cell');
    assertTier('cell');

    other.close();
    assertTier('fast');
    assert.throws(() => theirCalling(identity, 1), closed);
  });

  test('for functions that were made before another copy was loaded', () => {
    assertTier('fast');
    const { DynamicLibrary: Another } = require(copyOfPackage());
    assertTier('fast');
    const other = new Another(fixture.path);
    other.registerCallback(i32, (value) => value);
    assertTier('cell');
    other.close();
    assertTier('fast');
  });

  const again = { 'all of it': /^lib.*\.js$|^build.*\.node$/, 'its JavaScript': /^lib.*\.js$/ };
  for (const [what, pattern] of Object.entries(again)) test(`when the package is loaded a second time, ${what}`, () => {
    const files = Object.keys(require.cache).filter((file) => file.startsWith(root) && pattern.test(file.slice(root.length)));
    assert.ok(files.length > 4);
    const kept = files.map((file) => [file, require.cache[file]]);
    for (const file of files) delete require.cache[file];
    try {
      const { DynamicLibrary: Another } = require('ferrule');
      assert.notEqual(Another, DynamicLibrary);
      const other = new Another(fixture.path);
      const add = other.getFunction('add_i64', { return: 'i64', arguments: ['i64', 'i64'] });
      for (let count = 0; count < 100_000; count++) assert.equal(add(BigInt(count), 1), BigInt(count) + 1n);
      assertTier('fast');
      const callback = other.registerCallback(i32, (value) => value + Number(add(value, 1)));
      assertTier('cell');
      assert.equal(calling(callback, 5), 11);
      other.close();
      assertTier('fast');
    } finally {
      for (const [file, module] of kept) require.cache[file] = module;
    }
  });
});

const copies = [];
// Windows keeps the file of a library that is loaded.
after(() => process.platform !== 'win32' && copies.forEach((directory) => fs.rmSync(directory, { recursive: true })));

// Another copy of the package, as a second version of it in a tree of dependencies would be.
function copyOfPackage() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-copy-'));
  copies.push(directory);
  for (const name of ['package.json', 'lib', path.join('build', 'ferrule.node')]) {
    fs.cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  return directory;
}

describe('a gate that cannot be shared stays shut', () => {
  const spoil = {
    'because nothing can be added': "Object.preventExtensions(require('node:vm').Script)",
    'because something else is in its place': "Object.defineProperty(require('node:vm').Script, Symbol.for('ferrule.gate.1'), { value: 'mine' })",
  };
  for (const [why, source] of Object.entries(spoil)) test(why, async () => {
    const seen = await answer((modules, spoiling) => {
      // Before anything loads the package.
      require('./compile').evaluate(`(require) => { ${spoiling}; }`)(require);
      const { optimize, site } = require('./tiers/site');
      const add = modules.fixture.open().getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
      const adding = site(add, 2);
      optimize(adding, () => adding(2, 3), { callees: [add], fastest: 'cell' });
      console.log(JSON.stringify(adding(20, 22)));
    }, { parameters: [source] });
    assert.equal(seen, 42);
  });
});

describe('a library with a place in the gate', () => {
  test('that is closed refuses optimised calls, too', () => {
    for (const [name, signature, values] of [
      ['noop', {}, []],
      ['add_i32', { return: 'i32', arguments: ['i32', 'i32'] }, [1, 2]],
      ['identity_i64', { return: 'i64', arguments: ['i64'] }, [1n]],
      ['string_length', { return: 'u64', arguments: ['string'] }, ['text']],
      ['buffer_sum', { return: 'u64', arguments: ['buffer', 'u64'] }, [Buffer.alloc(3), 3]],
    ]) {
      const other = new DynamicLibrary(fixture.path);
      const callable = other.getFunction(name, signature);
      const hot = site(callable, values.length);
      const act = () => hot(...values);
      optimize(hot, act, { callees: [callable] });
      const callback = library.registerCallback(i32, (value) => value);
      assert.equal(tierOf(act, hot, [callable]), 'cell');
      other.close();
      assert.throws(act, closed, name);
      library.unregisterCallback(callback);
      for (let count = 0; count < 3; count++) assert.throws(act, closed, name);
    }
  });

  test('may be closed from inside of a call, which still returns', () => {
    for (const isHot of [false, true]) {
      const other = new DynamicLibrary(fixture.path);
      const theirCall = other.getFunction('call_i32', callI32);
      const hot = site(theirCall, 2);
      if (isHot) optimize(hot, () => hot(identity, 5), { callees: [theirCall] });
      const closer = library.registerCallback(i32, (value) => {
        other.close();
        assert.throws(() => hot(identity, 5), closed);
        return value + 1;
      });
      if (isHot) optimize(hot, () => hot(identity, 5), { callees: [theirCall], fastest: 'cell' });
      assert.equal(hot(closer, 7), 8);
      assert.throws(() => hot(closer, 7), closed);
      library.unregisterCallback(closer);
      assert.throws(() => hot(identity, 7), closed);
    }
  });

  test('leaves it to another one when it is collected', async () => {
    // More than there are places.
    for (let count = 0; count < 5000; count++) {
      const other = new DynamicLibrary(fixture.path);
      // It has one with its first function.
      assert.equal(other.getFunction('identity_i32', i32)(count), count);
      if (count % 2) other.close();
    }
    // What has none calls all the same.
    const last = new DynamicLibrary(fixture.path);
    const add = last.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
    const adding = site(add, 2);
    assert.equal(tierOf(() => assert.equal(adding(2, 3), 5), adding, [add]), 'slow');
    const callback = last.registerCallback(i32, (value) => adding(value, 1));
    assertTier('cell');
    assert.equal(calling(callback, 6), 7);
    last.close();
    assertTier('fast');
    assert.throws(() => adding(2, 3), closed);

    assert.ok(await collectUntil(() => {
      const other = new DynamicLibrary(fixture.path);
      const fresh = other.getFunction('identity_u32', { return: 'u32', arguments: ['u32'] });
      fresh(1);
      other.close();
      return lastTier() === 'cell';
    }));
  });
});
