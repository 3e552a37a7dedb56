'use strict';

// What a callback sees and what C gets from it (behaviour 4.1). What ends the process is in ../aborts.js.

const { scalars, pointerNames } = require('../values');

exports.isCalls = true;

const floats = [0, -0, 1, 0.1, NaN, Infinity, -Infinity, 1e300, -1e300, 5e-324, 2 ** 53, 3.4028235677973366e38];

exports.cases = (record, ffi, fixture) => {
  const library = fixture.open();
  for (const [type, { names, range }] of Object.entries(scalars)) {
    for (const name of names) {
      const values = range ? edgesOf(range) : floats;
      passedIn(record, library, fixture, type, name, values);
      handedBack(record, library, fixture, type, name, values);
    }
  }
  pointers(record, ffi, library, fixture);
  narrow(record, library, fixture);
  nothing(record, library, fixture);
  manyArguments(record, library, fixture);
};

function edgesOf({ low, high }) {
  const numbers = typeof low === 'bigint' ? [0n, 1n, -1n, 2n ** 53n + 1n] : [0, -0, 1, -1];
  return [low, high, ...numbers.filter((value) => value >= low && value <= high && value !== low)];
}

function passedIn(record, library, fixture, type, name, values) {
  let seen;
  const callback = library.registerCallback({ return: name, arguments: [name] }, function (...list) {
    seen = [this, arguments.length, ...list];
    return list[0];
  });
  const call = record.warm(fixture.native(`call_${type}`, name, 'function', name), callback, values[0]);
  for (const value of values) {
    record(`callback sees/${name}/${text(value)}`, () => [call(callback, value), seen].flat());
  }
}

function handedBack(record, library, fixture, type, name, values) {
  let answer = values[0];
  const callback = library.registerCallback({ return: name, arguments: [name] }, () => answer);
  const call = record.warm(fixture.native(`call_${type}`, name, 'function', name), callback, values[0]);
  for (const value of values) {
    record(`callback returns/${name}/${text(value)}`, () => {
      answer = value;
      return call(callback, values[0]);
    });
  }
}

function text(value) {
  return `${typeof value} ${Object.is(value, -0) ? '-0' : value}`;
}

function pointers(record, ffi, library, fixture) {
  for (const name of pointerNames) {
    let seen;
    let answer;
    const callback = library.registerCallback({ return: name, arguments: [name] }, (address) => {
      seen = address;
      return answer;
    });
    const call = fixture.native('call_pointer', name, 'function', name);
    for (const value of [0n, 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      record(`callback sees/${name}/bigint ${value}`, () => [call(callback, value), seen]);
    }
    for (const value of [null, undefined, 0n, 5n, 2n ** 64n - 1n]) {
      record(`callback returns/${name}/${typeof value} ${value}`, () => {
        answer = value;
        return call(callback, 1n);
      });
    }
    record(`callback sees/${name}/null`, () => [call(callback, null), seen]);
    record(`callback sees/${name}/string`, () => {
      const decode = library.registerCallback({ return: 'u64', arguments: [name] }, (address) => {
        seen = [typeof address, ffi.toString(address)];
        return 3n;
      });
      return [fixture.native('call_text', 'u64', 'function', 'string')(decode, 'text é'), ...seen];
    });
    record(`callback sees/${name}/Buffer`, () => {
      const lender = Buffer.from('lent');
      call(callback, lender);
      return seen === ffi.getRawPointer(lender);
    });
  }
}

// Only the low bits of what C passes count, and only they come back.
function narrow(record, library, fixture) {
  const patterns = [
    0n,
    0x7fn,
    0x80n,
    0xffn,
    0x8000n,
    0xffffn,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_ffffn,
    0xdead_beef_1234_5680n,
  ];
  for (const name of ['i8', 'u8', 'char', 'bool', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'pointer']) {
    let seen;
    const callback = library.registerCallback({ return: name, arguments: [name] }, (value) => (seen = value));
    const call = fixture.native('call_bits', name, 'function', 'u64');
    for (const pattern of patterns) {
      record(`callback narrow/${name}/${pattern.toString(16)}`, () => [call(callback, pattern), seen]);
    }
  }
}

// Whatever a void callback returns, short of a promise, is ignored.
function nothing(record, library, fixture) {
  const call = fixture.native('call_void', 'void', 'function');
  const ignored = {
    undefined,
    null: null,
    number: 5,
    bigint: 5n,
    string: 'x',
    symbol: Symbol('s'),
    object: {},
    true: true,
    function: () => 1,
    thenable: { then: () => {} },
    array: [1],
    error: new Error('not thrown'),
    generator: (function* () {})(),
    throwing: {
      get then() {
        throw new Error('then was read');
      },
    },
  };
  for (const [label, value] of Object.entries(ignored)) {
    for (const signature of [{}, { return: 'void' }, { return: 'void', arguments: [] }, undefined]) {
      const shown = signature === undefined ? 'no signature' : JSON.stringify(signature);
      record(`callback returns/void ${shown}/${label}`, () => {
        let calls = 0;
        const callback = () => {
          calls += 1;
          return value;
        };
        call(signature ? library.registerCallback(signature, callback) : library.registerCallback(callback));
        return calls;
      });
    }
  }
}

function manyArguments(record, library, fixture) {
  const ten = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'];
  const rows = {
    lowest: [-128, 0, -32768, 0, -(2 ** 31), 0, -(2n ** 63n), 0n, -Infinity, -1e308],
    highest: [127, 255, 32767, 65535, 2 ** 31 - 1, 2 ** 32 - 1, 2n ** 63n - 1n, 2n ** 64n - 1n, Infinity, 1e308],
    distinct: [1, 2, 3, 4, 5, 6, 7n, 8n, 9.5, 10.25],
    negative: [-1, 2, -3, 4, -5, 6, -7n, 8n, -9.5, -10.25],
  };
  let seen;
  const mixed = library.registerCallback({ return: 'f64', arguments: ten }, (...list) => {
    seen = list;
    return 0.5;
  });
  const call = fixture.native('call_10_mixed', 'f64', 'function', ...ten);
  for (const [label, list] of Object.entries(rows)) {
    record(`callback of ten/${label}`, () => [call(mixed, ...list), ...seen]);
  }
  for (const [type, from] of [
    ['i64', 100n],
    ['f64', 0.25],
  ]) {
    const twelve = library.registerCallback({ return: type, arguments: Array(12).fill(type) }, (...list) => {
      seen = list;
      return list[11];
    });
    record(`callback of twelve/${type}`, () => [
      fixture.native(`call_12_${type}`, type, 'function', type)(twelve, from),
      ...seen,
    ]);
  }
}
