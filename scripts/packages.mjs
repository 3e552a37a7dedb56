// Assembles the packages that are published, checks them, and leaves them as tarballs:
//
//   npm run packages                                 the main package and this platform's, from this machine's build; built first if need be
//   npm run packages -- --binaries <directory>       all of them, from <directory>/<name>.node for each target (scripts/packages/targets.mjs)
//   npm run packages -- --binaries <directory> --only linux-x64-gnu     those only (may be given more than once)
//   npm run packages -- --out <directory>            where to; otherwise build/packages
//
// Nothing is left when a check fails. A build of this machine may need a newer C library than others have, which is said; with --binaries,
// which is for what is published, that is an error.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { Failure, root as repository, runAsScript } from './command.mjs';
import { layOutMain, layOutPlatform, pack, repositoryManifest } from './packages/assemble.mjs';
import { readBinary } from './packages/binary.mjs';
import { glibcOf, oldestGlibc, problemsOfBinary, problemsOfMain, problemsOfPlatform, problemsOfVersions } from './packages/check.mjs';
import { limits } from './packages/manifest.mjs';
import { packageOf, targets } from './packages/targets.mjs';

const { target: targetHere } = createRequire(import.meta.url)('../lib/target.js');

/** The target that this machine is. */
export function here() {
  const { name } = targetHere();
  const found = targets.find((target) => target.name === name);
  if (!found) throw new Failure(`There is no package for ${name}.`);
  return found;
}

/** The targets and their binaries, as `[target, file]`. */
function binariesIn(directory, names) {
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown) throw new Failure(`There is no target ${unknown}; there are ${targets.map(({ name }) => name).join(', ')}.`);
  const wanted = targets.filter(({ name }) => names.length === 0 || names.includes(name));
  const pairs = wanted.map((target) => [target, path.join(directory, `${target.name}.node`)]);
  const absent = pairs.filter(([, file]) => !fs.existsSync(file));
  if (absent.length > 0) throw new Failure(`There is no ${absent.map(([, file]) => file).join(', no ')}.`);
  return pairs;
}

const readManifest = (directory) => JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'));

/**
 * Makes the packages in `out`, a folder and a tarball each, and resolves to `{ main, platforms }`: the main package and the others, in the order
 * of `binaries`, each as `{ name, directory, manifest, tarball, files, installed, target }`. `binaries` are pairs of a target and a file.
 */
export async function makePackages({ root = repository, out, binaries, anyGlibc = false }) {
  const { version } = repositoryManifest(root);
  const problems = problemsOfVersions(root, version);
  const add = (what, found) => problems.push(...found.map((problem) => `${what}: ${problem}`));
  for (const [target, file] of binaries) add(file, problemsOfBinary(fs.readFileSync(file), target, { anyGlibc }));
  if (problems.length > 0) throw new Failure(problems.join('\n'));

  fs.rmSync(out, { recursive: true, force: true });
  try {
    const packed = async (directory, target) => {
      const manifest = readManifest(directory);
      return { name: manifest.name, directory, manifest, target, ...await pack(directory, out) };
    };
    const mainDirectory = path.join(out, 'ferrule');
    layOutMain(root, mainDirectory, targets);
    const main = await packed(mainDirectory);
    add(main.name, problemsOfMain(root, main, targets));
    const platforms = [];
    for (const [target, file] of binaries) {
      const directory = path.join(out, target.name);
      await layOutPlatform(root, directory, target, file);
      const platform = await packed(directory, target);
      platforms.push(platform);
      add(platform.name, problemsOfPlatform(platform, target, version));
      const installed = main.installed + platform.installed;
      if (installed >= limits.installed) {
        add(platform.name, [`With ${main.name}, it has ${installed} bytes, and must have fewer than ${limits.installed}.`]);
      }
    }
    if (problems.length > 0) throw new Failure(problems.join('\n'));
    return { main, platforms };
  } catch (error) {
    fs.rmSync(out, { recursive: true, force: true });
    throw error;
  }
}

/** The packages of this machine's own build. */
export async function makePackagesHere({ root = repository, out }) {
  const { file } = await build({ root });
  return makePackages({ root, out, binaries: [[here(), file]], anyGlibc: true });
}

function parseOptions(args) {
  const options = { binaries: { type: 'string' }, only: { type: 'string', multiple: true, default: [] }, out: { type: 'string' } };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new Failure(`${error.message}\nOptions: --binaries <directory>, --only <target>, --out <directory>`);
  }
  if (values.only.length > 0 && values.binaries === undefined) throw new Failure('--only is for --binaries.');
  return { ...values, out: path.resolve(values.out ?? path.join(repository, 'build', 'packages')) };
}

const shown = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

await runAsScript(import.meta.url, async (args) => {
  const { binaries, only, out } = parseOptions(args);
  const { main, platforms } = binaries === undefined
    ? await makePackagesHere({ out })
    : await makePackages({ out, binaries: binariesIn(path.resolve(binaries), only) });
  for (const { name, tarball, files, installed } of [main, ...platforms]) {
    const size = `${String(files.length).padStart(3)} files ${shown(installed).padStart(8)}`;
    console.log(`${name.padEnd(26)} ${size}   ${path.relative(process.cwd(), tarball)}`);
  }
  console.log(`Installed: at most ${shown(main.installed + Math.max(...platforms.map(({ installed }) => installed)))}.`);
  for (const { target, directory } of platforms) {
    const glibc = glibcOf(readBinary(fs.readFileSync(path.join(directory, 'ferrule.node'))));
    if (glibc !== undefined && binaries === undefined) {
      const reason = `it needs glibc ${glibc}, as it was built here; what is published needs ${oldestGlibc} at most`;
      console.log(`${packageOf(target)} is not to be published: ${reason}.`);
    }
  }
  return 0;
});
