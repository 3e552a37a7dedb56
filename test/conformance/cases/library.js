'use strict';

// Making a DynamicLibrary, and its shape (behaviour 2.1 and 2.2).

const path = require('node:path');
const util = require('node:util');
const { keyName } = require('../outcome');
const { numbers, bigints, foreigners } = require('../values');
const { compile } = require('../../compile');

const methods = [
  'close',
  'getFunction',
  'getFunctions',
  'getSymbol',
  'getSymbols',
  'registerCallback',
  'unregisterCallback',
  'refCallback',
  'unrefCallback',
];

exports.cases = (record, ffi, fixture) => {
  paths(record, ffi, fixture);
  construction(record, ffi, fixture);
  instance(record, ffi, fixture);
  prototype(record, ffi);
  receivers(record, ffi, fixture);
  assignments(record, fixture);
  cloning(record, fixture);
};

function paths(record, ffi, fixture) {
  const pathOf = (...list) => {
    const library = new ffi.DynamicLibrary(...list);
    const { path: given } = library;
    library.close();
    return given;
  };
  record('path/nothing', () => pathOf());
  for (const value of [
    undefined,
    0,
    1,
    true,
    false,
    0n,
    {},
    [],
    () => {},
    Buffer.from(fixture.path),
    new URL('file:///lib.so'),
    new String(fixture.path),
  ]) {
    record(`path/${typeof value} ${Object.prototype.toString.call(value)} ${String(value).slice(0, 12)}`, () =>
      pathOf(value),
    );
  }
  for (const { label, make } of [...numbers.slice(0, 8), ...bigints.slice(0, 3), ...foreigners]) {
    record(`path/${label} as a path`, () => pathOf(make()));
  }
  strings(record, ffi, fixture, pathOf);
  images(record, ffi, fixture);
}

function strings(record, ffi, fixture, pathOf) {
  record('path/object with toString', () => pathOf({ toString: () => fixture.path }));
  const strings = {
    fixture: fixture.path,
    relative: path.relative(process.cwd(), fixture.path) || '.',
    'not normal': path.join(fixture.path, '..') + '/./' + path.basename(fixture.path),
    soname: 'libm.so.6',
    empty: '',
    missing: '/nope/lib.so',
    'missing without a slash': 'libnope-nope.so',
    directory: __dirname,
    'text file': __filename,
    'empty file': '/dev/null',
    'too long': `/${'x'.repeat(5000)}`,
    'file URL': `file://${fixture.path}`,
    'NUL inside': `${fixture.path}\0.so`,
    'NUL only': '\0',
    'NUL at the end': `${fixture.path}\0`,
    'lone surrogate': '/nope/\ud800.so',
    'not ASCII': '/nope/é漢😀.so',
    spaces: ` ${fixture.path}`,
    slash: '/',
  };
  for (const [label, given] of Object.entries(strings)) {
    record(`path/string ${label}`, () => pathOf(given));
    record(`path/string ${label} through dlopen`, () => ffi.dlopen(given).lib.path);
  }
  record('path/null', () => pathOf(null));
  record('path/null through dlopen', () => ffi.dlopen(null).lib.path);
  record('path/surplus arguments', () => pathOf(fixture.path, {}, 1) === fixture.path);
}

// Where a library looks for its symbols.
function images(record, ffi, fixture) {
  record('path/null finds the process itself', () => typeof new ffi.DynamicLibrary(null).getSymbol('malloc'));
  record('path/null does not find a library of its own', () => new ffi.DynamicLibrary(null).getSymbol('weigh_20_i32'));
  record(
    'path/a library finds its dependencies',
    () => fixture.open().getSymbol('printf') === new ffi.DynamicLibrary(null).getSymbol('printf'),
  );
  record('path/two of one file', () => fixture.open().getSymbol('noop') === fixture.open().getSymbol('noop'));
}

function construction(record, ffi, fixture) {
  const { DynamicLibrary } = ffi;
  record('DynamicLibrary/call', () => DynamicLibrary(fixture.path));
  record('DynamicLibrary/call without arguments', () => DynamicLibrary());
  record('DynamicLibrary/call on an object', () => DynamicLibrary.call({}, fixture.path));
  record('DynamicLibrary/call on a library', () => DynamicLibrary.call(fixture.open(), fixture.path));
  record('DynamicLibrary/apply on null', () => Reflect.apply(DynamicLibrary, null, [fixture.path]));
  record('DynamicLibrary/subclass', () => {
    class Sub extends DynamicLibrary {
      extra() {
        return this.getSymbol('noop') === fixture.open().getSymbol('noop');
      }
    }
    const library = new Sub(fixture.path);
    return [
      library instanceof Sub,
      library instanceof DynamicLibrary,
      library.extra(),
      library.constructor.name,
      Object.keys(library),
    ];
  });
  record('DynamicLibrary/Reflect.construct with a newTarget', () => {
    function Other() {}
    const library = Reflect.construct(DynamicLibrary, [fixture.path], Other);
    const { getSymbol } = DynamicLibrary.prototype;
    return [
      library instanceof Other,
      library instanceof DynamicLibrary,
      typeof getSymbol.call(library, 'noop'),
      Object.keys(library),
    ];
  });
  record('DynamicLibrary/subclass that fails', () => new (class extends DynamicLibrary {})('/nope'));
  record('DynamicLibrary/two are apart', () => {
    const [first, second] = [fixture.open(), fixture.open()];
    first.close();
    return typeof second.getSymbol('noop');
  });
}

function instance(record, ffi, fixture) {
  const library = fixture.open();
  record('instance/tag', () => Object.prototype.toString.call(library));
  record('instance/keys', () => Object.keys(library));
  record('instance/own keys', () => Reflect.ownKeys(library).map(String));
  record.property('instance/path property', library, 'path');
  record.property('instance/symbols property', library, 'symbols');
  record.property('instance/functions is not own', library, 'functions');
  record('instance/keys of for-in', () => {
    const keys = [];
    for (const key in library) {
      keys.push(key);
    }
    return keys;
  });
  record('instance/inspect', () => util.inspect(library));
  record('instance/JSON without symbols', () => JSON.stringify(fixture.open()));
  record('instance/JSON with symbols', () => {
    const used = fixture.open();
    used.getSymbol('noop');
    return JSON.stringify(used);
  });
  record('instance/constructor', () => library.constructor === ffi.DynamicLibrary);
  record('instance/is extensible', () => Object.isExtensible(library));
  record('instance/state', () => [Object.isSealed(library), Object.isFrozen(library)]);
  record('instance/getters are anonymous', () =>
    ['path', 'symbols'].map((key) => {
      const { get } = Object.getOwnPropertyDescriptor(library, key);
      return [get.name, get.length, Object.hasOwn(get, 'prototype')];
    }),
  );
}

function prototype(record, ffi) {
  const { prototype } = ffi.DynamicLibrary;
  record('prototype/keys', () => Object.keys(prototype));
  record('prototype/own keys', () => Reflect.ownKeys(prototype).map(keyName));
  record('prototype/prototype', () => Object.getPrototypeOf(prototype) === Object.prototype);
  record('prototype/of the class', () => Object.getPrototypeOf(ffi.DynamicLibrary) === Function.prototype);
  record('prototype/static keys', () => Object.keys(ffi.DynamicLibrary));
  record('prototype/dispose is close', () => prototype[Symbol.dispose] === prototype.close);
  record.property('prototype/dispose property', prototype, Symbol.dispose);
  record('prototype/no asyncDispose', () => Symbol.asyncDispose in prototype);
  record('prototype/constructor is enumerable', () => prototype.propertyIsEnumerable('constructor'));
  record.property('prototype/functions property', prototype, 'functions');
  record('prototype/tag', () => Object.prototype.toString.call(prototype));
  for (const name of methods) {
    record.property(`prototype/${name} property`, prototype, name);
    record(`prototype/${name} has prototype`, () => Object.hasOwn(prototype[name], 'prototype'));
    record(`prototype/${name} new`, () => {
      const made = new prototype[name]();
      return typeof made;
    });
  }
}

function receivers(record, ffi, fixture) {
  const { prototype } = ffi.DynamicLibrary;
  const library = fixture.open();
  const wrong = {
    object: {},
    undefined,
    null: null,
    number: 1,
    prototype,
    'Object.create(library)': Object.create(library),
    Proxy: new Proxy(library, {}),
    function: ffi.dlopen,
    'opened by dlopen': ffi.dlopen(fixture.path),
  };
  for (const [label, receiver] of Object.entries(wrong)) {
    for (const name of methods) {
      record(`receiver of ${name}/${label}`, () => prototype[name].call(receiver));
    }
    record(`receiver of dispose/${label}`, () => prototype[Symbol.dispose].call(receiver));
    record(`receiver of functions/${label}`, () =>
      Object.getOwnPropertyDescriptor(prototype, 'functions').get.call(receiver),
    );
    for (const name of ['path', 'symbols']) {
      record(`receiver of ${name}/${label}`, () => Object.getOwnPropertyDescriptor(library, name).get.call(receiver));
    }
  }
  record('receiver/getter of another library', () => {
    const other = new ffi.DynamicLibrary(null);
    return Object.getOwnPropertyDescriptor(library, 'path').get.call(other);
  });
  record('receiver/inherited path', () => Object.create(library).path);
}

function assignments(record, fixture) {
  const library = fixture.open();
  for (const name of ['path', 'symbols', 'functions']) {
    record(`assign ${name}/strict`, () => {
      library[name] = 'x';
    });
    record(`assign ${name}/sloppy`, () =>
      compile('library', `library.${name} = 'x'; return typeof library.${name};`)(library),
    );
    record(`assign ${name}/Reflect.set`, () => Reflect.set(library, name, 'x'));
    record(`assign ${name}/delete`, () => delete library[name]);
    record(`assign ${name}/Reflect.deleteProperty`, () => Reflect.deleteProperty(library, name));
    record(`assign ${name}/defineProperty`, () =>
      Reflect.defineProperty(library, name, { value: 1, configurable: true }),
    );
  }
  record('assign/a method on the instance', () => {
    const own = fixture.open();
    own.getSymbol = () => 'mine';
    return own.getSymbol();
  });
}

function cloning(record, fixture) {
  const { functions, lib } = require('../../subject').dlopen(fixture.path, { noop: {} });
  for (const [label, value] of Object.entries({ library: lib, function: functions.noop })) {
    record(`clone/${label}`, () => {
      try {
        return structuredClone(value);
      } catch (error) {
        return [error.name, error.code, label === 'library' ? error.message : error instanceof Error];
      }
    });
  }
}
