// The JavaScript suite under AddressSanitizer, with all set-up:
//
//   npm run test:sanitizer                     on every Node line
//   npm run test:sanitizer -- --node 24        on this line (may be given more than once)
//   npm run test:sanitizer -- --files test/callback.test.js    these test files only
//   npm run test:sanitizer -- --keep           leaves the copy of the repository, with the reports in it
//
// The addon, the fixture and libffi are compiled so that each of their reads and writes is checked, and run in the ordinary Node binaries with the
// runtime preloaded, whose allocator then serves everybody in the process: what reads or writes outside of an allocation, or after it was freed,
// ends the process with a report. Rust's own assertions about unsafe code are compiled in, too. What Node and V8 do themselves is not checked,
// but for what they pass to the C library's functions; neither is the code that Ferrule compiles at run time.
//
// The suite runs in a copy of the repository with that build in it. A report fails the command even if it came from a process whose end no test
// looked at. Before the suite, programs that do what must not be done have to be caught.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { buildLibrary } from './build.mjs';
import { Failure, findProgram, root, run, runAsScript, seconds } from './command.mjs';
import { installDependencies } from './dependencies.mjs';
import { lineOf, node, nodes, versions } from './nodes.mjs';

const targets = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' };

/** The exit code of a process that the runtime has ended; no test expects it. */
const reported = 99;

const measures = 'measures the C library\'s heap, in whose place the runtime has its own';
const deepBinding = 'loads a library with RTLD_DEEPBIND, which then has another allocator than the rest of the process; the runtime refuses that';
/** What is left out, and why. */
const excluded = {
  'test/leak.test.js': measures,
  'test/stress/flat.test.js': measures,
  'test/tiers/memory.test.js': measures,
  'test/libraries/curl.test.js': deepBinding,
  'test/libraries/openssl.test.js': deepBinding,
  'test/libraries/system.test.js': deepBinding,
  'test/libraries/zlib.test.js': deepBinding,
  'test/documents.test.js': deepBinding,
  'test/demo.test.js': 'builds the addon in the ordinary way',
  'test/migrating.test.js': 'runs other packages and runtimes, which have allocators of their own',
  'test/guard-document.test.js': "half a pointer, which an example takes for one, often lies in the runtime's shadow memory",
};

/** Everything is slower, and stress tests are it most of all. */
const timeout = 900_000;

/** What a process does that the self-check starts: `{ ffi, fixture }` are given, and 16 bytes at `memory`. */
const checks = [
  { name: 'nothing wrong', body: 'fill(memory, 16, 1); ffi.toBuffer(memory, 16); ffi.setInt32(memory, 12, 1);' },
  { name: 'a write beyond an allocation, in the fixture', body: 'fill(memory, 17, 1);', report: 'heap-buffer-overflow' },
  { name: 'a write to freed memory, in the fixture', body: 'release(memory); fill(memory, 1, 1);', report: 'heap-use-after-free' },
  { name: 'a read beyond an allocation, in the addon', body: 'ffi.toBuffer(memory, 17);', report: 'heap-buffer-overflow' },
  { name: 'a read of freed memory, in the addon', body: 'release(memory); ffi.toArrayBuffer(memory, 8);', report: 'heap-use-after-free' },
];

async function printed(program, args) {
  const { code, output } = await run(program, args, { capture: true });
  if (code !== 0) throw new Failure(`${program} ${args.join(' ')} failed:\n${output.trim()}`);
  return output.trim();
}

/** The runtime, as a shared library: it comes with gcc, and its interface is the same for gcc's and rustc's code. */
async function findRuntime() {
  const gcc = findProgram('gcc');
  if (!gcc) throw new Failure('gcc is missing, and with it the runtime of AddressSanitizer: apt-get install gcc');
  const file = await printed(gcc, ['-print-file-name=libasan.so']);
  if (!path.isAbsolute(file)) throw new Failure('gcc has no libasan.so: on Debian and Ubuntu it comes with libgcc-<version>-dev');
  return { gcc, file: fs.realpathSync(file) };
}

/** Builds the addon and the fixture with every access checked, and gives where they are. */
async function buildChecked(gcc, target) {
  const settings = {
    // The flag is not stable yet. The runtime is preloaded, so that nothing is linked.
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: '-Zsanitizer=address -Zexternal-clangrt -Cforce-frame-pointers=yes',
    CC: gcc,
    CFLAGS: '-fsanitize=address -fno-omit-frame-pointer -g -O1',
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
    CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
  };
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    // With a target named, the flags are not those of build scripts, which run without the runtime.
    const options = ['--target', target, '--target-dir', path.join(root, 'target', 'sanitizer')];
    return { addon: await buildLibrary('ferrule-addon', { options }), fixture: await buildLibrary('ferrule-fixture', { options }) };
  } finally {
    for (const name of Object.keys(settings)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** Copies what the tests need, with the checked build in the place of the ordinary one. */
function copyRepository({ addon, fixture }) {
  const copy = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-sanitizer-')));
  const linked = new Set(['.nodes', 'node_modules']);
  const left = new Set(['.git', '.platforms', 'build', 'target']);
  for (const name of fs.readdirSync(root)) {
    if (left.has(name)) continue;
    if (linked.has(name)) fs.symlinkSync(path.join(root, name), path.join(copy, name));
    else fs.cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  for (const [from, ...to] of [[addon, 'build', 'ferrule.node'], [fixture, 'target', 'release', path.basename(fixture)]]) {
    fs.mkdirSync(path.join(copy, ...to.slice(0, -1)), { recursive: true });
    fs.copyFileSync(from, path.join(copy, ...to));
  }
  return copy;
}

/** What makes a Node process run with the runtime. Its reports go to files: a test keeps what its processes print to itself. */
function checkedEnvironment(runtime, reports) {
  const options = {
    log_path: path.join(reports, 'report'),
    exitcode: reported,
    // V8 and the tests use these signals themselves.
    handle_segv: 0, handle_sigbus: 0, handle_sigill: 0, handle_sigfpe: 0, handle_abort: 0,
    // Node asks for more than there is, and copes with getting nothing.
    allocator_may_return_null: 1,
    // Node frees next to nothing when it exits. test/leak.test.js looks for leaks.
    detect_leaks: 0,
    // A local variable that is used after its function has returned.
    detect_stack_use_after_return: 1,
  };
  return { LD_PRELOAD: runtime, ASAN_OPTIONS: Object.entries(options).map(([name, value]) => `${name}=${value}`).join(':') };
}

/** The reports so far, without the runtime's warnings. Removes them. */
function takeReports(reports) {
  const found = [];
  for (const name of fs.readdirSync(reports)) {
    const text = fs.readFileSync(path.join(reports, name), 'utf8');
    fs.renameSync(path.join(reports, name), path.join(reports, '..', `seen-${name}`));
    if (/^==\d+==(?!WARNING)/m.test(text)) found.push(text);
  }
  return found;
}

/** Whether the build is what it should be: it catches what it must, and nothing else. */
async function checkItself({ binary, copy, reports, env }) {
  const library = path.join(copy, 'target', 'release', 'libferrule_fixture.so');
  const prologue = `
    const ffi = require(${JSON.stringify(copy)});
    const { allocate, buffer_fill: fill, release } = new ffi.DynamicLibrary(${JSON.stringify(library)}).getFunctions({
      allocate: { arguments: ['u64'], return: 'pointer' },
      buffer_fill: { arguments: ['pointer', 'u64', 'u8'] },
      release: { arguments: ['pointer'] },
    });
    const memory = allocate(16);`;
  for (const { name, body, report } of checks) {
    const { code, output } = await run(binary, ['-e', `${prologue}\n${body}`], { env: { ...process.env, ...env }, capture: true });
    const found = takeReports(reports);
    const isRight = report ? code === reported && found.length === 1 && found[0].includes(`ERROR: AddressSanitizer: ${report}`)
      : code === 0 && found.length === 0 && output === '';
    if (!isRight) {
      throw new Failure(`The self-check failed: ${name} ended with exit code ${code} and this report:\n${found.join('\n')}${output}`);
    }
    console.log(` ok  self-check: ${name}${report ? ` is reported (${report})` : ' goes without a report'}`);
  }
}

function printFile({ file, passed, failed, skipped, failures, time, output }, found) {
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
  console.log(`${failed || found.length ? 'FAIL' : ' ok '} ${file.padEnd(44)} ${seconds(time).padStart(8)}   ${counts}`);
  for (const { name, details } of failures) console.log(`\n     ${name}\n${details}\n`);
  if (failed) console.log(output.split('\n').slice(-40).join('\n'));
  for (const text of found) console.log(text.split('\n').slice(0, 60).join('\n'));
}

/** The suite on one Node line; gives the sums. */
async function testLine({ binary, files, copy, reports, env }) {
  // The copy's own module: it looks for the tests, and runs them, where it is itself.
  const { alone, onOneLine, runTestFiles, testFiles } = await import(pathToFileURL(path.join(copy, 'scripts', 'test-files.mjs')).href);
  const sums = { passed: 0, failed: 0, skipped: 0, reports: 0 };
  // The last ones are not about native code.
  const chosen = files.length > 0 ? files : testFiles().filter((file) => !(file in excluded) && !onOneLine.has(file));
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    await runTestFiles(chosen, {
      binary, alone, timeout,
      onFile(result) {
        // Two files run side by side: a report is printed with the one that ends first.
        const found = takeReports(reports);
        printFile(result, found);
        for (const key of ['passed', 'failed', 'skipped']) sums[key] += result[key];
        sums.reports += found.length;
      },
    });
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
  return sums;
}

const listOf = (values) => values?.flatMap((value) => value.split(',')).filter(Boolean) ?? [];

function parseOptions(args) {
  const list = { type: 'string', multiple: true };
  let values;
  try {
    ({ values } = parseArgs({ args, options: { node: list, files: list, keep: { type: 'boolean' } } }));
  } catch (error) {
    throw new Failure(`${error.message}\nOptions: --node <line>, --files <file>, --keep`);
  }
  const wanted = listOf(values.node);
  const lines = versions.filter((version) => wanted.length === 0 || wanted.includes(version) || wanted.includes(String(lineOf(version))));
  if (lines.length < Math.max(1, wanted.length)) throw new Failure(`The Node lines are ${versions.map(lineOf).join(', ')}.`);
  const files = listOf(values.files).map((file) => path.relative(root, path.resolve(file)));
  const absent = [...files, ...Object.keys(excluded)].find((file) => !fs.existsSync(path.join(root, file)));
  if (absent) throw new Failure(`There is no test file ${absent}.`);
  return { lines, files, keep: values.keep };
}

async function testLines({ lines, files }, { copy, reports, env }) {
  let failed = false;
  for (const version of lines) {
    const binary = fs.realpathSync((await node(version)).path);
    console.log(`\n== Node ${version}`);
    await checkItself({ binary, copy, reports, env });
    const sums = await testLine({ binary, files, copy, reports, env });
    console.log(`Node ${version}: ${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped; ${sums.reports} reports`);
    failed ||= sums.failed > 0 || sums.reports > 0 || sums.passed === 0;
  }
  return failed;
}

await runAsScript(import.meta.url, async (args) => {
  const options = parseOptions(args);
  const target = process.platform === 'linux' ? targets[process.arch] : undefined;
  if (!target) throw new Failure(`AddressSanitizer is set up for Linux on ${Object.keys(targets).join(' and ')}, not for this platform.`);
  const { gcc, file: runtime } = await findRuntime();
  await installDependencies();
  // All of them: the newest is also the oracle of test/conformance.
  const [oracle] = (await nodes()).slice(-1);
  const copy = copyRepository(await buildChecked(gcc, target));
  try {
    const reports = path.join(copy, 'target', 'reports');
    fs.mkdirSync(reports);
    const env = { ...checkedEnvironment(runtime, reports), FERRULE_ORACLE: fs.realpathSync(oracle.path) };
    for (const [file, reason] of Object.entries(excluded)) console.log(`left out: ${file} ${reason}`);
    const failed = await testLines(options, { copy, reports, env });
    console.log(failed ? '\nAddressSanitizer: not clean' : '\nAddressSanitizer: clean');
    return failed ? 1 : 0;
  } finally {
    if (options.keep) console.log(`The copy is ${copy}.`);
    else fs.rmSync(copy, { recursive: true, force: true });
  }
});
