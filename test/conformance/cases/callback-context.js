'use strict';

// What a callback runs in: whose microtasks, asynchronous context and realm, with which arguments and `this`; called by C that JavaScript
// called, and by the event loop, with no JavaScript below (behaviour 4.1).

const { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId } = require('node:async_hooks');
const vm = require('node:vm');
const { close, sendAsync, signature, startTimer } = require('../../event-loop');
const { compile } = require('../../compile');

const turn = () => new Promise(setImmediate);

exports.cases = async (record, ffi, fixture) => {
  const library = fixture.open();
  const call = fixture.native('call_void', 'void', 'function');
  receivers(record, library, fixture, call);
  realms(record, library, fixture, call);
  kinds(record, library, fixture, call);
  representations(record, library, fixture);
  asynchronousContext(record, library, call);
  await order(record, library, fixture, call);
  await fromTheLoop(record, library, fixture, call);
};

function receivers(record, library, fixture, call) {
  const seen = (make) => () => {
    let outcome;
    call(library.registerCallback(make((value) => { outcome = value; })));
    return outcome;
  };
  record('callback this/strict', seen((see) => function () { see([this === undefined, new.target === undefined, arguments.length]); }));
  record('callback this/sloppy', seen((see) => compile('see', 'return function () { see(this === globalThis); }')(see)));
  record('callback this/arrow', seen((see) => function () { return () => see(this.own); }.call({ own: 5 })));
  record('callback this/bound', seen((see) => function (...list) { see([this.own, ...list]); }.bind({ own: 5 }, 'first')));
  record('callback this/method', seen((see) => ({ method() { see([this === undefined, typeof super.toString]); } }.method)));
  record('callback this/static method', seen((see) => (class { static method() { see(this === undefined); } }).method));
  record('callback this/getter of a Proxy', seen((see) => new Proxy(() => {}, {
    apply(_, receiver, list) { see([receiver === undefined, list.length]); },
    get(_, key) { see(`get ${String(key)}`); },
  })));
  const twice = fixture.native('call_i32', 'i32', 'function', 'i32');
  const i32 = { return: 'i32', arguments: ['i32'] };
  const shapes = {
    'none': () => 1, 'rest': (...list) => list.length, 'default of an absent one': (a, b = 40) => a + b,
    'default of one that is there': (a = 40) => a, 'more than there are': (a, b) => (b === undefined ? a : -1),
    'arguments': function () { return arguments[0] + arguments.length; },
    // eslint-disable-next-line no-param-reassign
    'sloppy arguments that change': compile('a', 'a = 9; return arguments[0];'),
    'destructured': ({ constructor }) => constructor.name.length,
  };
  for (const [name, shape] of Object.entries(shapes)) record(`callback parameters/${name}`, () => twice(library.registerCallback(i32, shape), 2));
}

// Functions of another context, in which everything is another object.
function realms(record, library, fixture, call) {
  const context = vm.createContext({ seen: [] });
  const i32 = { return: 'i32', arguments: ['i32'] };
  const pass = fixture.native('call_i32', 'i32', 'function', 'i32');
  const sources = {
    'strict function': '(function (value) { "use strict"; return this === undefined ? value + 1 : 99; })',
    'sloppy function': '(function (value) { return this === globalThis ? value + 2 : 99; })',
    'arrow': '(value) => value + (this === globalThis ? 3 : 0)',
    'bound': '(function (a, b) { return a + b; }).bind(null, 4)',
    'Proxy': 'new Proxy((value) => value + 5, {})',
    'built-in': 'Math.abs',
    'its globals': '(value) => { seen.push(value); return seen.length; }',
    'a number object of its own is no number, so it adds': '(value) => new Number(value) + 6',
  };
  for (const [name, source] of Object.entries(sources)) {
    record(`callback realm/${name}`, () => pass(library.registerCallback(i32, vm.runInContext(source, context)), -3));
  }
  record('callback realm/the bigint is one of any realm', () => {
    const wide = { return: 'u64', arguments: ['u64'] };
    const callback = library.registerCallback(wide, vm.runInContext('(value) => value instanceof Object ? 0n : value + 1n', context));
    return fixture.native('call_u64', 'u64', 'function', 'u64')(callback, 2n ** 60n);
  });
  record('callback realm/its errors can be caught there', () => {
    const callback = vm.runInContext('(thrower) => () => { try { thrower(); } catch (error) { seen.push(error instanceof RangeError); } }', context)(
      vm.runInContext('() => { throw new RangeError("mine"); }', context));
    call(library.registerCallback(callback));
    return vm.runInContext('seen.pop()', context);
  });
  record('callback realm/called from another context', () => {
    const inner = vm.createContext({ pass, callback: library.registerCallback(i32, (value) => value * 2) });
    return vm.runInContext('pass(callback, 21)', inner);
  });
}

function kinds(record, library, fixture, call) {
  const callables = {
    'generator function': function* () { throw new Error('not run'); },
    'asynchronous generator function': async function* () { throw new Error('not run'); },
    'Proxy of a promise, returned': () => new Proxy(Promise.resolve(), {}),
    'object with the prototype of promises, returned': () => Object.create(Promise.prototype),
    'bound function of a Proxy of a bound function': new Proxy((() => {}).bind(1), {}).bind(2),
    'constructor that may be called': Date,
    'Symbol, which may be called': Symbol,
  };
  for (const [name, callable] of Object.entries(callables)) {
    record(`callback kind/${name}`, () => call(library.registerCallback(callable)));
  }
  const lazy = Object.defineProperty(() => 5, 'name', { get() { throw new Error('name was read'); } });
  record('callback kind/a name that throws', () =>
    fixture.native('call_i32', 'i32', 'function', 'i32')(library.registerCallback({ return: 'i32', arguments: ['i32'] }, lazy), 1));
}

// One number has several representations in the engine, and C gets the same of each.
function representations(record, library, fixture) {
  const boxed = (value) => Float64Array.of(value)[0];
  const made = { sum: (value) => value - 0.5 + 0.5, boxed, parsed: (value) => JSON.parse(String(value)), rounded: (value) => Math.round(boxed(value)) };
  const values = {
    i8: [-128, 127, 5], u8: [0, 255], bool: [0, 1, 2, 255], i16: [-32768, 32767], u16: [65535], i32: [-(2 ** 31), 2 ** 31 - 1, 2 ** 30, 7],
    u32: [0, 2 ** 31, 2 ** 32 - 1, 2 ** 30], f32: [0, 1, 0.5, 2 ** 31, -7], f64: [0, 1, 2 ** 31, 2 ** 53, -7],
  };
  for (const [type, list] of Object.entries(values)) {
    const native = type === 'bool' ? 'u8' : type;
    const pass = fixture.native(`call_${native}`, type, 'function', type);
    let answer;
    const callback = library.registerCallback({ return: type, arguments: [type] }, () => answer);
    for (const value of list) {
      for (const [how, make] of Object.entries(made)) {
        record(`callback returns/${type} ${how}/${value}`, () => {
          answer = make(value);
          return pass(callback, 0);
        });
      }
    }
    if (type.startsWith('f')) continue;
    record(`callback returns/${type}/-0 of a product`, () => {
      answer = boxed(0) * -1;
      return pass(callback, 0);
    });
  }
  const singles = [-0, NaN, 1e300, -1e300, 2 ** -149, 2 ** -150, 2 ** -150 * 1.5, 2 ** 128 - 2 ** 103, 2 ** 128 - 2 ** 103 - 2 ** 80, 1 + 2 ** -24,
    1 + 3 * 2 ** -24, 0.1, -Infinity];
  let single;
  const callback = library.registerCallback({ return: 'f32', arguments: ['f32'] }, () => single);
  const pass = fixture.native('call_f32', 'f32', 'function', 'f32');
  for (const value of singles) {
    record(`callback returns/f32 rounded/${Object.is(value, -0) ? '-0' : value}`, () => {
      single = value;
      return pass(callback, 0);
    });
  }
}

function asynchronousContext(record, library, call) {
  const storage = new AsyncLocalStorage();
  let seen;
  const callback = library.registerCallback(() => {
    seen = [storage.getStore(), executionAsyncId(), triggerAsyncId(), executionAsyncResource()];
  });
  const compare = () => {
    const here = [storage.getStore(), executionAsyncId(), triggerAsyncId(), executionAsyncResource()];
    call(callback);
    return here.map((value, index) => value === seen[index]);
  };
  record('callback context/of the program', compare);
  record('callback context/of a store', () => [...storage.run('store', compare), storage.run('store', () => { call(callback); return seen[0]; })]);
  record('callback context/of a store in a store', () => storage.run('outer', () => storage.run('inner', () => { call(callback); return seen[0]; })));
  record('callback context/of a resource', () => new AsyncResource('test').runInAsyncScope(compare));
  record('callback context/where it was registered does not count', () => {
    const other = storage.run('registered', () => library.registerCallback(() => { seen = storage.getStore(); }));
    storage.run('called', () => call(other));
    return seen;
  });
  record('callback context/what it enters stays', () => storage.run('before', () => {
    call(library.registerCallback(() => { storage.enterWith('entered'); }));
    return storage.getStore();
  }));
  record('callback context/no hook is told', () => {
    const events = [];
    const hook = createHook({ init: (_, type) => events.push(type), before: () => events.push('before'), after: () => events.push('after') });
    hook.enable();
    call(callback);
    hook.disable();
    return events;
  });
  record('callback context/a domain', () => {
    const domain = require('node:domain').create();
    let active;
    domain.run(() => call(library.registerCallback(() => { active = process.domain === domain; })));
    return [active, process.domain === undefined || process.domain === null];
  });
}

// A callback that queues one of everything, and notes when each ran.
function queueing(order) {
  return (name = 'callback') => {
    order.push(name);
    process.nextTick(() => order.push(`${name} tick`));
    queueMicrotask(() => order.push(`${name} microtask`));
    Promise.resolve().then(() => order.push(`${name} promise`)).then(() => order.push(`${name} promise of a promise`));
  };
}

async function order(record, library, fixture, call) {
  const times = fixture.native('call_times_i32', 'i64', 'function', 'u32');
  // Each place gives `act` to something that runs it some time later.
  const places = {
    'a script': (act) => act(), 'a microtask': (act) => queueMicrotask(act), 'a tick': (act) => process.nextTick(act),
    'an immediate': (act) => setImmediate(act), 'a timer': (act) => setTimeout(act, 1),
    'an asynchronous function': async (act) => { await null; act(); },
  };
  for (const [place, later] of Object.entries(places)) {
    await record.settled(`callback order/in ${place}`, async () => {
      const events = [];
      const queue = queueing(events);
      const callback = library.registerCallback(() => queue());
      await new Promise((resolve) => later(() => {
        call(callback);
        events.push('between');
        call(callback);
        events.push('after');
        setTimeout(resolve, 2);
      }));
      await turn();
      return events;
    });
  }
  await record.settled('callback order/several of one call', async () => {
    const events = [];
    const queue = queueing(events);
    const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => { queue(value); return value; });
    times(callback, 3);
    events.push('after');
    await turn();
    return events;
  });
  await record.settled('callback order/one in another', async () => {
    const events = [];
    const queue = queueing(events);
    const inner = library.registerCallback(() => queue('inner'));
    call(library.registerCallback(() => { queue('outer'); call(inner); events.push('outer again'); }));
    events.push('after');
    await turn();
    return events;
  });
  await record.settled('callback order/what a callback awaits', async () => {
    const events = [];
    call(library.registerCallback(() => {
      (async () => { events.push('begun'); await null; events.push('awaited'); })();
    }));
    events.push('after');
    await turn();
    return events;
  });
}

// Until the loop has called what was started on it.
async function until(condition) {
  for (let turns = 0; turns < 10_000; turns++) {
    if (condition()) return;
    await turn();
  }
  throw new Error('the loop did not call');
}

async function fromTheLoop(record, library, fixture, call) {
  const register = (callback) => library.registerCallback(signature, callback);
  const frames = () => {
    const holder = {};
    Error.captureStackTrace(holder, frames);
    return holder.stack.split('\n').filter((line) => line.startsWith('    at ')).length;
  };
  await record.settled('callback of the loop/what it is called with', async () => {
    let seen;
    startTimer(register(function (...list) { seen = [list.length, typeof list[0], this === undefined]; }));
    await until(() => seen);
    return seen;
  });
  await record.settled('callback of the loop/functions on the stack', async () => {
    let seen;
    startTimer(register(() => { seen = frames(); }));
    await until(() => seen);
    return seen;
  });
  // Two timers, called in one go: what the first one queues does not run before the second one.
  await record.settled('callback of the loop/order', async () => {
    const events = [];
    const queue = queueing(events);
    startTimer(register(() => queue('first')));
    startTimer(register(() => queue('second')));
    await until(() => events.includes('second'));
    await turn();
    return events;
  });
  await record.settled('callback of the loop/order with calls in it', async () => {
    const events = [];
    const queue = queueing(events);
    const inner = library.registerCallback(() => queue('inner'));
    startTimer(register(() => { queue('outer'); call(inner); events.push('outer again'); }));
    startTimer(register(() => events.push('next')));
    await until(() => events.includes('next'));
    await turn();
    return events;
  });
  await record.settled('callback of the loop/what it sets off', async () => {
    const events = [];
    startTimer(register(() => {
      setImmediate(() => events.push('immediate'));
      setTimeout(() => events.push('timer'), 1);
      events.push('callback');
    }));
    await until(() => events.length === 3);
    return events;
  });
  const storage = new AsyncLocalStorage();
  await record.settled('callback of the loop/asynchronous context', async () => {
    let seen;
    const callback = register(() => { seen = [storage.getStore(), executionAsyncId(), triggerAsyncId(), typeof executionAsyncResource()]; });
    storage.run('store', () => startTimer(callback));
    await until(() => seen);
    return seen;
  });
  await record.settled('callback of the loop/asynchronous context of what it queues', async () => {
    const seen = [];
    startTimer(register(() => storage.run('inside', () => {
      queueMicrotask(() => seen.push(storage.getStore()));
      process.nextTick(() => seen.push(storage.getStore()));
      setImmediate(() => seen.push(storage.getStore()));
    })));
    startTimer(register(() => seen.push(storage.getStore())));
    await until(() => seen.length === 4);
    return [seen[0], ...seen.slice(1).sort()];
  });
  await record.settled('callback of the loop/a handle that is sent to', async () => {
    const events = [];
    const queue = queueing(events);
    const handle = sendAsync(register(() => {
      queue('sent');
      close(handle, closed);
    }));
    const closed = register(() => queue('closed'));
    await until(() => events.includes('closed'));
    await turn();
    return events;
  });
}
