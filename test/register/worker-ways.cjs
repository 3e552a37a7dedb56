'use strict';

const { parentPort } = require('node:worker_threads');

require('./ways.cjs').observe().then((observed) => parentPort.postMessage(observed));
