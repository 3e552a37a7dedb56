// Whether the packages are as they must be. Every check gives what is wrong, as a list of sentences.

import fs from 'node:fs';
import path from 'node:path';
import { readBinary } from './binary.mjs';
import { binaryName, limits } from './manifest.mjs';
import { noticesName } from './notices.mjs';
import { packageOf } from './targets.mjs';

const formats = { linux: 'ELF', freebsd: 'ELF', darwin: 'Mach-O', win32: 'PE' };

/**
 * What a binary may ask the loader for, by the C library or else the operating system: what Node itself needs, or what every such system has.
 * musl's loader takes both of its names for itself. Microsoft's C runtime is not on every Windows: it has to be in the binary.
 */
const libraries = {
  glibc: /^(lib(c|m|dl|rt|pthread)\.so\.\d|libgcc_s\.so\.1|ld-linux[-\w]*\.so\.\d)$/,
  musl: /^(libc(\.musl-\w+)?\.so(\.1)?|libgcc_s\.so\.1)$/,
  darwin: /^(\/usr\/lib\/|\/System\/Library\/)/,
  win32: /^(kernel32|ntdll|msvcrt|advapi32|bcrypt\w*|ole(aut)?32|ws2_32|userenv|ucrtbase|api-ms-win-[\w-]+)\.dll$/i,
  freebsd: /^(lib(c|m|thr|rt|gcc_s|sys|util|execinfo|kvm|procstat|memstat|devstat)\.so\.\d+)$/,
};

/** The glibc that Node 20's own binaries need, by processor: whoever can run them has it. */
export const oldestGlibc = '2.28';

const partsOf = (version) => version.split('.').map(Number);

/** Whether version `a` is later than `b`. */
function isLater(a, b) {
  const [left, right] = [partsOf(a), partsOf(b)];
  const index = left.findIndex((part, place) => part !== (right[place] ?? 0));
  return index !== -1 && left[index] > (right[index] ?? 0);
}

/** The latest glibc that a binary asks for; undefined if none. */
export function glibcOf({ versions }) {
  const found = versions.map((name) => /^GLIBC_([\d.]+)$/.exec(name)?.[1]).filter(Boolean);
  return found.reduce((latest, version) => (latest === undefined || isLater(version, latest) ? version : latest), undefined);
}

/** The two functions that Node looks for in an addon. */
const registration = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** What is wrong with a binary for a target. `anyGlibc` is for one that stays on the machine that it was built on. */
export function problemsOfBinary(bytes, target, { anyGlibc = false } = {}) {
  const problems = [];
  const binary = readBinary(bytes);
  if (binary.format !== formats[target.os] || binary.os !== target.os || binary.cpu !== target.cpu) {
    return [`It is ${binary.format} for ${binary.os} on ${binary.cpu ?? 'another processor'}.`];
  }
  if (binary.softFloat) problems.push('It passes floating-point numbers in integer registers; Node for ARM does not.');
  if (target.name === 'darwin-arm64' && !binary.isSigned) {
    problems.push('It is not signed, be it by nobody (codesign --sign -): macOS on ARM does not load it.');
  }
  const strange = binary.needed.filter((name) => !libraries[target.libc ?? target.os].test(name));
  if (strange.length > 0) problems.push(`It needs ${strange.join(', ')}, which not every such system has.`);
  const glibc = glibcOf(binary);
  if (target.libc !== 'glibc' && glibc !== undefined) problems.push('It was linked with glibc.');
  if (!anyGlibc && glibc !== undefined && isLater(glibc, oldestGlibc)) {
    problems.push(`It needs glibc ${glibc}; Node runs with ${oldestGlibc}.`);
  }
  const absent = registration.filter((name) => !binary.exports.includes(name));
  if (absent.length > 0) problems.push(`It is no Node-API addon: it does not export ${absent.join(' and ')}.`);
  if (binary.hasSymbols) problems.push('It has a table of symbols that nobody needs: strip it.');
  if (bytes.length >= limits.binary) problems.push(`It has ${bytes.length} bytes, and must have fewer than ${limits.binary}.`);
  return problems;
}

/** The files of the repository that belong to the main package. */
function filesOfMain(root, manifest) {
  const below = (name) => (fs.statSync(path.join(root, name)).isDirectory()
    ? fs.readdirSync(path.join(root, name)).flatMap((child) => below(`${name}/${child}`)) : [name]);
  return [...manifest.files.flatMap(below), 'LICENSE', 'README.md', 'package.json'];
}

/** What a package.json leads to by a path of its own. */
function* entriesOf(value) {
  if (typeof value === 'string') {
    if (value.startsWith('./')) yield value.slice(2);
  } else if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) yield* entriesOf(inner);
  }
}

/** The relative links of a Markdown file, as paths from the root of its package. */
function linksOf(name, text) {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target.split('#')[0]);
  return targets.filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => path.posix.normalize(path.posix.join(path.posix.dirname(name), target)));
}

/** The documents also lead to what only the repository has, but not to what is nowhere. */
function problemsOfLinks(root, files) {
  return files.filter((file) => file.endsWith('.md')).flatMap((name) => {
    const targets = linksOf(name, fs.readFileSync(path.join(root, name), 'utf8'));
    const absent = targets.filter((target) => !fs.existsSync(path.join(root, target)));
    return absent.map((target) => `${name} has a link to ${target}, which is not there.`);
  });
}

function differences(files, expected) {
  return [
    ...expected.filter((name) => !files.includes(name)).map((name) => `${name} is missing.`),
    ...files.filter((name) => !expected.includes(name)).map((name) => `${name} does not belong there.`),
  ];
}

/** What is wrong with the main package as it was packed. */
export function problemsOfMain(root, { manifest, files }, targets) {
  const problems = differences(files, filesOfMain(root, manifest));
  for (const entry of entriesOf([manifest.exports, manifest.bin, manifest.main, manifest.types])) {
    if (!files.includes(entry)) problems.push(`package.json leads to ${entry}, which is not packed.`);
  }
  for (const key of ['dependencies', 'devDependencies', 'scripts']) {
    if (key in manifest) problems.push(`package.json has ${key}.`);
  }
  const wanted = Object.fromEntries(targets.map((target) => [packageOf(target), manifest.version]));
  if (JSON.stringify(manifest.optionalDependencies) !== JSON.stringify(wanted)) {
    problems.push('package.json does not ask for the package of every target in exactly this version.');
  }
  return [...problems, ...problemsOfLinks(root, files)];
}

/** What is wrong with a platform's package as it was packed. */
export function problemsOfPlatform({ manifest, files }, target, version) {
  const problems = differences(files, ['LICENSE', noticesName, 'README.md', binaryName, 'package.json']);
  if (manifest.version !== version) problems.push(`Its version is ${manifest.version}, and that of the main package ${version}.`);
  const fields = {
    name: [manifest.name, packageOf(target)],
    os: [manifest.os?.join(), target.os],
    cpu: [manifest.cpu?.join(), target.cpu],
    libc: [manifest.libc?.join(), target.libc],
  };
  for (const [field, [found, wanted]] of Object.entries(fields)) {
    if (found !== wanted) problems.push(`Its ${field} is ${found}, and must be ${wanted}.`);
  }
  return problems;
}

/** The crates' version is the package's. */
export function problemsOfVersions(root, version) {
  const manifest = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8');
  const crates = /^\[workspace\.package\][^[]*?^version\s*=\s*"([^"]+)"/ms.exec(manifest)?.[1];
  return crates === version ? [] : [`package.json says version ${version}, and Cargo.toml ${crates}.`];
}
