'use strict';

// The errors of a Ferrule without a native binary, and what to do about each. Loaded only when there is one to be thrown.
//
// `platform` is what target.js makes; `built` is where a build in the tree would be, and undefined in a bundle.

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const { target } = require('./target.js');

const MISSING = 'ERR_FERRULE_NO_BINARY';
const UNLOADABLE = 'ERR_FERRULE_BINARY_NOT_LOADED';

// What require says of a module that it does not find: by the second one in a single-executable application, which has no packages.
const NOT_FOUND = ['MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE'];

const describe = ({ platform, arch, libc }) => [
  `platform ${platform}`, `architecture ${arch}`, ...(platform === 'linux' ? [`C library ${libc ?? 'unknown'}`] : []),
].join(', ');

const rootOf = (built) => dirname(dirname(built));

// Whether this is a checkout, with the sources.
const isCheckout = (built) => built !== undefined && existsSync(join(rootOf(built), 'Cargo.toml'));

function fromSource(built) {
  if (isCheckout(built)) return `Build it with "npm run build" in ${rootOf(built)}.`;
  const place = built ?? "build/ferrule.node in the package ferrule, and load that package from there instead of bundling it";
  return [
    'To build it from source, run "npm run build" in a checkout of Ferrule\'s repository, and copy the build/ferrule.node that it makes to',
    `${place}.`,
  ].join(' ');
}

function whyMissing({ name }, built) {
  if (isCheckout(built)) return `${built} does not exist.`;
  if (built === undefined) {
    return `Its package @ferrule/${name} is neither in the bundle nor beside it: bundle where that package is installed (docs/installing.md).`;
  }
  return [
    `Its package @ferrule/${name} is not installed.`,
    'It is an optional dependency of ferrule: install again without --omit=optional or --no-optional, and on the platform that the program',
    'runs on (docs/installing.md).',
  ].join(' ');
}

function refusal(code, lines, cause) {
  return Object.assign(new Error(lines.join(' '), { cause }), { code });
}

function missing(platform, built, why, cause) {
  return refusal(MISSING, [`Ferrule has no native binary for ${describe(platform)}.`, why, fromSource(built)], cause);
}

function unsupported(platform, built) {
  return missing(platform, built, 'There is no package for this platform.');
}

// Node lets no addon be loaded, which is what Ferrule is.
function disabled(cause) {
  const remedy = process.permission === undefined ? 'without --no-addons' : "with --allow-addons, or do without Node's permission model";
  return refusal(cause.code, [`Ferrule cannot load its native binary, because this process may not load addons: start it ${remedy}.`], cause);
}

// Whether the system's loader has refused the file. Deno's errors have no code, but name it.
const isOfLoader = (error) => error?.code === 'ERR_DLOPEN_FAILED' || (error?.code === undefined && `${error?.message}`.includes('ferrule.node'));

// What to throw for what loading the binary has thrown. `platform` is undefined for the one that was built in the tree.
function explain(error, platform, built) {
  if (NOT_FOUND.includes(error?.code) && platform !== undefined) return missing(platform, built, whyMissing(platform, built), error);
  if (error?.code === 'ERR_DLOPEN_DISABLED') return disabled(error);
  if (!isOfLoader(error)) return error;
  const where = platform === undefined ? built : `the package @ferrule/${platform.name}`;
  return refusal(UNLOADABLE, [
    `Ferrule's native binary in ${where} is there, but does not load on ${describe(platform ?? target())}: ${error.message.split('\n', 1)[0]}.`,
    'It was made for another platform or C library, is damaged, or needs a newer system than this (docs/installing.md).',
    fromSource(built),
  ], error);
}

module.exports = { unsupported, explain };
