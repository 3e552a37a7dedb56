import { nodeFfi } from './node-ffi.mjs';

export default ({ ferrule }) => nodeFfi(ferrule);
