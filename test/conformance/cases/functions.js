'use strict';

// Names, wrappers, and the objects that list them (behaviour 2.3, 2.4, 2.6).

const { readsOf } = require('../reads');
const { foreigners, numbers, bigints } = require('../values');

const badNames = {
  empty: '',
  unknown: 'zzz',
  'with a space': 'noop ',
  'case matters': 'NOOP',
  'not ASCII': 'é漢',
  'lone surrogate': 'a\ud800',
  long: 'x'.repeat(3000),
};
const nulNames = { 'NUL only': '\0', 'NUL at the end': 'noop\0', 'NUL inside': 'no\0op', 'unknown with NUL': 'zzz\0' };

exports.cases = (record, ffi, fixture) => {
  namesOf(record, fixture, 'getFunction', (name) => fixture.open().getFunction(name, {}).name);
  namesOf(record, fixture, 'getSymbol', (name) => typeof fixture.open().getSymbol(name));
  namesOf(record, fixture, 'dlsym', (name) => typeof ffi.dlsym(fixture.open(), name));
  checkOrder(record, fixture);
  wrapper(record, fixture);
  identity(record, fixture);
  listing(record, fixture);
  symbols(record, ffi, fixture);
};

function namesOf(record, fixture, user, use) {
  record(`name of ${user}/known`, () => use('noop'));
  for (const [label, name] of Object.entries({ ...badNames, ...nulNames })) {
    record(`name of ${user}/${label}`, () => use(name));
  }
  for (const { label, make } of [...foreigners, ...numbers.slice(0, 4), ...bigints.slice(0, 2)]) {
    record(`name of ${user}/${label}`, () => use(make()));
  }
  for (const value of [undefined, null, Buffer.from('noop'), new String('noop'), { toString: () => 'noop' }]) {
    record(`name of ${user}/${typeof value} ${Object.prototype.toString.call(value)} ${value}`, () => use(value));
  }
  record(`name of ${user}/nothing`, () => fixture.open()[user === 'dlsym' ? 'getSymbol' : user]());
}

function checkOrder(record, fixture) {
  const lists = {
    'bad name, bad signature': [1, 1],
    'NUL in name, bad signature': ['a\0', 1],
    'NUL in name, bad type': ['a\0', { return: 'bad' }],
    'unknown name, bad signature': ['zzz', 1],
    'unknown name, bad type': ['zzz', { return: 'bad' }],
    'unknown name, list not an array': ['zzz', { arguments: 1 }],
    'name only': ['noop'],
    nothing: [],
    'surplus argument': ['noop', {}, 1],
  };
  for (const [label, list] of Object.entries(lists)) {
    record(`getFunction order/${label}`, () => typeof fixture.open().getFunction(...list));
  }
  record('getFunction order/NUL in name before the signature is read', () =>
    readsOf('return', 'void', (signature) => fixture.open().getFunction('a\0', signature)),
  );
  record('getFunction order/unknown name after the signature is read', () =>
    readsOf('return', 'void', (signature) => fixture.open().getFunction('zzz', signature)),
  );
}

function wrapper(record, fixture) {
  for (const [name, parameters] of [
    ['noop', []],
    ['add_i32', ['i32', 'i32']],
    ['weigh_9_i32', Array(9).fill('i32')],
    ['string_length', ['string']],
    ['call_void', ['function']],
  ]) {
    const library = fixture.open();
    const callable = library.getFunction(name, { arguments: parameters });
    record(`wrapper/${name}/whole`, () => callable);
    record(`wrapper/${name}/own keys`, () => Reflect.ownKeys(callable).map(String));
    record.property(`wrapper/${name}/length`, callable, 'length');
    record.property(`wrapper/${name}/name`, callable, 'name');
    record.property(`wrapper/${name}/prototype`, callable, 'prototype');
    record(`wrapper/${name}/pointer flags`, () => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(callable, 'pointer');
      return [typeof value, value === library.getSymbol(name), flags];
    });
    record(`wrapper/${name}/prototype of it`, () => Object.getPrototypeOf(callable) === Function.prototype);
    record(`wrapper/${name}/is extensible`, () => Object.isExtensible(callable));
    record(`wrapper/${name}/new`, () => new callable());
    record(`wrapper/${name}/tag`, () => Object.prototype.toString.call(callable));
    for (const key of ['length', 'name', 'pointer']) {
      record(`wrapper/${name}/assign ${key}`, () => Reflect.set(callable, key, 'x'));
    }
    record(
      `wrapper/${name}/redefine name`,
      () => Reflect.defineProperty(callable, 'name', { value: 'other' }) && callable.name,
    );
    record(`wrapper/${name}/caller`, () => callable.caller);
  }
  record('wrapper/data symbol', () => typeof fixture.open().getFunction('EXPORTED_I32', { return: 'i32' }).pointer);
}

function identity(record, fixture) {
  const library = fixture.open();
  const signature = { return: 'i32', arguments: ['i32', 'i32'] };
  const add = library.getFunction('add_i32', signature);
  record('identity/getFunction again', () => library.getFunction('add_i32', signature) === add);
  record('identity/another object', () => library.getFunction('add_i32', { ...signature }) === add);
  record('identity/getFunctions', () => library.getFunctions({ add_i32: signature }).add_i32 === add);
  record('identity/functions', () => library.functions.add_i32 === add);
  record('identity/getFunctions()', () => library.getFunctions().add_i32 === add);
  record('identity/another library', () => fixture.open().getFunction('add_i32', signature) === add);
  record(
    'identity/another name of one address',
    () =>
      library.getFunction('identity_i32', { arguments: [] }) === library.getFunction('identity_u32', { arguments: [] }),
  );
  record('identity/other signature', () =>
    library.getFunction('add_i32', { return: 'u32', arguments: ['i32', 'i32'] }),
  );
  record('identity/other signature through getFunctions', () => library.getFunctions({ add_i32: {} }));
  record('identity/other signature, bad type', () => library.getFunction('add_i32', { return: 'bad' }));
  record('identity/after a refused signature', () => library.getFunction('add_i32', signature) === add);
  record('identity/overwritten pointer', () => {
    add.pointer = 1n;
    return [library.getFunction('add_i32', signature).pointer, add(2, 3)];
  });
  record('identity/deleted pointer', () => {
    delete add.pointer;
    return [Reflect.ownKeys(library.functions.add_i32).map(String), add(2, 3)];
  });
  record('identity/expando', () => {
    add.mine = 5;
    return library.functions.add_i32.mine;
  });
}

function listing(record, fixture) {
  const library = fixture.open();
  record('functions/at first', () => library.functions);
  record('getFunctions/at first', () => library.getFunctions());
  record('getFunctions/undefined', () => library.getFunctions(undefined));
  library.getFunction('noop', {});
  library.getSymbol('add_i32');
  for (const [label, read] of Object.entries({
    functions: () => library.functions,
    'getFunctions()': () => library.getFunctions(),
  })) {
    record(`${label}/after one function and one symbol`, () => read());
    record(`${label}/fresh each time`, () => read() === read());
    record(`${label}/prototype`, () => Object.getPrototypeOf(read()));
    record(`${label}/is frozen`, () => Object.isFrozen(read()));
    record.property(`${label}/property`, read(), 'noop');
    record(`${label}/changes are not kept`, () => {
      const all = read();
      delete all.noop;
      all.extra = 1;
      return Object.keys(read());
    });
  }
  record('functions/order of three', () => {
    const used = fixture.open();
    for (const name of ['noop', 'add_i32', 'identity_i8']) {
      used.getFunction(name, {});
    }
    return Object.keys(used.functions).sort();
  });
  record('functions/without prototype keys', () => 'toString' in library.functions);
}

function symbols(record, ffi, fixture) {
  const library = fixture.open();
  record('symbols/at first', () => library.symbols);
  record('getSymbols/at first', () => library.getSymbols());
  const address = library.getSymbol('noop');
  record('getSymbol/kind', () => [typeof address, address > 0n, library.getSymbol('noop') === address]);
  record('getSymbol/surplus argument', () => library.getSymbol('noop', 1) === address);
  record('getSymbol/is the pointer of the function', () => library.getFunction('noop', {}).pointer === address);
  record('getSymbol/data', () => [
    ffi.getInt32(library.getSymbol('EXPORTED_I32')),
    ffi.toString(library.getSymbol('EXPORTED_TEXT')),
  ]);
  record('getSymbol/data can be written', () => {
    const value = library.getSymbol('EXPORTED_I32');
    ffi.setInt32(value, 0, -7);
    const seen = fixture.native('exported_i32', 'i32')();
    ffi.setInt32(value, 0, 42);
    return seen;
  });
  library.getFunction('add_i32', {});
  for (const [label, read] of Object.entries({
    symbols: () => library.symbols,
    'getSymbols()': () => library.getSymbols(),
  })) {
    record(`${label}/names`, () => Object.keys(read()).sort());
    record(`${label}/kinds`, () => [...new Set(Object.values(read()).map((value) => typeof value))]);
    record(`${label}/fresh each time`, () => read() === read());
    record(`${label}/prototype`, () => Object.getPrototypeOf(read()));
    record(`${label}/is frozen`, () => Object.isFrozen(read()));
    record(`${label}/flags`, () => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(read(), 'noop');
      return [value === address, flags];
    });
    record(`${label}/changes are not kept`, () => {
      const all = read();
      delete all.noop;
      return read().noop === address;
    });
  }
  record('symbols/a failed lookup is not listed', () => {
    const fresh = fixture.open();
    try {
      fresh.getSymbol('zzz');
    } catch {
      return Object.keys(fresh.symbols);
    }
    return 'found';
  });
  record('symbols/a refused function is not listed', () => {
    const fresh = fixture.open();
    try {
      fresh.getFunction('noop', { return: 'bad' });
    } catch {
      return [Object.keys(fresh.symbols), Object.keys(fresh.functions)];
    }
    return 'found';
  });
}
