'use strict';

const ferrule = require('ferrule');

process.stdout.write(JSON.stringify({ 'import below require': require('./reexport.mjs').default === ferrule }));
