// Compiles what is in native/: the library that is called, copies of it, the addon, and the loops in C.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, failureOf, findProgram, run } from '../scripts/command.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const sources = path.join(here, 'native');
const directory = path.join(here, 'build');
const record = path.join(directory, 'native.json');

/** How many copies of the library there are, for what needs more functions than one has. */
const numberOfCopies = 11;

const files = {
  library: path.join(directory, 'library.so'),
  copies: Array.from({ length: numberOfCopies }, (_, index) => path.join(directory, `library-${index}.so`)),
  addon: path.join(directory, 'addon.node'),
  floor: path.join(directory, 'floor'),
};

async function compile(compiler, args) {
  const result = await run(compiler, args, { cwd: directory, capture: true, timeout: 5 * 60_000 });
  const failure = failureOf(result);
  if (failure) throw new Failure(`${compiler} ${args.join(' ')} ${failure}:\n${result.output.trim()}`);
  return result.output;
}

function hashOf(...texts) {
  const hash = crypto.createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

/**
 * Compiles what has changed, and resolves to `{ library, copies, addon, floor, compiler }`: the paths, and the compiler's own line about
 * its version. `headers` is a directory with node_api.h.
 */
export async function buildNative(headers) {
  if (process.platform === 'win32') throw new Failure('The benchmark needs dlopen and gcc: run it on Linux or macOS.');
  const compiler = findProgram('gcc') ?? findProgram('cc');
  if (!compiler) throw new Failure('A C compiler is missing: the benchmark calls a library of its own. Install gcc.');
  fs.mkdirSync(directory, { recursive: true });
  const version = (await compile(compiler, ['--version'])).split('\n')[0];
  const texts = fs.readdirSync(sources).sort().map((name) => fs.readFileSync(path.join(sources, name), 'utf8'));
  const inputs = hashOf(version, headers, ...texts, fs.readFileSync(fileURLToPath(import.meta.url), 'utf8'));
  const result = { ...files, compiler: version };
  const present = [files.library, ...files.copies, files.addon, files.floor].every((file) => fs.existsSync(file));
  if (present && fs.existsSync(record) && JSON.parse(fs.readFileSync(record, 'utf8')).inputs === inputs) return result;

  const source = (name) => path.join(sources, name);
  const options = ['-O2', '-Wall', '-Wextra'];
  const shared = ['-shared', '-fPIC'];
  const apple = process.platform === 'darwin';
  const system = apple ? [] : ['-ldl'];
  const sourcesOfLibrary = ['library.c', 'callbacks.c', 'memory.c'].map(source);
  await compile(compiler, [...options, ...shared, ...sourcesOfLibrary, '-o', files.library, ...system]);
  for (const copy of files.copies) fs.copyFileSync(files.library, copy);
  await compile(compiler, [
    ...options, ...shared, '-DNAPI_VERSION=8', '-I', headers, ...['addon.c', 'addon-callbacks.c', 'addon-memory.c'].map(source),
    files.library, '-o', files.addon,
    ...apple ? ['-undefined', 'dynamic_lookup'] : ['-Wl,-rpath,$ORIGIN'],
  ]);
  await compile(compiler, [...options, source('floor.c'), '-o', files.floor, ...system]);
  fs.writeFileSync(record, `${JSON.stringify({ inputs })}\n`);
  return result;
}
