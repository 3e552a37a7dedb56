'use strict';

// Signature objects: names of types, errors, what is read of them and in which order (behaviour 2.4).

const { typeNames, foreigners, numbers, bigints } = require('../values');
const { compile } = require('../../compile');

const unknownNames = [
  '',
  ' ',
  'I32',
  'Int32',
  'VOID',
  ' i32',
  'i32 ',
  'i32\n',
  'int',
  'uint',
  'long',
  'size_t',
  'i128',
  'u128',
  'f16',
  'f128',
  'i',
  'usize',
  'isize',
  'bool8',
  'boolean',
  'Pointer',
  'POINTER',
  'void*',
  'void *',
  'char*',
  'cstring',
  'object',
  'array',
  'struct',
  'int64_t',
  'uint8_t',
  'undefined',
  'null',
  'toString',
  '__proto__',
  'constructor',
  'é',
  '\ud800',
  'i32,i32',
  'buffer[]',
  'arrayBuffer',
  'fn',
  'callback',
  'number',
  'double ',
  'Float32',
];

const notStrings = [undefined, null, 0, 1, true, false, 0n, {}, [], ['i32'], () => {}, new String('i32')];

exports.cases = (record, ffi, fixture) => {
  const users = usersOf(fixture);
  for (const [user, use] of Object.entries(users)) {
    names(record, user, use);
    shapes(record, user, use);
    lists(record, user, use);
    containers(record, user, use);
    precedence(record, user, use);
    traces(record, user, use);
  }
  sameSignature(record, fixture);
  forgottenKeys(record, fixture);
};

// The three places that read a signature; each gives the length of what came of it, or that it came at all.
function usersOf(fixture) {
  return {
    getFunction: (signature) => fixture.open().getFunction('noop', signature).length,
    getFunctions: (signature) => fixture.open().getFunctions({ noop: signature }).noop.length,
    registerCallback: (signature) => typeof fixture.open().registerCallback(signature, () => {}),
  };
}

function names(record, user, use) {
  for (const name of [...typeNames, ...unknownNames]) {
    const label = JSON.stringify(name);
    record(`signature of ${user}/return ${label}`, () => use({ return: name }));
    record(`signature of ${user}/argument ${label}`, () => use({ arguments: [name] }));
    record(`signature of ${user}/second argument ${label}`, () => use({ arguments: ['i32', name] }));
  }
}

function shapes(record, user, use) {
  for (const value of notStrings) {
    const label = `${typeof value} ${Object.prototype.toString.call(value)} ${String(value)}`;
    record(`signature of ${user}/return is ${label}`, () => use({ return: value }));
    record(`signature of ${user}/element is ${label}`, () => use({ arguments: ['i32', value] }));
    record(`signature of ${user}/arguments is ${label}`, () => use({ arguments: value }));
  }
  record(`signature of ${user}/return is a symbol`, () => use({ return: Symbol('s') }));
  record(`signature of ${user}/element is a symbol`, () => use({ arguments: [Symbol('s')] }));
  for (const text of ['\0', 'i32\0', '\0i32', 'i3\x002']) {
    record(`signature of ${user}/return with NUL ${JSON.stringify(text)}`, () => use({ return: text }));
    record(`signature of ${user}/element with NUL ${JSON.stringify(text)}`, () => use({ arguments: [text] }));
  }
}

function lists(record, user, use) {
  const kinds = {
    empty: [],
    frozen: Object.freeze(['i32', 'f64']),
    hole: ['i32', , 'i32'],
    'only holes': Array(3),
    subclass: class extends Array {}.from(['i32']),
    'of another realm': require('node:vm').runInNewContext("['i32', 'i32']"),
    'with extra property': Object.assign(['i32'], { extra: 1 }),
    'with negative index': Object.assign(['i32'], { '-1': 'i32' }),
    'without prototype': Object.setPrototypeOf(['i32'], null),
    'array-like': { length: 1, 0: 'i32' },
    Set: new Set(['i32']),
    'typed array': new Uint8Array(2),
    string: 'i32',
    Proxy: new Proxy(['i32'], {}),
    arguments: (function () {
      return arguments;
    })('i32'),
    iterator: ['i32'].values(),
    nested: [['i32']],
    hundred: Array(100).fill('i32'),
    thousand: Array(1000).fill('pointer'),
  };
  for (const [label, list] of Object.entries(kinds)) {
    record(`signature of ${user}/list ${label}`, () => use({ arguments: list }));
  }
  record(`signature of ${user}/list getter once per element`, () => {
    const reads = [];
    const list = ['i32', 'i32', 'i32'];
    for (const index of list.keys()) {
      Object.defineProperty(list, index, { get: () => reads.push(index) && 'f64' });
    }
    return [use({ arguments: list }), reads];
  });
  record(`signature of ${user}/list getter throws`, () =>
    use({
      arguments: Object.defineProperty([], 0, {
        get() {
          throw new RangeError('mine');
        },
      }),
    }),
  );
  record(`signature of ${user}/list hole filled by the prototype`, () => {
    Array.prototype[1] = 'i32';
    try {
      return use({ arguments: ['i32', , 'i32'] });
    } finally {
      delete Array.prototype[1];
    }
  });
}

function fail() {
  throw new RangeError('mine');
}

function failWithText() {
  throw 'mine';
}

// What may stand for a signature.
function containers(record, user, use) {
  const inherited = Object.create({ return: 'i32', arguments: ['i32'] });
  const accessors = Object.defineProperties({}, { return: { get: () => 'i32' }, arguments: { get: () => ['i32'] } });
  const hidden = Object.defineProperties({}, { return: { value: 'i32' }, arguments: { value: ['i32', 'i32'] } });
  class Signature {
    get return() {
      return 'i32';
    }
    get arguments() {
      return ['f64', 'f64'];
    }
  }
  const kinds = {
    empty: {},
    'null prototype': Object.assign(Object.create(null), { return: 'i32' }),
    inherited,
    accessors,
    hidden,
    'class instance': new Signature(),
    Proxy: new Proxy({ return: 'i32', arguments: ['i32'] }, {}),
    Date: new Date(0),
    Map: new Map([['return', 'bad']]),
    RegExp: /x/,
    Error: new Error('x'),
    frozen: Object.freeze({ return: 'u8' }),
    'boxed number': Object(1),
    'boxed string': Object('i32'),
    'symbol key': { [Symbol('return')]: 'bad' },
    'getter throws': Object.defineProperty({}, 'return', { get: fail }),
    'getter throws a string': Object.defineProperty({}, 'return', { get: failWithText }),
    'has throws': new Proxy({}, { has: fail }),
    'get throws': new Proxy({ return: 'i32' }, { get: fail }),
    'revoked Proxy': (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
  };
  for (const [label, signature] of Object.entries(kinds)) {
    record(`signature of ${user}/container ${label}`, () => use(signature));
  }
  if (user !== 'registerCallback') {
    given(record, user, use);
  }
}

// What registerCallback does not take for a signature is in callback-lifetime.js.
function given(record, user, use) {
  for (const { label, make } of [...foreigners, ...numbers.slice(0, 4), ...bigints.slice(0, 2)]) {
    record(`signature of ${user}/given ${label}`, () => use(make()));
  }
  for (const value of [undefined, null, 'i32', '', [], ['i32'], [{ return: 'i32' }]]) {
    record(`signature of ${user}/given ${typeof value} ${JSON.stringify(value)}`, () => use(value));
  }
  record(`signature of ${user}/given a sloppy function`, () => use(compile('a', 'return a')));
  record(`signature of ${user}/given a function with keys`, () => use(Object.assign(() => {}, { return: 'i32' })));
  record(`signature of ${user}/given by Object.prototype`, () => {
    Object.prototype.return = 'bogus';
    try {
      return use({});
    } finally {
      delete Object.prototype.return;
    }
  });
}

// Which of several errors is reported.
function precedence(record, user, use) {
  const both = {
    'return type and list': { return: 'bad', arguments: 'bad' },
    'return type and element': { return: 'bad', arguments: ['worse'] },
    'return not a string and list': { return: 1, arguments: 1 },
    'unknown return and NUL element': { return: 'bad', arguments: ['\0'] },
    'two elements': { arguments: ['bad', 'worse'] },
    'element and later not a string': { arguments: ['bad', 1] },
    'not a string and later unknown': { arguments: [1, 'bad'] },
    'void and later unknown': { arguments: ['void', 'bad'] },
    'unknown and later void': { arguments: ['bad', 'void'] },
    'void in the middle': { arguments: ['i32', 'void', 'i32'] },
    'NUL return and unknown element': { return: 'a\0', arguments: ['bad'] },
    'list not an array and unknown return': { arguments: {}, return: 'bad' },
  };
  for (const [label, signature] of Object.entries(both)) {
    record(`signature of ${user}/both: ${label}`, () => use(signature));
  }
}

function traces(record, user, use) {
  const traceOf = (target) => {
    const trace = [];
    const handler = Object.fromEntries(
      [
        'has',
        'get',
        'ownKeys',
        'getOwnPropertyDescriptor',
        'getPrototypeOf',
        'set',
        'deleteProperty',
        'defineProperty',
      ].map((trap) => [
        trap,
        (object, key, ...rest) => {
          trace.push(typeof key === 'string' ? `${trap} ${key}` : trap);
          return Reflect[trap](object, key, ...rest);
        },
      ]),
    );
    return { trace, proxy: new Proxy(target, handler) };
  };
  const targets = {
    empty: {},
    return: { return: 'i32' },
    arguments: { arguments: ['i32'] },
    both: { return: 'i32', arguments: ['i32'] },
    'bad return': { return: 'bad', arguments: ['i32'] },
    'return not a string': { return: 1, arguments: ['i32'] },
    'return undefined': { return: undefined, arguments: undefined },
    inherited: Object.create({ return: 'i32', arguments: [] }),
  };
  for (const [label, target] of Object.entries(targets)) {
    record(`signature trace of ${user}/${label}`, () => {
      const { trace, proxy } = traceOf(target);
      try {
        use(proxy);
      } catch (error) {
        trace.push(error.message);
      }
      return trace;
    });
  }
}

// One name has one signature, by native type and not by spelling.
function sameSignature(record, fixture) {
  const groups = [
    ['i8', 'int8', 'char'],
    ['u8', 'uint8', 'bool'],
    ['i32', 'int32'],
    ['f32', 'float', 'float32'],
    ['f64', 'double', 'float64'],
    ['pointer', 'ptr', 'string', 'str', 'buffer', 'arraybuffer', 'function'],
    ['i64', 'int64'],
    ['u64', 'uint64'],
    ['u32'],
    ['i16'],
    ['u16'],
    ['void'],
  ];
  const firsts = groups.flatMap((group) => group.map((name) => [name, group[0]]));
  for (const [name, first] of firsts) {
    const library = fixture.open();
    const original = library.getFunction('noop', { return: first });
    record(`same signature/return ${name}`, () => library.getFunction('noop', { return: name }) === original);
    for (const [other] of groups) {
      if (other !== first && name === first) {
        record(`other signature/return ${first} and ${other}`, () => library.getFunction('noop', { return: other }));
      }
    }
    if (name !== 'void') {
      const taking = fixture.open();
      const one = taking.getFunction('noop', { arguments: [first] });
      record(`same signature/argument ${name}`, () => taking.getFunction('noop', { arguments: [name] }) === one);
      record(
        `same signature/argument ${name} through getFunctions`,
        () => taking.getFunctions({ noop: { arguments: [name] } }).noop === one,
      );
      record(`same signature/argument ${name} twice`, () => taking.getFunction('noop', { arguments: [name, name] }));
      record(`same signature/argument ${name} left out`, () => taking.getFunction('noop', {}));
      record(`same signature/argument ${name} left out through getFunctions`, () => taking.getFunctions({ noop: {} }));
    }
  }
}

// Keys of the reference and typing errors: the built-in ignores them all.
function forgottenKeys(record, fixture) {
  const users = usersOf(fixture);
  const signatures = {
    result: { result: 'i32' },
    returns: { returns: 'i32' },
    parameters: { parameters: ['i32'] },
    'result and parameters': { result: 'i32', parameters: ['i32'] },
    'bad result': { result: 'bad' },
    'bad returns': { returns: 1 },
    'bad parameters': { parameters: ['bad'] },
    'return and result': { return: 'i32', result: 'i32' },
    'return and returns': { return: 'i32', returns: 'i32' },
    'all three': { return: 'i32', returns: 'i32', result: 'i32' },
    'arguments and parameters': { arguments: [], parameters: [] },
    'inherited result': Object.create({ result: 'i32' }),
    'result undefined': { result: undefined },
    'unknown key': { retrun: 'i32' },
    'unknown key with return': { return: 'i32', argument: ['i32'] },
    'numeric key': { 0: 'i32' },
    'abi key': { abi: 'default' },
    'unknown key, undefined': { extra: undefined },
    'inherited unknown key': Object.create({ extra: 1 }),
    'unknown key not enumerable': Object.defineProperty({}, 'extra', { value: 1 }),
  };
  for (const [user, use] of Object.entries(users)) {
    for (const [label, signature] of Object.entries(signatures)) {
      record(`signature keys of ${user}/${label}`, () => use(signature));
    }
  }
}
