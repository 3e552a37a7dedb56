import { parentPort } from 'node:worker_threads';
import ffi, { DynamicLibrary } from 'ferrule';

parentPort.postMessage(DynamicLibrary === ffi.DynamicLibrary ? Object.keys(ffi) : []);
