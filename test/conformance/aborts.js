'use strict';

// What ends the process (behaviour 4.2). Each runs in a process of its own; how it ended and the first line of its
// standard error are compared.

const vm = require('node:vm');
const { Worker } = require('node:worker_threads');
const { compile } = require('../compile');

const one = { i8: 0, u8: 0, i16: 0, u16: 0, i32: 0, u32: 0, i64: 0n, u64: 0n, f32: 0, f64: 0, pointer: 0n };

// A callback of this type that returns this, called once.
function returning(type, value) {
  return (ffi, fixture) => {
    const callback = fixture.open().registerCallback({ return: type, arguments: [type] }, () => value);
    fixture.native(`call_${type}`, type, 'function', type)(callback, one[type]);
  };
}

function calling(callback) {
  return (ffi, fixture) => {
    fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(callback));
  };
}

function onThread(signature, name, ...list) {
  return (ffi, fixture) => {
    const callback = fixture.open().registerCallback(signature, () => 1);
    fixture.native(name, 'i32', 'function', ...list.map(() => 'i32'))(callback, ...list);
  };
}

// Called by the event loop, with no JavaScript below that could catch anything.
function fromTheLoop(callback) {
  return (ffi, fixture) => {
    const { signature, startTimer } = require('../event-loop');
    startTimer(fixture.open().registerCallback(signature, callback));
    setTimeout(() => process.exit(6), 1000);
  };
}

// Right for long enough to be optimised, and then not.
function afterManyCalls(misbehave) {
  return (ffi, fixture) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => (value < 50_000 ? value : misbehave()));
    fixture.native('call_times_i32', 'i64', 'function', 'u32')(callback, 50_001);
  };
}

Object.assign(exports, {
  'throws an Error': calling(() => {
    throw new Error('mine');
  }),
  'throws a string': calling(() => {
    throw 'mine';
  }),
  'throws undefined': calling(() => {
    throw undefined;
  }),
  'overflows the stack': calling(function again() {
    again();
  }),
  'is a class': calling(class C {}),
  'returns a Promise': calling(() => Promise.resolve()),
  'is async': calling(async () => {}),
  'returns a Promise for an i32': returning('i32', Promise.resolve(1)),
  'returns a thenable for an i32': returning('i32', { then() {} }),
  'returns undefined for an i32': returning('i32', undefined),
  'returns null for an f64': returning('f64', null),
  'returns true for a u8': returning('u8', true),
  'returns 256 for a u8': returning('u8', 256),
  'returns -129 for an i8': returning('i8', -129),
  'returns 1.5 for an i32': returning('i32', 1.5),
  'returns NaN for an i16': returning('i16', NaN),
  'returns a bigint for an i32': returning('i32', 1n),
  'returns a bigint for an f32': returning('f32', 1n),
  'returns a large bigint for an i64': returning('i64', 2n ** 63n),
  'returns a negative bigint for a u64': returning('u64', -1n),
  'returns a string for a pointer': returning('pointer', 'text'),
  'returns a Buffer for a pointer': returning('pointer', Buffer.alloc(1)),
  'returns a number for a pointer': returning('pointer', 1),
  'returns a negative bigint for a pointer': returning('pointer', -1n),
  'runs on another thread': onThread({ return: 'i32', arguments: ['i32'] }, 'call_i32_on_thread', 1),
  'runs on another thread, void': onThread({}, 'call_void_on_thread'),
  'runs in a Worker that did not make it': (ffi, fixture) => {
    const callback = fixture.open().registerCallback(() => {});
    const call = 'fixture.native("call_void", "void", "function")(require("node:worker_threads").workerData)';
    new Worker(`const fixture = require(${JSON.stringify(require.resolve('./native'))}); ${call}`, {
      eval: true,
      workerData: callback,
    });
  },
  'throws in a Worker': () => {
    const register = 'fixture.open().registerCallback(() => { throw new Error("mine"); })';
    const call = `fixture.native("call_void", "void", "function")(${register})`;
    new Worker(`const fixture = require(${JSON.stringify(require.resolve('./native'))}); ${call}`, { eval: true });
  },
  'throws although uncaughtException is handled': (ffi, fixture) => {
    process.on('uncaughtException', () => process.exit(5));
    calling(() => {
      throw new Error('mine');
    })(ffi, fixture);
  },
  'throws although a capture callback is set': (ffi, fixture) => {
    process.setUncaughtExceptionCaptureCallback(() => process.exit(5));
    calling(() => {
      throw new Error('mine');
    })(ffi, fixture);
  },
  'throws in a domain': (ffi, fixture) => {
    const domain = require('node:domain').create();
    domain.on('error', () => process.exit(5));
    domain.run(() => {
      calling(() => {
        throw new Error('mine');
      })(ffi, fixture);
    });
  },
  'throws in a promise job': (ffi, fixture) => {
    process.on('unhandledRejection', () => process.exit(5));
    Promise.resolve().then(() => {
      calling(() => {
        throw new Error('mine');
      })(ffi, fixture);
    });
  },
  'throws when the loop calls': fromTheLoop(() => {
    throw new Error('mine');
  }),
  'throws when the loop calls, although uncaughtException is handled': (ffi, fixture) => {
    process.on('uncaughtException', () => process.exit(5));
    fromTheLoop(() => {
      throw new Error('mine');
    })(ffi, fixture);
  },
  'returns a Promise to the loop': fromTheLoop(async () => {}),
  'leaves by process.exit when the loop calls': fromTheLoop(() => process.exit(3)),
  'throws after many calls': afterManyCalls(() => {
    throw new Error('mine');
  }),
  'returns a Promise after many calls': afterManyCalls(() => Promise.resolve(1)),
  'returns a string after many calls': afterManyCalls(() => 'text'),
  'returns a fraction after many calls': afterManyCalls(() => 0.5),
  'overflows the stack after many calls': afterManyCalls(function again() {
    return again();
  }),
  'throws an error of another context': calling(vm.runInNewContext('() => { throw new Error("mine"); }')),
  'returns a Promise of another context': calling(vm.runInNewContext('async () => {}')),
  'returns a Promise without a prototype': calling(() => Object.setPrototypeOf(Promise.resolve(), null)),
  'returns an undetectable object for a pointer': (ffi, fixture) => {
    require('node:v8').setFlagsFromString('--allow-natives-syntax');
    returning('pointer', compile('return %GetUndetectable();')())(ffi, fixture);
  },
  'is a class of another context': calling(vm.runInNewContext('(class C {})')),
  'is a Proxy that was revoked': (ffi, fixture) => {
    const { proxy, revoke } = Proxy.revocable(() => {}, {});
    const callback = fixture.open().registerCallback(proxy);
    revoke();
    fixture.native('call_void', 'void', 'function')(callback);
  },
  'is a Proxy whose trap throws': calling(new Proxy(() => {}, {
    apply() {
      throw new Error('mine');
    },
  })),
  'is a Proxy whose trap returns a Promise': calling(new Proxy(() => {}, { apply: () => Promise.resolve() })),
  'is a bound class': calling((class C {}).bind(null)),
  'is a generator function for an i32': (ffi, fixture) => {
    const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function* generator() {});
    fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1);
  },
  'is an async generator function for a pointer': (ffi, fixture) => {
    const callback = fixture.open().registerCallback({ return: 'pointer', arguments: ['pointer'] }, async function* generator() {});
    fixture.native('call_pointer', 'pointer', 'function', 'pointer')(callback, 1n);
  },
  'leaves by process.exit': (ffi, fixture) => calling(() => process.exit(3))(ffi, fixture),
  'throws what an inner call threw': (ffi, fixture) => {
    const inner = fixture.native('identity_i32', 'i32', 'i32');
    calling(() => inner('x'))(ffi, fixture);
  },
});
