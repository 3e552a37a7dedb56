'use strict';

// Finds the native binary, and nothing else.

const path = require('node:path');

const { addonsDisabled } = require('./permission.js');

const file = path.join(__dirname, '..', 'build', 'ferrule.node');

function load() {
  try {
    return require(file);
  } catch (error) {
    if (error.code === 'ERR_DLOPEN_DISABLED') {
      throw addonsDisabled(error);
    }
    if (error.code !== 'MODULE_NOT_FOUND' || !error.message.includes(file)) {
      throw error;
    }
    const target = `${process.platform}-${process.arch}`;
    throw new Error(
      `Ferrule has no native binary for ${target}: ${file} does not exist. Build it with "npm run build" in ${path.dirname(__dirname)}.`,
      { cause: error },
    );
  }
}

module.exports = load();
