'use strict';

// DynamicLibrary: opening, resolving, closing; dlopen, dlclose, dlsym.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary, dlclose, dlopen, dlsym } = require('./subject');
const { path } = require('./fixture');
const { libc, program } = require('./images');
const { noSymbol, notFound } = require('./loader');
const { argumentType, argumentValue, callFailed, closed, illegalInvocation } = require('./errors');

const notAPath = `Library path must be a string${program === null ? ' or null' : ''}`;
const addition = { return: 'i32', arguments: ['i32', 'i32'] };
const open = () => new DynamicLibrary(path);

describe('the constructor', () => {
  test('takes a path, which the library gives back as it was', () => {
    assert.equal(open().path, path);
    const relative = require('node:path').relative(process.cwd(), path);
    const dotted = relative.startsWith('.') ? relative : `./${relative}`;
    assert.equal(new DynamicLibrary(dotted).path, dotted);
    assert.equal(new DynamicLibrary(path, 'surplus').getFunction('add_i32', addition)(1, 2), 3);
  });

  const noProcess = program !== null && 'each image of the process has symbols of its own, and null is no path';

  test('takes null for the process', { skip: noProcess }, () => {
    const library = new DynamicLibrary(null);
    assert.equal(library.path, '');
    assert.equal(library.getFunction('abs', { return: 'i32', arguments: ['i32'] })(-3), 3);
    assert.throws(() => library.getSymbol('add_i32'), { code: 'ERR_FFI_CALL_FAILED' }, 'other libraries stay apart');
    library.close();
    assert.equal(library.path, '');
  });

  test('has to be constructed', () => {
    const refusal = {
      name: 'TypeError',
      code: 'ERR_CONSTRUCT_CALL_REQUIRED',
      message: "Class constructor DynamicLibrary cannot be invoked without 'new'",
    };
    for (const receiver of [undefined, {}, open()]) assert.throws(() => DynamicLibrary.call(receiver, path), refusal);
    assert.throws(() => DynamicLibrary(), refusal);
  });

  test('can be extended', () => {
    class Mine extends DynamicLibrary {
      constructor(file) { super(file); this.extra = 1; }
      add(...values) { return this.getFunction('add_i32', addition)(...values); }
    }
    const mine = new Mine(path);
    assert.deepEqual(
      [mine instanceof Mine, mine instanceof DynamicLibrary, mine.add(1, 2), Object.keys(mine)],
      [true, true, 3, ['path', 'symbols', 'extra']],
    );
    function Other() {}
    assert.equal(Object.getPrototypeOf(Reflect.construct(DynamicLibrary, [path], Other)), Other.prototype);
  });

  test('refuses what is no path', () => {
    const others = noProcess ? [null] : [];
    for (const value of [...others, undefined, 1, true, {}, Object(path), Buffer.from(path), new URL(`file://${path}`), Symbol('s'), [path]]) {
      assert.throws(() => new DynamicLibrary(value), argumentType(notAPath));
    }
    assert.throws(() => new DynamicLibrary(), argumentType(notAPath));
    for (const value of ['\0', `${path}\0`, `a\0${path}`]) {
      assert.throws(() => new DynamicLibrary(value), argumentValue('Library path must not contain null bytes'));
    }
  });

  test('says why it could not load', () => {
    const refused = (file, text) => assert.throws(() => new DynamicLibrary(file), (error) => {
      assert.deepEqual([error.name, error.code, Object.keys(error)], ['Error', 'ERR_FFI_CALL_FAILED', ['code']]);
      assert.ok(error.message.startsWith('dlopen failed: '), error.message);
      assert.ok(error.message.includes(text), error.message);
      return true;
    });
    refused('/nowhere/lib.so', notFound('/nowhere/lib.so'));
    refused(__filename, __filename);
    // Windows says of these only what is wrong with them.
    const named = (name) => (process.platform === 'win32' ? '\r\n' : name);
    refused(__dirname, named(__dirname));
    refused('/nowhere/\ud800.so', named('/nowhere/\ufffd.so'));
    refused('/'.padEnd(5000, 'a'), named('aaaa'));
  });
});

describe('its shape', () => {
  test('an instance', () => {
    const library = open();
    assert.deepEqual(Object.keys(library), ['path', 'symbols']);
    for (const key of ['path', 'symbols']) {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(library, key);
      assert.deepEqual([get.name, typeof get, set, enumerable, configurable], ['', 'function', undefined, true, false]);
    }
    assert.equal(Object.prototype.toString.call(library), '[object Object]');
    assert.equal(require('node:util').inspect(library), 'DynamicLibrary { path: [Getter], symbols: [Getter] }');
    assert.throws(() => { library.path = 'x'; }, TypeError);
    assert.throws(() => { library.functions = {}; }, TypeError);
    assert.throws(() => { delete library.path; }, TypeError);
    assert.equal(JSON.stringify(library), JSON.stringify({ path, symbols: {} }));
  });

  test('the prototype', () => {
    const { prototype } = DynamicLibrary;
    const lengths = {
      close: 0, getFunction: 2, getFunctions: 1, getSymbol: 0, getSymbols: 0, registerCallback: 0, unregisterCallback: 0,
      refCallback: 0, unrefCallback: 0,
    };
    for (const [name, length] of Object.entries(lengths)) {
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(prototype, name);
      assert.deepEqual([value.name, value.length, writable, enumerable, configurable], [name, length, true, true, true]);
    }
    const { get, set, enumerable } = Object.getOwnPropertyDescriptor(prototype, 'functions');
    assert.deepEqual([typeof get, set, enumerable], ['function', undefined, true]);
    assert.equal(prototype.constructor, DynamicLibrary);
    assert.equal(Object.getOwnPropertyDescriptor(prototype, 'constructor').enumerable, false);
    if (Symbol.dispose !== undefined) assert.equal(prototype[Symbol.dispose], prototype.close);
    assert.equal(typeof prototype.getFunctionFromPointer, 'function');
    assert.equal(DynamicLibrary.length, 1);
  });

  test('the wrong receiver', () => {
    const { prototype } = DynamicLibrary;
    const library = open();
    const methods = [
      'close', 'getFunction', 'getFunctions', 'getFunctionFromPointer', 'getSymbol', 'getSymbols', 'registerCallback',
      'unregisterCallback', 'refCallback', 'unrefCallback',
    ];
    const getters = [
      Object.getOwnPropertyDescriptor(prototype, 'functions').get,
      ...['path', 'symbols'].map((key) => Object.getOwnPropertyDescriptor(library, key).get),
    ];
    for (const receiver of [undefined, null, 1, 'text', {}, prototype, Object.create(library), new Proxy(library, {}), () => {}]) {
      for (const method of methods) assert.throws(() => prototype[method].call(receiver), illegalInvocation, method);
      for (const getter of getters) assert.throws(() => getter.call(receiver), illegalInvocation);
    }
  });

  test('it is not cloned, on any line', () => {
    for (const value of [open(), new (class extends DynamicLibrary {})(path), { inside: [open()] }, open().getFunction('noop', {})]) {
      assert.throws(() => structuredClone(value), { name: 'DataCloneError' });
      const { port1, port2 } = new MessageChannel();
      assert.throws(() => port1.postMessage(value), { name: 'DataCloneError' });
      port1.close();
      port2.close();
    }
  });
});

describe('getFunction', () => {
  test('gives the same function for the same name and types', () => {
    const library = open();
    const add = library.getFunction('add_i32', addition);
    assert.equal(library.getFunction('add_i32', addition), add);
    assert.equal(library.getFunction('add_i32', { result: 'int32', parameters: ['int32', 'i32'] }), add);
    assert.equal(library.getFunctions({ add_i32: addition }).add_i32, add);
    assert.equal(library.functions.add_i32, add);
    assert.notEqual(open().getFunction('add_i32', addition), add);
    assert.throws(
      () => library.getFunction('add_i32', {}),
      argumentValue('Function add_i32 was already requested with a different signature'),
    );
  });

  test('gives a function of its own shape', () => {
    const library = open();
    const add = library.getFunction('add_i32', addition);
    assert.deepEqual(Reflect.ownKeys(add), ['length', 'name', 'pointer']);
    assert.deepEqual(Object.getOwnPropertyDescriptor(add, 'length'), { value: 2, writable: false, enumerable: false, configurable: true });
    assert.deepEqual(Object.getOwnPropertyDescriptor(add, 'name'), {
      value: 'add_i32', writable: false, enumerable: false, configurable: true,
    });
    assert.deepEqual(Object.getOwnPropertyDescriptor(add, 'pointer'), {
      value: library.getSymbol('add_i32'), writable: true, enumerable: true, configurable: true,
    });
    assert.equal(Object.getPrototypeOf(add), Function.prototype);
    assert.throws(() => new add(1, 2), { name: 'TypeError', message: /is not a constructor\b/ });
    add.pointer = 5n;
    assert.equal(add(1, 2), 3);
    delete add.pointer;
    assert.equal(add(1, 2), 3);
  });

  test('checks in a fixed order', () => {
    const library = open();
    for (const name of [undefined, null, 1, {}, Object('noop')]) {
      assert.throws(() => library.getFunction(name), argumentType('Function name must be a string'));
    }
    for (const signature of [undefined, null, 1, 'void', []]) {
      assert.throws(() => library.getFunction('a\0', signature), argumentType('Function signature must be an object'));
    }
    assert.throws(() => library.getFunction('a\0', { return: 'int' }), argumentValue('Function name must not contain null bytes'));
    assert.throws(() => library.getFunction('no_such', { return: 'int' }), argumentValue('Unsupported FFI type: int'));
    assert.throws(() => library.getFunction('no_such', {}), {
      code: 'ERR_FFI_CALL_FAILED',
      message: `dlsym failed: ${noSymbol(path, 'no_such')}`,
    });
    assert.throws(() => library.getFunction('', {}), { code: 'ERR_FFI_CALL_FAILED' });
  });
});

describe('getFunctions', () => {
  test('resolves all or nothing', () => {
    const library = open();
    assert.throws(() => library.getFunctions({ add_i32: addition, noop: {}, no_such: {} }), { code: 'ERR_FFI_CALL_FAILED' });
    assert.throws(() => library.getFunctions({ add_i32: addition, noop: { return: 'int' } }), argumentValue('Unsupported FFI type: int'));
    assert.throws(() => library.getFunctions({ add_i32: addition, noop: 1 }), argumentType('Signature of function noop must be an object'));
    assert.throws(() => library.getFunctions({ add_i32: addition, 'a\0': {} }), argumentValue('Function name must not contain null bytes'));
    assert.deepEqual([Object.keys(library.functions), Object.keys(library.symbols)], [[], []]);
    const meddling = { get return() { library.getFunction('noop', { return: 'u32' }); return 'i32'; }, arguments: ['i32', 'i32'] };
    assert.throws(() => library.getFunctions({ add_u8: {}, noop: {}, add_i32: meddling }), argumentValue('Function noop was already requested with a different signature'));
    assert.deepEqual(Object.keys(library.functions), ['noop']);
    const closing = { get return() { library.close(); return 'i32'; } };
    assert.throws(() => library.getFunctions({ add_u8: {}, add_i32: closing }), { code: 'ERR_FFI_LIBRARY_CLOSED' });
  });

  test('gives them in order, without a prototype', () => {
    const library = open();
    const functions = library.getFunctions({ noop: {}, add_i32: addition, [Symbol('s')]: {}, __proto__: { add_u8: {} } });
    assert.deepEqual(Reflect.ownKeys(functions), ['noop', 'add_i32']);
    assert.equal(Object.getPrototypeOf(functions), null);
    functions.extra = 1;
    assert.notEqual(library.functions, library.functions);
    assert.deepEqual(Object.keys(library.functions).sort(), ['add_i32', 'noop']);
    assert.equal(library.getFunctions().add_i32, functions.add_i32);
    assert.equal(library.getFunctions(undefined).noop, functions.noop);
  });

  test('refuses what is no object', () => {
    for (const value of [null, 3, 'abc', [], false, 1n, Symbol('s')]) {
      assert.throws(() => open().getFunctions(value), argumentType('Functions signatures must be an object'));
    }
    for (const value of [() => {}, new Map(), class {}]) assert.deepEqual(Object.keys(open().getFunctions(value)), []);
  });
});

describe('symbols', () => {
  test('are listed once resolved, by whatever way', () => {
    const library = open();
    const address = library.getSymbol('noop');
    library.getFunction('add_i32', addition);
    assert.deepEqual(Object.keys(library.symbols).sort(), ['add_i32', 'noop']);
    assert.deepEqual([library.symbols.noop, library.getSymbols().noop, dlsym(library, 'noop')], [address, address, address]);
    assert.equal(Object.getPrototypeOf(library.symbols), null);
    assert.notEqual(library.symbols, library.symbols);
    library.symbols.noop = 1n;
    assert.equal(library.symbols.noop, address);
    assert.deepEqual(Object.keys(library.functions), ['add_i32']);
  });

  test('are refused by name', () => {
    const library = open();
    for (const name of [undefined, null, 1, Object('noop')]) {
      assert.throws(() => library.getSymbol(name), argumentType('Symbol name must be a string'));
    }
    assert.throws(() => library.getSymbol('a\0'), argumentValue('Symbol name must not contain null bytes'));
    assert.throws(() => library.getSymbol('no_such'), {
      code: 'ERR_FFI_CALL_FAILED',
      message: `dlsym failed: ${noSymbol(path, 'no_such')}`,
    });
  });
});

describe('close', () => {
  test('can be repeated, and stops everything but `path`', () => {
    const library = open();
    const add = library.getFunction('add_i32', addition);
    assert.deepEqual([library.close(), library.close()], [undefined, undefined]);
    assert.equal(library.path, path);
    const { pointer } = add;
    assert.equal(typeof pointer, 'bigint');
    for (const use of [
      () => add(1, 2), () => add(), () => add('x', 'y'), () => library.functions, () => library.symbols,
      () => library.getSymbols(), () => library.getFunctions(), () => library.getFunctions(1), () => library.getSymbol('noop'),
      () => library.getFunction('noop', {}), () => library.getFunction('add_i32', addition),
      () => library.registerCallback(() => {}), () => library.unregisterCallback(), () => library.refCallback('x'),
      () => library.unrefCallback(1n),
      () => library.getFunctionFromPointer(pointer, {}),
      () => JSON.stringify(library),
    ])
      assert.throws(use, closed, String(use));
  });

  test('lets errors of arguments and signatures go first where it should', () => {
    const library = open();
    library.close();
    assert.throws(() => library.getFunction(), argumentType('Function name must be a string'));
    assert.throws(() => library.getFunction('noop', { return: 'int' }), argumentValue('Unsupported FFI type: int'));
    assert.throws(() => library.registerCallback(), argumentType('First argument must be a function or a signature object'));
    assert.throws(() => library.registerCallback({ return: 'int' }, () => {}), argumentValue('Unsupported FFI type: int'));
    assert.throws(() => library.getSymbol(), argumentType('Symbol name must be a string'));
    assert.throws(() => library.getFunctionFromPointer(), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => library.getFunctionFromPointer(1n, { return: 'int' }), argumentValue('Unsupported FFI type: int'));
  });

  test('lets argument errors go first for nine parameters, or a function among them', () => {
    const library = open();
    const weigh = library.getFunction('weigh_9_i32', { return: 'i64', arguments: Array(9).fill('i32') });
    const call = library.getFunction('call_void', { arguments: ['function'] });
    library.close();
    assert.throws(() => weigh(1), argumentValue('Invalid argument count: expected 9, got 1'));
    assert.throws(() => weigh(...Array(8).fill(1), 'x'), argumentValue('Argument 8 must be an int32'));
    assert.throws(() => weigh(...Array(9).fill(1)), closed);
    assert.throws(() => call(), argumentValue('Invalid argument count: expected 1, got 0'));
    assert.throws(() => call(-1n), argumentValue('Argument 0 must be a non-negative pointer bigint'));
    assert.throws(() => call(0n), closed);
  });

  test('does not touch another library of the same file', () => {
    const [one, two] = [open(), open()];
    const add = two.getFunction('add_i32', addition);
    one.close();
    assert.equal(add(1, 2), 3);
  });
});

describe('dlopen', () => {
  test('gives library and functions', () => {
    const handle = dlopen(path, { add_i32: addition });
    assert.ok(handle.lib instanceof DynamicLibrary);
    assert.equal(handle.functions.add_i32(1, 2), 3);
    assert.equal(handle.functions.add_i32, handle.lib.functions.add_i32);
    assert.notEqual(handle.functions, handle.lib.functions);
    assert.equal(dlclose(handle.lib), undefined);
    assert.throws(() => handle.functions.add_i32(1, 2), closed);
  });

  test('without definitions gives an empty, frozen object', () => {
    const { lib, functions } = dlopen(path);
    lib.getFunction('noop', {});
    assert.deepEqual([Object.keys(functions), Object.isFrozen(functions), Object.getPrototypeOf(functions)], [[], true, null]);
  });

  test('checks like the constructor and getFunctions', () => {
    assert.throws(() => dlopen(), argumentType(notAPath));
    assert.throws(() => dlopen(path, null), argumentType('Functions signatures must be an object'));
    assert.throws(() => dlopen(path, { no_such: {} }), { code: 'ERR_FFI_CALL_FAILED' });
    assert.throws(
      () => dlopen('/nowhere/lib.so', null),
      callFailed(`dlopen failed: ${notFound('/nowhere/lib.so')}`),
    );
    assert.equal(typeof dlopen(libc, { abs: { return: 'i32', arguments: ['i32'] } }).functions.abs, 'function');
  });

  test('dlclose and dlsym ask the handle', () => {
    assert.equal(dlclose({ close: () => 5 }), undefined);
    assert.equal(dlsym({ getSymbol: (name) => `${name}!` }, 'it'), 'it!');
    assert.throws(() => dlclose(undefined), { name: 'TypeError', message: "Cannot read properties of undefined (reading 'close')" });
    assert.throws(() => dlsym({}, 'x'), { name: 'TypeError', message: 'handle.getSymbol is not a function' });
  });
});
