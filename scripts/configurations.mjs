// The JavaScript suite in every configuration of Node that Ferrule is to work in, with all set-up:
//
//   npm run test:configurations                             every configuration of scripts/configurations/records.mjs
//   npm run test:configurations -- jitless worker           these
//   npm run test:configurations -- jitless --node 20        on this Node line (may be given more than once)
//   npm run test:configurations -- --files test/call.test.js     these test files only
//   npm run test:configurations -- --list                   the configurations, and what is left out of each and why
//
// The package has been built: `npm run build`, and `npm test` builds the fixture. What does not make sense in a configuration is listed in
// scripts/configurations/exclusions.mjs.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { build, buildLibrary } from './build.mjs';
import { Failure, root, runAsScript, seconds } from './command.mjs';
import { exclusions, lengthy } from './configurations/exclusions.mjs';
import { writeLauncher } from './configurations/launcher.mjs';
import { configurations, usualLine } from './configurations/records.mjs';
import { lineOf, node, nodes, versions } from './nodes.mjs';
import { copyPackage } from './platforms/package.mjs';
import { succeed } from './platforms/steps.mjs';
import { countsText, printFile } from './test-results.mjs';

const usage = 'npm run test:configurations -- [name...] [--node <line>] [--files <file>] [--list]';

const inScripts = (name) => path.join(root, 'scripts', 'configurations', name);

export { configurations };

/** The version to run a configuration on when none is asked for. */
export function usualVersion(name) {
  return versions.find((version) => lineOf(version) === (configurations[name].line ?? usualLine));
}

/** Why a configuration cannot be had on this system; undefined where it can. */
export function missing(name) {
  const { options, confined } = configurations[name];
  if (confined && process.platform !== 'linux') return 'it is made with means of Linux';
  return options && process.platform === 'win32' ? 'its launcher is a shell script' : undefined;
}

/** What is left out in a configuration on a Node line: `{ file, tests, reason }` each. */
function exclusionsIn(name, line, isBrief) {
  const found = exclusions.filter(({ configurations: names, lines }) => names.includes(name) && (lines?.includes(line) ?? true));
  if (isBrief) found.push(...lengthy.files.map((file) => ({ file, reason: lengthy.reason })));
  const absent = found.find(({ file }) => !fs.existsSync(path.join(root, file)));
  if (absent) throw new Failure(`scripts/configurations/exclusions.mjs names ${absent.file}, and there is no such file.`);
  return found;
}

/** The package that is tested. */
function preparePackage({ moved }, directory) {
  if (!moved) return root;
  const copy = path.join(directory, 'package');
  const fixture = fs.readdirSync(path.join(root, 'target', 'release')).find((file) => /^(lib)?ferrule_fixture\.(so|dylib|dll)$/.test(file));
  copyPackage(root, copy, { addon: path.join(root, 'build', 'ferrule.node'), fixture: path.join(root, 'target', 'release', fixture) });
  // What says that the addon is up to date: a test runs the build.
  fs.copyFileSync(path.join(root, 'build', 'ferrule.json'), path.join(copy, 'build', 'ferrule.json'));
  return copy;
}

/** Throws unless the processes of a configuration are what its record says. */
async function checkItself({ holds, holdsAlso = 'true' }, { launcher, entry, packageRoot }) {
  const probe = path.join(packageRoot, 'scripts', 'configurations', 'probe.cjs');
  const printed = await succeed(launcher, [...entry, probe, holds, holdsAlso], { cwd: packageRoot });
  const expected = { thread: true, worker: true, child: { thread: true, worker: true } };
  if (printed.trim() !== JSON.stringify(expected)) throw new Failure(`The configuration is not what it should be: ${printed.trim()}`);
}

/** What Ferrule is compared with: the built-in of the newest line, as Node comes or in the configuration. */
async function writeOracle({ options, oracle }, scratch) {
  const version = versions.at(-1);
  const binary = fs.realpathSync((await node(version)).path);
  if (!oracle) return binary;
  const directory = path.join(scratch, 'oracle');
  fs.mkdirSync(directory);
  return writeLauncher({ options }, { line: lineOf(version), binary, directory });
}

/** What came out of a file, with what its exclusions expect to fail taken for what it is. */
function withoutExpected(result, excluded) {
  const expected = excluded.flatMap(({ tests }) => tests);
  const failures = result.failures.filter(({ name }) => !expected.includes(name));
  const excludedCount = result.failures.length - failures.length;
  for (const name of expected) {
    if (!result.failures.some((failure) => failure.name === name)) {
      failures.push({ name, details: 'It is listed as failing here, but it has not failed: strike it from scripts/configurations/exclusions.mjs.' });
    }
  }
  return { ...result, failures, failed: failures.length, skipped: result.skipped + excludedCount };
}

/** The suite in one configuration on one Node, without what takes long if `isBrief`; resolves to its counts, and the names of what failed. */
export async function testConfiguration(name, { version = usualVersion(name), files = [], isBrief = false } = {}) {
  const record = configurations[name];
  const line = lineOf(version);
  const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-configuration-')));
  const directory = path.join(scratch, record.moved ?? name);
  fs.mkdirSync(directory);
  try {
    const packageRoot = preparePackage(record, directory);
    const binary = fs.realpathSync((await node(version)).path);
    const launcher = await writeLauncher(record, { line, binary, packageRoot, directory });
    const entry = record.worker ? [inScripts('worker.mjs')] : [];
    await checkItself(record, { launcher, entry, packageRoot });
    const excluded = exclusionsIn(name, line, isBrief);
    for (const { file, tests = ['all of it'], reason } of excluded) console.log(`left out: ${file}: ${tests.join('; ')}: ${reason}`);
    const environment = { ...record.environment, FERRULE_ORACLE: await writeOracle(record, scratch) };
    return await runFiles(files, { packageRoot, launcher, entry, environment, excluded });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function runFiles(files, { packageRoot, launcher, entry, environment, excluded }) {
  // The package's own runner: it looks for the files beside itself.
  const { alone, nodeArguments, onOneLine, runTestFiles, testFiles } = await import(pathToFileURL(path.join(packageRoot, 'scripts', 'test-files.mjs')));
  const whole = excluded.filter(({ tests }) => tests === undefined).map(({ file }) => file);
  const chosen = (files.length > 0 ? files : testFiles().filter((file) => !onOneLine.has(file))).filter((file) => !whole.includes(file));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  await runTestFiles(chosen, {
    binary: launcher, argumentsFor: (file) => nodeArguments(file, entry), environment, alone,
    onFile(result) {
      const seen = withoutExpected(result, excluded.filter(({ file, tests }) => file === result.file && tests));
      printFile(seen);
      for (const key of Object.keys(counts)) counts[key] += seen[key];
      failures.push(...seen.failures.map((failure) => `${result.file}: ${failure.name}`));
    },
  });
  return { ...counts, failures };
}

const listOf = (values) => values?.flatMap((value) => value.split(',')).filter(Boolean) ?? [];

function parseOptions(args) {
  const list = { type: 'string', multiple: true };
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { node: list, files: list, list: { type: 'boolean' } } });
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`);
  }
  const { values, positionals } = parsed;
  const unknown = positionals.find((name) => !Object.hasOwn(configurations, name));
  if (unknown) throw new Failure(`There is no configuration ${unknown}; there are ${Object.keys(configurations).join(', ')}.`);
  const wanted = listOf(values.node);
  const lines = versions.filter((version) => wanted.includes(version) || wanted.includes(String(lineOf(version))));
  if (lines.length < wanted.length) throw new Failure(`The Node lines are ${versions.map(lineOf).join(', ')}.`);
  const files = listOf(values.files).map((file) => path.relative(root, path.resolve(file)).split(path.sep).join('/'));
  const absent = files.find((file) => !fs.existsSync(path.join(root, file)));
  if (absent) throw new Failure(`There is no test file ${absent}.`);
  return { names: positionals.length > 0 ? positionals : Object.keys(configurations), lines, files, list: values.list };
}

function printList(names) {
  for (const name of names) {
    console.log(`${name.padEnd(22)} ${configurations[name].what}; Node ${lineOf(usualVersion(name))}`);
    for (const { file, tests = ['all of it'], lines, reason } of exclusions.filter(({ configurations: where }) => where.includes(name))) {
      console.log(`${' '.repeat(22)} without ${file}${lines ? ` (Node ${lines.join(', ')})` : ''}: ${tests.join('; ')}: ${reason}`);
    }
  }
}

await runAsScript(import.meta.url, async (args) => {
  const { names, lines, files, list } = parseOptions(args);
  if (list) {
    printList(names);
    return 0;
  }
  await build();
  await buildLibrary('ferrule-fixture', { options: ['--target-dir', path.join(root, 'target')] });
  await nodes();
  const results = [];
  for (const name of names) {
    const reason = missing(name);
    if (reason) {
      console.log(`\n== ${name} cannot be had here: ${reason}`);
      continue;
    }
    for (const version of lines.length > 0 ? lines : [usualVersion(name)]) {
      console.log(`\n== ${name}, Node ${version}`);
      const start = Date.now();
      const counts = await testConfiguration(name, { version, files });
      results.push({ what: `${name}, Node ${version}`, time: Date.now() - start, ok: counts.failed === 0 && counts.passed > 0, ...counts });
    }
  }
  console.log('\n== Summary');
  for (const { what, ok, time, ...counts } of results) {
    console.log(`${ok ? ' ok ' : 'FAIL'} ${what.padEnd(36)} ${seconds(time).padStart(8)}   ${countsText(counts)}`);
  }
  return results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
});
