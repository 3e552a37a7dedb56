// Packages out of Debian's archive, for any architecture and release, without installing them: apt with a configuration
// and a state of its own fetches them, and they are unpacked into a directory. Neither root nor anything of the
// machine's own package state is needed. The archive is the one that the machine's apt is set up with.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../command.mjs';
import { makeOnce, requireProgram, succeed } from './steps.mjs';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const needed = 'packages are fetched with Debian\'s tools, on a Debian machine';

/** Where the machine's own release of Debian comes from; all releases are in the same place. */
async function archiveAddress() {
  const description = fs.existsSync('/etc/os-release') ? fs.readFileSync('/etc/os-release', 'utf8') : '';
  const release = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(description)?.[1];
  // Known without an index fetched before.
  const addresses = await succeed(requireProgram('apt-get', needed), ['update', '--print-uris']);
  const found = new RegExp(`^'([^']+/)dists/${release}/InRelease'`, 'm').exec(addresses);
  if (!release || !found) throw new Failure('The archive of Debian is not among the sources of this machine\'s apt.');
  return found[1];
}

function configuration(directory, architecture) {
  return [
    `Dir::Etc::sourcelist "${directory}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    `Dir::State "${directory}/state";`,
    `Dir::State::lists "${directory}/state/lists";`,
    // Nothing is installed: every dependency is fetched.
    `Dir::State::status "${directory}/state/status";`,
    `Dir::Cache "${directory}/cache";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Install-Recommends "false";',
    // Only what is asked for and what that depends on, not what every Debian system has.
    'pkgCacheGen::Essential "none";',
    'Acquire::Languages "none";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    // The user who fetches is the user who unpacks; the locks are those of the machine's own state.
    'APT::Sandbox::User "";',
    'Debug::NoLocking "true";',
    '',
  ].join('\n');
}

/** A view of the archive: some releases for one architecture. */
export class Archive {
  /**
   * Calls `use` with a view of the releases `suites` for `architecture`, by default the machine's own. What is fetched
   * is gone when `use` has come to its end.
   */
  static async with({ suites, architecture }, use) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-archive-'));
    try {
      const archive = new Archive(directory, architecture ?? await hostArchitecture());
      await archive.#open(suites);
      return await use(archive);
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  }

  constructor(directory, architecture) {
    this.directory = directory;
    this.architecture = architecture;
    this.configurationFile = path.join(directory, 'apt.conf');
  }

  async #open(suites) {
    const { directory } = this;
    const address = await archiveAddress();
    for (const name of ['state/lists/partial', 'cache/archives/partial']) fs.mkdirSync(path.join(directory, name), { recursive: true });
    fs.writeFileSync(path.join(directory, 'state', 'status'), '');
    fs.writeFileSync(this.configurationFile, configuration(directory, this.architecture));
    const sources = suites.map((suite) => `deb [signed-by=${keyring}] ${address} ${suite} main\n`);
    fs.writeFileSync(path.join(directory, 'sources.list'), sources.join(''));
    await this.#apt('apt-get', ['-qq', 'update']);
  }

  #apt(program, args, cwd = this.directory) {
    const env = { ...process.env, APT_CONFIG: this.configurationFile };
    return succeed(requireProgram(program, needed), args, { cwd, env });
  }

  /** The versions of a package, the newest first. */
  async versions(name) {
    const lines = (await this.#apt('apt-cache', ['madison', name])).split('\n');
    return lines.map((line) => line.split('|')[1]?.trim()).filter(Boolean);
  }

  /** Fetches one package, named as apt does: `name`, `name=version` or `name/release`. Resolves to the file. */
  async fetch(specification) {
    const target = fs.mkdtempSync(path.join(this.directory, 'fetch-'));
    await this.#apt('apt-get', ['-qq', 'download', specification], target);
    const [file] = fs.readdirSync(target);
    return path.join(target, file);
  }

  /** Fetches packages with all that they depend on. Resolves to the files. */
  async fetchWithDependencies(names) {
    await this.#apt('apt-get', ['-qq', '--yes', '--download-only', 'install', ...names]);
    const archives = path.join(this.directory, 'cache', 'archives');
    return fs.readdirSync(archives).filter((name) => name.endsWith('.deb')).map((name) => path.join(archives, name));
  }
}

async function hostArchitecture() {
  return (await succeed(requireProgram('dpkg', needed), ['--print-architecture'])).trim();
}

/** Unpacks a package into a directory: all of it, or what the further arguments of tar choose. */
export async function unpack(file, directory, tarArguments = []) {
  const pipe = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "${@:3}"';
  await succeed(requireProgram('bash', needed), ['-o', 'pipefail', '-c', pipe, 'bash', file, directory, ...tarArguments]);
}

/** What of a package is of use here: no documentation, translations or icons, but what Debian's Node has there. */
const contents = ['--exclude=./usr/share/[!n]*', '--exclude=./usr/share/n[!o]*'];

/**
 * Makes `directory` a system of another platform: packages, and all that they depend on, out of the release `suite` for
 * `architecture`, unpacked where they would be installed. Of a package named in `versions`, it must be that version.
 */
export async function unpackSystem(directory, { suite, architecture, packages, versions = {} }) {
  const inputs = { suite, architecture, packages, ...versions };
  await makeOnce(directory, inputs, (fresh) => Archive.with({ suites: [suite], architecture }, async (archive) => {
    for (const [name, version] of Object.entries(versions)) {
      const [found] = await archive.versions(name);
      if (found?.split(/[+~-]/)[0] !== version) throw new Failure(`${suite} has ${found ?? 'no version'} of ${name}, not ${version}.`);
    }
    for (const file of await archive.fetchWithDependencies([...packages, ...Object.keys(versions)])) await unpack(file, fresh, contents);
    // Where the linker and the programs look. Releases whose packages have nothing in it have it as this link.
    if (!fs.existsSync(path.join(fresh, 'lib'))) fs.symlinkSync('usr/lib', path.join(fresh, 'lib'));
  }));
}
