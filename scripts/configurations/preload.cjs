'use strict';

// Loaded by every Node that a launcher starts (launcher.mjs), from a copy beside it: what that Node starts as process.execPath gets the
// launcher's options, too.

process.execPath = require('node:path').join(__dirname, 'node');
