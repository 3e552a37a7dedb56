// The packages of package-lock.json (development only: Ferrule itself depends on nothing) in node_modules.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, npm, root as repository } from './command.mjs';

function packagesOf(lockFile) {
  const { '': own, ...packages } = JSON.parse(fs.readFileSync(lockFile, 'utf8')).packages;
  return packages;
}

/** Whether node_modules holds what package-lock.json asks for; npm keeps a lock file of what it installed. */
function installed(root) {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!fs.existsSync(record)) return false;
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const present = packagesOf(record);
  const same = ([name, { version, integrity }]) => present[name]?.version === version
    && present[name].integrity === integrity && fs.existsSync(path.join(root, name));
  // What is for other platforms is not installed, and not missing.
  return Object.entries(wanted).every((entry) => entry[1].optional || same(entry))
    && Object.keys(present).every((name) => Object.hasOwn(wanted, name));
}

/** Runs `npm ci` when it is needed and resolves to whether it was. */
export async function installDependencies(root = repository) {
  if (!fs.existsSync(path.join(root, 'package-lock.json'))) {
    const { devDependencies = {}, dependencies = {} } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    if (Object.keys({ ...devDependencies, ...dependencies }).length === 0) return false;
    throw new Failure('package.json names dependencies, but package-lock.json is missing.');
  }
  if (installed(root)) return false;
  const result = await npm(['ci', '--no-audit', '--no-fund'], { cwd: root });
  const failure = failureOf(result);
  if (failure) throw new Failure(`npm ci ${failure}.`);
  return true;
}
