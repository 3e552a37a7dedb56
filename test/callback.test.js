'use strict';

// Callbacks: JavaScript functions that C calls. How long they live is the subject of callback-lifetime.test.js, and what
// ends the process of abort.test.js.

const assert = require('node:assert/strict');
const { AsyncLocalStorage, AsyncResource, executionAsyncId } = require('node:async_hooks');
const { describe, test } = require('node:test');
const vm = require('node:vm');
const { DynamicLibrary, getInt32, getRawPointer, toString } = require('./subject');
const { native, open, path } = require('./conformance/native');
const { argumentType, argumentValue, closed } = require('./errors');
const { exact, types } = require('./values');
const { compile } = require('./compile');

const library = open();
const i32 = { return: 'i32', arguments: ['i32'] };
const call = native('call_i32', 'i32', 'function', 'i32');
const callVoid = native('call_void', 'void', 'function');

describe('one argument and one result', () => {
  for (const type of types) {
    test(type, () => {
      const through = native(`call_${type}`, type, 'function', type);
      let seen;
      let answer;
      const callback = library.registerCallback({ return: type, arguments: [type] }, (...values) => { seen = values; return answer; });
      for (const value of exact[type]) {
        for (answer of exact[type]) {
          assert.ok(Object.is(through(callback, value), answer), `${String(value)} answered by ${String(answer)}`);
          assert.deepEqual(seen, [value]);
        }
      }
    });
  }

  test('narrow arguments have no bits of their neighbours', () => {
    const bits = native('call_bits', 'u64', 'function', 'u64');
    const narrow = { u8: 0x80, bool: 0x80, i8: -128, u16: 0x5680, i16: 0x5680, u32: 0x12345680, i32: 0x12345680 };
    for (const [type, value] of Object.entries(narrow)) {
      let seen;
      bits(
        library.registerCallback({ return: 'u64', arguments: [type] }, (received) => {
          seen = received;
          return 0n;
        }),
        0xdead_beef_1234_5680n,
      );
      assert.equal(seen, value, type);
    }
  });

  test('narrow results are widened by their sign', () => {
    for (const [type, value] of [['i8', -1], ['u8', 255], ['i16', -1], ['u16', 65535], ['i32', -1], ['u32', 2 ** 32 - 1]]) {
      const wide = library.getFunctionFromPointer(library.registerCallback({ return: type }, () => value), { return: 'i32' });
      assert.equal(wide(), value | 0, type);
    }
  });

  test('what a result may be', () => {
    const answering = (type, value) => native(`call_${type}`, type, 'function', type)(
      library.registerCallback({ return: type, arguments: [type] }, () => value), exact[type][0]);
    for (const type of ['i8', 'u8', 'i16', 'u16', 'i32', 'u32']) assert.equal(answering(type, -0), 0);
    assert.equal(answering('f32', 1e300), Infinity);
    assert.equal(answering('f32', 0.1), Math.fround(0.1));
    assert.equal(answering('pointer', null), 0n);
    assert.equal(answering('pointer', undefined), 0n);
    const bool = library.registerCallback({ return: 'bool', arguments: ['bool'] }, (value) => value + 1);
    assert.equal(native('call_u8', 'u8', 'function', 'u8')(bool, 1), 2);
  });

  test('a void callback may return anything but a promise', () => {
    const values = [
      'text', {}, Symbol('s'), 1n, null,
      {
        then() {
          throw new Error('never called');
        },
      },
      (function* generator() {})(),
      () => 1,
    ];
    for (const value of values) assert.equal(callVoid(library.registerCallback(() => value)), undefined);
  });
});

describe('many arguments', () => {
  test('of ten types', () => {
    const list = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'];
    const through = native('call_10_mixed', 'f64', 'function', ...list);
    let seen;
    const callback = library.registerCallback({ return: 'f64', arguments: list }, function() { seen = [...arguments]; return 0.25; });
    for (const pick of [0, 1, 2]) {
      const values = list.map((type) => exact[type][pick]);
      assert.equal(through(callback, ...values), 0.25);
      assert.deepEqual(seen, values);
    }
  });

  test('beyond the registers', () => {
    const integers = library.registerCallback({ return: 'i64', arguments: Array(12).fill('i64') }, (...values) =>
      values.reduce((sum, value) => sum * 3n + value, 0n),
    );
    const expected = Array.from({ length: 12 }, (_, index) => BigInt(index) - 5n).reduce((sum, value) => sum * 3n + value, 0n);
    assert.equal(native('call_12_i64', 'i64', 'function', 'i64')(integers, -5n), expected);
    const floats = library.registerCallback({ return: 'f64', arguments: Array(12).fill('f64') }, (...values) =>
      values.reduce((sum, value) => sum * 2 + value, 0),
    );
    assert.equal(
      native('call_12_f64', 'f64', 'function', 'f64')(floats, 0.5),
      Array.from({ length: 12 }, (_, index) => index + 0.5).reduce((sum, value) => sum * 2 + value, 0),
    );
  });

  test('a hundred', () => {
    const list = Array.from({ length: 100 }, (_, index) => types[index % types.length]);
    const values = list.map((type, index) => exact[type][index % exact[type].length]);
    let seen;
    const callback = library.registerCallback({ return: 'u32', arguments: list }, (...received) => { seen = received; return 100; });
    assert.equal(library.getFunctionFromPointer(callback, { return: 'u32', arguments: list })(...values), 100);
    assert.deepEqual(seen, values);
  });

  test('more than the function declares, or fewer', () => {
    const through = native('call_12_i64', 'i64', 'function', 'i64');
    const list = Array(12).fill('i64');
    assert.equal(through(library.registerCallback({ return: 'i64', arguments: list }, (first) => first), 7n), 7n);
    assert.equal(
      through(
        library.registerCallback({ return: 'i64', arguments: list }, function () {
          return BigInt(arguments.length);
        }),
        7n,
      ),
      12n,
    );
  });
});

describe('registering', () => {
  test('gives another address each time', () => {
    const same = () => 1;
    const addresses = [1, 2, 3].map(() => library.registerCallback(i32, same));
    assert.equal(new Set(addresses).size, 3);
    for (const address of addresses) {
      assert.equal(typeof address, 'bigint');
      assert.ok(address > 0n);
      assert.equal(call(address, 5), 1);
    }
  });

  test('five thousand at once', () => {
    const mine = new DynamicLibrary(path);
    const addresses = Array.from({ length: 5000 }, (_, index) => mine.registerCallback(i32, (value) => value * 10_000 + index));
    assert.equal(new Set(addresses).size, 5000);
    const wrong = addresses.filter((address, index) => call(address, 3) !== 30_000 + index);
    assert.deepEqual(wrong, []);
    addresses.filter((_, index) => index % 2).forEach((address) => mine.unregisterCallback(address));
    assert.deepEqual(addresses.filter((address, index) => index % 2 === 0 && call(address, 1) !== 10_000 + index), []);
    mine.close();
  });

  test('takes everything that can be called', () => {
    const callables = {
      arrow: (value) => value + 1,
      bound: ((factor, value) => factor * value).bind(null, 3),
      proxy: new Proxy((value) => value + 7, {}),
      builtin: Math.abs,
      foreign: native('identity_i32', 'i32', 'i32'),
      method: { double(value) { return value * 2; } }.double,
    };
    const answers = Object.entries(callables).map(([name, callable]) => [name, call(library.registerCallback(i32, callable), -5)]);
    assert.deepEqual(Object.fromEntries(answers), { arrow: -4, bound: -15, proxy: 2, builtin: 5, foreign: -5, method: -10 });
  });

  test('without a signature means void ()', () => {
    let seen;
    callVoid(library.registerCallback(function() { seen = arguments.length; }, 'ignored'));
    assert.equal(seen, 0);
  });

  test('refuses what is no function', () => {
    for (const value of [undefined, null, 1, 'text', [], [() => {}]]) {
      assert.throws(
        () => library.registerCallback(value, () => {}),
        argumentType('First argument must be a function or a signature object'),
      );
      assert.throws(() => library.registerCallback({}, value), argumentType('Second argument must be a function'));
    }
    assert.throws(() => library.registerCallback(), argumentType('First argument must be a function or a signature object'));
    const gone = new DynamicLibrary(path);
    gone.close();
    assert.throws(() => gone.registerCallback({}), argumentType('Second argument must be a function'));
    assert.throws(() => gone.registerCallback({ return: 'int' }, () => {}), argumentValue('Unsupported FFI type: int'));
    assert.throws(() => gone.registerCallback(() => {}), closed);
  });
});

describe('nesting', () => {
  test('a callback calls the function that called it', () => {
    const factorial = library.registerCallback(i32, (value) => (value < 2 ? 1 : value * call(factorial, value - 1)));
    assert.equal(call(factorial, 12), 479001600);
  });

  test('two of them call each other', () => {
    const isEven = library.registerCallback(i32, (value) => (value === 0 ? 1 : call(isOdd, value - 1)));
    const isOdd = library.registerCallback(i32, (value) => (value === 0 ? 0 : call(isEven, value - 1)));
    assert.deepEqual([100, 101].map((value) => call(isEven, value)), [1, 0]);
  });

  test('C holds many frames of its own', () => {
    const increment = library.registerCallback(i32, (value) => value + 1);
    assert.equal(native('call_nested_i32', 'i32', 'function', 'u32', 'i32')(increment, 500, 0), 501);
    assert.equal(native('compose_i32', 'i32', 'function', 'function', 'i32')(increment, increment, 40), 42);
    assert.equal(native('call_times_i32', 'i64', 'function', 'u32')(increment, 20_000), 200_010_000n);
  });

  test('an error in an inner call can be caught', () => {
    const callback = library.registerCallback(i32, (value) => {
      try {
        return call(callback, 'no number');
      } catch (error) {
        assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
        return value + 1;
      }
    });
    assert.equal(call(callback, 1), 2);
  });

  test('callbacks come and go inside of a callback', () => {
    const outer = library.registerCallback(i32, (value) => {
      const inner = library.registerCallback(i32, (number) => number * 2);
      try {
        return call(inner, value);
      } finally {
        library.unregisterCallback(inner);
      }
    });
    assert.equal(call(outer, 21), 42);
  });

  test('qsort goes through a comparator', () => {
    const numbers = Int32Array.from({ length: 300 }, (_, index) => Math.imul(index, 2654435761) | 0);
    const compare = library.registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, (a, b) =>
      Math.sign(getInt32(a) - getInt32(b)),
    );
    native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function')(numbers, 300, 4, compare);
    assert.deepEqual(numbers, numbers.slice().sort());
  });
});

describe('what runs with a callback', () => {
  test('`this` is undefined', () => {
    let seen = [];
    const holder = { method() { 'use strict'; seen.push(this); } };
    callVoid(library.registerCallback(holder.method));
    callVoid(library.registerCallback(function() { seen.push(this); }));
    assert.deepEqual(seen, [undefined, undefined]);
    seen = undefined;
    const sloppy = compile('report', 'return function() { report(this); }')((value) => { seen = value; });
    callVoid(library.registerCallback(sloppy));
    assert.equal(seen, globalThis);
  });

  test('microtasks and ticks wait for the code that called out', async () => {
    const order = [];
    const callback = library.registerCallback(() => {
      order.push('callback');
      process.nextTick(() => order.push('tick'));
      queueMicrotask(() => order.push('microtask'));
      Promise.resolve().then(() => order.push('promise'));
    });
    callVoid(callback);
    order.push('between');
    native('call_times_i32', 'i64', 'function', 'u32')(library.registerCallback(i32, (value) => { order.push(value); return value; }), 3);
    callVoid(callback);
    order.push('after');
    await new Promise(setImmediate);
    assert.deepEqual(order.slice(0, 7), ['callback', 'between', 0, 1, 2, 'callback', 'after']);
    assert.deepEqual(order.slice(7).sort(), ['microtask', 'microtask', 'promise', 'promise', 'tick', 'tick']);
  });

  test('nothing runs between the callbacks of one call, even from the event loop', async () => {
    const order = [];
    await new Promise((resolve) => setImmediate(() => {
      const callback = library.registerCallback(i32, (value) => {
        queueMicrotask(() => order.push('microtask'));
        order.push(value);
        return 0;
      });
      native('call_times_i32', 'i64', 'function', 'u32')(callback, 3);
      order.push('after');
      resolve();
    }));
    await new Promise(setImmediate);
    assert.deepEqual(order, [0, 1, 2, 'after', 'microtask', 'microtask', 'microtask']);
  });

  test('the asynchronous context is the caller\'s', async () => {
    const storage = new AsyncLocalStorage();
    const callback = library.registerCallback(() => { seen.push([storage.getStore(), executionAsyncId()]); });
    let seen = [];
    storage.run('outer', () => {
      callVoid(callback);
      storage.run('inner', () => callVoid(callback));
      callVoid(callback);
    });
    callVoid(callback);
    assert.deepEqual(seen.map(([store]) => store), ['outer', 'inner', 'outer', undefined]);
    const resource = new AsyncResource('test');
    seen = [];
    resource.runInAsyncScope(() => callVoid(callback));
    assert.equal(seen[0][1], resource.asyncId());
    const registered = storage.run('where it was registered', () => library.registerCallback(() => { seen.push(storage.getStore()); }));
    seen = [];
    await storage.run('timer', () => new Promise((resolve) => setTimeout(() => { callVoid(registered); resolve(); }, 1)));
    assert.deepEqual(seen, ['timer']);
  });

  test('functions of another context run in it', () => {
    const context = vm.createContext({ seen: [] });
    const double = vm.runInContext('(function double(value) { seen.push(this === globalThis, value); return value * 2; })', context);
    assert.equal(call(library.registerCallback(i32, double), 21), 42);
    assert.deepEqual([...context.seen], [true, 21]);
    const throwing = vm.runInContext('(value, call) => { try { call("x"); } catch (error) { return error.message.length; } }', context);
    assert.ok(call(library.registerCallback(i32, (value) => throwing(value, (text) => call(0n, text))), 1) > 10);
    const list = vm.runInContext('["i32"]', context);
    assert.equal(call(library.registerCallback({ return: 'i32', arguments: list }, double), 4), 8);
  });

  test('C may call during the evaluation of another context', () => {
    const context = vm.createContext({ call, answers: [] });
    context.callback = library.registerCallback(i32, (value) => vm.runInContext(`${value} + 1`, context));
    vm.runInContext('answers.push(call(callback, 1), call(callback, 2))', context);
    assert.deepEqual([...context.answers], [2, 3]);
  });

  test('memory is read and written in both directions', () => {
    const text = native('call_text', 'u64', 'function', 'string');
    let seen;
    const callback = library.registerCallback({ return: 'u64', arguments: ['string'] }, (address) => {
      seen = toString(address);
      return address;
    });
    assert.ok(text(callback, 'é€😀') > 0n);
    assert.equal(seen, 'é€😀');
    const buffer = Buffer.alloc(8);
    const through = native('call_pointer', 'pointer', 'function', 'pointer');
    assert.equal(
      through(
        library.registerCallback({ return: 'pointer', arguments: ['pointer'] }, (address) => address + 1n),
        buffer,
      ),
      getRawPointer(buffer) + 1n,
    );
  });
});

test('a callback does not keep the process alive', async () => {
  const { run } = require('./child');
  const ended = await run(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 9));
  });
  assert.deepEqual(ended, { status: 0, signal: null, stdout: '9\n', stderr: '' });
});
