'use strict';

// How long a callback lives: references to its function, the library that it belongs to, and what it does to itself.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary } = require('./subject');
const { native, open, path } = require('./conformance/native');
const { argumentValue, closed } = require('./errors');
const { collect, collectUntil, gc } = require('./garbage');
const { run } = require('./child');
const { unloads } = require('./loader');
const { LAST } = require('./machine');
const mapping = require('./mapping');

const i32 = { return: 'i32', arguments: ['i32'] };
const call = native('call_i32', 'i32', 'function', 'i32');
const notFound = argumentValue('Callback not found');

// In functions of their own: no register or stack slot of a test holds what they make.
const register = (library, answer = 5, signature = i32) => library.registerCallback(signature, () => answer);
function unreferenced(library, answer, signature) {
  const address = register(library, answer, signature);
  library.unrefCallback(address);
  return address;
}

// The collector finds no function that C could call again with this name only.
const isCollected = (library, address) => collectUntil(() => {
  try {
    library.unrefCallback(address);
    return false;
  } catch (error) {
    assert.equal(error.message, 'Callback not found');
    return true;
  }
});

describe('a function that was collected after unrefCallback', () => {
  test('makes calls do nothing and answer zero', async () => {
    const library = open();
    const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer'];
    const isWide = (type) => ['i64', 'u64', 'pointer'].includes(type);
    const addresses = types.map((type) => unreferenced(library, isWide(type) ? 9n : 9, { return: type, arguments: [type] }));
    const empty = unreferenced(library, 1, {});
    for (const address of [...addresses, empty]) assert.ok(await isCollected(library, address));
    types.forEach((type, index) => {
      const answer = native(`call_${type}`, type, 'function', type)(addresses[index], isWide(type) ? 3n : 3);
      assert.ok(Object.is(answer, isWide(type) ? 0n : 0), type);
    });
    assert.equal(native('call_void', 'void', 'function')(empty), undefined);
  });

  test('is found no more, except to be unregistered', async () => {
    const library = open();
    const address = unreferenced(library);
    assert.ok(await isCollected(library, address));
    assert.throws(() => library.refCallback(address), notFound);
    assert.throws(() => library.unrefCallback(address), notFound);
    assert.equal(library.unregisterCallback(address), undefined);
    assert.throws(() => library.unregisterCallback(address), notFound);
  });

  test('leaves the library as it was', async () => {
    const library = open();
    const [gone, here] = [unreferenced(library), register(library, 6)];
    assert.ok(await isCollected(library, gone));
    assert.deepEqual([call(gone, 1), call(here, 1)], [0, 6]);
    library.close();
    assert.throws(() => library.unregisterCallback(gone), closed);
  });
});

describe('a function stays', () => {
  const settle = async () => { for (let round = 0; round < 6; round++) await collect(); };

  test('as long as its callback is registered', async () => {
    const library = open();
    const addresses = Array.from({ length: 100 }, (_, index) => register(library, index));
    await settle();
    assert.deepEqual(addresses.map((address) => call(address, 0)), addresses.map((_, index) => index));
  });

  test('after unrefCallback and refCallback, in any number', async () => {
    const library = open();
    const [once, often] = [unreferenced(library, 1), unreferenced(library, 2)];
    for (const address of [once, often, often]) library.refCallback(address);
    for (let time = 0; time < 5; time++) library.unrefCallback(often);
    library.refCallback(often);
    await settle();
    assert.deepEqual([call(once, 0), call(often, 0)], [1, 2]);
    // Still one step away from being collectable.
    library.unrefCallback(once);
    assert.ok(await isCollected(library, once));
    assert.equal(call(once, 0), 0);
  });

  test('after unrefCallback as long as somebody holds it', async () => {
    const library = open();
    let held = (value) => value + 1;
    const address = library.registerCallback(i32, held);
    library.unrefCallback(address);
    await settle();
    assert.equal(call(address, held(1)), 3);
    held = null;
    assert.ok(await isCollected(library, address));
    assert.equal(call(address, 1), 0);
  });

  test('while it runs, even if nothing else holds it', async () => {
    const library = open();
    const addresses = [];
    (() => {
      addresses.push(library.registerCallback(i32, (value) => { gc(); return value * 2; }));
      library.unrefCallback(addresses[0]);
      assert.equal(call(addresses[0], 21), 42);
    })();
    assert.ok(await isCollected(library, addresses[0]));
  });
});

describe('the methods take addresses of the library\'s own callbacks', () => {
  for (const method of ['unregisterCallback', 'refCallback', 'unrefCallback']) {
    test(method, () => {
      const [library, other] = [open(), open()];
      const address = register(library);
      for (const unknown of [0n, 1n, LAST, address + 1n, library.getSymbol('noop')]) {
        assert.throws(() => library[method](unknown), notFound);
      }
      assert.throws(() => other[method](address), notFound);
      assert.equal(library[method](address), undefined);
      const gone = register(library);
      library.unregisterCallback(gone);
      assert.throws(() => library[method](gone), notFound);
      for (const bad of [undefined, null, 1, '1', {}, Object(1n)]) {
        assert.throws(() => library[method](bad), { code: 'ERR_INVALID_ARG_TYPE', message: 'The first argument must be a bigint' });
      }
      for (const bad of [-1n, LAST + 1n, 2n ** 64n]) {
        assert.throws(() => library[method](bad), argumentValue('The first argument must be a non-negative bigint'));
      }
      library.close();
      for (const anything of [undefined, 1n, -1n, address]) assert.throws(() => library[method](anything), closed);
    });
  }
});

describe('a live callback', { skip: mapping.skip }, () => {
  function abandoned(file) {
    const library = new DynamicLibrary(file);
    return { address: register(library, 7), library: new WeakRef(library) };
  }

  test('keeps the library loaded when the object is gone', async () => {
    const file = mapping.copy();
    const { address, library } = abandoned(file);
    assert.ok(await collectUntil(() => library.deref() === undefined), 'the object is collected');
    for (let round = 0; round < 5; round++) {
      await collect();
      assert.ok(mapping.isLoaded(file));
      assert.equal(call(address, 1), 7);
    }
  });

  function circle(file, end) {
    const library = new DynamicLibrary(file);
    const callback = () => library.path.length;
    const address = library.registerCallback(i32, callback);
    assert.equal(call(address, 1), file.length);
    end(library, address);
    return [new WeakRef(library), new WeakRef(callback)];
  }
  const ends = {
    'unrefCallback, while it closes over the library,': (library, address) => library.unrefCallback(address),
    'unregisterCallback': (library, address) => library.unregisterCallback(address),
    'close': (library) => library.close(),
    'unrefCallback and close': (library, address) => { library.unrefCallback(address); library.close(); },
    'unrefCallback and unregisterCallback': (library, address) => { library.unrefCallback(address); library.unregisterCallback(address); },
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`after ${name} keeps nothing`, async () => {
      const file = mapping.copy();
      const references = circle(file, end);
      assert.ok(await collectUntil(() => references.every((reference) => reference.deref() === undefined)), 'both are collected');
      if (unloads) assert.ok(await collectUntil(() => !mapping.isLoaded(file)), 'the library is unloaded');
    });
  }

  test('of a hundred libraries at once, unreferenced, keeps nothing', async () => {
    const references = Array.from({ length: 100 }, () => circle(path, ends['unrefCallback, while it closes over the library,'])).flat();
    assert.ok(await collectUntil(() => references.every((reference) => reference.deref() === undefined)));
  });

  test('that somebody made strong keeps its function and what that holds', async () => {
    const file = mapping.copy();
    const references = circle(file, () => {});
    for (let round = 0; round < 5; round++) await collect();
    assert.ok(references.every((reference) => reference.deref() !== undefined));
    references[0].deref().close();
    assert.ok(await collectUntil(() => references.every((reference) => reference.deref() === undefined)));
    assert.equal(mapping.isLoaded(file), !unloads);
  });
});

describe('inside of a running callback', () => {
  test('its library can be closed', { skip: mapping.skip }, () => {
    const file = mapping.copy();
    const library = new DynamicLibrary(file);
    const through = library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
    const address = library.registerCallback(i32, (value) => {
      library.close();
      assert.throws(() => through(0n, 1), closed);
      assert.ok(mapping.isLoaded(file), 'C has to return into it');
      return value + 1;
    });
    assert.equal(through(address, 41), 42);
    assert.equal(mapping.isLoaded(file), !unloads);
    assert.throws(() => through(address, 1), closed);
  });

  test('its library can be closed from many frames in', () => {
    const library = new DynamicLibrary(path);
    const through = library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
    const address = library.registerCallback(i32, (value) => {
      if (value > 0) return through(address, value - 1) + 1;
      library.close();
      library.close();
      return 100;
    });
    assert.equal(through(address, 20), 120);
    assert.throws(() => through(address, 1), closed);
  });

  test('it can be unregistered', () => {
    const library = open();
    const address = library.registerCallback(i32, (value) => {
      library.unregisterCallback(address);
      assert.throws(() => library.unregisterCallback(address), notFound);
      return value + 1;
    });
    assert.equal(call(address, 1), 2);
    assert.throws(() => library.unregisterCallback(address), notFound);
    const empty = library.registerCallback(() => library.unregisterCallback(empty));
    assert.equal(native('call_void', 'void', 'function')(empty), undefined);
  });

  test('it can be unregistered, and many thousand others after it', async () => {
    const library = open();
    const address = library.registerCallback(i32, (value) => {
      library.unregisterCallback(address);
      // Were its memory given to one of these, there would be no result.
      for (let other = 0; other < 20_000; other++) library.unregisterCallback(library.registerCallback(() => {}));
      return value + 1;
    });
    assert.equal(call(address, 1), 2);
    await collect();
  });

  test('all callbacks that are running can be unregistered', () => {
    const library = open();
    const addresses = [];
    for (let depth = 0; depth < 10; depth++) {
      addresses.push(library.registerCallback(i32, (value) => {
        if (depth < 9) return call(addresses[depth + 1], value + 1) + 1;
        addresses.forEach((address) => library.unregisterCallback(address));
        return value;
      }));
    }
    assert.equal(call(addresses[0], 0), 18);
  });

  test('it can be made weak and collected garbage of, and still return', () => {
    const library = open();
    const address = (() => library.registerCallback(i32, (value) => {
      library.unrefCallback(address);
      gc();
      return value + 1;
    }))();
    assert.equal(call(address, 1), 2);
  });
});

describe('a vm timeout that fires inside of a callback', () => {
  async function timesOut(body) {
    const { status, signal, stdout, stderr } = await run(body);
    assert.deepEqual(
      { status, signal, stderr, stdout },
      { status: 0, signal: null, stderr: '', stdout: 'ERR_SCRIPT_EXECUTION_TIMEOUT 42\n' },
    );
  }

  test('is an error of the script, and the process goes on', () => timesOut(({ fixture }) => {
    const vm = require('node:vm');
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const library = fixture.open();
    const signature = { return: 'i32', arguments: ['i32'] };
    const endless = library.registerCallback(signature, () => { for (;;); });
    const double = library.registerCallback(signature, (value) => value * 2);
    try {
      vm.runInNewContext('call(endless, 1)', { call, endless }, { timeout: 50 });
    } catch (error) {
      console.log(error.code, call(double, 21));
    }
  }));

  test('cannot be caught on the way', () => timesOut(({ fixture }) => {
    const vm = require('node:vm');
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const library = fixture.open();
    const signature = { return: 'i32', arguments: ['i32'] };
    let caught = 0;
    const endless = library.registerCallback(signature, () => {
      try { for (;;); } catch { caught++; } finally { caught++; }
      return 1;
    });
    const outer = library.registerCallback(signature, (value) => {
      try { return call(endless, value); } catch { caught++; return 2; } finally { caught++; }
    });
    try {
      vm.runInNewContext('call(outer, 1)', { call, outer }, { timeout: 50 });
    } catch (error) {
      console.log(error.code, 42 + caught);
    }
  }));

  test('lets C finish what it was doing', () => timesOut(({ fixture }) => {
    const vm = require('node:vm');
    const library = fixture.open();
    const sort = fixture.native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function');
    const times = fixture.native('call_times_i32', 'i64', 'function', 'u32');
    let calls = 0;
    const compare = library.registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, () => {
      if (++calls === 10) for (;;);
      return 1;
    });
    const count = library.registerCallback({ return: 'i32', arguments: ['i32'] }, () => 1);
    try {
      vm.runInNewContext('sort(numbers, 200n, 4n, compare)', { sort, compare, numbers: new Int32Array(200) }, { timeout: 50 });
    } catch (error) {
      // The comparator ran no more after the timeout, which on a slow machine may come before the tenth call.
      console.log(error.code, calls <= 10 ? Number(times(count, 42)) : calls);
    }
  }));

  test('of a script that the callback itself runs can be caught there', () => timesOut(({ fixture }) => {
    const vm = require('node:vm');
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
      try {
        vm.runInNewContext('for (;;);', {}, { timeout: 20 });
      } catch (error) {
        console.log(error.code, value);
      }
      return 1;
    });
    process.exitCode = call(callback, 42) - 1;
  }));
});
