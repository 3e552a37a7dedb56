import { parentPort } from 'node:worker_threads';
import ferrule from 'ferrule';
import ffi, * as namespace from 'node:ffi';
import commonjs from './ways.cjs';

parentPort.postMessage({
  'static import': ffi === ferrule && namespace.default === ferrule,
  ...await commonjs.observe(),
});
