// Sorting with the qsort of the C library, which calls a JavaScript function for every comparison.

import { dlopen, getInt32 } from 'ferrule';

export function openLibc() {
  const { lib: library, functions: libc } = dlopen(null, {
    qsort: { arguments: ['buffer', 'u64', 'u64', 'function'], return: 'void' },
  });

  // Orders an Int32Array in place. As with Array.prototype.sort, `compare` says which of two numbers comes first; it
  // must not throw, since there is no way out of qsort.
  function sortIntegers(numbers, compare) {
    const callback = library.registerCallback(
      { return: 'i32', arguments: ['pointer', 'pointer'] },
      (left, right) => compare(getInt32(left), getInt32(right)),
    );
    try {
      libc.qsort(numbers, BigInt(numbers.length), BigInt(numbers.BYTES_PER_ELEMENT), callback);
    } finally {
      library.unregisterCallback(callback);
    }
  }

  return { sortIntegers, close: () => library.close() };
}
