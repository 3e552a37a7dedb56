// Builds Ferrule for other platforms than this machine's and tests it there, on real Node binaries of those platforms:
//
//   node scripts/platforms.mjs                              every platform of scripts/platforms/records.mjs
//   node scripts/platforms.mjs linux-arm64                  this one: set-up, build, and the tests on each Node line
//   node scripts/platforms.mjs linux-arm64 --node 24        on this line only (may be given more than once)
//   node scripts/platforms.mjs linux-arm64 --files test/call.test.js     these test files only
//   node scripts/platforms.mjs linux-arm64 -- node x.js     a command instead of the tests; `node`, `gcc` and `clang`
//                                                           are the platform's, Node's newest line unless --node says
//   --skip-set-up                                           fetch and build nothing: use what the last run made
//
// A command runs in a copy of the package that has the platform's addon (.platforms/<name>/package), and so do the
// tests. All that is fetched and made is in .platforms/. It needs a Debian machine with Linux 6.7 or newer, cargo,
// python3 with pip, npm, make and a C compiler; it does not need root.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure, failureOf, root, run, runAsScript, seconds } from './command.mjs';
import { lineOf } from './nodes.mjs';
import { compilersOf } from './platforms/compilers.mjs';
import { testFilesOf } from './platforms/exclusions.mjs';
import { nodeOf, versionsOf } from './platforms/node.mjs';
import { copyPackage } from './platforms/package.mjs';
import { platforms } from './platforms/records.mjs';
import { requireProgram } from './platforms/steps.mjs';
import { RustToolchain } from './platforms/toolchain.mjs';
import { countsText, printFile } from './test-results.mjs';

const usage = 'node scripts/platforms.mjs [name...] [--node <line>] [--files <file>] [--skip-set-up] [-- command...]';

/** All that is fetched and made, and in it what serves all platforms. */
const cache = path.join(root, '.platforms');
const tools = path.join(cache, 'tools');

const inherited = { ...process.env };

const listOf = (values) => values?.flatMap((value) => value.split(',')).filter(Boolean) ?? [];

function parseOptions(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const command = args.slice(end + 1);
  const list = { type: 'string', multiple: true };
  let parsed;
  try {
    const options = { node: list, files: list, 'skip-set-up': { type: 'boolean', default: false } };
    parsed = parseArgs({ args: args.slice(0, end), allowPositionals: true, options });
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`);
  }
  const { values, positionals } = parsed;
  const names = positionals.length > 0 ? positionals : Object.keys(platforms);
  const unknown = names.find((name) => !Object.hasOwn(platforms, name));
  if (unknown) throw new Failure(`There is no platform ${unknown}; there are ${Object.keys(platforms).join(', ')}.`);
  if (end < args.length && command.length === 0) throw new Failure(`There is no command after --.\n${usage}`);
  return { names, wanted: listOf(values.node), files: listOf(values.files), skipSetUp: values['skip-set-up'], command };
}

/** The versions of a platform's Node that were asked for. */
function chosenOf(name, wanted) {
  const nodes = versionsOf(platforms[name]);
  const isWanted = (version) => wanted.includes(version) || wanted.includes(String(lineOf(version)));
  const absent = wanted.find((asked) => !nodes.some((version) => version === asked || String(lineOf(version)) === asked));
  if (absent) throw new Failure(`${name} has no Node line ${absent}; it has ${nodes.map(lineOf).join(', ')}.`);
  return wanted.length > 0 ? nodes.filter(isWanted) : nodes;
}

/** One platform, set up: its Node binaries, those of `versions` at least, and the package built for it. */
class Platform {
  constructor(name, versions) {
    this.name = name;
    this.record = platforms[name];
    this.package = path.join(cache, name, 'package');
    this.node = nodeOf(path.join(cache, name), this.record, versions);
    this.compilers = compilersOf(tools, path.join(cache, name), this.node.system, this.record);
    this.rust = new RustToolchain(tools, this.record, this.compilers);
  }

  async prepare({ skipSetUp }) {
    fs.mkdirSync(cache, { recursive: true });
    // Git leaves the directory alone, wherever it stands.
    fs.writeFileSync(path.join(cache, '.gitignore'), '*\n');
    let built;
    if (skipSetUp) {
      built = this.rust.built();
    } else {
      await this.node.setUp();
      await this.compilers.setUp();
      await this.rust.setUp();
      const start = Date.now();
      built = await this.rust.build(root);
      console.log(`Built for ${this.name} in ${seconds(Date.now() - start)}.`);
    }
    copyPackage(root, this.package, built);
  }

  /** The environment of a program on this platform, with this version of Node as `node`. */
  environment(version) {
    return {
      ...inherited,
      ...this.node.environment,
      PATH: [path.dirname(this.node.launcherOf(version)), this.compilers.scripts, inherited.PATH].join(path.delimiter),
      ...(this.node.oracle && { FERRULE_ORACLE: this.node.oracle }),
    };
  }

  /** Runs a command and resolves to its exit code, as a shell gives it. */
  async command([program, ...args], version) {
    const env = this.environment(version);
    const found = requireProgram(program, 'it was to run', env);
    const { code, signal } = await run(found, args, { cwd: this.package, env });
    return signal ? 128 + os.constants.signals[signal] : code;
  }

  /** Runs test files, or all there are, and resolves to `{ counts, leftOut }`: what did not run, as lines with the reason. */
  async test(files, version) {
    // The copy's own runner: it looks for the files beside itself.
    const { alone, runTestFiles } = await import(pathToFileURL(path.join(this.package, 'scripts', 'test-files.mjs')));
    const all = testFilesOf(this.record, this.node.oracle);
    const absent = files.find((file) => !fs.existsSync(path.join(this.package, file)));
    if (absent) throw new Failure(`There is no test file ${absent}.`);
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const leftOut = files.length > 0 ? [] : all.leftOut.map(([file, reason]) => `${file}: ${reason}`);
    // The runner gives each file the environment that it has itself.
    Object.assign(process.env, this.environment(version));
    await runTestFiles(files.length > 0 ? files : all.files, {
      binary: this.node.launcherOf(version),
      alone,
      timeout: this.node.timeout,
      onFile(result) {
        for (const key of Object.keys(counts)) counts[key] += result[key];
        leftOut.push(...result.skips.map(({ name, reason }) => `${result.file}, ${name}: ${reason}`));
        printFile(result);
      },
    });
    return { counts, leftOut };
  }
}

/** The command, or the tests, on one version; resolves to `{ ok, text }`. */
async function runOn(platform, version, { command, files }) {
  if (command.length > 0) {
    const code = await platform.command(command, version);
    return { ok: code === 0, text: `${command[0]} ended with exit code ${code}` };
  }
  console.log(`\n== ${platform.name}, Node ${version}`);
  const { counts, leftOut } = await platform.test(files, version);
  if (leftOut.length > 0) console.log(['\n     Left out:', ...leftOut.map((line) => `       ${line}`)].join('\n'));
  const ok = counts.failed === 0 && counts.passed > 0;
  return { ok, text: counts.passed + counts.failed === 0 ? 'no test ran' : countsText(counts) };
}

await runAsScript(import.meta.url, async (args) => {
  const { names, wanted, skipSetUp, ...work } = parseOptions(args);
  // An emulator and the compilation of a standard library take long; whoever works on the machine comes first.
  os.setPriority(os.constants.priority.PRIORITY_LOW);
  const results = [];
  for (const name of names) {
    const versions = chosenOf(name, wanted);
    const platform = new Platform(name, versions);
    await platform.prepare({ skipSetUp });
    const chosen = work.command.length > 0 && wanted.length === 0 ? versions.slice(-1) : versions;
    for (const version of chosen) {
      const start = Date.now();
      const result = await runOn(platform, version, work);
      results.push({ ...result, what: `${name}, Node ${version}`, time: Date.now() - start });
    }
  }
  if (work.command.length === 0 || results.some(({ ok }) => !ok)) {
    console.log('\n== Summary');
    for (const { ok, what, text, time } of results) {
      console.log(`${ok ? ' ok ' : 'FAIL'} ${what.padEnd(28)} ${seconds(time).padStart(8)}   ${text}`);
    }
  }
  return results.every(({ ok }) => ok) ? 0 : 1;
});
