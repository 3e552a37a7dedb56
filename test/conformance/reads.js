'use strict';

// How often an object's property was read before a call threw.

exports.readsOf = function readsOf(name, value, attempt) {
  let reads = 0;
  try {
    attempt({
      get [name]() {
        reads += 1;
        return value;
      },
    });
  } catch {
    return reads;
  }
  return 'did not throw';
};
