'use strict';

// What a callback must not do. Each ends its process, with a line that says what happened, then the JavaScript error where
// there is one, then which callback it was. FERRULE_STRESS_ALL=1 in the environment tries more values of the wrong kind.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('./fixture');
const { run } = require('./child');
const count = require('./stress/count');

const lines = {
  threw: 'Callbacks cannot throw an exception',
  promised: 'Callbacks cannot return promises',
  invalid: 'Callback returned invalid value for declared FFI type',
  thread: 'Callbacks can only be invoked on the system thread they were created on',
};
// Two processes at a time: each takes a while to start, and little else.
const options = { concurrency: 2 };

// The first line of standard error, and pieces of what follows.
async function assertAborts(body, line, pieces = [], parameters = []) {
  const { signal, stdout, stderr } = await run(body, { parameters });
  assert.equal(stderr.split('\n')[0], line, stderr);
  assert.equal(signal, 'SIGABRT');
  assert.equal(stdout, '', 'nothing ran afterwards');
  for (const piece of pieces) assert.ok(stderr.includes(piece), `${piece} in ${stderr}`);
}

describe('a callback that throws', options, () => {
  const throwing = {
    'an Error': [({ fixture }) => {
      const callback = fixture.open().registerCallback(function thrower() { throw new Error('mine', { cause: new RangeError('why') }); });
      fixture.native('call_void', 'void', 'function')(callback);
      console.log('afterwards');
    }, ['\nError: mine\n', 'at thrower (', '[cause]: RangeError: why', `\n    in callback "thrower" () -> void of ${path}\n`]],
    'an error with a code and fields': [({ fixture }) => {
      const callback = fixture.open().registerCallback(function reader() { require('node:fs').readFileSync('/nowhere/at all'); });
      fixture.native('call_void', 'void', 'function')(callback);
    }, [`ENOENT: no such file or directory, open '${require('node:path').resolve('/nowhere/at all')}'`, "code: 'ENOENT'", 'at reader (']],
    'a string': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw 'a text'; }));
    }, ["\n'a text'\n", 'callback "thrower" () -> void']],
    'null': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw null; }));
    }, ['\nnull\n', 'callback "thrower" () -> void']],
    'undefined': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw undefined; }));
    }, ['\nundefined\n', 'callback "thrower" () -> void']],
    'an object': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw { answer: 42 }; }));
    }, ['\n{ answer: 42 }\n', 'callback "thrower" () -> void']],
    'an Error whose `stack` throws': [({ fixture }) => {
      const error = Object.defineProperty(new Error('hostile'), 'stack', { get() { throw new Error('stack'); } });
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw error; }));
    }, ['hostile', 'callback "thrower" () -> void']],
    'an object that cannot be inspected': [({ fixture }) => {
      const hostile = {
        [Symbol.for('nodejs.util.inspect.custom')]() {
          throw new Error('inspect');
        },
        get stack() {
          throw new Error('stack');
        },
      };
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw hostile; }));
    }, ['callback "thrower" () -> void']],
    'an object of which inspecting never ends': [({ fixture }) => {
      const hostile = { [Symbol.for('nodejs.util.inspect.custom')]: function again() { return again(); } };
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw hostile; }));
    }, ['callback "thrower" () -> void']],
    'a revoked Proxy': [({ fixture }) => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw proxy; }));
    }, ['callback "thrower" () -> void']],
    'because the stack is full': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function deeper() { deeper(); }));
    }, ['RangeError: Maximum call stack size exceeded', 'at deeper (', 'callback "deeper" () -> void']],
    'because the stack is full of C and JavaScript': [({ fixture }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function deeper(value) {
        return call(callback, value);
      });
      call(callback, 1);
    }, ['RangeError: Maximum call stack size exceeded', 'callback "deeper" (int32) -> int32']],
    'because it is a class': [({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(class Model {}));
    }, ["TypeError: Class constructor Model cannot be invoked without 'new'", 'callback "Model" () -> void']],
    'what a refused call threw': [({ fixture }) => {
      const identity = fixture.native('identity_i32', 'i32', 'i32');
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function caller() { identity('x'); }));
    }, ['TypeError: Argument 0 must be an int32', "code: 'ERR_INVALID_ARG_VALUE'", 'at caller (']],
    'below another one that would catch it': [({ fixture }) => {
      const call = fixture.native('call_void', 'void', 'function');
      const library = fixture.open();
      const inner = library.registerCallback(function inner() { throw new Error('deep'); });
      call(library.registerCallback(function outer() { try { call(inner); } catch { console.log('caught'); } }));
    }, ['Error: deep', 'callback "inner" () -> void']],
    'although `uncaughtException` is handled': [({ fixture }) => {
      for (const event of ['uncaughtException', 'uncaughtExceptionMonitor', 'unhandledRejection', 'exit']) {
        process.on(event, () => console.log(event));
      }
      process.setUncaughtExceptionCaptureCallback?.(() => console.log('captured'));
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
    }, ['Error: mine']],
    'in a Worker': [({ start }) => {
      const worker = start(({ fixture }) => {
        fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
      });
      worker.on('error', () => console.log('error')).on('exit', () => console.log('exit'));
    }, ['Error: mine', 'at thrower (']],
    'because what it calls is a class of another context': [({ fixture }) => {
      const Model = require('node:vm').runInNewContext('(class Model {})');
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(Model));
    }, ["TypeError: Class constructor Model cannot be invoked without 'new'", 'callback "Model" () -> void']],
    'an error of another context': [({ fixture }) => {
      const thrower = require('node:vm').runInNewContext('(function thrower() { throw new RangeError("mine"); })');
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(thrower));
    }, ['RangeError: mine', 'at thrower (', 'callback "thrower" () -> void']],
    'because it is a Proxy that was revoked': [({ fixture }) => {
      const { proxy, revoke } = Proxy.revocable(function thrower() {}, {});
      const callback = fixture.open().registerCallback(proxy);
      revoke();
      fixture.native('call_void', 'void', 'function')(callback);
    }, ['TypeError: Cannot perform \'apply\' on a proxy that has been revoked']],
    'after many calls': [({ fixture }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function thrower(value) {
        if (value === 100_000) throw new Error('mine');
        return value;
      });
      fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 100_001);
      console.log('afterwards');
    }, ['\nError: mine\n', 'at thrower (', `\n    in callback "thrower" (int32) -> int32 of ${path}\n`]],
    'because the stack is full, after many calls': [({ fixture }) => {
      const deeper = (value) => deeper(value + 1) + 1;
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => (value < 50_000 ? value : deeper(value)));
      fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 50_001);
    }, ['RangeError: Maximum call stack size exceeded', 'at deeper (']],
    'in a collection of garbage, with young arguments': [({ fixture, garbage }) => {
      const callback = fixture.open().registerCallback({ return: 'i64', arguments: ['i64'] }, function thrower(value) {
        garbage.gc();
        throw new Error(`mine ${value}`);
      });
      fixture.native('call_i64', 'i64', 'function', 'i64')(callback, -(2n ** 62n) - 1n);
    }, ['Error: mine -4611686018427387905', 'callback "thrower" (int64) -> int64']],
    'when the event loop calls, with no JavaScript below': [({ fixture }) => {
      process.on('uncaughtException', () => console.log('uncaughtException'));
      const { signature, startTimer } = require('./event-loop');
      startTimer(fixture.open().registerCallback(signature, function thrower() { throw new Error('mine'); }));
    }, ['\nError: mine\n', 'at thrower (', 'callback "thrower" (pointer) -> void']],
    'in a domain': [({ fixture }) => {
      const domain = require('node:domain').create().on('error', () => console.log('error'));
      domain.run(() => {
        fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
      });
    }, ['Error: mine']],
    'in a promise job': [({ fixture }) => {
      process.on('unhandledRejection', () => console.log('unhandledRejection'));
      queueMicrotask(() => {
        fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
      });
    }, ['Error: mine']],
    'twenty frames of C in': [({ fixture }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function thrower(value) {
        if (value === 20) throw new Error('mine');
        return value + 1;
      });
      fixture.native('call_nested_i32', 'i32', 'function', 'u32', 'i32')(callback, 30, 0);
    }, ['Error: mine', 'at thrower (']],
    'an Error that exits the process when it is looked at': [({ fixture }) => {
      const error = Object.defineProperty(new Error('hostile'), 'stack', { get() { process.exit(8); } });
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw error; }));
    }, []],
    'an Error whose stack is made by a function that exits': [({ fixture }) => {
      Error.prepareStackTrace = () => process.exit(8);
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
    }, []],
    'an Error that does not come back when it is looked at': [({ fixture }) => {
      const error = Object.defineProperty(new Error('hostile'), 'stack', { get() { for (;;); } });
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw error; }));
    }, []],
    'and has a name that is not its own to read': [({ fixture }) => {
      const callback = Object.defineProperty(() => { throw new Error('mine'); }, 'name', { get() { throw new Error('name'); } });
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(callback));
    }, ['Error: mine', '() -> void']],
  };
  for (const [name, [body, pieces]] of Object.entries(throwing)) {
    test(name, () => assertAborts(body, lines.threw, pieces));
  }
});

describe('a callback that returns a promise', options, () => {
  const promising = {
    'of its own': ({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function promiser() { return Promise.resolve(); }));
    },
    'because it is async': ({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(async function promiser() {}));
    },
    'that is rejected': ({ fixture }) => {
      process.on('unhandledRejection', () => console.log('unhandledRejection'));
      fixture.native(
        'call_void',
        'void',
        'function',
      )(
        fixture.open().registerCallback(function promiser() {
          return Promise.reject(new Error('mine'));
        }),
      );
    },
    'that nobody could tell for one': ({ fixture }) => {
      const promise = Object.setPrototypeOf(Promise.resolve(), null);
      Object.defineProperties(promise, { constructor: { value: Object }, then: { value: undefined }, [Symbol.toStringTag]: { value: 'Object' } });
      require('node:util').types.isPromise = () => false;
      Object.defineProperty(Promise, Symbol.hasInstance, { value: () => false });
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function promiser() { return promise; }));
    },
    'of a subclass and another realm': ({ fixture }) => {
      const promise = require('node:vm').runInNewContext('new (class extends Promise {})(() => {})');
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function promiser() { return promise; }));
    },
  };
  for (const [name, body] of Object.entries(promising)) {
    test(name, () => assertAborts(body, lines.promised, [`in callback "promiser" () -> void of ${path}`]));
  }
  test('to the event loop', () => assertAborts(({ fixture }) => {
    const { signature, startTimer } = require('./event-loop');
    startTimer(fixture.open().registerCallback(signature, async function promiser() {}));
  }, lines.promised, [`in callback "promiser" (pointer) -> void of ${path}`]));

  test('in a Worker', () => assertAborts(({ start }) => {
    start(({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(async function promiser() {}));
    }).on('error', () => console.log('error')).on('exit', () => console.log('exit'));
  }, lines.promised, ['callback "promiser" () -> void']));

  test('below another one', () => assertAborts(({ fixture }) => {
    const call = fixture.native('call_void', 'void', 'function');
    const library = fixture.open();
    const inner = library.registerCallback(function promiser() { return Promise.resolve(); });
    call(library.registerCallback(function outer() { try { call(inner); } catch { console.log('caught'); } }));
  }, lines.promised, ['callback "promiser" () -> void']));

  test('after many calls', () => assertAborts(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function promiser(value) {
      return value === 100_000 ? Promise.resolve(1) : value;
    });
    console.log(fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 100_001));
  }, lines.promised, ['callback "promiser" (int32) -> int32']));

  for (const type of count(['pointer'], ['i8', 'u8', 'bool', 'i16', 'u16', 'u32', 'i64', 'u64', 'f32', 'f64', 'pointer'])) {
    test(`for ${type}`, () => assertAborts(({ fixture }, result) => {
      const library = fixture.open();
      const callback = library.registerCallback({ return: result }, async function promiser() {});
      console.log(library.getFunctionFromPointer(callback, { return: result })());
    }, lines.promised, ['callback "promiser" ()'], [type]));
  }

  test('for a number', () => assertAborts(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, async function promiser(value) {
      return value;
    });
    fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1);
  }, lines.promised, ['callback "promiser" (int32) -> int32']));
});

describe('a callback that returns the wrong value', options, () => {
  // Source text, because JSON has not all of these. What is no value of any type:
  const foreign = ['undefined', 'null', 'true', '"1"', '{}', '[1]', 'Symbol()', '() => 1', 'new Number(1)', '({ then() {} })', '({ valueOf: () => 1 })'];
  const numbers = ['0.5', 'NaN', 'Infinity', '-Infinity', '2 ** 53', '1n', ...foreign];
  const bigints = ['1', '0.5', '2n ** 64n', ...foreign];
  const addresses = ['1', '-1n', '2n ** 64n', 'Buffer.alloc(1)', 'new ArrayBuffer(1)', ...foreign.filter((source) => !/^(undefined|null)$/.test(source))];
  const wrong = {
    i8: [['-129', '128', 'undefined'], numbers],
    u8: [['-1', '256', 'true'], numbers],
    bool: [['-1', '256', 'false'], numbers],
    i16: [['-32769', '32768', '1.5'], numbers],
    u16: [['-1', '65536'], numbers],
    i32: [['-(2 ** 31) - 1', '2 ** 31', '-0.5', '1n', '({ then() {} })'], numbers],
    u32: [['-1', '2 ** 32', 'NaN'], numbers],
    i64: [['-(2n ** 63n) - 1n', '2n ** 63n', '1'], [...bigints, '-(2n ** 64n)']],
    u64: [['-1n', '2n ** 64n', '1'], bigints],
    f32: [['1n', 'undefined'], foreign],
    f64: [['1n', 'null'], foreign],
    pointer: [['-1n', '2n ** 64n', '1', '"text"'], addresses],
    string: [['"text"'], addresses],
    buffer: [['Buffer.alloc(8)'], addresses],
    function: [['() => {}'], addresses],
  };
  const body = ({ fixture }, type, source) => {
    const value = require('./compile').evaluate(`(${source})`);
    const library = fixture.open();
    const callback = library.registerCallback({ return: type }, function answerer() { return value; });
    console.log(library.getFunctionFromPointer(callback, { return: type })());
  };
  for (const [type, [few, more]] of Object.entries(wrong)) {
    for (const source of count(few, new Set([...few, ...more]))) {
      test(`${source} for ${type}`, () => assertAborts(body, lines.invalid, ['in callback "answerer" ()', `of ${path}`], [type, source]));
    }
  }

  // A result that the code which was made for the others does not expect.
  const late = { i32: ['0.5', 'undefined', '1n', '2 ** 31'], f64: ['"text"', '1n'], i64: ['1', '2n ** 63n'], u8: ['256'], pointer: ['1', '-1n'] };
  const lateBody = ({ fixture }, type, source) => {
    const value = require('./compile').evaluate(`(${source})`);
    let calls = 0;
    const callback = fixture.open().registerCallback({ return: type, arguments: [type] }, function answerer(given) {
      return ++calls > 50_000 ? value : given;
    });
    console.log(fixture.native(`count_wrong_${type}`, 'u32', 'function', 'u32')(callback, 60_000));
  };
  for (const [type, sources] of Object.entries(late)) {
    for (const source of sources.slice(0, count(1, sources.length))) {
      test(`${source} for ${type}, after many calls`, () => (
        assertAborts(lateBody, lines.invalid, ['in callback "answerer" (', `of ${path}`], [type, source])
      ));
    }
  }

  test('in a Worker', () => assertAborts(({ start }) => {
    start(({ fixture }) => {
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function answerer() {});
      fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1);
    }).on('error', () => console.log('error')).on('exit', () => console.log('exit'));
  }, lines.invalid, ['it returned undefined', 'callback "answerer" (int32) -> int32']));

  test('below another one', () => assertAborts(({ fixture }) => {
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const library = fixture.open();
    const i32 = { return: 'i32', arguments: ['i32'] };
    const inner = library.registerCallback(i32, function answerer() { return 'text'; });
    call(library.registerCallback(i32, (value) => { try { return call(inner, value); } catch { console.log('caught'); return 1; } }), 1);
  }, lines.invalid, ["it returned type string ('text')", 'callback "answerer" (int32) -> int32']));
});

describe('a callback that is called on another thread', options, () => {
  test('that C started', () => assertAborts(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function local() {
      console.log('ran');
      return 1;
    });
    console.log(fixture.native('call_i32_on_thread', 'i32', 'function', 'i32')(callback, 1));
  }, lines.thread, [`in callback "local" (int32) -> int32 of ${path}`]));

  test('that C started, returning nothing', () => assertAborts(({ fixture }) => {
    fixture.native('call_void_on_thread', 'void', 'function')(fixture.open().registerCallback(function local() { console.log('ran'); }));
  }, lines.thread, ['callback "local" () -> void']));

  test('that C started, while it runs on its own', () => assertAborts(({ fixture }) => {
    const library = fixture.open();
    const i32 = { return: 'i32', arguments: ['i32'] };
    const onThread = fixture.native('call_i32_on_thread', 'i32', 'function', 'i32');
    const callback = library.registerCallback(i32, function local(value) {
      if (value === 2) console.log('ran');
      return onThread(callback, 2);
    });
    console.log(fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1));
  }, lines.thread, ['callback "local" (int32) -> int32']));

  test('that C started, of a Worker', () => assertAborts(({ start }) => {
    start(({ fixture }) => {
      const callback = fixture.open().registerCallback(function local() { console.log('ran'); });
      fixture.native('call_void_on_thread', 'void', 'function')(callback);
    }).on('exit', () => console.log('exit'));
  }, lines.thread, ['callback "local" () -> void']));

  test('that C started, after many calls on its own', () => assertAborts(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function local(value) { return value; });
    fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 50_000);
    console.log(fixture.native('call_i32_on_thread', 'i32', 'function', 'i32')(callback, 1));
  }, lines.thread, ['callback "local" (int32) -> int32']));

  test('that is a Worker', () => assertAborts(({ fixture, start }) => {
    const callback = fixture.open().registerCallback(function local() { console.log('ran'); });
    const caller = start(({ fixture: { native }, worker: { workerData } }) => native('call_void', 'void', 'function')(workerData), [], {
      workerData: callback,
    });
    caller.on('exit', () => console.log('exit'));
  }, lines.thread, ['callback "local" () -> void']));

  test('that is not the Worker it belongs to', () => assertAborts(({ fixture, start }) => {
    const owner = start(({ fixture: { open }, worker: { parentPort } }) => {
      parentPort.postMessage(open().registerCallback(function local() { console.log('ran'); }));
      setInterval(() => {}, 1000);
    });
    owner.on('message', (address) => fixture.native('call_void', 'void', 'function')(address));
  }, lines.thread, ['callback "local" () -> void']));
});
