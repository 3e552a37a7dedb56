// The same for `import`.

import './node-ffi.js';

export * from './index.mjs';
export { default } from './index.mjs';
