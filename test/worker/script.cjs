'use strict';

const { parentPort } = require('node:worker_threads');
const ffi = require('ferrule');

parentPort.postMessage(Object.keys(ffi));
