// Node for Linux with the C library musl, run on a system with another one.
//
// All it needs of such a system is the loader, at the one path that executables name. A launcher puts it there in a mount
// namespace of its own, in a layer over the machine's directory, so that Node can also start itself.

import fs from 'node:fs';
import path from 'node:path';
import { buildLibrary } from '../build.mjs';
import { Failure, root } from '../command.mjs';
import { node, versions } from '../nodes.mjs';
import { LaunchedNode } from './launcher.mjs';
import { makeOnce, quoted, requireProgram, writeScript } from './steps.mjs';

const overLibraries = 'libraries=$(readlink -f /lib) && mount -t overlay -o "lowerdir=$0:$libraries" overlay "$libraries" && exec "$@"';

const overFixture = 'mount --bind "$0" "$1" && shift && exec "$@"';

export class MuslNode extends LaunchedNode {
  environment = { FERRULE_WITHOUT_LIBRARIES: 'Debian has no libraries that are compiled for musl' };

  timeout = 5 * 60_000;

  needs = 'It needs Linux 5.11 or newer, with overlayfs (modprobe overlay) and with user namespaces allowed.';

  get #loaderDirectory() {
    return path.join(this.directory, 'loader');
  }

  /**
   * There is no Node 26 for musl. It is the machine's own, then, and is given the machine's fixture in the place of the
   * platform's: what is compared has the path in it.
   */
  get oracle() {
    return path.join(this.directory, 'oracle', 'node');
  }

  async setUpRunner() {
    // What has a meaning in the options of a mount.
    if (/[:,\\]/.test(this.#loaderDirectory)) throw new Failure(`${this.#loaderDirectory} cannot be mounted, for its name.`);
    const files = path.join(this.system, 'usr', 'lib');
    const loader = fs.readdirSync(files).find((name) => /^ld-musl-.*\.so\.1$/.test(name));
    await makeOnce(this.#loaderDirectory, this.record.system, (fresh) => fs.copyFileSync(path.join(files, loader), path.join(fresh, loader)));
    await this.#writeOracle();
  }

  async #writeOracle() {
    const { path: binary } = await node(versions.at(-1));
    const machines = await buildLibrary('ferrule-fixture', { options: ['--target-dir', path.join(root, 'target')] });
    const platforms = path.join(this.directory, 'package', 'target', 'release', path.basename(machines));
    const programs = [machines, platforms, fs.realpathSync(binary)].map(quoted).join(' ');
    writeScript(this.oracle, [`${this.#namespace(overFixture)} ${programs} "$@"`]);
  }

  #namespace(script) {
    const unshare = requireProgram('unshare', 'it makes the namespace that has the loader of musl (Debian: util-linux)');
    return `exec ${unshare} --user --map-root-user --mount sh -c ${quoted(script)}`;
  }

  launcherLines(version) {
    return [`${this.#namespace(overLibraries)} ${quoted(this.#loaderDirectory)} ${quoted(this.binaryOf(version))} "$@"`];
  }
}
