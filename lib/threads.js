'use strict';

// `node:worker_threads`, which takes Node longer to load than all of Ferrule: as late as possible, with the first library. Not by `require`
// then, in whose way a program can have put something since this was loaded.

const { getBuiltinModule } = process;

// The first releases of Node 20 and 22 have no such function.
let threads = getBuiltinModule === undefined ? require('node:worker_threads') : undefined;

module.exports = () => (threads ??= getBuiltinModule('node:worker_threads'));
