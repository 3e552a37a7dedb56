// A program to be bundled.

import { DynamicLibrary, getInt32 } from 'ferrule';

const library = new DynamicLibrary(process.platform === 'win32' ? 'ucrtbase.dll' : null);
const sort = library.getFunction('qsort', { arguments: ['buffer', 'u64', 'u64', 'function'], return: 'void' });
const compare = library.registerCallback({ arguments: ['pointer', 'pointer'], return: 'i32' }, (a, b) => getInt32(a) - getInt32(b));
const numbers = Int32Array.of(5, -3, 12, 0);
sort(numbers, numbers.length, 4, compare);
console.log(`${process.version} ${numbers}`);
