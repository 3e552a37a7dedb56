'use strict';

// What still answers after close, and which error comes first (behaviour 2.7).

const { readsOf } = require('../reads');

exports.cases = (record, ffi, fixture) => {
  const closed = () => {
    const library = fixture.open();
    library.close();
    return library;
  };
  record('close/result', () => fixture.open().close());
  record('close/twice', () => closed().close());
  record('close/dispose', () => fixture.open()[Symbol.dispose]());
  record('close/dispose after close', () => closed()[Symbol.dispose]());
  record('close/arguments are ignored', () => fixture.open().close(1, 2));
  record('close/path', () => closed().path === fixture.path);
  record('close/keys', () => Object.keys(closed()));
  record('close/JSON', () => JSON.stringify(closed()));
  record('close/inspect', () => require('node:util').inspect(closed()));
  for (const name of ['symbols', 'functions']) {
    record(`close/${name}`, () => closed()[name]);
  }
  methodsAfter(record, closed);
  wrappersAfter(record, fixture);
  gettersThatClose(record, fixture);
  others(record, ffi, fixture);
};

function methodsAfter(record, closed) {
  const lists = {
    getFunction: [
      [],
      [1],
      ['noop'],
      ['noop', 1],
      ['noop', []],
      ['no\0op', {}],
      ['noop', { return: 'bad' }],
      ['noop', { arguments: 1 }],
      ['noop', {}],
      ['zzz', {}],
    ],
    getFunctions: [[], [undefined], [1], [null], [{}], [{ noop: {} }], [{ noop: 1 }], [{ zzz: {} }], [[]]],
    getSymbol: [[], [1], ['no\0op'], ['noop'], ['zzz']],
    getSymbols: [[], [1]],
    registerCallback: [
      [],
      [1],
      [null, () => {}],
      [{}],
      [{}, 1],
      [{ return: 'bad' }, () => {}],
      [{}, () => {}],
      [() => {}],
      [[], () => {}],
    ],
    unregisterCallback: [[], [1], [-1n], [2n ** 64n], [0n], [1n]],
    refCallback: [[], [1], [-1n], [2n ** 64n], [0n], [1n]],
    unrefCallback: [[], [1], [-1n], [2n ** 64n], [0n], [1n]],
  };
  for (const [method, calls] of Object.entries(lists)) {
    for (const [index, list] of calls.entries()) {
      record(`after close/${method} ${index} ${list.map((value) => typeof value).join(' ')}`, () =>
        closed()[method](...list),
      );
    }
  }
  readsAfter(record, closed);
}

// getFunction looks at the signature before it looks at the library, getFunctions does not.
function readsAfter(record, closed) {
  record('after close/getFunction of a known name', () => {
    const library = closed();
    return library.getFunction('noop', {});
  });
  record('after close/getFunction reads the signature', () =>
    readsOf('return', 'void', (signature) => closed().getFunction('noop', signature)),
  );
  record('after close/getFunctions does not read', () =>
    readsOf('noop', {}, (definitions) => closed().getFunctions(definitions)),
  );
}

// Signatures that the built-in calls in different ways.
function wrappersAfter(record, fixture) {
  const signatures = {
    nothing: ['noop', []],
    'two i32': ['add_i32', ['i32', 'i32']],
    'two f64': ['add_f64', ['f64', 'f64']],
    'one pointer': ['identity_pointer', ['pointer']],
    'two pointers': ['string_equal', ['pointer', 'pointer']],
    string: ['string_length', ['string']],
    buffer: ['buffer_sum', ['buffer', 'u64']],
    i64: ['add_i64', ['i64', 'i64']],
    'eight i32': ['weigh_8_i32', Array(8).fill('i32')],
    'nine i32': ['weigh_9_i32', Array(9).fill('i32')],
    function: ['call_void', ['function']],
    'function and i32': ['call_i32', ['function', 'i32']],
  };
  const usual = { i32: 1, f64: 1, pointer: 0n, string: 'x', buffer: null, u64: 0n, i64: 1n, function: null };
  for (const [label, [name, parameters]] of Object.entries(signatures)) {
    for (const way of ['close', 'dispose']) {
      const library = fixture.open();
      const callable = library.getFunction(name, { return: 'u64', arguments: parameters });
      const { pointer } = callable;
      way === 'close' ? library.close() : library[Symbol.dispose]();
      const list = parameters.map((type) => usual[type]);
      record(`closed wrapper/${label}, ${way}/usual arguments`, () => callable(...list));
      record(`closed wrapper/${label}, ${way}/too many`, () => callable(...list, 1));
      record(`closed wrapper/${label}, ${way}/too few`, () => callable(...list.slice(1)));
      record(`closed wrapper/${label}, ${way}/bad first`, () =>
        callable(...list.map((value, index) => (index === 0 ? Symbol('s') : value))),
      );
      record(`closed wrapper/${label}, ${way}/bad last`, () =>
        callable(...list.map((value, index) => (index === list.length - 1 ? {} : value))),
      );
      record(`closed wrapper/${label}, ${way}/pointer stays`, () => callable.pointer === pointer);
      record(`closed wrapper/${label}, ${way}/keys`, () => Reflect.ownKeys(callable).map(String));
    }
  }
}

// Only for names that are new: for a known one the built-in uses freed memory.
function gettersThatClose(record, fixture) {
  const signatures = {
    'getter of return': (library) => ({
      get return() {
        library.close();
        return 'void';
      },
    }),
    'getter of arguments': (library) => ({
      get arguments() {
        library.close();
        return [];
      },
    }),
    'getter of an element': (library) => ({
      arguments: Object.defineProperty([], 0, {
        get() {
          library.close();
          return 'i32';
        },
      }),
    }),
    'has trap': (library) =>
      new Proxy(
        {},
        {
          has() {
            library.close();
            return false;
          },
        },
      ),
  };
  for (const [label, signatureFor] of Object.entries(signatures)) {
    closedMidway(record, fixture, label, signatureFor);
  }
  record('closing getter of a definition/getFunctions', () => {
    const library = fixture.open();
    return library.getFunctions({
      get noop() {
        library.close();
        return {};
      },
    });
  });
}

function closedMidway(record, fixture, label, signatureFor) {
  record(`closing ${label}/getFunction`, () => {
    const library = fixture.open();
    return library.getFunction('noop', signatureFor(library));
  });
  record(`closing ${label}/getFunction of an unknown name`, () => {
    const library = fixture.open();
    return library.getFunction('zzz', signatureFor(library));
  });
  record(`closing ${label}/getFunctions`, () => {
    const library = fixture.open();
    return library.getFunctions({ noop: signatureFor(library) });
  });
  record(`closing ${label}/registerCallback`, () => {
    const library = fixture.open();
    return library.registerCallback(signatureFor(library), () => {});
  });
}

function others(record, ffi, fixture) {
  record('close/another library lives on', () => {
    const [first, second] = [fixture.open(), fixture.open()];
    const add = second.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
    first.close();
    return add(1, 2);
  });
  record('close/inside a call of its own callback argument', () => {
    const library = fixture.open();
    const other = fixture.open();
    const call = library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
    const callback = other.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + 1);
    const first = call(callback, 1);
    other.unregisterCallback(callback);
    other.close();
    return first;
  });
  record('close/the process image', () => {
    const library = new ffi.DynamicLibrary(null);
    library.close();
    return library.path;
  });
  record('close/then open again', () => {
    const library = fixture.open();
    library.getFunction('noop', { return: 'i32' });
    library.close();
    return fixture.open().getFunction('noop', { return: 'u64' }).length;
  });
}
