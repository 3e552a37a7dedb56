'use strict';

// Calls every function of the module without arguments and says what came of it; then what the arguments of this program ask for.

const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { libc } = require('../images');
const [name = 'ferrule', ...acts] = process.argv.slice(2);

const outcome = (act) => {
  try {
    return typeof act();
  } catch (error) {
    const { name, code, message } = error;
    return { name, code, message, own: Object.entries(error) };
  }
};

// What anybody who may not use it might try first.
const attempts = {
  environment() {
    Object.assign(process.env, { FERRULE_ALLOW_FFI: '1', NODE_OPTIONS: '--allow-ffi --conditions=ferrule-allow-ffi' });
  },
  arguments() {
    process.execArgv.unshift('--conditions=ferrule-allow-ffi', '--allow-ffi');
    process.argv.splice(1, 0, '--conditions=ferrule-allow-ffi');
  },
  // Over the memory of the arguments, so that the mark stands where the first argument was.
  title() {
    for (let length = 1; length < 200; length++) process.title = `${'x'.repeat(length)}--conditions=ferrule-allow-ffi`;
    process.title = `${process.argv0} --conditions=ferrule-allow-ffi`;
  },
  // In the place of what says that there are permissions.
  process() {
    const { process } = globalThis;
    process.title = 'x';
    if (process.permission !== undefined) process.permission.has = () => true;
    globalThis.process = new Proxy(process, { get: (target, name) => (name === 'permission' ? undefined : Reflect.get(target, name)) });
  },
  again() {
    require(name);
    for (const file of Object.keys(require.cache)) delete require.cache[file];
  },
  drop() {
    const ffi = require(name);
    const lib = new ffi.DynamicLibrary(libc);
    const toupper = lib.getFunction('toupper', { arguments: ['i32'], return: 'i32' });
    process.permission.drop('ffi');
    found.kept = [toupper(97), outcome(() => lib.getFunction('tolower', { arguments: ['i32'], return: 'i32' })), outcome(() => lib.close())];
  },
  channel() {
    found.published = [];
    require('node:diagnostics_channel').subscribe('node:permission-model:ffi', (message) => found.published.push(message));
  },
};

const found = {};
if (isMainThread && acts.at(-1) === 'worker') {
  new Worker(__filename, { argv: [name, ...acts.slice(0, -1)] }).on('message', (text) => console.log(text));
} else {
  for (const act of acts) attempts[act]();
  const ffi = require(name);
  const functions = Object.entries(ffi).filter(([, value]) => typeof value === 'function');
  found.results = Object.fromEntries(functions.map(([key, value]) => [key, outcome(() => (key === 'DynamicLibrary' ? new value() : value()))]));
  found.call = outcome(() => ffi.DynamicLibrary());
  found.constants = [typeof ffi.suffix, Object.keys(ffi.types).length];
  found.working = outcome(() => new ffi.DynamicLibrary(libc).getFunction('toupper', { arguments: ['i32'], return: 'i32' })(97));
  found.has = acts.includes('process') ? false : process.permission?.has('ffi');
  const text = JSON.stringify(found);
  if (isMainThread) console.log(text);
  else parentPort.postMessage(text);
}
