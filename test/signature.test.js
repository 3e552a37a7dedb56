'use strict';

// Signature objects: which keys there are, how they are read, and what a closed library does to it.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary, dlopen, types } = require('./subject');
const { path } = require('./fixture');
const { argumentType, argumentValue, closed } = require('./errors');

const resultKeys = ['return', 'returns', 'result'];
const listKeys = ['arguments', 'parameters'];

// A second library, so that every test may ask for any name with any signature.
const open = () => new DynamicLibrary(path);
const address = open().getSymbol('add_i32');

// Each way to hand over a signature, and what messages call the function then.
const ways = {
  getFunction: { label: 'add_i32', use: (signature, library = open()) => library.getFunction('add_i32', signature) },
  getFunctions: { label: 'add_i32', use: (signature, library = open()) => library.getFunctions({ add_i32: signature }).add_i32 },
  dlopen: { label: 'add_i32', use: (signature) => dlopen(path, { add_i32: signature }).functions.add_i32 },
  getFunctionFromPointer: {
    label: '<pointer>',
    use: (signature, library = open()) => library.getFunctionFromPointer(address, signature),
  },
  registerCallback: {
    label: '<callback>',
    use: (signature, library = open()) => {
      const call = library.getFunctionFromPointer(
        library.registerCallback(signature, (a, b) => a + b),
        { return: 'i32', arguments: ['i32', 'i32'] },
      );
      return (...values) => call(...values);
    },
  },
};
const withLibrary = Object.entries(ways).filter(([name]) => name !== 'dlopen');

for (const [name, { label, use }] of Object.entries(ways)) {
  describe(name, () => {
    test('knows three names for the result and two for the list', () => {
      for (const resultKey of resultKeys) {
        for (const listKey of listKeys) {
          assert.equal(use({ [resultKey]: 'i32', [listKey]: ['i32', 'i32'] })(20, 22), 42, `${resultKey}, ${listKey}`);
        }
      }
    });

    test('refuses more than one key for the result', () => {
      const refusal = argumentValue(`Function signature of ${label} must have either 'returns', 'return' or 'result' property`);
      for (const keys of [['return', 'returns'], ['return', 'result'], ['returns', 'result'], resultKeys]) {
        const signature = Object.fromEntries(keys.map((key) => [key, 'i32']));
        assert.throws(() => use({ ...signature, arguments: ['i32', 'i32'] }), refusal, keys.join());
        // What they hold makes no difference.
        assert.throws(() => use(Object.fromEntries(keys.map((key) => [key, undefined]))), refusal, keys.join());
      }
    });

    test('refuses two keys for the list', () => {
      const refusal = argumentValue(`Function signature of ${label} must have either 'parameters' or 'arguments' property`);
      assert.throws(() => use({ arguments: ['i32'], parameters: ['i32'] }), refusal);
      assert.throws(() => use({ result: 'i32', arguments: undefined, parameters: undefined }), refusal);
    });

    test('counts inherited keys', () => {
      class Sum {
        get returns() { return 'i32'; }
        get parameters() { return ['i32', 'i32']; }
      }
      assert.equal(use(new Sum())(1, 2), 3);
      const own = Object.assign(Object.create({ result: 'i32' }), { arguments: ['i32', 'i32'] });
      assert.equal(use(own)(3, 4), 7);
      assert.throws(
        () => use(Object.assign(Object.create({ result: 'i32' }), { return: 'i32' })),
        argumentValue(`Function signature of ${label} must have either 'returns', 'return' or 'result' property`));
      assert.throws(
        () => use(Object.assign(Object.create({ parameters: [] }), { arguments: [] })),
        argumentValue(`Function signature of ${label} must have either 'parameters' or 'arguments' property`));
    });

    test('refuses a key that it does not know, and names it', () => {
      for (const key of ['results', 'params', 'args', 'Return', ' return', '', 'type', '0', 'length', 'é']) {
        assert.throws(
          () => use({ return: 'i32', arguments: ['i32', 'i32'], [key]: 'i32' }),
          argumentValue(`Function signature of ${label} has an unknown property '${key}'`));
        assert.throws(() => use({ [key]: undefined }), argumentValue(`Function signature of ${label} has an unknown property '${key}'`));
      }
    });

    test('takes a boolean under reentrant, and nothing else', () => {
      const signature = { return: 'i32', arguments: ['i32', 'i32'] };
      const isCallback = label === '<callback>';
      for (const reentrant of [true, false]) {
        if (isCallback) {
          assert.throws(() => use({ ...signature, reentrant }), argumentValue(`Function signature of ${label} has an unknown property 'reentrant'`));
        } else {
          assert.equal(use({ ...signature, reentrant })(5, 6), 11);
        }
      }
      for (const reentrant of isCallback ? [] : [undefined, null, 0, 1, 'true', {}]) {
        assert.throws(() => use({ ...signature, reentrant }), argumentValue(`Property 'reentrant' of function ${label} must be a boolean`));
      }
      // Inherited as any other key: who says that a function enters JavaScript must be heard.
      const inherited = { __proto__: { reentrant: 1 }, ...signature };
      if (isCallback) assert.equal(use(inherited)(5, 6), 11);
      else assert.throws(() => use(inherited), argumentValue(`Property 'reentrant' of function ${label} must be a boolean`));
    });

    test('overlooks symbols, inherited and non-enumerable keys that it does not know', () => {
      const signature = { return: 'i32', arguments: ['i32', 'i32'], [Symbol('note')]: 1, [Symbol.toStringTag]: 'Signature' };
      assert.equal(use(signature)(5, 6), 11);
      assert.equal(use({ __proto__: { note: 'the sum', args: [] }, ...signature })(5, 6), 11);
      assert.equal(use(Object.defineProperty({ ...signature }, 'note', { value: 1, enumerable: false }))(5, 6), 11);
    });

    test('reads a value that is present, whatever it is', () => {
      for (const key of resultKeys) {
        for (const value of [undefined, null, 1, Object('i32'), ['i32']]) {
          assert.throws(() => use({ [key]: value }), argumentValue(`Return value type of function ${label} must be a string`));
        }
      }
      for (const key of listKeys) {
        for (const value of [undefined, null, 'i32', new Set(), { length: 0 }, new Proxy([], {})]) {
          assert.throws(() => use({ [key]: value }), argumentValue(`Arguments list of function ${label} must be an array`));
        }
        assert.throws(() => use({ [key]: ['i32', 'void'] }), argumentValue(
          `Argument 1 of function ${label} must not be 'void'; use an empty array for no-argument functions`));
        assert.throws(() => use({ [key]: ['i32', , 'i32'] }), argumentValue(`Argument 1 of function ${label} must be a string`));
        assert.throws(() => use({ [key]: ['i32\0'] }), argumentValue(`Argument 0 of function ${label} must not contain null bytes`));
        assert.throws(() => use({ [key]: ['int'] }), argumentValue('Unsupported FFI type: int'));
      }
    });

    test('runs each getter once', () => {
      for (const resultKey of resultKeys) {
        for (const listKey of listKeys) {
          const read = [];
          const list = Object.defineProperty(['i32', 'i32'], 1, { get() { read.push('element'); return 'i32'; } });
          const add = use({
            get [listKey]() { read.push(listKey); return list; },
            get [resultKey]() { read.push(resultKey); return 'i32'; },
          });
          assert.deepEqual(read, [resultKey, listKey, 'element']);
          assert.equal(add(7, 8), 15);
          assert.equal(read.length, 3, 'calls read nothing again');
        }
      }
    });

    test('looks at a Proxy in a fixed order', () => {
      const seen = [];
      const target = { result: 'i32', arguments: ['i32', 'i32'] };
      const signature = new Proxy(target, {
        has: (object, key) => { seen.push(`has ${String(key)}`); return Reflect.has(object, key); },
        get: (object, key) => { seen.push(`get ${String(key)}`); return Reflect.get(object, key); },
      });
      assert.equal(use(signature)(1, 2), 3);
      const keys = ['returns', 'return', 'result', 'parameters', 'arguments', ...(label === '<callback>' ? [] : ['reentrant'])];
      assert.deepEqual(seen, [...keys.map((key) => `has ${key}`), 'get result', 'get arguments']);
    });

    test('lets errors of getters and traps through unchanged', () => {
      const mine = new Error('mine');
      const thrower = () => { throw mine; };
      const isMine = (error) => error === mine;
      assert.throws(() => use({ get return() { thrower(); } }), isMine);
      assert.throws(() => use({ get parameters() { thrower(); } }), isMine);
      assert.throws(() => use({ arguments: Object.defineProperty(['i32'], 0, { get: thrower }) }), isMine);
      for (const trap of ['has', 'ownKeys', 'get']) {
        assert.throws(() => use(new Proxy({ return: 'i32' }, { [trap]: thrower })), isMine, trap);
      }
    });

    test('lets a thrown value that is no error through', () => {
      assert.throws(() => use({ get return() { throw 'text'; } }), (thrown) => thrown === 'text');
      assert.throws(() => use({ get return() { throw undefined; } }), (thrown) => thrown === undefined);
    });
  });
}

describe('keys that Object.prototype has', () => {
  const pollute = (key, value, body) => {
    Object.defineProperty(Object.prototype, key, { value, configurable: true, enumerable: true, writable: true });
    try {
      body();
    } finally {
      delete Object.prototype[key];
    }
  };

  test('count as given', () => {
    for (const key of resultKeys) {
      pollute(key, 'i32', () => assert.equal(open().getFunction('add_i32', { arguments: ['i32', 'i32'] })(1, 2), 3));
    }
    pollute('parameters', ['i32', 'i32'], () => assert.equal(open().getFunction('add_i32', { return: 'i32' })(1, 2), 3));
  });

  test('make a second one too many', () => {
    pollute('result', 'i32', () => assert.throws(() => open().getFunction('noop', { return: 'void' }), /must have either 'returns'/));
  });

  test('are overlooked when they are unknown', () => {
    pollute('note', 1, () => assert.equal(open().getFunction('noop', {})(), undefined));
  });
});

describe('a getter that closes the library', () => {
  const closing = (library, value) => ({ get() { library.close(); return value; }, enumerable: true });
  const signatures = (library) => ({
    result: Object.defineProperty({ arguments: ['i32', 'i32'] }, 'return', closing(library, 'i32')),
    list: Object.defineProperty({ return: 'i32' }, 'parameters', closing(library, ['i32', 'i32'])),
    element: { result: 'i32', arguments: Object.defineProperty(['i32', 'i32'], 0, closing(library, 'i32')) },
    presence: new Proxy({ result: 'i32', arguments: ['i32', 'i32'] }, { has(object, key) { library.close(); return key in object; } }),
  });
  for (const [name, { use }] of withLibrary) {
    for (const kind of ['result', 'list', 'element', 'presence']) {
      test(`${kind} of ${name}`, () => {
        const library = open();
        assert.throws(() => use(signatures(library)[kind], library), closed);
      });

      test(`${kind} of ${name}, the name being known`, () => {
        const library = open();
        const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
        assert.equal(add(1, 2), 3);
        assert.throws(() => use(signatures(library)[kind], library), closed);
        assert.throws(() => add(1, 2), closed);
      });
    }
  }

  test('in the definitions', () => {
    const library = open();
    assert.throws(() => library.getFunctions({ get noop() { library.close(); return {}; } }), closed);
    const other = open();
    assert.throws(() => other.getFunctions({ noop: {}, get add_i32() { other.close(); return {}; } }), closed);
  });

  test('reports what is wrong with the signature first', () => {
    const library = open();
    assert.throws(
      () => library.getFunction('add_i32', Object.defineProperty({ arguments: ['int'] }, 'return', closing(library, 'i32'))),
      argumentValue('Unsupported FFI type: int'));
    assert.throws(
      () => library.getFunction('add_i32', { nonsense: 1 }),
      argumentValue("Function signature of add_i32 has an unknown property 'nonsense'"),
    );
    assert.throws(() => library.getFunction('add_i32', {}), closed);
  });
});

describe('getters that use the library', () => {
  test('may ask for the same function', () => {
    const library = open();
    const plain = { return: 'i32', arguments: ['i32', 'i32'] };
    let inner;
    const outer = library.getFunction('add_i32', {
      arguments: plain.arguments,
      get return() {
        return (inner = library.getFunction('add_i32', plain)) && 'i32';
      },
    });
    assert.equal(outer, inner);
    const { add_i64: first } = library.getFunctions({
      add_i64: {
        arguments: ['i64', 'i64'],
        get return() {
          return library.getFunction('add_i64', { return: 'i64', arguments: ['i64', 'i64'] }) && 'i64';
        },
      },
    });
    assert.equal(first, library.functions.add_i64);
  });

  test('may ask for it with another signature, which then stands', () => {
    const library = open();
    const signature = { arguments: ['i32', 'i32'], get return() { library.getFunction('add_i32', {}); return 'i32'; } };
    assert.throws(
      () => library.getFunction('add_i32', signature),
      argumentValue('Function add_i32 was already requested with a different signature'),
    );
    assert.throws(() => library.getFunctions({ add_i32: { return: 'i32', arguments: ['i32', 'i32'] } }), /different signature/);
    assert.equal(library.functions.add_i32.length, 0);
  });

  test('may ask for a later definition with another signature, and then nothing is defined', () => {
    const library = open();
    const definitions = { add_u8: { return: 'u8', arguments: ['u8', 'u8'] }, get noop() { library.getFunction('add_u8', {}); return {}; } };
    assert.throws(
      () => library.getFunctions(definitions),
      argumentValue('Function add_u8 was already requested with a different signature'),
    );
    assert.deepEqual(Object.keys(library.functions), ['add_u8']);
  });
});

test('what is no object is refused', () => {
  for (const value of [undefined, null, 'i32', 1, 1n, true, Symbol('s'), [], ['i32']]) {
    assert.throws(() => ways.getFunction.use(value), argumentType('Function signature must be an object'));
    assert.throws(() => ways.getFunctions.use(value), argumentType('Signature of function add_i32 must be an object'));
    assert.throws(() => ways.getFunctionFromPointer.use(value), argumentType('Function signature must be an object'));
    assert.throws(() => open().registerCallback(value, () => {}), argumentType('First argument must be a function or a signature object'));
  }
});

test('a function as signature has an `arguments` of its own making', () => {
  assert.throws(() => open().getFunction('noop', class {}), (error) => error instanceof TypeError && error.code === undefined);
  assert.throws(() => open().getFunction('noop', () => {}), (error) => error instanceof TypeError && error.code === undefined);
});

test('every constant of `types` is a type, and every other name is none', () => {
  for (const name of Object.values(types)) {
    assert.equal(typeof open().getFunction('noop', { result: name }), 'function', name);
    if (name !== 'void') assert.equal(open().getFunction('noop', { parameters: [name, name] }).length, 2);
  }
  for (const name of ['', 'I32', ' i32', 'i32 ', 'size_t', 'int', 'long', 'void *', 'constructor', '__proto__']) {
    assert.throws(() => open().getFunction('noop', { result: name }), argumentValue(`Unsupported FFI type: ${name}`));
  }
});

test('the spelling of keys and types makes no different signature', () => {
  const library = open();
  const first = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'int32'] });
  assert.equal(library.getFunction('add_i32', { result: 'int32', parameters: ['int32', 'i32'] }), first);
  assert.equal(library.getFunctions({ add_i32: { returns: types.INT_32, arguments: ['i32', types.INT_32] } }).add_i32, first);
  const pointer = library.getFunction('identity_pointer', { return: 'pointer', arguments: ['string'] });
  assert.equal(library.getFunction('identity_pointer', { result: 'function', parameters: ['buffer'] }), pointer);
  assert.throws(
    () => library.getFunction('add_i32', { result: 'u32', parameters: ['i32', 'i32'] }),
    argumentValue('Function add_i32 was already requested with a different signature'));
});
