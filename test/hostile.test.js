'use strict';

// Programs that change the language under Ferrule's feet, reach for what it keeps to itself, or go to the limits of what there is.
// Each has a process of its own.

const assert = require('node:assert/strict');
const { totalmem } = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const fixture = require('./fixture');
const { ADDRESS_SIZE } = require('./machine');
const { notFound } = require('./loader');
const { run } = require('./child');

// Two processes at a time: each takes a while to start, and little else.
const options = { concurrency: 2 };

// What a process prints as JSON before it ends well.
async function answer(body, { parameters, flags } = {}) {
  const { status, signal, stdout, stderr } = await run(body, { parameters, flags });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

const outOfStack = 'RangeError: Maximum call stack size exceeded';

describe('the language is changed', options, () => {
  // What all is well about, word for word, so that the comparisons below are with something.
  const expected = {
    'call': '5',
    'too few': 'TypeError ERR_INVALID_ARG_VALUE: Invalid argument count: expected 2, got 1',
    'wrong type': 'TypeError ERR_INVALID_ARG_VALUE: Argument 0 must be an int32',
    'properties': 'string false false true, number false false true, bigint true true true',
    'seventy': '210',
    'functions': 'add_i32 string_length ',
    'callback': '8',
    'callback of i8': 'number -128 number -128, number 127 number 127, number 0 number 0, ',
    'callback of u64': 'bigint 18446744073709551615 bigint 18446744073709551615, bigint 9007199254740993 bigint 9007199254740993, ',
    'callback of bool': 'number 1 number 1, number 0 number 0, ',
    'callback of several': '-1 -2 0.5 4 5 6 7.5 7.5',
    'callback of nothing': 'undefined',
    'callback that catches': '6',
    'view': '66 66 ',
    'no memory': ADDRESS_SIZE === 8 ?
      'RangeError ERR_MEMORY_ALLOCATION_FAILED: Failed to allocate memory' :
      'RangeError ERR_OUT_OF_RANGE: The length is too large',
    'export buffer': 'undefined 7 7 7 0 ',
    'export into too little': 'RangeError ERR_OUT_OF_RANGE: The value of "len" is out of range. It must be >= 20. Received 10',
    'another receiver': 'TypeError undefined: Illegal invocation',
    'closed': 'Error ERR_FFI_LIBRARY_CLOSED: Library is closed',
  };

  test('by nobody', async () => {
    const seen = await answer(({ ffi }, library) => console.log(JSON.stringify(require('./hostile/exercise')(ffi, library))), {
      parameters: [fixture.path],
    });
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, seen[name]])), expected);
  });

  // Prints the answers that a change makes different, by the change's name, and what its traps caught. Half of the changes for each
  // process, because there are two.
  const attack = (modules, library, moment, half) => {
    const { change, [moment]: changes } = require('./hostile/changes');
    const exercise = require('./hostile/exercise');
    const { inspect } = require('node:util');
    const loaded = new Set(Object.keys(require.cache));
    const unchanged = exercise(modules.ffi, library);
    const own = Object.keys(require.cache).filter((file) => !loaded.has(file));
    const differences = {};
    const names = Object.keys(changes).filter((_, index) => index % 2 === half);
    for (const name of names) {
      if (moment === 'before') for (const file of own) delete require.cache[file];
      const { result, caught } = change(changes[name], () => exercise(modules.ffi, library));
      const different = Object.keys(unchanged).filter((key) => result[key] !== unchanged[key]);
      if (different.length > 0 || caught.length > 0) {
        differences[name] = [...different.map((key) => [key, result[key]]), ...caught.map((value) => inspect(value, { depth: 0 }))];
      }
    }
    console.log(JSON.stringify({ count: names.length, differences }));
  };

  for (const moment of ['after', 'before']) {
    for (const half of [0, 1]) {
      test(`${moment} the module is loaded, ${half ? 'the other half' : 'one half'}`, async () => {
        const { count, differences } = await answer(attack, { parameters: [fixture.path, moment, half] });
        assert.deepEqual(differences, {});
        assert.ok(count > 30, `${count} changes`);
      });
    }
  }

  test('while a function is made again, in order to close its library', async () => {
    const seen = await answer(async ({ ffi, garbage: { collect } }, file) => {
      const library = new ffi.DynamicLibrary(file);
      const signature = { return: 'i32', arguments: ['i32', 'i32'] };
      const ask = {
        getFunction: () => library.getFunction('add_i32', signature),
        functions: () => library.functions.add_i32,
        getFunctions: () => library.getFunctions({ add_i32: signature }).add_i32,
      };
      const results = {};
      for (const [name, act] of Object.entries(ask)) {
        let calls = 0;
        library.getFunction('add_i32', signature);
        await collect();
        await collect();
        for (const key of ['enumerable', 'writable', 'get', 'owner']) {
          Object.defineProperty(Object.prototype, key, { __proto__: null, configurable: true, get() {
            calls++;
            library.close();
          } });
        }
        try {
          results[name] = act()(2, 3);
        } catch (error) {
          results[name] = error.message;
        }
        for (const key of ['enumerable', 'writable', 'get', 'owner']) delete Object.prototype[key];
        results[name] += ` ${calls}`;
      }
      console.log(JSON.stringify(results));
    }, { parameters: [fixture.path] });
    assert.deepEqual(seen, { getFunction: '5 0', functions: '5 0', getFunctions: '5 0' });
  });
});

test('nothing that is private can be reached', async () => {
  const found = await answer(({ ffi }, file) => {
    const { isExternal } = require('node:util').types;
    const library = new ffi.DynamicLibrary(file);
    const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
    const known = new Set([globalThis, Object.prototype, Function.prototype, Array.prototype]);
    const names = [];
    const look = (value, from) => {
      if (isExternal(value)) names.push(`${from} is an external`);
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || known.has(value)) return;
      known.add(value);
      if (typeof value === 'function') names.push(`${from} ${value.name}`);
      look(Object.getPrototypeOf(value), `${from}.__proto__`);
      for (const key of Reflect.ownKeys(value)) {
        const { value: inner, get, set } = Object.getOwnPropertyDescriptor(value, key);
        for (const it of [inner, get, set]) look(it, `${from}.${String(key)}`);
      }
    };
    look(library, 'library');
    look(add, 'add');
    look(library.functions, 'functions');
    console.log(JSON.stringify([names.sort(), library instanceof FinalizationRegistry]));
  }, { parameters: [fixture.path] });
  const methods = ['close', 'getFunction', 'getFunctionFromPointer', 'getFunctions', 'getSymbol', 'getSymbols', 'refCallback',
    'registerCallback', 'unrefCallback', 'unregisterCallback'].map((name) => `library.__proto__.${name} ${name}`);
  assert.deepEqual(found, [[
    'add add_i32',
    ...methods,
    'library.__proto__.constructor DynamicLibrary',
    'library.__proto__.functions functions',
    'library.path ',
    'library.symbols ',
  ].sort(), false]);
});

// Not for `node:ffi`, which has no file of this name.
describe('the private binding', options, () => {
  const binding = path.join(path.dirname(require.resolve('ferrule')), 'binding.js');
  // What every function says to an argument, and for each answer which functions give it.
  const interrogate = (modules, file, initialized) => {
    const native = require(file);
    if (initialized) modules.ffi;
    // Standard output is a pipe.
    const foreign = process.stdout._handle._externalStream;
    const answers = {};
    for (const [name, ask] of Object.entries(native)) {
      if (typeof ask !== 'function' || name === 'initialize') continue;
      for (const receiver of [foreign, { foreign }, undefined]) {
        let said = 'nothing';
        try {
          ask(receiver, 'malloc', {}, {});
        } catch (error) {
          said = `${error.name} ${error.code}: ${error.message}`;
        }
        (answers[said] ??= []).push(name);
      }
    }
    answers.isExternal = require('node:util').types.isExternal(foreign);
    console.log(JSON.stringify(answers));
  };
  const methods = ['closeLibrary', 'getFunction', 'getFunctionFromPointer', 'getFunctions', 'getSymbol', 'getSymbols',
    'registerCallback', 'unregisterCallback', 'refCallback', 'unrefCallback'];

  for (const initialized of [true, false]) {
    test(`refuses externals of others, ${initialized ? 'as it is used' : 'before it is initialized'}`, async () => {
      const answers = await answer(interrogate, { parameters: [binding, initialized] });
      assert.equal(answers.isExternal, true);
      assert.deepEqual(
        answers['TypeError undefined: Illegal invocation'].sort(),
        ['refuseReceiver', ...methods].flatMap((name) => [name, name, name]).sort(),
      );
      assert.ok(!Object.keys(answers).some((said) => /failed internally|Node-API refused/.test(said)), Object.keys(answers).join('\n'));
    });
  }

  const uninitialized = "Error ERR_INTERNAL_ASSERTION: Ferrule's native binary has not been initialized by its own lib/index.js";
  for (const hooks of ['nothing', 'undefined', '({})', '({ wrap() {} })', 'new Proxy({}, { get() { throw new Error("mine"); } })']) {
    test(`that was initialized with ${hooks} says so`, async () => {
      const said = await answer((_, file, source) => {
        const native = require(file);
        const attempt = (act) => {
          try {
            return typeof act();
          } catch (error) {
            return `${error.name} ${error.code}: ${error.message}`;
          }
        };
        if (source !== 'nothing') attempt(() => native.initialize(require('./compile').evaluate(source)));
        const address = native.getRawPointer(new Uint8Array(8));
        console.log(JSON.stringify([
          () => native.openLibrary('any'),
          () => native.leave(),
          () => native.tiers(),
          () => native.toBuffer(address, 1, true),
          () => native.toArrayBuffer(address, 1, true),
          () => native.exportString('text', address, 0, 'hex'),
          () => native.exportBuffer({}, address, 0),
          () => native.getNativeFunction(null, 'malloc', 'void', []),
        ].map(attempt)));
      }, { parameters: [binding, hooks] });
      assert.deepEqual(said, Array(8).fill(uninitialized));
    });
  }
});

describe('at the limits', options, () => {
  const say = (act) => {
    try {
      act();
      return 'nothing';
    } catch (error) {
      return [error.name, error.code, error.message.length, error.message.slice(-60)];
    }
  };

  test('a path that is too long to copy to the stack', async () => {
    const said = await answer(`({ ffi }) => {
      const say = ${say};
      const path = '/'.padEnd(9_000_000, 'a');
      console.log(JSON.stringify([say(() => new ffi.DynamicLibrary(path)), say(() => ffi.dlopen(path, {}))]));
    }`);
    for (const [name, code, length, end] of said) {
      assert.deepEqual([name, code], ['Error', 'ERR_FFI_CALL_FAILED']);
      // Windows says what is wrong without the path.
      if (process.platform === 'win32') continue;
      assert.ok(length > 9_000_000);
      assert.match(end, /a: File name too long$/);
    }
  });

  // Copies of it take 1.6 GB for a while.
  const skip = totalmem() < 4 * 2 ** 30 && 'too little memory';
  test('a message that quotes a text as long as a text can be', { skip }, async () => {
    const said = await answer(`({ ffi }, file) => {
      const say = ${say};
      const text = 'a'.repeat(require('node:buffer').constants.MAX_STRING_LENGTH);
      const library = new ffi.DynamicLibrary(file);
      console.log(JSON.stringify([text.length, say(() => library.getFunction('noop', { return: text }))]));
    }`, { parameters: [fixture.path] });
    const [length, [name, code, shown, end]] = said;
    assert.ok(length >= (ADDRESS_SIZE === 8 ? 2 ** 29 - 24 : 2 ** 28 - 24));
    assert.deepEqual([name, code, end], ['TypeError', 'ERR_INVALID_ARG_VALUE', 'a'.repeat(60)]);
    assert.ok(shown > 100 && shown < length, `${shown} characters`);
  });

  // Everything that asks JavaScript for something, everywhere between enough stack and none.
  const fill = ({ ffi }, file, names) => {
    const library = new ffi.DynamicLibrary(file);
    const i32 = { return: 'i32', arguments: ['i32'] };
    const identity = library.getFunction('identity_i32', i32);
    const address = ffi.getRawPointer(globalThis.kept = Buffer.alloc(100));
    const refused = new Set(['refusedCall', 'exportBuffer', 'openFails']);
    const all = {
      toBuffer: () => ffi.toBuffer(address, 10),
      toBufferView: () => ffi.toBuffer(address, 10, false),
      toArrayBuffer: () => ffi.toArrayBuffer(address, 10),
      toArrayBufferView: () => ffi.toArrayBuffer(address, 10, false),
      call: () => identity(1),
      refusedCall: () => identity('x'),
      getFunction: () => library.getFunctionFromPointer(address, i32),
      functions: () => library.functions,
      symbols: () => library.symbols,
      registerCallback: () => library.unregisterCallback(library.registerCallback(i32, () => 1)),
      exportString: () => ffi.exportString('0a', address, 10, 'hex'),
      exportBuffer: () => ffi.exportBuffer({}, address, 4),
      open: () => new ffi.DynamicLibrary(file).close(),
      openFails: () => ffi.dlopen('/no/such/library.so', {}),
      shared: () => ffi.getRawPointer(new SharedArrayBuffer(3)),
      legacy: () => ffi.getNativeFunction(file, 'noop', 'void', []),
    };
    const seen = {};
    for (const [name, act] of Object.entries(all)) {
      if (names && !names.includes(name)) continue;
      const said = {};
      // From the last frame that there is room for back to where everything has enough, which starts a little elsewhere each time.
      for (let start = 0; start < 8; start++) {
        let successes = 0;
        const deeper = () => {
          try {
            deeper();
          } catch {
            // There is a little more stack here than there was below.
          }
          if (successes === 3) return;
          try {
            act();
            successes++;
          } catch (error) {
            said[`${error.name}${error.code ? ` ${error.code}` : ''}: ${error.message}`] = true;
            if (refused.has(name) && error.code !== undefined) successes++;
          }
        };
        const begin = (frames) => (frames > 0 ? begin(frames - 1) : deeper());
        begin(start);
        if (successes !== 3) said['never had enough'] = true;
      }
      seen[name] = Object.keys(said);
    }
    console.log(JSON.stringify(seen));
  };

  test('views and copies of memory near the end of the stack', async () => {
    const names = ['toBuffer', 'toBufferView', 'toArrayBuffer', 'toArrayBufferView'];
    const said = await answer(fill, { parameters: [fixture.path, names] });
    assert.deepEqual(said, Object.fromEntries(names.map((name) => [name, [outOfStack]])));
  });

  test('everything near the end of the stack', async () => {
    const said = await answer(fill, { parameters: [fixture.path] });
    const own = {
      refusedCall: ['TypeError ERR_INVALID_ARG_VALUE: Argument 0 must be an int32'],
      exportBuffer: [
        'TypeError ERR_INVALID_ARG_TYPE: The "buffer" argument must be an instance of Buffer. Received an instance of Object',
      ],
      openFails: [
        `Error ERR_FFI_CALL_FAILED: dlopen failed: ${notFound('/no/such/library.so')}`,
      ],
    };
    for (const [name, messages] of Object.entries(said)) assert.deepEqual(messages, [outOfStack, ...own[name] ?? []], name);
    assert.equal(Object.keys(said).length, 16);
  });
});

describe('an abort runs nothing', options, () => {
  const throwing = {
    'that a thrown error brings along': function thrower() {
      const error = new Error('mine');
      error[require('node:util').inspect.custom] = () => {
        console.log('ran');
        process.exit(0);
      };
      throw error;
    },
    'that an error in its cause brings along': function thrower() {
      const cause = { [require('node:util').inspect.custom]() {
        console.log('ran');
        process.exit(0);
      } };
      throw new Error('mine', { cause });
    },
    'that a prototype brings along': function thrower() {
      Error.prototype[require('node:util').inspect.custom] = () => {
        console.log('ran');
        process.exit(0);
      };
      throw new Error('mine');
    },
  };
  for (const [name, callback] of Object.entries(throwing)) {
    test(name, async () => {
      const { signal, stdout, stderr } = await run(`({ fixture }) => {
        fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(${callback}));
        console.log('afterwards');
      }`);
      assert.deepEqual({ signal, stdout }, { signal: 'SIGABRT', stdout: '' });
      assert.match(stderr, /^Callbacks cannot throw an exception\n[^]*mine[^]*\n {4}in callback "thrower" \(\) -> void of /);
    });
  }
});
