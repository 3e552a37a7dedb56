// Node for another platform whose instructions this processor has itself, with the C library of that platform.
//
// The kernel looks for the dynamic linker, and that looks for the libraries, in the directories of this machine. So a
// launcher lays those of the platform's system over them, in a mount namespace of its own: nothing of the machine is
// changed, and what Node starts in its turn is in the same namespace.

import fs from 'node:fs';
import path from 'node:path';
import { LaunchedNode } from './launcher.mjs';
import { quoted, requireProgram } from './steps.mjs';

/** The directories that a system has something in. */
const layered = ['usr/lib', 'usr/share'];

export class NativeNode extends LaunchedNode {
  environment = {};

  timeout = 10 * 60_000;

  needs = 'It needs a kernel that runs its executables, and that allows user namespaces and in them overlays (Linux 5.11).';

  async setUpRunner() {}

  launcherLines(version) {
    const system = this.source.systemOf(version);
    const unshare = requireProgram('unshare', 'it makes the namespace in which the platform\'s libraries are found (Debian: util-linux)');
    const mounts = layered.filter((name) => fs.existsSync(path.join(system, name)))
      .map((name) => `mount -t overlay overlay -o lowerdir="$0/${name}:/${name}" /${name} &&`);
    return [
      `exec ${unshare} --user --map-root-user --mount sh -c ${quoted([...mounts, 'exec "$@"'].join(' '))} \\`,
      `  ${quoted(system)} ${quoted(this.binaryOf(version))} "$@"`,
    ];
  }
}
