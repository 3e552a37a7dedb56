'use strict';

// A user's program. It says, as JSON, what came of every way to the module, and where the binary was loaded from.

const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const ffi = require('ferrule');

// Of the process itself, so that no library has to be found.
function length(module, text) {
  const library = new module.DynamicLibrary(process.platform === 'win32' ? 'ucrtbase.dll' : null);
  return Number(library.getFunction('strlen', { arguments: ['string'], return: 'u64' })(text));
}

const binary = () => Object.keys(require.cache).find((file) => file.endsWith('.node'));

async function main() {
  const imported = await import('ferrule');
  require('ferrule/register');
  const named = await import('node:ffi');
  const worker = new Worker(__filename);
  const fromWorker = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  console.log(JSON.stringify({
    node: process.execPath,
    required: length(ffi, 'four'),
    imported: imported.default === ffi && imported.dlopen === ffi.dlopen,
    required_name: require('node:ffi') === ffi,
    imported_name: named.default === ffi,
    worker: fromWorker,
    binary: binary(),
  }));
}

if (isMainThread) main();
else parentPort.postMessage(length(ffi, 'seven!!'));
