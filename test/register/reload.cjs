'use strict';

// Loads ferrule/register once more, as a second copy of the package would.

delete require.cache[require.resolve('ferrule/register')];
require('ferrule/register');
require('./ways.cjs').observe().then((observed) => process.stdout.write(JSON.stringify(observed)));
