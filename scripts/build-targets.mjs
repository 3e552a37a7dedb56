// Builds the addon for the targets of the packages (scripts/packages/targets.mjs), all on one machine, whatever runs there:
//
//   npm run build:targets                         every target
//   npm run build:targets -- darwin-arm64         this one (any number of them)
//
// zig has the headers and libraries of every system but one, and cargo-zigbuild makes it the C compiler and the linker of
// cargo. What comes of it is .platforms/binaries/<target>.node, as `npm run packages -- --binaries .platforms/binaries`
// takes it, and is held against what the packages have to be. Microsoft's linker and libraries are not to be had
// elsewhere than on Windows: for those targets the code is only compiled, not linked, and there is no file.
//
// It needs a Debian machine with cargo, python3 with pip, make and a C compiler; it does not need root.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { toolchain } from './build.mjs';
import { Failure, failureOf, root, run, runAsScript, seconds } from './command.mjs';
import { oldestGlibc, problemsOfBinary } from './packages/check.mjs';
import { targets } from './packages/targets.mjs';
import { zigPackage } from './platforms/compilers.mjs';
import { installWheel, makeOnce } from './platforms/steps.mjs';
import { RustToolchain } from './platforms/toolchain.mjs';

const zigbuildPackage = 'cargo-zigbuild==0.24.0';

const cache = path.join(root, '.platforms');
const tools = path.join(cache, 'tools');
const targetDirectory = path.join(tools, 'target-zig');

const fileNames = { linux: 'libferrule.so', freebsd: 'libferrule.so', darwin: 'libferrule.dylib' };

async function setUp() {
  fs.mkdirSync(tools, { recursive: true });
  // Git leaves the directory alone, wherever it stands.
  fs.writeFileSync(path.join(cache, '.gitignore'), '*\n');
  await makeOnce(path.join(tools, 'zig'), zigPackage, (fresh) => installWheel(zigPackage, fresh));
  await makeOnce(path.join(tools, 'zigbuild'), zigbuildPackage, (fresh) => installWheel(zigbuildPackage, fresh));
  return {
    CARGO_ZIGBUILD_ZIG_PATH: path.join(tools, 'zig', 'ziglang', 'zig'),
    CARGO_ZIGBUILD_CACHE_DIR: path.join(tools, 'zigbuild-cache'),
    ZIG_GLOBAL_CACHE_DIR: path.join(tools, 'zig-cache'),
    ZIG_LOCAL_CACHE_DIR: path.join(tools, 'zig-cache'),
  };
}

async function succeed(program, args, env) {
  const failure = failureOf(await run(program, args, { cwd: root, env }));
  if (failure) throw new Failure(`${path.basename(program)} ${args.join(' ')} ${failure}.`);
}

/** Compiles the code for a target without making a library of it. */
async function check({ target }, { args, env }) {
  // libffi is C code: it needs Microsoft's compiler, and what the Rust code must know of it is in Rust.
  const packages = ['-p', 'ferrule-native', '-p', 'ferrule-addon', '--features', 'libffi/check_only'];
  await succeed(toolchain().cargo, ['check', ...packages, '--target', target, '--target-dir', targetDirectory, ...args], env);
  return { ok: true, text: 'compiled; nobody linked it' };
}

/** Builds the addon for a target and puts it where the packages look for it. */
async function build(target, { args, env }) {
  const wanted = target.libc === 'glibc' ? `${target.target}.${oldestGlibc}` : target.target;
  const options = ['zigbuild', '--release', '-p', 'ferrule-addon', '--target', wanted, '--target-dir', targetDirectory, ...args];
  await succeed(path.join(tools, 'zigbuild', 'bin', 'cargo-zigbuild'), options, env);
  const file = path.join(cache, 'binaries', `${target.name}.node`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.copyFileSync(path.join(targetDirectory, target.target, 'release', fileNames[target.os]), file);
  const bytes = fs.readFileSync(file);
  const problems = problemsOfBinary(bytes, target);
  return { ok: problems.length === 0, text: [`${path.relative(root, file)}, ${bytes.length} bytes`, ...problems].join('\n     ') };
}

async function make(target, environment) {
  const rust = new RustToolchain(tools, target);
  await rust.setUp();
  const { args, env } = await rust.standardLibrary();
  const all = { args, env: { ...toolchain().env, ...environment, ...env } };
  return target.target.endsWith('-msvc') ? check(target, all) : build(target, all);
}

await runAsScript(import.meta.url, async (names) => {
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown) throw new Failure(`There is no target ${unknown}; there are ${targets.map(({ name }) => name).join(', ')}.`);
  // Compiling standard libraries takes long; whoever works on the machine comes first.
  os.setPriority(os.constants.priority.PRIORITY_LOW);
  const environment = await setUp();
  const results = [];
  for (const target of targets.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`\n== ${target.name}`);
    const start = Date.now();
    const result = await make(target, environment).catch((error) => {
      if (!(error instanceof Failure)) throw error;
      return { ok: false, text: error.message };
    });
    results.push({ name: target.name, ...result, time: Date.now() - start });
  }
  console.log('\n== Summary');
  for (const { ok, name, text, time } of results) console.log(`${ok ? ' ok ' : 'FAIL'} ${name.padEnd(18)} ${seconds(time).padStart(8)}   ${text}`);
  return results.every(({ ok }) => ok) ? 0 : 1;
});
