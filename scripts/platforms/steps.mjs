// Steps of a set-up: programs that must succeed, and directories that are made once.

import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure, failureOf, findProgram, root, run, seconds } from '../command.mjs';

/** The full path of a program; a Failure that says what it is for when it is missing. */
export function requireProgram(name, purpose, environment) {
  const found = findProgram(name, environment);
  if (!found) throw new Failure(`${name} is missing: ${purpose}.`);
  return found;
}

/** Runs a program and resolves to what it printed; what it printed is in the Failure when it does not succeed. */
export async function succeed(program, args, options = {}) {
  const result = await run(program, args, { capture: true, ...options });
  const failure = failureOf(result);
  if (failure) throw new Failure(`${[path.basename(program), ...args].join(' ')} ${failure}.\n${result.output.trim()}`);
  return result.output;
}

/** Unpacks a Python package into a directory: a binary one, as it is, without what it depends on. */
export async function installWheel(specification, directory, options = []) {
  const python = requireProgram('python3', `${specification} comes as a Python package`);
  const fixed = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--target', directory];
  await succeed(python, ['-m', 'pip', 'install', ...fixed, ...options, specification]);
}

/** A text as one word of a shell script. */
export function quoted(text) {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}

/** Writes a shell script that can be called as a program; one that runs meanwhile keeps what it was started with. */
export function writeScript(file, lines) {
  const text = ['#!/bin/sh', ...lines, ''].join('\n');
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, text, { mode: 0o755 });
  fs.renameSync(`${file}.new`, file);
}

function recorded(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isMade(directory, inputs) {
  // Through JSON, as the record has gone.
  return fs.existsSync(directory) && isDeepStrictEqual(recorded(`${directory}.json`), JSON.parse(JSON.stringify(inputs)));
}

/**
 * Makes `directory`, unless it was made from equal inputs before. `make` fills a fresh directory beside it, which takes
 * its place only when it is complete: a run that is interrupted leaves nothing that looks finished.
 */
export async function makeOnce(directory, inputs, make) {
  if (isMade(directory, inputs)) return;
  const name = path.relative(root, directory);
  console.log(`Setting up ${name} ...`);
  const start = Date.now();
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  const fresh = fs.mkdtempSync(`${directory}.new-`);
  // mkdtemp makes it its owner's alone.
  fs.chmodSync(fresh, 0o755);
  try {
    await make(fresh);
    fs.rmSync(`${directory}.json`, { force: true });
    fs.rmSync(directory, { recursive: true, force: true });
    fs.renameSync(fresh, directory);
    fs.writeFileSync(`${directory}.json`, `${JSON.stringify(inputs)}\n`);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
  console.log(`Set up ${name} in ${seconds(Date.now() - start)}.`);
}
