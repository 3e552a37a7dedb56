// The Node lines that Ferrule runs on, as binaries of our own: .nodes/v<version>/bin/node. They come from the npm
// packages node-<platform>-<arch>, so whoever can `npm ci` can also run the tests on every line.
//
//   node scripts/nodes.mjs       fetches what is missing and prints where each line is

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, findProgram, npm, root as repository, run, runAsScript } from './command.mjs';

/** One version per line, oldest first. */
export const versions = ['20.20.2', '22.23.3', '24.21.0', '25.9.0', '26.10.0'];

const fetchTimeout = 10 * 60_000;

/** The line a version belongs to: 24 for 24.21.0. */
export function lineOf(version) {
  return Number.parseInt(version, 10);
}

function packageName() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const arch = process.arch === 'ia32' ? 'x86' : process.arch;
  return `node-${platform}-${arch}`;
}

function binaryOf(directory) {
  return path.join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Whether a binary is there, starts, and is what it should be. */
async function works(binary, version) {
  if (!fs.existsSync(binary)) return false;
  try {
    const { code, output } = await run(binary, ['-v'], { capture: true, timeout: 60_000 });
    return code === 0 && output.trim() === `v${version}`;
  } catch {
    return false;
  }
}

async function mustSucceed(what, result) {
  const failure = failureOf(result);
  if (failure) throw new Failure(`${what} ${failure}:\n${result.output.trim()}`);
}

/** Downloads and unpacks one version beside its place, and moves it there only when it works. */
async function fetchOnce(version, destination) {
  const tar = findProgram('tar');
  if (!tar) throw new Failure('tar is missing: it unpacks the Node binaries.');
  const parent = path.dirname(destination);
  fs.mkdirSync(parent, { recursive: true });
  const scratch = fs.mkdtempSync(path.join(parent, 'fetch-'));
  try {
    const specification = `${packageName()}@${version}`;
    const options = { cwd: scratch, capture: true, timeout: fetchTimeout };
    await mustSucceed(`npm pack ${specification}`, await npm(['pack', specification, '--ignore-scripts', '--no-audit'], options));
    const archive = fs.readdirSync(scratch).find((name) => name.endsWith('.tgz'));
    if (!archive) throw new Failure(`npm pack ${specification} left no archive.`);
    // A name without a directory: GNU tar takes what is before a colon, as in C:\, for another machine.
    await mustSucceed(`tar -xzf ${archive}`, await run(tar, ['-xzf', archive], options));
    const unpacked = path.join(scratch, 'package');
    if (!await works(binaryOf(unpacked), version)) throw new Failure(`${specification} does not run on this machine.`);
    fs.rmSync(destination, { recursive: true, force: true });
    fs.renameSync(unpacked, destination);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Makes one version available and resolves to `{ version, path }`. */
export async function node(version, { root = repository, log = console.log } = {}) {
  const destination = path.join(root, '.nodes', `v${version}`);
  const binary = binaryOf(destination);
  if (await works(binary, version)) return { version, path: binary };
  log(`Fetching Node ${version} ...`);
  try {
    await fetchOnce(version, destination);
  } catch (error) {
    log(`${error.message}\nTrying once more ...`);
    await fetchOnce(version, destination);
  }
  return { version, path: binary };
}

/** Makes every version available, one after the other, and resolves to `[{ version, path }]`, oldest first. */
export async function nodes(options) {
  const found = [];
  for (const version of versions) found.push(await node(version, options));
  return found;
}

await runAsScript(import.meta.url, async () => {
  for (const { version, path: binary } of await nodes()) {
    console.log(`Node ${version.padEnd(8)} ${path.relative(process.cwd(), binary)}`);
  }
  return 0;
});
