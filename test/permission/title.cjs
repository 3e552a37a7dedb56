'use strict';

// Has a title of its own before anything else, which is written over the arguments of the process.

process.title = 'mine';
console.log(typeof require('ferrule').dlopen(null), process.permission.has('ffi'));
