'use strict';

const loaded = () => Object.hasOwn(require.cache, require.resolve('node:ffi'));

const before = loaded();
require('node:ffi');
process.stdout.write(JSON.stringify({ 'not loaded before it is asked for': !before, 'loaded after': loaded() }));
