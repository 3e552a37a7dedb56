// Holds what Ferrule knows of V8's classes (crates/addon/src/v8/layout.rs) against V8 itself.
//
//   node scripts/check-v8-headers.mjs           says what was compared, exit code 1 when something differs
//   node scripts/check-v8-headers.mjs <root>    checks the tree at <root> instead of this one
//
// Three things are asked for each version of V8 that layout.rs has a layout for:
//
//  1. V8's own headers, which the crate `v8` ships: crates/headers prints C++ full of static assertions, and a C++
//     compiler looks at them. scripts/v8-headers/Cargo.toml names the crates. cargo downloads them once (170 MB, 1.1 GB
//     unpacked) into its own registry and builds nothing of them.
//  2. The headers that come with the very Node that Ferrule runs on: all but v8-fast-api-calls.h.
//  3. That Node's binary: an addon, crates/headers again, has V8 fill a CFunctionInfo and looks at the bytes. It also
//     looks for every name of a C++ symbol that stands in crates/addon/src/v8: a name that no Node has is misspelt.
//
// All that is for Linux. The names that functions have on Windows are looked for in Node's binaries for Windows, where
// scripts/platforms.mjs has fetched them.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildLibrary, toolchain } from './build.mjs';
import { Failure, failureOf, findProgram, root as repository, run, runAsScript, seconds } from './command.mjs';
import { lineOf, nodes, versions } from './nodes.mjs';
import { readBinary } from './packages/binary.mjs';

const fetchTimeout = 20 * 60_000;
const compileTimeout = 5 * 60_000;

// No crate was made of some versions, and headers of V8's neighbouring versions stand for theirs. Nothing changed between
// 11.2 and 11.4. The CTypeInfo of 14.0 has three bytes and that of 14.2 two: Node's binary tells how it is in 14.1.
const neighbours = { '11.3': ['11.2', '11.4'], '14.1': ['14.2'] };

async function capture(what, program, args, options) {
  const result = await run(program, args, { capture: true, timeout: compileTimeout, ...options });
  const failure = failureOf(result);
  if (failure) throw new Failure(`${what} ${failure}:\n${result.output.trim()}`);
  return result.output;
}

/** The C++ compiler: g++ from 11 on, or clang++ from 16 on in the environment variable CXX. */
function compiler() {
  const found = findProgram(process.env.CXX || 'g++');
  if (found) return found;
  throw new Failure('A C++ compiler is missing. It comes with "apt-get install build-essential" on Debian and Ubuntu.');
}

/** What v8-version.h says, as "13.6.233.17". */
function versionOfHeaders(include) {
  const text = fs.readFileSync(path.join(include, 'v8-version.h'), 'utf8');
  const numbers = ['MAJOR_VERSION', 'MINOR_VERSION', 'BUILD_NUMBER', 'PATCH_LEVEL']
    .map((name) => new RegExp(`^#define V8_${name} (\\d+)`, 'm').exec(text)?.[1]);
  if (numbers.includes(undefined)) throw new Failure(`${include}/v8-version.h does not say which V8 it is of.`);
  return numbers.join('.');
}

/** The first two numbers of a version. */
function series(version) {
  return version.split('.', 2).join('.');
}

/** Has cargo fetch the crates and resolves to the directory of V8's headers for each version, `{ '13.6': '…/v8/include' }`. */
async function fetchHeaders(root, { cargo, env }) {
  const manifest = path.join(root, 'scripts', 'v8-headers', 'Cargo.toml');
  const started = Date.now();
  // The target only keeps cargo from fetching what those crates would need on other systems.
  const target = 'x86_64-unknown-linux-gnu';
  const options = { cwd: root, env, timeout: fetchTimeout };
  await capture('cargo fetch', cargo, ['fetch', '--locked', '--target', target, '--manifest-path', manifest], options);
  const args = ['metadata', '--format-version=1', '--locked', '--offline', '--filter-platform', target, '--manifest-path', manifest];
  // What cargo has to say besides goes to our standard error, and would otherwise be in the middle of its JSON.
  let text = '';
  const result = await run(cargo, args, { ...options, onLine: (line) => { text += line; } });
  if (failureOf(result)) throw new Failure(`cargo metadata ${failureOf(result)}.`);
  const { packages, resolve } = JSON.parse(text);
  const headers = {};
  for (const dependency of resolve.nodes.find(({ id }) => id === resolve.root).deps) {
    const directory = path.dirname(packages.find(({ id }) => id === dependency.pkg).manifest_path);
    const include = path.join(directory, 'v8', 'include');
    const version = dependency.name.replace(/^v8_(\d+)_(\d+)$/, '$1.$2');
    const found = versionOfHeaders(include);
    if (series(found) !== version) throw new Failure(`${dependency.name} in scripts/v8-headers/Cargo.toml holds V8 ${found}.`);
    headers[version] = include;
  }
  console.log(`V8's headers: ${Object.keys(headers).length} versions, fetched or found in ${seconds(Date.now() - started)}`);
  return headers;
}

/** crates/headers, built: resolves to a function that runs its program. */
async function buildPrinter(root, { cargo, env }) {
  const args = ['run', '--quiet', '--release', '-p', 'ferrule-headers', '--bin', 'ferrule-headers', '--'];
  const result = await run(cargo, ['build', ...args.slice(1, -1)], { cwd: root, env });
  if (failureOf(result)) throw new Failure(`cargo build -p ferrule-headers ${failureOf(result)}.`);
  return (...words) => capture(`ferrule-headers ${words.join(' ')}`, cargo, [...args, ...words], { cwd: root, env });
}

/** What a compiler says, without its quotations of the source: "sizeof(v8::CTypeInfo): 2 in V8, 3 in layout.rs". */
function errorsIn(output) {
  const errors = [];
  for (const line of output.split('\n')) {
    const error = /error: (?:static assertion failed(?: due to requirement '.*?')?: )?(.*)/.exec(line)?.[1];
    if (error) errors.push(error);
    const [, header, mirror] = /(?:reduces|evaluates) to '\(?(\d+) == (\d+)/.exec(line) ?? [];
    if (header && errors.length > 0) errors.push(`${errors.pop()}: ${header} in V8, ${mirror} in layout.rs`);
  }
  return errors.length > 0 ? errors : [output.trim()];
}

/** Compiles the assertions of one layout with one directory of headers and resolves to what differs, null for nothing. */
async function compile(cxx, source, include, scratch) {
  const file = path.join(scratch, 'assertions.cc');
  fs.writeFileSync(file, source);
  const args = ['-std=c++20', '-fsyntax-only', '-fno-access-control', '-Wno-invalid-offsetof', '-isystem', include, file];
  const env = { ...process.env, LC_ALL: 'C' };
  const result = await run(cxx, args, { cwd: scratch, env, capture: true, timeout: compileTimeout });
  const failure = failureOf(result);
  return failure && [`${path.basename(cxx)} ${failure}:`, ...errorsIn(result.output)].join('\n  ');
}

/** The names of C++ symbols in the addon's sources: `{ itanium, microsoft }`, by the ABI that mangles them. */
function symbolsIn(root) {
  const directory = path.join(root, 'crates', 'addon', 'src', 'v8');
  const files = fs.readdirSync(directory).filter((name) => name.endsWith('.rs'));
  const text = files.map((file) => fs.readFileSync(path.join(directory, file), 'utf8')).join('\n');
  const matching = (pattern) => {
    const names = new Set(Array.from(text.matchAll(pattern), ([, name]) => name));
    if (names.size === 0) throw new Failure(`No symbol's name was found in ${directory} by ${pattern}.`);
    return [...names].sort();
  };
  return { itanium: matching(/\bc"(_Z\w+)"/g), microsoft: matching(/\bc"(\?[^"]+)"/g) };
}

/** Loads the addon in a Node. Resolves to `{ version, absent }`, or to `{ difference }`. */
async function ask(binary, addon, names) {
  const program = `const addon = { exports: {} };
    process.dlopen(addon, process.argv[1]);
    console.log(JSON.stringify({ version: addon.exports.version, absent: addon.exports.absent }));`;
  const env = { ...process.env, FERRULE_SYMBOLS: names.join(','), NODE_OPTIONS: '' };
  const result = await run(binary, ['-e', program, addon], { env, capture: true, timeout: compileTimeout });
  const failure = failureOf(result);
  if (failure) return { difference: `Node ${failure}:\n${result.output.trim()}` };
  const { version, absent } = JSON.parse(result.output);
  return { version, absent: absent.split(',').filter(Boolean) };
}

/** Compares one layout with V8's own headers. */
async function checkHeaders({ layout, headers, print, cxx, scratch }) {
  const differences = [];
  for (const version of neighbours[layout] ?? [layout]) {
    const include = headers[version];
    if (!include) {
      differences.push(`${layout}: scripts/v8-headers/Cargo.toml names no crate with V8 ${version}.`);
      continue;
    }
    const difference = await compile(cxx, await print('assertions', 'fast', layout), include, scratch);
    const what = `${layout}: headers of V8 ${versionOfHeaders(include)}`;
    console.log(`${difference ? 'differs' : 'agrees '}  ${what}`);
    if (difference) differences.push(`${what}: ${difference}`);
  }
  return differences;
}

/** Compares one layout with a Node: its headers, and its binary. */
async function checkNode({ node, layouts, print, cxx, scratch, addon, names, absences }) {
  const include = path.join(path.dirname(path.dirname(node.path)), 'include', 'node');
  const version = versionOfHeaders(include);
  const layout = series(version);
  if (!layouts.includes(layout)) {
    return { layout, differences: [`Node ${node.version} has V8 ${version}: layout.rs has no layout for it.`] };
  }
  const differences = [];
  const report = (what, difference) => {
    console.log(`${difference ? 'differs' : 'agrees '}  ${layout}: ${what}`);
    if (difference) differences.push(`${layout}: ${what}: ${difference}`);
  };
  const what = `Node ${node.version} (V8 ${version})`;
  report(`headers of ${what}`, await compile(cxx, await print('assertions', 'public', layout), include, scratch));
  const { difference, absent, version: running } = await ask(node.path, addon, names);
  report(`binary of ${what}`, difference ?? (running.startsWith(version) ? null : `it runs V8 ${running}`));
  for (const name of absent ?? []) absences.get(name).push(lineOf(node.version));
  return { layout, differences };
}

/** The names, each with the lines of Node for Windows that do not export it; undefined where there is no such Node. */
function absencesOnWindows(root, names) {
  const nodes = path.join(root, '.platforms', 'windows-x64', 'nodes');
  const binaryOf = (version) => path.join(nodes, `v${version}`, 'bin', 'node.exe');
  const found = versions.filter((version) => fs.existsSync(binaryOf(version)));
  if (found.length === 0) return undefined;
  const lines = found.map((version) => ({ line: lineOf(version), exported: new Set(readBinary(fs.readFileSync(binaryOf(version))).exports) }));
  const without = (name) => lines.filter(({ exported }) => !exported.has(name)).map(({ line }) => line);
  return { absences: new Map(names.map((name) => [name, without(name)])), lineCount: found.length };
}

/** Names that no line has are mistakes; those that only some have are for the addon to choose among. */
function checkSymbols(absences, lineCount, which) {
  const missing = [...absences].filter(([, lines]) => lines.length > 0);
  for (const [name, lines] of missing) {
    if (lines.length < lineCount) console.log(`not in ${which} ${lines.join(', ')}: ${name}`);
  }
  console.log(`${absences.size} symbols, ${absences.size - missing.length} of them in every line of ${which}`);
  return missing.filter(([, lines]) => lines.length === lineCount).map(([name]) => `No ${which} has the symbol ${name}.`);
}

function checkWindows(root, names) {
  const found = absencesOnWindows(root, names);
  if (found) return checkSymbols(found.absences, found.lineCount, 'Node for Windows');
  console.log(`${names.length} symbols were not looked for in Node for Windows: scripts/platforms.mjs windows-x64 fetches that`);
  return [];
}

/** Compares everything and resolves to a list of what differs. */
export async function checkV8Headers(root = repository) {
  if (process.platform !== 'linux') throw new Failure('This check is for Linux: it asks the Linux binaries of Node.');
  const cxx = compiler();
  const tools = toolchain(root);
  const headers = await fetchHeaders(root, tools);
  const addon = await buildLibrary('ferrule-headers', { root, options: ['--lib'] });
  const print = await buildPrinter(root, tools);
  const layouts = (await print('versions')).trim().split('\n');
  const { itanium: names, microsoft } = symbolsIn(root);
  const absences = new Map(names.map((name) => [name, []]));
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-headers-'));
  try {
    const differences = [];
    for (const layout of layouts) differences.push(...await checkHeaders({ layout, headers, print, cxx, scratch }));
    const lines = await nodes();
    const seen = new Set();
    for (const node of lines) {
      const result = await checkNode({ node, layouts, print, cxx, scratch, addon, names, absences });
      differences.push(...result.differences);
      seen.add(result.layout);
    }
    for (const layout of layouts.filter((name) => !seen.has(name))) differences.push(`${layout}: no Node line has this V8.`);
    return [...differences, ...checkSymbols(absences, lines.length, 'Node'), ...checkWindows(root, microsoft)];
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

await runAsScript(import.meta.url, async ([root = repository]) => {
  const started = Date.now();
  const differences = await checkV8Headers(path.resolve(root));
  if (differences.length === 0) {
    console.log(`layout.rs agrees with V8, ${seconds(Date.now() - started)}`);
    return 0;
  }
  console.error(`\nlayout.rs does not agree with V8:\n\n${differences.join('\n\n')}`);
  return 1;
});
