'use strict';

// Publishes the packages of this tree in a registry on this machine.

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { serve } = require('./registry.js');

// A script of the repository, as a module.
const importScript = (name) => import(pathToFileURL(path.join(__dirname, '..', '..', 'scripts', name)).href);

exports.importScript = importScript;

// npm, as a script for Node: on the PATH it may be anything that starts that.
async function npmScript() {
  const [program, ...args] = (await importScript('command.mjs')).npmCommand();
  return args.length > 0 ? args[0] : fs.realpathSync(program);
}

// All Node lines, as `{ version, path }`, oldest first.
exports.nodeLines = async () => (await importScript('nodes.mjs')).nodes({ log() {} });

// Packs the main package and this platform's, serves them, and makes the machine ask there. Of the other platforms' packages the registry has
// the description, but no tarball: whoever asks for one gets an error. Resolves to
// `{ registry, main, platform, npm }`, the last one being the path of npm.
exports.publish = async function publish(machine) {
  const { makePackagesHere } = await importScript('packages.mjs');
  const { packageOf, targets } = await importScript('packages/targets.mjs');
  const { platformManifest } = await importScript('packages/manifest.mjs');
  const { main, platforms: [platform] } = await makePackagesHere({ out: machine.make('packages') });
  const others = targets.filter((target) => packageOf(target) !== platform.name);
  const registry = await serve([main, platform, ...others.map((target) => ({ manifest: platformManifest(main.manifest, target) }))]);
  Object.assign(machine.variables, {
    npm_config_registry: `${registry.origin}/`, npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false',
    npm_config_cache: machine.make('npm-cache'),
  });
  return { registry, main, platform, npm: await npmScript() };
};

// Makes a project with bundled.mjs for its program, in which npm has installed Ferrule, and resolves to its directory.
exports.projectToBundle = async function projectToBundle(machine, { npm, node }, name, ...options) {
  const directory = machine.make('projects', name);
  fs.writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name: 'project', private: true }));
  fs.copyFileSync(path.join(__dirname, 'bundled.mjs'), path.join(directory, 'bundled.mjs'));
  await machine.succeed(node, [npm, 'install', 'ferrule', ...options], { cwd: directory, node });
  return directory;
};

// What that program prints on a version of Node.
exports.printed = (version) => `v${version} -3,0,5,12\n`;
