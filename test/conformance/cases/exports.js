'use strict';

// The shape of the module and of everything it exports (behaviour 1).

const natives = [
  ...['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Int64', 'Uint64', 'Float32', 'Float64'].flatMap(
    (kind) => [`get${kind}`, `set${kind}`],
  ),
  'toString',
  'toBuffer',
  'toArrayBuffer',
  'getRawPointer',
  'getCurrentEventLoop',
];
const scripted = [
  'dlopen',
  'dlclose',
  'dlsym',
  'exportString',
  'exportBuffer',
  'exportArrayBuffer',
  'exportArrayBufferView',
];

exports.cases = (record, ffi) => {
  moduleObject(record, ffi);
  namespace(record, ffi);
  for (const name of [...natives, ...scripted, 'DynamicLibrary']) {
    functionShape(record, ffi, name);
  }
  receivers(record, ffi);
  typeConstants(record, ffi);
  coercions(record, ffi);
};

function moduleObject(record, ffi) {
  record('module/keys', () => Object.keys(ffi));
  record('module/own keys', () => Reflect.ownKeys(ffi).map(String));
  record('module/prototype', () => Object.getPrototypeOf(ffi) === Object.prototype);
  record('module/state', () => [Object.isFrozen(ffi), Object.isSealed(ffi), Object.isExtensible(ffi)]);
  record('module/tag', () => Object.prototype.toString.call(ffi));
  record('module/is writable', () => {
    const { suffix } = ffi;
    ffi.suffix = 'changed';
    const changed = ffi.suffix;
    ffi.suffix = suffix;
    return changed;
  });
  record('module/is extensible', () => {
    ffi.extra = 1;
    return delete ffi.extra;
  });
  record('module/suffix', () => ffi.suffix);
  record.property('module/suffix property', ffi, 'suffix');
}

function namespace(record, ffi) {
  record('namespace/names', () => Object.keys(record.namespace));
  record('namespace/default', () => record.namespace.default === ffi);
  record('namespace/same values', () => Object.keys(ffi).filter((name) => record.namespace[name] !== ffi[name]));
}

function functionShape(record, ffi, name) {
  const callable = ffi[name];
  record.property(`export/${name}/property`, ffi, name);
  record.property(`export/${name}/name`, callable, 'name');
  record.property(`export/${name}/length`, callable, 'length');
  record(`export/${name}/has prototype`, () => Object.hasOwn(callable, 'prototype'));
  record(`export/${name}/own keys`, () => Reflect.ownKeys(callable).map(String).sort());
  record(`export/${name}/prototype of it`, () => Object.getPrototypeOf(callable) === Function.prototype);
  record(`export/${name}/is constructible`, () => isConstructible(callable));
  record(`export/${name}/is extensible`, () => Object.isExtensible(callable));
  record(`export/${name}/new`, () => {
    const made = new callable();
    return typeof made;
  });
  if (Object.hasOwn(callable, 'prototype')) {
    record(`export/${name}/prototype property`, () => Object.getOwnPropertyDescriptor(callable, 'prototype').writable);
  }
}

function isConstructible(callable) {
  try {
    Reflect.construct(Object, [], callable);
    return true;
  } catch {
    return false;
  }
}

// No export looks at `this`.
function receivers(record, ffi) {
  for (const name of [...natives, ...scripted]) {
    for (const [label, receiver] of Object.entries({
      undefined,
      null: null,
      number: 1,
      object: {},
      frozen: Object.freeze([]),
    })) {
      if (name !== 'getCurrentEventLoop') {
        record(`export/${name}/without arguments, this is ${label}`, () => ffi[name].call(receiver));
      }
    }
  }
}

function typeConstants(record, ffi) {
  record('types/whole', () => ffi.types);
  record.property('types/property', ffi, 'types');
  record('types/own keys', () => Reflect.ownKeys(ffi.types).map(String));
  record('types/prototype', () => Object.getPrototypeOf(ffi.types));
  record('types/states', () => [Object.isFrozen(ffi.types), Object.isExtensible(ffi.types)]);
  for (const name of Object.keys(ffi.types)) {
    record.property(`types/${name}`, ffi.types, name);
  }
  record('types/assignment', () => {
    ffi.types.VOID = 'other';
  });
  record('types/addition', () => {
    ffi.types.OTHER = 'other';
  });
  record('types/deletion', () => delete ffi.types.VOID);
}

// `toString` is an export, and asks for an address.
function coercions(record, ffi) {
  record('module/template', () => `${ffi}`);
  record('module/String', () => String(ffi));
  record('module/concatenation', () => '' + ffi);
  record('module/Number', () => Number(ffi));
  record('module/JSON', () => Object.keys(JSON.parse(JSON.stringify(ffi))));
}
