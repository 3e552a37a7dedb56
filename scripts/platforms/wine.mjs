// Node for Windows, run by Wine.
//
// Wine comes out of Debian with the system that it was made for, and a launcher puts that system's programs and
// libraries in the place of the machine's, in namespaces of its own: nothing of the machine is changed, and when a
// launcher ends or is killed, so does all that Wine has started. What Wine keeps (its drives and its registry) is made
// once; each launcher sees it as it was made, and what it changes is gone with it.
//
// Node for Windows cannot write to pipes of Unix. What it prints goes to files, and from there when it has ended.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, run } from '../command.mjs';
import { Archive, unpack } from './debian.mjs';
import { LaunchedNode } from './launcher.mjs';
import { makeOnce, quoted, requireProgram } from './steps.mjs';

/** In the namespaces: `$0` has Wine's system, `$1` what Wine keeps, `$2` is an empty directory, and the rest is the command. */
const inNamespaces = [
  'mkdir -p -m 700 /tmp/.wine-0 && mount -t tmpfs -o mode=700 none /tmp/.wine-0 && mount -t tmpfs none "$2" &&',
  'mkdir "$2/changes" "$2/work" "$2/prefix" &&',
  'mount -t overlay -o "lowerdir=$1,upperdir=$2/changes,workdir=$2/work,userxattr" none "$2/prefix" &&',
  'mount --rbind "$0/usr" /usr || exit 125;',
  'export WINEPREFIX="$2/prefix"; printed="$2"; shift 2;',
  '"$@" >"$printed/output" 2>"$printed/errors" </dev/null; code=$?;',
  'cat "$printed/output"; cat "$printed/errors" >&2; exit $code',
].join(' ');

/** Services that Wine would start for each launcher and that no test needs: devices, and their events. */
const services = ['Eventlog', 'PlugPlay', 'winebth', 'winebus', 'winehid', 'wineusb'];
const withoutServices = services.map((name) => {
  const key = `HKLM\\System\\CurrentControlSet\\Services\\${name}`;
  return `"$2" reg add ${quoted(key)} /v Start /t REG_DWORD /d 4 /f`;
});

/** The same to make what Wine keeps, in `$1`: the server writes it when the last program has ended. */
const inFirstNamespaces = [
  'mkdir -p -m 700 /tmp/.wine-0 && mount -t tmpfs -o mode=700 none /tmp/.wine-0 && mount --rbind "$0/usr" /usr || exit 125;',
  ['export WINEPREFIX="$1"; "$2" wineboot -i', ...withoutServices, '"$WINESERVER" -w'].join(' && '),
].join(' ');

const wine = '/usr/lib/wine/wine64';

const settings = {
  WINESERVER: '/usr/lib/wine/wineserver64',
  WINEDEBUG: '-all',
  // What a machine without a screen, without .NET and without a debugger has no use for.
  WINEDLLOVERRIDES: 'winemenubuilder.exe,winedbg.exe,winewayland.drv,winex11.drv,mscoree,mshtml=',
};

export class WineNode extends LaunchedNode {
  environment = { FERRULE_WITHOUT_LIBRARIES: 'Debian has no libcrypto that is compiled for Windows' };

  // A processor is not emulated; the system's calls take longer.
  timeout = 15 * 60_000;

  needs = 'It needs Linux 5.11 or newer, with overlayfs (modprobe overlay) and with user namespaces allowed.';

  get #wine() {
    return path.join(this.directory, 'wine');
  }

  get #kept() {
    return path.join(this.directory, 'prefix');
  }

  /** As programs for Windows name it. */
  binaryOf(version) {
    return `Z:${super.binaryOf(version).replaceAll('/', '\\')}`;
  }

  async setUpRunner() {
    const { suite, packages, libraries } = this.record.wine;
    await makeOnce(this.#wine, { suite, packages }, (fresh) => Archive.with({ suites: [suite] }, async (archive) => {
      for (const file of await archive.fetchWithDependencies(packages)) await unpack(file, fresh, ['--exclude=./usr/share/doc']);
    }));
    await makeOnce(this.#kept, { settings, services, suite, libraries }, (fresh) => this.#boot(fresh, libraries));
  }

  async #boot(fresh, libraries) {
    const directory = path.join(fresh, 'drive_c', 'windows', 'system32');
    fs.mkdirSync(directory, { recursive: true });
    for (const file of libraries) fs.copyFileSync(path.join(this.system, file), path.join(directory, path.basename(file)));
    const [program, ...args] = this.#unshare(inFirstNamespaces);
    const result = await run(program, [...args, this.#wine, fresh, wine], { capture: true, env: { ...process.env, ...settings }, timeout: 300_000 });
    const failure = failureOf(result);
    if (failure) throw new Failure(`Wine ${failure}.\n${result.output.trim()}\n${this.needs}`);
  }

  #unshare(script) {
    const unshare = requireProgram('unshare', 'it makes the namespaces that Wine runs in (Debian: util-linux)');
    return [unshare, '--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
  }

  launcherLines(version) {
    const empty = path.join(this.directory, 'run');
    fs.mkdirSync(empty, { recursive: true });
    return [
      ...Object.entries(settings).map(([name, value]) => `export ${name}=${quoted(value)}`),
      `exec ${this.#unshare(inNamespaces).map(quoted).join(' ')} \\`,
      `  ${[this.#wine, this.#kept, empty, wine, super.binaryOf(version)].map(quoted).join(' ')} "$@"`,
    ];
  }
}
