#!/usr/bin/env node
'use strict';

// The command `ferrule`: runs a program with the Node that runs this file, and `node:ffi` from Ferrule.
//
// A program without options for Node runs in this very process, as Node's start is what takes time. With options it is another one.

const { parse } = require('./options.js');

const { print, isHere, ...launch } = parse(process.argv.slice(2));
if (print !== undefined) {
  process.stdout.write(print());
} else if (isHere) {
  require('./here.js').run(launch);
} else {
  require('./launch.js').launch(launch);
}
