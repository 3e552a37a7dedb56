// Rust for another platform: cargo with that platform's linker, and with a standard library that is compiled from its
// sources where the Rust toolchain has none for the target.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, run } from '../command.mjs';
import { toolchain } from '../build.mjs';
import { Archive, unpack } from './debian.mjs';
import { makeOnce, requireProgram, succeed } from './steps.mjs';

// Debian has the sources of most of Rust's releases, in these.
const sourceSuites = ['bookworm-backports', 'trixie-backports'];

/** The libraries that are built: crate, and the name of what comes of it. */
const libraries = { 'ferrule-addon': 'ferrule', 'ferrule-fixture': 'ferrule_fixture' };

/** The file that has a library of this name. */
const fileOf = (target, name) => (target.includes('-windows-') ? `${name}.dll` : `lib${name}.so`);

async function rustc(...args) {
  const { env } = toolchain();
  return (await succeed(requireProgram('rustc', 'it comes with cargo', env), args, { env })).trim();
}

/** Where the standard library for a target comes from. */
const origins = { INSTALLED: 'installed', INSTALLED_SOURCES: 'installed sources', FETCHED_SOURCES: 'fetched sources' };

async function originFor(target) {
  const rust = path.join(await rustc('--print', 'sysroot'), 'lib', 'rustlib');
  if (fs.existsSync(path.join(rust, target, 'lib'))) return origins.INSTALLED;
  if (fs.existsSync(path.join(rust, 'src', 'rust', 'library', 'std'))) return origins.INSTALLED_SOURCES;
  return origins.FETCHED_SOURCES;
}

export class RustToolchain {
  /** `tools` is for what serves several platforms. */
  constructor(tools, { target }, compilers) {
    this.target = target;
    this.compilers = compilers;
    this.sources = path.join(tools, 'rust-src');
    this.targetDirectory = path.join(tools, 'target');
  }

  async setUp() {
    if (await originFor(this.target) === origins.FETCHED_SOURCES) await this.#fetchSources();
  }

  /** The sources must be those of the very compiler that compiles them. */
  async #fetchSources() {
    const version = /^rustc (\S+)/.exec(await rustc('--version'))?.[1];
    await makeOnce(this.sources, { version }, (fresh) => Archive.with({ suites: sourceSuites }, async (archive) => {
      const versions = await archive.versions('rust-src');
      const found = versions.find((candidate) => candidate.startsWith(`${version}+`));
      if (!found) {
        throw new Failure([
          `This Rust toolchain has neither a standard library for ${this.target} nor the sources of one, and Debian has no`,
          `sources of Rust ${version} (but of ${versions.join(', ')}). With rustup: rustup target add ${this.target}`,
        ].join('\n'));
      }
      const wanted = ['--strip-components=4', '--exclude=*/library/vendor', `./usr/src/rustc-${version}/library`];
      await unpack(await archive.fetch(`rust-src=${found}`), fresh, wanted);
    }));
  }

  /** What cargo has to be told about the standard library of the target: `{ args, env }`. */
  async standardLibrary() {
    const origin = await originFor(this.target);
    if (origin === origins.INSTALLED) return { args: [], env: {} };
    // Allows cargo's -Zbuild-std, which no release of cargo has as an option yet.
    const env = { RUSTC_BOOTSTRAP: '1' };
    // Where cargo takes the sources from in its own tests; it has no option for it.
    if (origin === origins.FETCHED_SOURCES) env.__CARGO_TESTS_ONLY_SRC_ROOT = path.join(this.sources, 'library');
    return { args: ['-Zbuild-std=std,panic_abort'], env };
  }

  #environment() {
    const { linker, archiver, rustFlags } = this.compilers;
    const lower = this.target.replaceAll('-', '_');
    return {
      ...toolchain().env,
      [`CARGO_TARGET_${lower.toUpperCase()}_LINKER`]: linker,
      [`CC_${lower}`]: linker,
      [`AR_${lower}`]: archiver,
      ...(rustFlags && { [`CARGO_TARGET_${lower.toUpperCase()}_RUSTFLAGS`]: rustFlags.join(' ') }),
    };
  }

  /** Builds the addon and the fixture and resolves to `{ addon, fixture }`, the files that came of it. */
  async build(root) {
    const standardLibrary = await this.standardLibrary();
    const args = [
      'build', '--release', '--target', this.target, '--target-dir', this.targetDirectory,
      ...Object.keys(libraries).flatMap((name) => ['-p', name]),
      ...standardLibrary.args,
    ];
    const env = { ...this.#environment(), ...standardLibrary.env };
    const failure = failureOf(await run(toolchain().cargo, args, { cwd: root, env }));
    if (failure) throw new Failure(`cargo ${args.join(' ')} ${failure}.`);
    return this.built();
  }

  /** The files that the last build left. */
  built() {
    const [addon, fixture] = Object.values(libraries).map(
      (name) => path.join(this.targetDirectory, this.target, 'release', fileOf(this.target, name)),
    );
    for (const file of [addon, fixture]) {
      if (!fs.existsSync(file)) throw new Failure(`${file} has not been built.`);
    }
    return { addon, fixture };
  }
}
