import { nodeFfi } from './node-ffi.mjs';

export default () => nodeFfi('node:ffi');
