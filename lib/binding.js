'use strict';

// Finds the native binary and loads it, and nothing else: the one that was built in this tree, or else the one in the package of this platform.
// What is to be said when that fails is in no-binary.js.

const { existsSync } = require('node:fs');
const { basename, join } = require('node:path');

// In a bundle, this is another file, and what lies around it is not ours.
const isBundled = typeof __filename !== 'string' || basename(__filename) !== 'binding.js';
const built = isBundled ? undefined : join(__dirname, '..', 'build', 'ferrule.node');

// The names of scripts/packages/targets.mjs. Each is there as a literal, inside `try`: so bundlers find the package that is installed, and take
// it for no error that the others are not.
function loadPackage(platform) {
  try {
    switch (platform.name) {
      case 'linux-x64-gnu': return require('@ferrule/linux-x64-gnu/ferrule.node');
      case 'linux-x64-musl': return require('@ferrule/linux-x64-musl/ferrule.node');
      case 'linux-arm64-gnu': return require('@ferrule/linux-arm64-gnu/ferrule.node');
      case 'linux-arm64-musl': return require('@ferrule/linux-arm64-musl/ferrule.node');
      case 'linux-arm-gnu': return require('@ferrule/linux-arm-gnu/ferrule.node');
      case 'linux-arm-musl': return require('@ferrule/linux-arm-musl/ferrule.node');
      case 'darwin-x64': return require('@ferrule/darwin-x64/ferrule.node');
      case 'darwin-arm64': return require('@ferrule/darwin-arm64/ferrule.node');
      case 'win32-x64': return require('@ferrule/win32-x64/ferrule.node');
      case 'win32-arm64': return require('@ferrule/win32-arm64/ferrule.node');
      case 'freebsd-x64': return require('@ferrule/freebsd-x64/ferrule.node');
      case 'freebsd-arm64': return require('@ferrule/freebsd-arm64/ferrule.node');
      case 'freebsd-arm': return require('@ferrule/freebsd-arm/ferrule.node');
      default: throw require('./no-binary.js').unsupported(platform, built);
    }
  } catch (error) {
    throw require('./no-binary.js').explain(error, platform, built);
  }
}

function loadBuilt() {
  try {
    return require(built);
  } catch (error) {
    throw require('./no-binary.js').explain(error, undefined, built);
  }
}

module.exports = built !== undefined && existsSync(built) ? loadBuilt() : loadPackage(require('./target.js').target());
