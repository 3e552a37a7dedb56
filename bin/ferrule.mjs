#!/usr/bin/env node

// The command `ferrule`: runs the Node that runs this file, with `node:ffi` from Ferrule.

import { parse } from './options.mjs';
import { launch } from './launch.mjs';

const { print, args, env } = parse(process.argv.slice(2));
if (print === undefined) {
  launch(args, env);
} else {
  process.stdout.write(print());
}
