// Lays the packages out in folders and packs them.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, npm } from '../command.mjs';
import { binaryName, mainManifest, platformManifest, platformReadme } from './manifest.mjs';
import { notices, noticesName } from './notices.mjs';

/** Beside what its package.json lists, npm packs these of a package. */
const always = ['README.md', 'LICENSE'];

function freshDirectory(directory) {
  fs.rmSync(directory, { recursive: true, force: true });
  fs.mkdirSync(directory, { recursive: true });
}

function writeManifest(directory, manifest) {
  fs.writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The repository's package.json. */
export function repositoryManifest(root) {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
}

/** Makes `directory` the main package, with the packages of these targets for its optional dependencies. */
export function layOutMain(root, directory, targets) {
  const manifest = mainManifest(repositoryManifest(root), targets);
  freshDirectory(directory);
  for (const name of [...manifest.files, ...always]) {
    fs.cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  writeManifest(directory, manifest);
}

/** Makes `directory` the package of a target, with this binary. */
export async function layOutPlatform(root, directory, target, binary) {
  const repository = repositoryManifest(root);
  freshDirectory(directory);
  fs.copyFileSync(binary, path.join(directory, binaryName));
  fs.chmodSync(path.join(directory, binaryName), 0o644);
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(directory, 'LICENSE'));
  fs.writeFileSync(path.join(directory, noticesName), await notices(root, target));
  fs.writeFileSync(path.join(directory, 'README.md'), platformReadme(repository, target));
  writeManifest(directory, platformManifest(repository, target));
}

/**
 * Packs the package in `directory` into a tarball in `destination`, and resolves to `{ tarball, files, installed }`: its path, the names of the
 * files in it, and how many bytes they are.
 */
export async function pack(directory, destination) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const result = await npm(args, { cwd: directory, capture: true });
  const failure = failureOf(result);
  if (failure) throw new Failure(`npm pack in ${directory} ${failure}:\n${result.output.trim()}`);
  // npm's warnings stand before it; npm 12 gives an object by package instead of a list.
  const [packed] = Object.values(JSON.parse(result.output.slice(result.output.search(/^[[{]\s*$/m))));
  return {
    tarball: path.join(destination, packed.filename),
    files: packed.files.map((file) => file.path).sort(),
    installed: packed.unpackedSize,
  };
}
