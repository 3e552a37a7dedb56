// Bun and Deno, and how test files run there: in scripts/runtimes/start.cjs, without what scripts/runtimes/exclusions.mjs lists.

import os from 'node:os';
import path from 'node:path';
import { installPeers, peerVersions, runtimeBinary } from '../bench/peers.mjs';
import { Failure, root } from './command.mjs';
import { exclusions } from './runtimes/exclusions.mjs';
import { alone, onOneLine } from './test-files.mjs';

const start = path.join(root, 'scripts', 'runtimes', 'start.cjs');

/** The runtimes: their titles, and what comes before the script among their arguments. */
const known = {
  bun: { title: 'Bun', options: ['--expose-gc'] },
  deno: { title: 'Deno', options: ['run', '--allow-all', '--no-lock', '--no-config', '--quiet', '--v8-flags=--expose-gc'] },
};

export const runtimeNames = Object.keys(known);

/** What runs there in every `npm test`: what a program does with the module, and that all tiers agree. The rest takes minutes. */
export const essential = [
  'test/buffer.test.js', 'test/call.test.js', 'test/callback.test.js', 'test/export.test.js', 'test/legacy.test.js', 'test/library.test.js',
  'test/memory.test.js', 'test/null-symbol.test.js', 'test/runtime.test.js', 'test/signature.test.js', 'test/string.test.js',
  'test/view.test.js',
];

const isOf = (name, file) => (exclusion) => exclusion.runtimes.includes(name) && exclusion.file === file;

/** Whether a runtime runs any test of a file. What is checked on one Node line only is not checked in a runtime either. */
export function isRun(name, file) {
  return !onOneLine.has(file) && !exclusions.filter(isOf(name, file)).some(({ tests }) => tests === undefined);
}

/** What is left out of these files, as lines for people. */
export function leftOut(name, files) {
  return exclusions.filter(({ runtimes, file }) => runtimes.includes(name) && files.includes(file)).flatMap(({ file, tests, reason }) => [
    `${file}${tests === undefined ? ', all of it' : ''}: ${reason}`, ...(tests ?? []).map((test) => `    ${test}`),
  ]);
}

/** Fetches a runtime if it is not there: `{ title, binary, argumentsFor, alone, environment }`, as `runTestFiles` takes them. */
export async function runtime(name) {
  const { title, options } = known[name];
  await installPeers([name]);
  const binary = await runtimeBinary(name);
  if (binary === null) throw new Failure(`The npm package ${name} has no binary that starts on ${os.platform()}-${os.arch()}.`);
  const argumentsFor = (file) => {
    const patterns = exclusions.filter(isOf(name, file)).flatMap(({ tests }) => tests);
    return [...options, start, path.join(root, file), ...patterns];
  };
  // Where Deno keeps what it has compiled, and no question for a newer version.
  const environment = { DENO_DIR: path.join(root, 'bench', 'build', 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
  return { title: `${title} ${peerVersions()[name]}`, binary, argumentsFor, alone, environment };
}
