// Builds the addon: `cargo build --release -p ferrule-addon`, then the library it made becomes build/ferrule.node.
//
//   npm run build              does nothing, quickly, when that file is up to date
//   npm run build -- --force   runs cargo in any case
//   npm run build -- --shared-libffi    links to the system's libffi, instead of building one along
//
// Up to date means that the content of every input is what it was when the file was made. Modification times do not
// tell that: a checkout changes them without changing the content, and an unpacked cache the other way round. The
// hashes are kept in build/ferrule.json.

import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  environmentWithPath, Failure, failureOf, findProgram, root as repository, run, runAsScript, seconds,
} from './command.mjs';

const crates = ['abi', 'native', 'addon'];
const inputFiles = ['Cargo.toml', 'rust-toolchain', 'rust-toolchain.toml', '.cargo/config.toml'];
// Settings that change what cargo makes of the same sources.
const inputVariables = /^(RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS|CARGO_BUILD_TARGET|CARGO_PROFILE_RELEASE_\w+|CC|CFLAGS)$/;

function hashOf(...contents) {
  const hash = crypto.createHash('sha256');
  for (const content of contents) hash.update(content);
  return hash.digest('hex');
}

function hashOfFile(file) {
  return fs.existsSync(file) ? hashOf(fs.readFileSync(file)) : null;
}

/** One hash over everything the addon is made of, apart from Cargo.lock, which cargo itself may write. */
function hashOfInputs(root, options) {
  const files = inputFiles.filter((file) => fs.existsSync(path.join(root, file)));
  for (const crate of crates) {
    const directory = `crates/${crate}`;
    if (!fs.existsSync(path.join(root, directory))) throw new Failure(`${directory} is missing: is ${root} a whole checkout?`);
    for (const entry of fs.readdirSync(path.join(root, directory), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // Node 20 before 20.12 knows only `path`, newer lines only `parentPath`.
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      files.push(path.relative(root, file).split(path.sep).join('/'));
    }
  }
  const described = files.sort().map((file) => `${file}\0${hashOfFile(path.join(root, file))}\n`);
  const variables = Object.keys(process.env).filter((name) => inputVariables.test(name)).sort();
  const settings = [process.platform, process.arch, ...options, ...variables.map((name) => `${name}=${process.env[name]}`)];
  return hashOf(...described, settings.join('\n'));
}

/**
 * What builds Rust here: cargo's path, and the environment in which it finds everything. Throws a Failure that names
 * everything that is missing and how to get it.
 */
export function toolchain(root = repository) {
  // A shell that was open while rustup ran does not have this directory on its PATH yet.
  const cargoHome = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo');
  const env = environmentWithPath(path.join(cargoHome, 'bin'));
  const cargo = findProgram('cargo', env);
  const windows = process.platform === 'win32';
  const compiler = process.env.CC?.split(' ')[0] || 'cc';
  const missing = [];
  if (!cargo) missing.push(`cargo, Rust's build tool (Rust ${minimumRust(root)} or newer): install it with rustup, https://rustup.rs`);
  if (!windows && !findProgram(compiler, env)) missing.push(`a C compiler (${compiler})`);
  if (!windows && !findProgram('make', env)) missing.push('make');
  if (missing.length === 0) return { cargo, env };
  const lines = ['Ferrule cannot be built here. This is missing:', '', ...missing.map((name) => `  * ${name}`)];
  if (!windows) {
    lines.push('', 'The libffi that is built along with it needs a C compiler and make. They come with');
    lines.push('"apt-get install build-essential" on Debian and Ubuntu, with "xcode-select --install" on macOS.');
  }
  throw new Failure(lines.join('\n'));
}

/** The oldest Rust that the workspace says it builds with. */
function minimumRust(root) {
  const manifest = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8');
  return /^rust-version\s*=\s*"([^"]+)"/m.exec(manifest)?.[1] ?? 'stable';
}

/** Older compilers fail with messages about manifests and features that do not say what to do. */
async function checkRustVersion(root, { cargo, env }) {
  const { output } = await run(cargo, ['--version'], { cwd: root, env, capture: true });
  const found = /cargo (\d+)\.(\d+)/.exec(output);
  const wanted = minimumRust(root).split('.').map(Number);
  if (!found) throw new Failure(`cargo does not work here:\n${output.trim()}`);
  const [major, minor] = found.slice(1).map(Number);
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
    throw new Failure(`Ferrule needs Rust ${wanted.join('.')} or newer, this is ${major}.${minor}. With rustup: rustup update stable`);
  }
}

/** Throws a Failure unless the C compiler can link to a libffi of the system's. */
async function requireSharedLibffi({ env }) {
  if (process.platform === 'win32') throw new Failure('--shared-libffi is for systems that come with a libffi, and Windows does not.');
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-libffi-'));
  try {
    const source = path.join(directory, 'program.c');
    fs.writeFileSync(source, 'void ffi_prep_cif(void);\nint main(void) { ffi_prep_cif(); return 0; }\n');
    const [compiler, ...options] = process.env.CC?.split(' ') ?? ['cc'];
    const args = [...options, source, '-lffi', '-o', path.join(directory, 'program')];
    const { code, output } = await run(findProgram(compiler, env), args, { env, capture: true });
    if (code === 0) return;
    throw new Failure([
      'Ferrule cannot be linked to the libffi of this system: it is not there, or what compilers need of it is not. That comes',
      'with "apt-get install libffi-dev" on Debian and Ubuntu, with "apk add libffi-dev" on Alpine. The compiler says:', '', output.trim(),
    ].join('\n'));
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Builds something of a package in release mode and resolves to where cargo put it: the file that `fileOf` finds in an artifact's description. */
async function buildFile(packageName, { root, options }, fileOf) {
  const tools = toolchain(root);
  await checkRustVersion(root, tools);
  let file;
  const args = ['build', '--release', '-p', packageName, '--message-format=json-render-diagnostics', ...options];
  const result = await run(tools.cargo, args, {
    cwd: root,
    env: tools.env,
    // cargo's own account, because CARGO_TARGET_DIR, a configured target and the platform all change the path.
    onLine(line) {
      if (!line.startsWith('{')) return console.log(line);
      const message = JSON.parse(line);
      if (message.reason === 'compiler-artifact') file = fileOf(message) ?? file;
    },
  });
  const failure = failureOf(result);
  if (failure) throw new Failure(`cargo build -p ${packageName} ${failure}.`);
  return file;
}

/** Builds the shared library of one package in release mode and resolves to where cargo put it. */
export async function buildLibrary(packageName, { root = repository, options = [] } = {}) {
  const library = await buildFile(packageName, { root, options }, ({ target, filenames }) => (
    target.kind.includes('cdylib') ? filenames.find((file) => /\.(so|dylib|dll)$/.test(file)) : undefined
  ));
  if (!library) throw new Failure(`cargo built ${packageName}, but no shared library: is its crate-type cdylib?`);
  return library;
}

/** The same for an example of the package's, which is a program. */
export async function buildExample(packageName, example, { root = repository, options = [] } = {}) {
  const program = await buildFile(packageName, { root, options: ['--example', example, ...options] }, ({ target, executable }) => (
    target.kind.includes('example') && target.name === example ? executable : undefined
  ));
  if (!program) throw new Failure(`cargo built ${packageName}, but no program ${example}.`);
  return program;
}

/**
 * Puts a copy of `source` at `target` in one step. A running Node may have the old file mapped, and must keep it: the
 * new one gets its own inode and takes over the name.
 */
function replaceFile(source, target) {
  const directory = path.dirname(target);
  const unique = `${process.pid}-${Date.now()}`;
  const fresh = `${target}.new-${unique}`;
  fs.mkdirSync(directory, { recursive: true });
  for (const name of fs.readdirSync(directory)) {
    // Windows cannot delete a library that is in use, only rename it: what an earlier build put aside goes now.
    if (name.startsWith(`${path.basename(target)}.old-`)) fs.rmSync(path.join(directory, name), { force: true, maxRetries: 0 });
  }
  try {
    fs.copyFileSync(source, fresh);
    try {
      fs.renameSync(fresh, target);
    } catch (error) {
      if (process.platform !== 'win32' || !fs.existsSync(target)) throw error;
      fs.renameSync(target, `${target}.old-${unique}`);
      fs.renameSync(fresh, target);
    }
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

function readRecord(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Makes build/ferrule.node current and resolves to `{ file, built }`. Throws a Failure when that is not possible. */
export async function build({ root = repository, force = false, sharedLibffi = false } = {}) {
  const file = path.join(root, 'build', 'ferrule.node');
  const recordFile = path.join(root, 'build', 'ferrule.json');
  const lockFile = path.join(root, 'Cargo.lock');
  const options = sharedLibffi ? ['--features', 'shared-libffi'] : [];
  const inputs = hashOfInputs(root, options);
  const record = readRecord(recordFile);
  const current = !force && record.inputs === inputs && record.lock === hashOfFile(lockFile)
    && record.binary && record.binary === hashOfFile(file);
  if (current) return { file, built: false };

  if (sharedLibffi) await requireSharedLibffi(toolchain(root));
  const library = await buildLibrary('ferrule-addon', { root, options });
  replaceFile(library, file);
  // The inputs as they were before the build: a source saved meanwhile makes the next build start.
  fs.writeFileSync(`${recordFile}.new`, JSON.stringify({ inputs, lock: hashOfFile(lockFile), binary: hashOfFile(file) }, null, 2));
  fs.renameSync(`${recordFile}.new`, recordFile);
  return { file, built: true };
}

await runAsScript(import.meta.url, async (args) => {
  const unknown = args.find((argument) => argument !== '--force' && argument !== '--shared-libffi');
  if (unknown) throw new Failure(`npm run build knows the options --force and --shared-libffi, not ${unknown}.`);
  const start = Date.now();
  const { file, built } = await build({ force: args.includes('--force'), sharedLibffi: args.includes('--shared-libffi') });
  const name = path.relative(process.cwd(), file);
  console.log(built ? `Built ${name} in ${seconds(Date.now() - start)}.` : `${name} is up to date.`);
  return 0;
});
