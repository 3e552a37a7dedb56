'use strict';

// Has a title of its own before anything else, which is written over the arguments of the process.

process.title = 'mine';
const ffi = require('ferrule');
console.log(typeof ffi.dlopen(require('../fixture').path), process.permission.has('ffi'));
