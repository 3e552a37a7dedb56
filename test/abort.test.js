'use strict';

// What a callback must not do. Each ends its process, with a line that says what happened, then the JavaScript error where
// there is one, then which callback it was.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { path } = require('./fixture');
const { run } = require('./child');

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
    }, ["ENOENT: no such file or directory, open '/nowhere/at all'", "code: 'ENOENT'", 'at reader (']],
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
    'of a subclass and another realm': ({ fixture }) => {
      const promise = require('node:vm').runInNewContext('new (class extends Promise {})(() => {})');
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function promiser() { return promise; }));
    },
  };
  for (const [name, body] of Object.entries(promising)) {
    test(name, () => assertAborts(body, lines.promised, [`in callback "promiser" () -> void of ${path}`]));
  }
  test('for a number', () => assertAborts(({ fixture }) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, async function promiser(value) {
      return value;
    });
    fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1);
  }, lines.promised, ['callback "promiser" (int32) -> int32']));
});

describe('a callback that returns the wrong value', options, () => {
  // Source text, because JSON has not all of these.
  const wrong = {
    i8: ['undefined'], u8: ['true'], bool: ['256'], i16: ['1.5'], u16: ['65536'], i32: ['1n', '({ then() {} })'], u32: ['NaN'],
    i64: ['1', '2n ** 63n'], u64: ['-1n'], f32: ['1n'], f64: ['null'], pointer: ['1', '"text"', '-1n'],
  };
  const body = ({ fixture }, type, source) => {
    const value = (0, eval)(source);
    const library = fixture.open();
    const callback = library.registerCallback({ return: type }, function answerer() { return value; });
    console.log(library.getFunctionFromPointer(callback, { return: type })());
  };
  for (const [type, sources] of Object.entries(wrong)) {
    for (const source of sources) {
      test(`${source} for ${type}`, () => assertAborts(body, lines.invalid, ['in callback "answerer" ()', `of ${path}`], [type, source]));
    }
  }
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
