'use strict';

// Registering callbacks, their order of checks, nesting, and what runs when (behaviour 4.1, 4.3).

const { foreigners } = require('../values');
const { compile } = require('../../compile');

exports.cases = async (record, ffi, fixture) => {
  registration(record, ffi, fixture);
  kinds(record, fixture);
  addresses(record, fixture);
  for (const method of ['unregisterCallback', 'refCallback', 'unrefCallback']) {
    management(record, fixture, method);
  }
  nesting(record, fixture);
  await timing(record, fixture);
};

function registration(record, ffi, fixture) {
  const library = fixture.open();
  const typeOf = (value) => typeof library.registerCallback(...value);
  record('registerCallback/nothing', () => typeOf([]));
  for (const { label, make } of foreigners) {
    record(`registerCallback/${label} alone`, () => typeOf([make()]));
    record(`registerCallback/${label} and a function`, () => typeOf([make(), () => {}]));
    record(`registerCallback/signature and ${label}`, () => typeOf([{}, make()]));
    record(`registerCallback/function and ${label}`, () => typeOf([() => {}, make()]));
  }
  for (const value of [undefined, null, 0, 1, '', 'void', 0n]) {
    const label = `${typeof value} ${value}`;
    record(`registerCallback/${label} alone`, () => typeOf([value]));
    record(`registerCallback/${label} and a function`, () => typeOf([value, () => {}]));
    record(`registerCallback/signature and ${label}`, () => typeOf([{}, value]));
  }
  record('registerCallback/bad signature and no function', () => typeOf([{ return: 'int' }]));
  record('registerCallback/bad signature', () => typeOf([{ return: 'int' }, () => {}]));
  record('registerCallback/surplus argument', () => typeOf([{}, () => {}, 1]));
  record('registerCallback/Proxy of a function alone', () => typeOf([new Proxy(() => {}, {})]));
}

// Everything callable can be registered; what it does is another question.
function kinds(record, fixture) {
  const library = fixture.open();
  const call = fixture.native('call_i32', 'i32', 'function', 'i32');
  const signature = { return: 'i32', arguments: ['i32'] };
  const callables = {
    arrow: (value) => value + 1,
    function: function (value) {
      return value + 1;
    },
    method: {
      double(value) {
        return value * 2;
      },
    }.double,
    bound: ((factor, value) => factor * value).bind(null, 3),
    proxy: new Proxy((value) => value + 7, {}),
    native: Math.abs,
    'of another realm': require('node:vm').runInNewContext('(value) => value + 9'),
    'foreign function': fixture.native('identity_i32', 'i32', 'i32'),
  };
  for (const [label, callable] of Object.entries(callables)) {
    record(`callback kind/${label}`, () => call(library.registerCallback(signature, callable), -5));
  }
  for (const [label, callable] of Object.entries({
    class: class C {},
    async: async () => 1,
    generator: function* () {},
  })) {
    record(`callback kind/${label} is only registered`, () => typeof library.registerCallback(signature, callable));
  }
  const sloppy = compile('return this === globalThis ? 1 : 0');
  record('callback kind/sloppy this', () =>
    call(library.registerCallback({ return: 'i32', arguments: ['i32'] }, sloppy), 1),
  );
}

function addresses(record, fixture) {
  const library = fixture.open();
  const callback = () => {};
  const [first, second] = [library.registerCallback(callback), library.registerCallback(callback)];
  record('callback address/twice the same function', () => first === second);
  record('callback address/not null', () => first !== 0n && second !== 0n);
  record('callback address/listed nowhere', () => [Object.keys(library.functions), Object.keys(library.symbols)]);
  record('callback address/thousands', () => {
    const all = Array.from({ length: 3000 }, (_, index) =>
      library.registerCallback({ return: 'i32', arguments: ['i32'] }, () => index),
    );
    const call = fixture.native('call_i32', 'i32', 'function', 'i32');
    const wrong = all.filter((address, index) => call(address, 0) !== index).length;
    all.forEach((address) => library.unregisterCallback(address));
    return [new Set(all).size, wrong];
  });
}

function management(record, fixture, method) {
  const library = fixture.open();
  const other = fixture.open();
  const address = () => library.registerCallback(() => {});
  const bad = [undefined, null, 0, 1, '1', true, {}, Object(1n), -1n, 2n ** 64n, -(2n ** 64n), 0n, 1n, 2n ** 64n - 1n];
  record(`${method}/nothing`, () => library[method]());
  for (const value of bad) {
    record(`${method}/${typeof value} ${value}`, () => library[method](value));
  }
  record(`${method}/symbol`, () => library[method](Symbol('s')));
  record(`${method}/a callback`, () => library[method](address()));
  record(`${method}/surplus argument`, () => library[method](address(), 1));
  record(`${method}/of another library`, () => other[method](address()));
  record(`${method}/twice`, () => {
    const callback = address();
    return [library[method](callback), library[method](callback)];
  });
  record(`${method}/after unregisterCallback`, () => {
    const callback = address();
    library.unregisterCallback(callback);
    return library[method](callback);
  });
  record(`${method}/a symbol's address`, () => library[method](library.getSymbol('noop')));
  for (const before of ['refCallback', 'unrefCallback']) {
    record(`${method}/after ${before}`, () => {
      const callback = address();
      return [library[before](callback), library[method](callback)];
    });
  }
  if (method !== 'unregisterCallback') {
    record(`${method}/still works`, () => {
      const keep = (value) => value + 1;
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, keep);
      library[method](callback);
      return [fixture.native('call_i32', 'i32', 'function', 'i32')(callback, 1), keep(1)];
    });
  }
}

function nesting(record, fixture) {
  const library = fixture.open();
  const signature = { return: 'i32', arguments: ['i32'] };
  const call = fixture.native('call_i32', 'i32', 'function', 'i32');
  const factorial = library.registerCallback(signature, (value) =>
    value < 2 ? 1 : value * call(factorial, value - 1),
  );
  const increment = library.registerCallback(signature, (value) => value + 1);
  record('callback nesting/factorial', () => call(factorial, 10));
  record('callback nesting/compose', () =>
    fixture.native('compose_i32', 'i32', 'function', 'function', 'i32')(factorial, increment, 4),
  );
  record('callback nesting/frames', () =>
    fixture.native('call_nested_i32', 'i32', 'function', 'u32', 'i32')(increment, 50, 0),
  );
  record('callback nesting/times', () => fixture.native('call_times_i32', 'i64', 'function', 'u32')(increment, 1000));
  record('callback nesting/identity', () => call(fixture.open().getSymbol('identity_i32'), 5));
  record('callback nesting/stored', () => {
    fixture.native('store_callback', 'void', 'function')(increment);
    const answer = fixture.native('call_stored_i32', 'i32', 'i32')(41);
    fixture.native('store_callback', 'void', 'function')(null);
    return [
      answer,
      fixture.native('call_stored_i32', 'i32', 'i32')(41),
      fixture.native('stored_callback', 'function')(),
    ];
  });
  record('callback nesting/register inside', () => {
    const outer = library.registerCallback(signature, (value) => {
      const inner = library.registerCallback(signature, (number) => number * 2);
      const answer = call(inner, value);
      library.unregisterCallback(inner);
      return answer;
    });
    return call(outer, 21);
  });
  record('callback nesting/close another library inside', () => {
    const other = fixture.open();
    const closing = library.registerCallback(signature, (value) => {
      other.close();
      return value;
    });
    return call(closing, 3);
  });
  record('callback nesting/an error of an inner call can be caught', () => {
    const catching = library.registerCallback(signature, () => {
      try {
        return call(increment, 'x');
      } catch (error) {
        return error.message.length;
      }
    });
    return call(catching, 3);
  });
}

// Ticks and microtasks wait for the JavaScript that called out, not for the callback.
async function timing(record, fixture) {
  const library = fixture.open();
  const call = fixture.native('call_void', 'void', 'function');
  const { AsyncLocalStorage } = require('node:async_hooks');
  const storage = new AsyncLocalStorage();
  await record.settled('callback timing/order', async () => {
    const order = [];
    const callback = library.registerCallback(() => {
      process.nextTick(() => order.push('tick'));
      queueMicrotask(() => order.push('microtask'));
      order.push('callback');
    });
    call(callback);
    order.push('after the call');
    call(callback);
    await new Promise(setImmediate);
    return order;
  });
  record('callback timing/AsyncLocalStorage', () => {
    let seen;
    const callback = library.registerCallback(() => (seen = storage.getStore()));
    storage.run('store', () => call(callback));
    return seen;
  });
}
