// The npm packages that Ferrule is compared with, in node_modules of this directory.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, failureOf, npm, run } from '../scripts/command.mjs';

const installTimeout = 15 * 60_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** The peers and their versions: `{ koffi, 'ffi-rs', deno, bun }`. */
export function peerVersions() {
  const { dependencies, devDependencies } = readJson(path.join(here, 'package.json'));
  return { ...dependencies, ...devDependencies };
}

function installed(name, version) {
  const manifest = path.join(here, 'node_modules', name, 'package.json');
  return fs.existsSync(manifest) && readJson(manifest).version === version;
}

/** Where the npm packages of the runtimes have their binaries, one package for each platform. */
const runtimes = { deno: { scope: '@deno', files: ['deno', 'deno.exe'] }, bun: { scope: '@oven', files: ['bin/bun', 'bin/bun.exe'] } };

/** The first binary of a runtime, `deno` or `bun`, that starts here; null when none does. */
export async function runtimeBinary(name) {
  const { scope, files } = runtimes[name];
  const directory = path.join(here, 'node_modules', scope);
  if (!fs.existsSync(directory)) return null;
  const candidates = fs.readdirSync(directory).flatMap((folder) => files.map((file) => path.join(directory, folder, file)));
  for (const binary of candidates.filter((file) => fs.existsSync(file))) {
    const { code } = await run(binary, ['--version'], { capture: true, timeout: 60_000 }).catch(() => ({ code: 1 }));
    if (code === 0) return binary;
  }
  return null;
}

/**
 * Installs the peers of these names, when they are not there. Deno and Bun, which are large, are left out when neither is asked for; when
 * installing them fails, the others are still there afterwards.
 */
export async function installPeers(names) {
  const { devDependencies } = readJson(path.join(here, 'package.json'));
  const versions = peerVersions();
  const missing = names.filter((name) => !installed(name, versions[name]));
  if (missing.length === 0) return;
  // As package-lock.json says. `npm ci` would do the same, but not with a lock file that lacks the packages of some other platform.
  const install = async (...options) => {
    const args = ['install', '--no-save', '--no-audit', '--no-fund', ...options];
    return failureOf(await npm(args, { cwd: here, timeout: installTimeout }));
  };
  const withRuntimes = missing.some((name) => Object.hasOwn(devDependencies, name));
  const failure = await install(...withRuntimes ? [] : ['--omit=dev']);
  if (!failure) return;
  const needed = names.filter((name) => !Object.hasOwn(devDependencies, name));
  const again = withRuntimes && needed.length > 0 ? await install('--omit=dev') : failure;
  if (again && needed.length > 0) throw new Failure(`npm install in bench/ ${again}.`);
}
