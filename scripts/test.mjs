// Everything that is checked about Ferrule, with all set-up, also in a fresh clone:
//
//   npm test                              all of it
//   npm test -- --only js                 one part: rust, layers, headers, js, configurations, abi, runtimes, bench (may be given more than once)
//   npm test -- --node 24                 JavaScript tests on this Node line only (may be given more than once)
//   npm test -- --files test/memory.test.js    these test files only, and nothing else
//   npm run test:runtimes                 all of the JavaScript tests in Bun and Deno, of which `npm test` runs some
//   npm run test:runtimes -- --runtime bun --files test/call.test.js
//   npm test -- --shared-libffi --only js    with the system's libffi instead of the one that is built along
//   npm test -- --list                    what would run, without running it
//
// A step that fails does not keep the following ones from running, unless they need what it makes. The last line is
// "N passed, N failed" (with ", N skipped" where tests were), the number of single tests in Rust and JavaScript on all
// Node lines together; a step that fails without a failing test, such as clippy, counts as one that failed.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installPeers } from '../bench/peers.mjs';
import { build, buildLibrary, toolchain } from './build.mjs';
import { Failure, failureOf, root, run, runAsScript, seconds } from './command.mjs';
import { configurations, missing, testConfiguration, usualVersion } from './configurations.mjs';
import { installDependencies } from './dependencies.mjs';
import { lineOf, node, nodes, versions } from './nodes.mjs';
import { essential, isRun, leftOut, runtime, runtimeNames } from './runtimes.mjs';
import { alone, onOneLine, runTestFiles, testFiles } from './test-files.mjs';
import { countsText, printFile } from './test-results.mjs';

const parts = ['rust', 'layers', 'headers', 'js', 'configurations', 'abi', 'runtimes', 'bench'];

const none = { passed: 0, failed: 0, skipped: 0 };

/** A cargo subcommand; all it prints goes to the terminal, except lines that `onLine` handles. */
async function cargo(args, onLine) {
  const { cargo: program, env } = toolchain();
  const failure = failureOf(await run(program, args, { env, onLine }));
  if (failure) throw new Failure(`cargo ${args[0]} ${failure}.`);
  return none;
}

/** `cargo test`, shown without the tests that pass, and counted. */
async function cargoTest() {
  const counts = { ...none };
  const onLine = (line) => {
    const result = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line);
    if (result) {
      const [passed, failed, skipped] = result.slice(1).map(Number);
      counts.passed += passed;
      counts.failed += failed;
      counts.skipped += skipped;
    }
    const quiet = /^test .* \.\.\. ok$|^running \d+ tests?$|^test result: ok|^$/.test(line);
    if (!quiet) console.log(line);
  };
  try {
    await cargo(['test', '--workspace', '--no-fail-fast'], onLine);
  } catch (error) {
    // The tests that failed stand for themselves; without one, something did not compile or crashed.
    if (!(error instanceof Failure) || counts.failed === 0) throw Object.assign(error, { counts });
  }
  return counts;
}

/** A script of this repository that says itself what is wrong. */
async function script(file, ...args) {
  const failure = failureOf(await run(process.execPath, [path.join(root, file), ...args]));
  if (failure) throw new Failure(`${file} ${failure}.`);
}

/** Throws a Failure unless the addon has a libffi loaded. */
async function assertLoadsLibffi(addon) {
  const script = `require(${JSON.stringify(addon)}); console.log(process.report.getReport().sharedObjects.join('\\n'))`;
  const { output } = await run(process.execPath, ['-e', script], { capture: true });
  const found = output.split('\n').find((line) => /libffi[^/]*$/.test(line));
  if (!found) throw new Failure(`The addon loads no libffi:\n${output}`);
  console.log(`It calls through ${found}`);
}

/** All test files of one Node line. */
async function testLine(version, files) {
  const { path: binary } = await node(version);
  return testFilesWith({ binary, alone }, files);
}

/** Test files in another runtime, and what is left out there. */
async function testRuntime(name, files) {
  const { title, ...how } = await runtime(name);
  console.log(title);
  const result = await testFilesWith(how, files.filter((file) => isRun(name, file)));
  const lines = leftOut(name, files);
  if (lines.length > 0) console.log(['\nLeft out:', ...lines].join('\n  '));
  return result;
}

/** Runs test files and prints what comes out. */
async function testFilesWith(how, files) {
  if (files.length === 0) throw new Failure('There is no test file to run.');
  const counts = { ...none };
  const failures = [];
  await runTestFiles(files, {
    ...how,
    onFile(result) {
      printFile(result);
      for (const key of Object.keys(counts)) counts[key] += result[key];
      failures.push(...result.failures.map(({ name }) => `${result.file}: ${name}`));
    },
  });
  return { ...counts, failures };
}

/**
 * The steps of a run, in order: `{ name, work, after, counted }`. `after` names the steps without whose success this one makes
 * no sense; `counted` says that it is made of tests, so that it fails when it finds none.
 */
function stepsOf({ only, lines, files, runtimes, sharedLibffi }) {
  const rust = only.includes('rust');
  const js = only.includes('js');
  const abi = only.includes('abi');
  const bench = only.includes('bench');
  const configured = only.includes('configurations');
  const needsBinary = js || configured || abi || bench || runtimes.length > 0;
  const steps = [];
  const step = (name, work, options = {}) => steps.push({ name, work, after: [], counted: false, ...options });

  if (js) step('npm packages', async () => { await installDependencies(); });
  // What the guide for migrating shows is run, where these can be installed.
  if (files.includes('test/migrating.test.js')) step('peers', () => installPeers(['koffi', 'deno', 'bun']));
  if (rust || needsBinary) {
    step('tools', () => console.log(`cargo: ${toolchain().cargo}`));
    step('fixture', async () => {
      // Where test/fixture.js looks, whatever CARGO_TARGET_DIR says.
      await buildLibrary('ferrule-fixture', { options: ['--target-dir', path.join(root, 'target')] });
    }, { after: ['tools'] });
  }
  if (needsBinary) {
    step('build', async () => {
      const { file, built } = await build({ sharedLibffi });
      if (!built) console.log(`${path.relative(root, file)} is up to date.`);
      if (sharedLibffi) await assertLoadsLibffi(file);
    }, { after: ['tools'] });
  }
  if (rust) {
    step('cargo fmt', () => cargo(['fmt', '--all', '--check']), { after: ['tools'] });
    step('cargo clippy', () => cargo(['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']), { after: ['tools'] });
    step('cargo test', cargoTest, { after: ['tools', 'fixture'], counted: true });
  }
  if (only.includes('layers')) {
    step('layers', () => script('scripts/check-layers.mjs'));
  }
  if (needsBinary || only.includes('headers')) {
    // All of them, whichever is asked for: the newest is also the oracle of test/conformance.
    step('Node lines', async () => { await nodes(); });
  }
  if (only.includes('headers')) step('V8 headers', () => script('scripts/check-v8-headers.mjs'), { after: ['Node lines'] });
  if (js) {
    for (const version of lines) {
      const here = files.filter((file) => version === lines.at(-1) || !onOneLine.has(file));
      if (here.length === 0 && files.length > 0) continue;
      step(`Node ${version}`, () => testLine(version, here), { after: ['build', 'fixture', 'Node lines'], counted: true, files: here });
    }
  }
  for (const { name, files: here } of runtimes) {
    step(name, () => testRuntime(name, here), { after: ['build', 'fixture'], counted: true, files: here });
  }
  // On one line each. The plain one is what is above, on all of them.
  for (const name of configured ? Object.keys(configurations).filter((other) => other !== 'plain') : []) {
    const reason = missing(name);
    if (reason) step(`${name}: not here, ${reason}`, () => none);
    else step(`${name}, Node ${usualVersion(name)}`, () => testConfiguration(name, { isBrief: true }), { after: ['build', 'fixture', 'Node lines'], counted: true });
  }
  const binary = ['build', 'Node lines'];
  // On the newest line; test/abi.test.js tries some signatures on each.
  if (abi) step('ABI fuzz', async () => script('scripts/fuzz-abi.mjs', '--signatures', '20000', '--node', (await node(lines.at(-1))).path), { after: binary });
  // Deno and Bun are large.
  const large = 'deno,bun,ferrule-deno,ferrule-deno-napi,ferrule-bun,ferrule-bun-napi';
  if (bench) step('benchmark', () => script('bench/run.mjs', '--once', '--skip', large), { after: binary });
  return steps;
}

async function runStep({ name, work, after, counted }, results) {
  const missing = after.filter((needed) => results.some((result) => result.name === needed && !result.ok));
  if (missing.length > 0) return { name, ...none, ok: false, time: 0, mark: ' -- ', text: `not run, because "${missing[0]}" failed` };
  console.log(`\n== ${name}`);
  const start = Date.now();
  let counts = none;
  let text = 'ok';
  let ok = true;
  try {
    counts = await work() ?? none;
    if (counted && counts.passed + counts.failed === 0) throw new Failure('No test ran.');
    ok = counts.failed === 0;
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    ok = false;
    text = 'failed';
    counts = error.counts ?? counts;
  }
  if (counts.passed + counts.failed > 0) text = countsText(counts) + (ok || counts.failed > 0 ? '' : ', and then it failed');
  // Something failed that is not a test: the sums must show it.
  const failed = !ok && counts.failed === 0 ? 1 : counts.failed;
  return { name, ...counts, failed, ok, mark: ok ? ' ok ' : 'FAIL', text, time: Date.now() - start };
}

function printSummary(results) {
  console.log('\n== Summary');
  for (const { name, mark, time, text } of results) {
    console.log(`${mark} ${name.padEnd(36)} ${seconds(time).padStart(8)}   ${text}`);
  }
  for (const { name, failures = [] } of results) {
    if (failures.length > 0) console.log([`\nFailed in ${name}:`, ...failures].join('\n     '));
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const skipped = sum('skipped');
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);
}

function listSteps(steps) {
  for (const { name, files } of steps) {
    console.log(name);
    files?.forEach((file) => console.log(`  ${file}`));
  }
}

/** Accepts "a,b" as well as an option given twice. */
function listOf(values) {
  return values?.flatMap((value) => value.split(',')).filter(Boolean) ?? [];
}

function parseOptions(args) {
  const list = { type: 'string', multiple: true };
  let parsed;
  try {
    const flag = { type: 'boolean', default: false };
    const options = { node: list, only: list, runtime: list, files: list, list: flag, 'shared-libffi': flag };
    parsed = parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    const known = `--only ${parts.join('|')}, --node <line>, --runtime ${runtimeNames.join('|')}, --files <file>, --shared-libffi, --list`;
    throw new Failure(`${error.message}\nOptions: ${known}`);
  }
  const { values, positionals } = parsed;
  const wanted = listOf(values.node);
  for (const line of wanted) {
    if (!versions.some((version) => version === line || String(lineOf(version)) === line)) {
      throw new Failure(`There is no Node line ${line}; there are ${versions.map(lineOf).join(', ')}.`);
    }
  }
  const lines = versions.filter((version) => wanted.length === 0 || wanted.includes(version) || wanted.includes(String(lineOf(version))));
  const named = [...listOf(values.files), ...positionals].map((file) => path.relative(root, path.resolve(file)).split(path.sep).join('/'));
  const absent = named.find((file) => !fs.existsSync(path.join(root, file)));
  if (absent) throw new Failure(`There is no test file ${absent}.`);
  const unknown = listOf(values.only).find((part) => !parts.includes(part));
  if (unknown) throw new Failure(`--only knows ${parts.join(', ')}, not ${unknown}.`);
  // Naming files or lines is asking for JavaScript tests.
  const implied = named.length > 0 || wanted.length > 0 ? ['js'] : parts;
  const only = values.only ? listOf(values.only) : implied;
  const strange = listOf(values.runtime).find((name) => !runtimeNames.includes(name));
  if (strange) throw new Failure(`--runtime knows ${runtimeNames.join(', ')}, not ${strange}.`);
  const sharedLibffi = values['shared-libffi'];
  // The demo runs the ordinary build, which would take the place of the addon.
  const all = testFiles().filter((file) => !sharedLibffi || file !== 'test/demo.test.js');
  const files = named.length > 0 ? named : all;
  // Everything when somebody asks for this part.
  const inRuntimes = values.only ? files : essential;
  const wantedRuntimes = listOf(values.runtime);
  const runtimes = !only.includes('runtimes') ? [] : runtimeNames
    .filter((name) => wantedRuntimes.length === 0 || wantedRuntimes.includes(name))
    .map((name) => ({ name, files: inRuntimes }));
  return { only, lines, files, runtimes, list: values.list, sharedLibffi };
}

await runAsScript(import.meta.url, async (args) => {
  const options = parseOptions(args);
  const steps = stepsOf(options);
  if (options.list) {
    listSteps(steps);
    return 0;
  }
  const results = [];
  for (const step of steps) results.push(await runStep(step, results));
  printSummary(results);
  return results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
});
