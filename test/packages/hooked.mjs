// A program that only knows the name node:ffi.

import { DynamicLibrary } from 'node:ffi';

const library = new DynamicLibrary(process.platform === 'win32' ? 'ucrtbase.dll' : null);
console.log(library.getFunction('abs', { arguments: ['i32'], return: 'i32' })(-26));
