'use strict';

// What a Worker or a process is in the middle of when it ends: C calls back again and again. Each storm calls `act` with a number that counts
// its callbacks, and ends when JavaScript is not let in any more, or `act` says true.

const { native, open } = require('../conformance/native');

const i32 = { return: 'i32', arguments: ['i32'] };

// C stops by itself at the first zero, and zero is what it gets from a thread that is being stopped.
function storm(act) {
  const untilZero = native('call_until_zero', 'u32', 'function');
  return untilZero(open().registerCallback(i32, (value) => (act(value) ? 0 : value)));
}

exports.storms = {
  flat: storm,
  // Twenty frames of C and JavaScript deep, and each unwinds.
  nested(act) {
    const call = native('call_i32', 'i32', 'function', 'i32');
    const callback = open().registerCallback(i32, (depth) => {
      if (depth === 0) return storm(act);
      try {
        return call(callback, depth - 1);
      } finally {
        act(0);
      }
    });
    return call(callback, 20);
  },
  // The callbacks call C, which calls back.
  branching(act) {
    const library = open();
    const times = native('call_times_i32', 'i64', 'function', 'u32');
    const identity = library.registerCallback(i32, (value) => value);
    return storm((value) => act(value) || times(identity, 10) !== 45n);
  },
  // A comparator: C takes any answer for one, and goes on to the end whatever happens.
  sorting(act) {
    const sort = native('sort_elements', 'void', 'buffer', 'u64', 'u64', 'function');
    const numbers = new Int32Array(300);
    const compare = open().registerCallback({ return: 'i32', arguments: ['pointer', 'pointer'] }, () => (act(1) ? 0 : 1));
    while (!act(1)) sort(numbers, numbers.length, 4, compare);
  },
  // Callbacks of all types, young values, collections.
  collecting(act) {
    const { gc } = require('../garbage');
    const values = native('count_wrong_i64', 'u32', 'function', 'u32');
    const callback = open().registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => {
      if (value % 50n === 0n) gc({ type: 'minor' });
      return value;
    });
    while (!act(1)) values(callback, 100);
  },
  // Callbacks come and go.
  registering(act) {
    const library = open();
    return storm((value) => {
      library.unregisterCallback(library.registerCallback(i32, () => value));
      return act(value);
    });
  },
  // JavaScript waits inside.
  waiting(act) {
    return storm((value) => act(value) || Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) === 'not-equal');
  },
};
