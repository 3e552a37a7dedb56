'use strict';

// Starts Workers with all kinds of settings, and says what `node:ffi` is in each.

const { SHARE_ENV, Worker } = require('node:worker_threads');

const source = `
  let answer;
  try {
    answer = typeof require('node:ffi').sizeof;
  } catch ({ code }) {
    answer = code;
  }
  require('node:worker_threads').parentPort.postMessage([answer, process.env.MINE, process.execArgv.length]);
`;
const settings = {
  none: {},
  env: { env: { MINE: 'yes', NODE_NO_WARNINGS: '1' } },
  'null env': { env: null },
  'shared env': { env: SHARE_ENV },
  'options in env': { env: { NODE_OPTIONS: '--no-deprecation', NODE_NO_WARNINGS: '1' } },
  execArgv: { execArgv: [] },
  'null execArgv': { execArgv: null },
  inherited: Object.create({ argv: ['x'], env: { MINE: 'inherited', NODE_NO_WARNINGS: '1' } }),
};

async function observe() {
  const found = { length: Worker.length, name: Worker.name };
  for (const [name, own] of Object.entries(settings)) {
    own.eval = true;
    found[name] = await new Promise((resolve) => { new Worker(source, own).on('message', resolve); });
  }
  try {
    new Worker(source, null);
  } catch ({ name }) {
    found.null = name;
  }
  console.log(JSON.stringify(found));
}

observe();
