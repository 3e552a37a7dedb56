'use strict';

// getFunctions, dlopen, dlclose, dlsym (behaviour 2.5 and 2.8).

const { keyName } = require('../outcome');
const { foreigners, numbers, bigints } = require('../values');

exports.cases = (record, ffi, fixture) => {
  const users = {
    getFunctions: (definitions) => fixture.open().getFunctions(definitions),
    dlopen: (definitions) => ffi.dlopen(fixture.path, definitions).functions,
  };
  for (const [user, use] of Object.entries(users)) {
    whole(record, user, use);
    keys(record, user, use);
    values(record, user, use);
  }
  allOrNothing(record, fixture);
  opened(record, ffi, fixture);
  ducks(record, ffi, fixture);
};

function whole(record, user, use) {
  for (const { label, make } of [...foreigners, ...numbers.slice(0, 4), ...bigints.slice(0, 2)]) {
    record(`definitions of ${user}/${label}`, () => use(make()));
  }
  const kinds = {
    undefined: undefined,
    null: null,
    string: 'abc',
    'empty string': '',
    empty: {},
    'null prototype': Object.create(null),
    'array of signatures': [{}],
    Map: new Map([['noop', {}]]),
    Set: new Set(['noop']),
    Proxy: new Proxy({ noop: {} }, {}),
    'function with keys': Object.assign(() => {}, { noop: {} }),
    'class with statics': class {
      static noop = {};
    },
    'boxed string': Object('ab'),
    'typed array': new Uint8Array(1),
    frozen: Object.freeze({ noop: {} }),
    getter: {
      get noop() {
        return { return: 'i32' };
      },
    },
    'getter throws': {
      get noop() {
        throw new RangeError('mine');
      },
    },
    'ownKeys throws': new Proxy(
      {},
      {
        ownKeys() {
          throw new RangeError('mine');
        },
      },
    ),
  };
  for (const [label, definitions] of Object.entries(kinds)) {
    record(`definitions of ${user}/given ${label}`, () => use(definitions));
  }
}

function keys(record, user, use) {
  const sets = {
    two: { noop: {}, add_i32: { return: 'i32', arguments: ['i32', 'i32'] } },
    'two, other order': { add_i32: {}, noop: {} },
    'symbol key': { [Symbol('noop')]: {}, noop: {} },
    inherited: Object.create({ zzz: {} }),
    'not enumerable': Object.defineProperty({ noop: {} }, 'zzz', { value: {} }),
    'numeric key': { 5: {} },
    'NUL in key': { 'a\0': {} },
    'NUL in key, bad value': { 'a\0': 1 },
    'NUL in key, bad type': { 'a\0': { return: 'bad' } },
    'empty key': { '': {} },
    'unknown key': { zzz: {} },
    '__proto__ as own key': Object.defineProperty({}, '__proto__', { value: {}, enumerable: true }),
    'unknown key and later bad type': { zzz: {}, noop: { return: 'bad' } },
    'bad type and later unknown key': { noop: { return: 'bad' }, zzz: {} },
    'good and later unknown key': { noop: {}, zzz: {} },
    'bad value and later bad type': { noop: 1, add_i32: { return: 'bad' } },
    'lone surrogate': { '\ud800': {} },
    'key with spaces': { ' noop': {} },
  };
  for (const [label, definitions] of Object.entries(sets)) {
    record(`definitions of ${user}/keys: ${label}`, () => use(definitions));
    record(`definitions of ${user}/key order: ${label}`, () => Object.keys(use(definitions)));
  }
}

function values(record, user, use) {
  for (const { label, make } of foreigners) {
    record(`definitions of ${user}/value ${label}`, () => use({ noop: make() }));
  }
  for (const value of [undefined, null, 0, 1n, '', 'i32', true, []]) {
    record(`definitions of ${user}/value ${typeof value} ${Array.isArray(value) ? 'array' : value}`, () =>
      use({ noop: value }),
    );
  }
  record(`definitions of ${user}/result`, () => {
    const functions = use({ noop: {}, add_i32: { return: 'i32', arguments: ['i32', 'i32'] } });
    return [functions, Object.isFrozen(functions), Object.getPrototypeOf(functions), functions.add_i32(1, 2)];
  });
  record.property(`definitions of ${user}/property`, use({ noop: {} }), 'noop');
}

function allOrNothing(record, fixture) {
  const failing = {
    'unknown later': { noop: {}, zzz: {} },
    'bad type later': { noop: {}, add_i32: { return: 'bad' } },
    'bad value later': { noop: {}, add_i32: 1 },
    'NUL later': { noop: {}, 'a\0': {} },
    'getter throws later': {
      noop: {},
      get add_i32() {
        throw new Error('mine');
      },
    },
  };
  for (const [label, definitions] of Object.entries(failing)) {
    record(`all or nothing/${label}`, () => {
      const library = fixture.open();
      let message = 'did not throw';
      try {
        library.getFunctions(definitions);
      } catch (error) {
        ({ message } = error);
      }
      const other = library.getFunction('noop', { return: 'u64' });
      return [message, Object.keys(library.functions), Object.keys(library.symbols), other.length];
    });
  }
  record('all or nothing/other signature of a known name', () => {
    const library = fixture.open();
    library.getFunction('noop', {});
    try {
      library.getFunctions({ add_i32: {}, noop: { return: 'i32' } });
    } catch (error) {
      return [error.message, Object.keys(library.functions)];
    }
    return 'did not throw';
  });
}

function opened(record, ffi, fixture) {
  const handle = ffi.dlopen(fixture.path);
  record('dlopen/own keys', () => Reflect.ownKeys(handle).map(keyName));
  for (const key of ['lib', 'functions', Symbol.dispose]) {
    record(`dlopen/${key === Symbol.dispose ? 'dispose' : key} flags`, () => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(handle, key);
      return [typeof value, flags];
    });
  }
  record('dlopen/prototype', () => Object.getPrototypeOf(handle) === Object.prototype);
  record('dlopen/state', () => [Object.isFrozen(handle), Object.isExtensible(handle)]);
  record('dlopen/lib', () => [handle.lib instanceof ffi.DynamicLibrary, handle.lib.path === fixture.path]);
  record('dlopen/dispose', () => [
    handle[Symbol.dispose].length,
    Object.hasOwn(handle[Symbol.dispose], 'prototype'),
    handle[Symbol.dispose].name.includes('dispose'),
  ]);
  record('dlopen/functions without definitions', () => [
    handle.functions,
    Object.isFrozen(handle.functions),
    Object.getPrototypeOf(handle.functions),
  ]);
  record('dlopen/functions without definitions stay empty', () => {
    handle.lib.getFunction('noop', {});
    return [Object.keys(handle.functions), Object.keys(handle.lib.functions)];
  });
  record('dlopen/functions of two without definitions', () => handle.functions === ffi.dlopen(fixture.path).functions);
  record('dlopen/functions are those of the library', () => {
    const { lib, functions } = ffi.dlopen(fixture.path, { noop: {} });
    return [
      functions === lib.functions,
      functions.noop === lib.functions.noop,
      functions.noop === lib.getFunction('noop', {}),
    ];
  });
  record('dlopen/dispose closes', () => {
    const one = ffi.dlopen(fixture.path, { noop: {} });
    const results = [one[Symbol.dispose](), one[Symbol.dispose](), one.lib.path === fixture.path];
    return [results, one.functions.noop()];
  });
  record('dlopen/dispose on another object', () => {
    const one = ffi.dlopen(fixture.path);
    const { [Symbol.dispose]: dispose } = one;
    dispose.call({});
    return one.lib.symbols;
  });
  record('dlopen/nothing', () => ffi.dlopen());
  record('dlopen/bad path, bad definitions', () => ffi.dlopen(1, 1));
  record('dlopen/missing path, bad definitions', () => ffi.dlopen('/nope', 1));
  record('dlopen/surplus argument', () => typeof ffi.dlopen(fixture.path, {}, 1).lib);
}

// dlclose and dlsym ask the handle, whatever it is.
function ducks(record, ffi, fixture) {
  const closed = [];
  const handles = {
    undefined,
    null: null,
    number: 1,
    string: 'x',
    object: {},
    'close is no function': { close: 1, getSymbol: 1 },
    duck: { close: () => closed.push('closed') && 'ignored', getSymbol: (...list) => ['asked', ...list] },
    'throwing duck': {
      close() {
        throw new RangeError('mine');
      },
      getSymbol() {
        throw new RangeError('mine');
      },
    },
    'opened by dlopen': ffi.dlopen(fixture.path),
  };
  for (const [label, handle] of Object.entries(handles)) {
    record(`dlclose/${label}`, () => ffi.dlclose(handle));
    record(`dlsym/${label}`, () => ffi.dlsym(handle, 'noop'));
    record(`dlsym/${label} and surplus argument`, () => ffi.dlsym(handle, 'noop', 1));
  }
  record('dlclose/duck was asked', () => closed);
  record('dlclose/library', () => {
    const library = fixture.open();
    return [ffi.dlclose(library), ffi.dlclose(library), ffi.dlsym(library, 'noop')];
  });
  record('dlsym/library', () => ffi.dlsym(fixture.open(), 'noop') === fixture.open().getSymbol('noop'));
  record('dlsym/no name', () => ffi.dlsym(fixture.open()));
}
