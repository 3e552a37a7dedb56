// Node as a configuration has it: a program called `node` in a directory of its own that adds what the configuration wants.

import fs from 'node:fs';
import path from 'node:path';
import permission from '../../lib/permission.js';
import { buildExample } from '../build.mjs';
import { root } from '../command.mjs';
import { quoted, requireProgram, writeScript } from '../platforms/steps.mjs';

const preload = path.join(root, 'scripts', 'configurations', 'preload.cjs');

// What a directory is mounted over is still what was there for a process that stands in it.
const mountReadOnly = ['mount --rbind "$0" "$0"', 'mount -o remount,bind,ro "$0"', 'cd "$PWD"', 'exec "$@"'].join(' && ');

/** The commands that processes are run under, by name: each resolves to the words that stand before Node's. */
const confinements = {
  async refuseExecutableMemory() {
    return [await buildExample('ferrule-fixture', 'refuse_executable_memory')];
  },
  // A user namespace is there for everybody, so root is needed for none of it.
  async mountReadOnly(directory) {
    const unshare = requireProgram('unshare', 'it makes the namespace in which the package cannot be written (Debian: util-linux)');
    return [unshare, '--user', '--map-root-user', '--mount', 'sh', '-c', mountReadOnly, directory];
  },
};

/** A copy of the program, or the same file under another name where that can be. */
function copyProgram(source, target) {
  try {
    fs.linkSync(source, target);
  } catch {
    fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE);
  }
}

function grantFirst(command, binary) {
  const position = command.indexOf(binary) + 1;
  const others = command.slice(position).filter((word) => word !== permission.mark);
  return [...command.slice(0, position), permission.mark, ...others];
}

/** Resolves to the Node to start for a configuration's record; `packageRoot` is the package that is tested, `directory` is empty and stays. */
export async function writeLauncher({ options, confined, moved }, { line, binary, packageRoot, directory }) {
  const target = path.join(directory, 'node');
  if (moved) {
    copyProgram(binary, target);
    return target;
  }
  if (!options && !confined) return binary;
  const command = [...(confined ? await confinements[confined](packageRoot) : []), binary];
  if (options) {
    fs.copyFileSync(preload, path.join(directory, 'preload.cjs'));
    command.push(...options(line), '--require', path.join(directory, 'preload.cjs'));
  }
  const words = command.map(quoted).join(' ');
  // A process is granted FFI by its very first argument.
  const granted = `if [ "$1" = ${quoted(permission.mark)} ]; then shift; exec ${grantFirst(command, binary).map(quoted).join(' ')} "$@"; fi`;
  writeScript(target, [granted, `exec ${words} "$@"`]);
  return target;
}
