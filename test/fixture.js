'use strict';

const path = require('node:path');
const { suffix } = require('./subject');

// crates/fixture, as `npm test` builds it.
const prefix = process.platform === 'win32' ? '' : 'lib';
exports.path = path.join(__dirname, '..', 'target', 'release', `${prefix}ferrule_fixture.${suffix}`);
