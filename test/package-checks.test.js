'use strict';

// What scripts/packages.mjs refuses to pack, and what lib/target.js takes a platform for: on files made up for it, each right but for one thing.

const { after, before, describe, it } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { libcOf, target } = require('../lib/target.js');
const { Elf, mach, portable } = require('./packages/binaries.js');
const { importScript } = require('./packages/publish.js');

const root = path.join(__dirname, '..');
const registration = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

let targets, packageOf, readBinary, check, manifests;

before(async () => {
  ({ targets, packageOf } = await importScript('packages/targets.mjs'));
  ({ readBinary } = await importScript('packages/binary.mjs'));
  check = await importScript('packages/check.mjs');
  manifests = await importScript('packages/manifest.mjs');
});

const named = (name) => targets.find((candidate) => candidate.name === name);

// The binary of a target, as it must be, but for `changes`.
const gnu = { needed: ['libc.so.6', 'libgcc_s.so.1'], versions: ['GLIBC_2.17', 'GLIBC_2.28', 'GLIBC_2.2.5'], exports: registration };
const musl = { needed: ['libc.so', 'libgcc_s.so.1'], versions: [], exports: registration };
const freebsd = { needed: ['libc.so.7', 'libthr.so.3'], versions: ['FBSD_1.0'], exports: registration, osabi: 9 };
const darwin = { needed: ['/usr/lib/libSystem.B.dylib'], exports: registration };
const windows = { needed: ['KERNEL32.dll', 'ntdll.dll', 'api-ms-win-core-synch-l1-2-0.dll'], exports: registration };
const right = {
  'linux-x64-gnu': (changes) => new Elf({ machine: 62, ...gnu, ...changes }).bytes(),
  'linux-x64-musl': (changes) => new Elf({ machine: 62, ...musl, ...changes }).bytes(),
  'linux-arm64-gnu': (changes) => new Elf({ machine: 183, ...gnu, ...changes }).bytes(),
  'linux-arm64-musl': (changes) => new Elf({ machine: 183, ...musl, ...changes }).bytes(),
  'linux-arm-gnu': (changes) => new Elf({ machine: 40, wide: false, flags: 0x5000400, ...gnu, ...changes }).bytes(),
  'linux-arm-musl': (changes) => new Elf({ machine: 40, wide: false, flags: 0x5000400, ...musl, ...changes }).bytes(),
  'darwin-x64': (changes) => mach({ machine: 0x01000007, ...darwin, ...changes }),
  'darwin-arm64': (changes) => mach({ machine: 0x0100000c, ...darwin, ...changes }),
  'win32-x64': (changes) => portable({ machine: 0x8664, ...windows, ...changes }),
  'win32-arm64': (changes) => portable({ machine: 0xaa64, ...windows, ...changes }),
  'freebsd-x64': (changes) => new Elf({ machine: 62, ...freebsd, ...changes }).bytes(),
  'freebsd-arm64': (changes) => new Elf({ machine: 183, ...freebsd, ...changes }).bytes(),
  'freebsd-arm': (changes) => new Elf({ machine: 40, wide: false, flags: 0x5000400, ...freebsd, ...changes }).bytes(),
};

describe('the binary of a target', () => {
  it('is right when everything is, for every target', () => {
    assert.deepEqual(Object.keys(right).sort(), targets.map(({ name }) => name).sort());
    for (const [name, make] of Object.entries(right)) assert.deepEqual(check.problemsOfBinary(make({}), named(name)), [], name);
  });

  it('is that of no other target', () => {
    for (const [name, make] of Object.entries(right)) {
      for (const other of targets.filter((candidate) => candidate.name !== name)) {
        assert.notDeepEqual(check.problemsOfBinary(make({}), other), [], `${name} passes for ${other.name}`);
      }
    }
  });

  const wrong = [
    ['linux-x64-gnu', { versions: ['GLIBC_2.17', 'GLIBC_2.34'] }, 'It needs glibc 2.34; Node runs with 2.28.'],
    ['linux-x64-gnu', { needed: ['libc.so.6', 'libffi.so.8'] }, 'It needs libffi.so.8, which not every such system has.'],
    ['linux-x64-gnu', { exports: [registration[1], 'something_else'] }, 'It is no Node-API addon: it does not export napi_register_module_v1.'],
    ['linux-x64-gnu', { hasSymbols: true }, 'It has a table of symbols that nobody needs: strip it.'],
    ['linux-x64-gnu', { padding: 1_000_000 }, /^It has \d{7} bytes, and must have fewer than 1000000\.$/],
    ['linux-x64-musl', { needed: ['libc.so.6'] }, 'It needs libc.so.6, which not every such system has.'],
    ['linux-x64-musl', { versions: ['GLIBC_2.17'] }, 'It was linked with glibc.'],
    ['linux-arm-gnu', { flags: 0x5000200 }, 'It passes floating-point numbers in integer registers; Node for ARM does not.'],
    ['linux-arm-gnu', { machine: 3 }, 'It is ELF for linux on another processor.'],
    ['darwin-arm64', { isSigned: false }, 'It is not signed, be it by nobody (codesign --sign -): macOS on ARM does not load it.'],
    ['darwin-x64', { needed: ['/opt/homebrew/lib/libffi.8.dylib'] }, 'It needs /opt/homebrew/lib/libffi.8.dylib, which not every such system has.'],
    ['darwin-x64', { hasSymbols: true }, 'It has a table of symbols that nobody needs: strip it.'],
    ['win32-x64', { needed: ['KERNEL32.dll', 'VCRUNTIME140.dll'] }, 'It needs VCRUNTIME140.dll, which not every such system has.'],
    ['win32-arm64', { exports: [] }, 'It is no Node-API addon: it does not export napi_register_module_v1 and node_api_module_get_api_version_v1.'],
  ];
  for (const [name, changes, problem] of wrong) {
    it(`${name} with ${JSON.stringify(changes)} is refused`, () => {
      const found = check.problemsOfBinary(right[name](changes), named(name));
      assert.equal(found.length, 1, found.join('\n'));
      if (typeof problem === 'string') assert.equal(found[0], problem);
      else assert.match(found[0], problem);
    });
  }

  it('of this machine may need a later glibc than others have', () => {
    const bytes = right['linux-x64-gnu']({ versions: ['GLIBC_2.39'] });
    assert.deepEqual(check.problemsOfBinary(bytes, named('linux-x64-gnu'), { anyGlibc: true }), []);
  });

  it('is whole', () => {
    const bytes = right['linux-x64-gnu']({});
    assert.throws(() => readBinary(Buffer.from('#!/bin/sh\n'.padEnd(100))), /neither ELF nor Mach-O nor PE/);
    assert.throws(() => readBinary(bytes.subarray(0, 200)), /cut off, or damaged/);
  });
});

describe('a package', () => {
  let repository, files, main;

  before(() => {
    repository = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    const below = (name) => (fs.statSync(path.join(root, name)).isDirectory()
      ? fs.readdirSync(path.join(root, name)).flatMap((child) => below(`${name}/${child}`)) : [name]);
    files = ['bin', 'docs', 'lib', 'LICENSE', 'README.md', 'package.json'].flatMap(below);
    main = manifests.mainManifest(repository, targets);
  });

  const problems = (changes) => check.problemsOfMain(root, { manifest: main, files, ...changes }, targets);

  it('is right when everything is', () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(check.problemsOfVersions(root, main.version), []);
  });

  it('has all of its files, and no others', () => {
    assert.deepEqual(problems({ files: files.filter((file) => file !== 'lib/register.mjs') }),
      ['lib/register.mjs is missing.', 'package.json leads to lib/register.mjs, which is not packed.']);
    assert.deepEqual(problems({ files: [...files, 'build/ferrule.node'] }), ['build/ferrule.node does not belong there.']);
  });

  it('asks for the package of every target in its own version, and for nothing else', () => {
    const wanted = 'package.json does not ask for the package of every target in exactly this version.';
    const { [packageOf(targets[0])]: _, ...others } = main.optionalDependencies;
    assert.deepEqual(problems({ manifest: { ...main, optionalDependencies: others } }), [wanted]);
    const loose = { ...main.optionalDependencies, [packageOf(targets[0])]: '^0.1.0' };
    assert.deepEqual(problems({ manifest: { ...main, optionalDependencies: loose } }), [wanted]);
    assert.deepEqual(problems({ manifest: { ...main, dependencies: {} } }), ['package.json has dependencies.']);
    assert.deepEqual(problems({ manifest: { ...main, scripts: { install: 'make' } } }), ['package.json has scripts.']);
  });

  it('of a platform holds the binary, for that platform alone', () => {
    const target = named('linux-arm64-musl');
    const manifest = manifests.platformManifest(repository, target);
    const content = ['LICENSE', 'NOTICES.md', 'README.md', 'ferrule.node', 'package.json'];
    const of = (changes) => check.problemsOfPlatform({ manifest, files: content, ...changes }, target, repository.version);
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ files: content.slice(1) }), ['LICENSE is missing.']);
    assert.deepEqual(of({ manifest: { ...manifest, libc: ['glibc'] } }), ['Its libc is glibc, and must be musl.']);
    assert.deepEqual(of({ manifest: { ...manifest, cpu: undefined } }), ['Its cpu is undefined, and must be arm64.']);
    assert.deepEqual(of({ manifest: { ...manifest, version: '9.9.9' } }), [`Its version is 9.9.9, and that of the main package ${repository.version}.`]);
  });

  it('of a platform has nothing in its binary whose licence nobody knows', async () => {
    const { licenseOf } = await importScript('packages/notices.mjs');
    assert.equal(licenseOf({ name: 'a', license: 'Unlicense OR MIT' }), 'MIT');
    assert.equal(licenseOf({ name: 'a', license: 'Apache-2.0 / MIT' }), 'MIT');
    for (const license of ['GPL-3.0', 'MIT AND GPL-3.0', undefined]) assert.throws(() => licenseOf({ name: 'a', license }), /^Error: a has the licence/);
  });

  it("has the crates' version", () => {
    assert.deepEqual(check.problemsOfVersions(root, '9.9.9'), [`package.json says version 9.9.9, and Cargo.toml ${repository.version}.`]);
  });

  it('is known to lib/binding.js for every target', () => {
    const source = fs.readFileSync(path.join(root, 'lib', 'binding.js'), 'utf8');
    const cases = [...source.matchAll(/case '([^']+)': return require\('([^']+)'\);/g)].map(([, name, file]) => [name, file]);
    assert.deepEqual(cases, targets.map((target) => [target.name, `${packageOf(target)}/ferrule.node`]));
  });
});

describe('docs/installing.md', () => {
  const page = fs.readFileSync(path.join(root, 'docs', 'installing.md'), 'utf8');

  it('has a row for the package of every target', () => {
    const rows = [...page.matchAll(/^\| `(@ferrule\/[^`]+)` \| (.*) \|$/gm)].map(([, name, text]) => [name, text]);
    assert.deepEqual(rows.map(([name]) => name), targets.map(packageOf));
    const words = { linux: 'Linux', darwin: 'macOS', win32: 'Windows', freebsd: 'FreeBSD', x64: 'x64', arm64: 'arm64', arm: '32-bit ARM (ARMv7)' };
    const libraries = { glibc: `, glibc ${check.oldestGlibc} or later`, musl: ', musl' };
    const described = ({ os: system, cpu, libc }) => `${words[system]} on ${words[cpu]}${libraries[libc] ?? ''}`;
    assert.deepEqual(rows.map(([, text]) => text), targets.map(described));
  });

  it('has a row for every error of lib/no-binary.js', () => {
    const source = fs.readFileSync(path.join(root, 'lib', 'no-binary.js'), 'utf8');
    const codes = [...source.matchAll(/'(ERR_(?:FERRULE|DLOPEN_DISABLED)\w*)'/g)].map(([, code]) => code);
    assert.deepEqual([...page.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code).sort(), [...new Set(codes)].sort());
  });
});

describe('the platform of a process', () => {
  const skip = process.platform === 'linux' ? false : 'there is one C library';
  let directory;

  before(() => { directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-target-')); });
  after(() => fs.rmSync(directory, { recursive: true }));

  // The C library of a process whose executable is this.
  const libc = (bytes) => {
    const file = path.join(directory, 'executable');
    fs.writeFileSync(file, bytes);
    return libcOf(file);
  };
  const ofReport = () => (process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');

  it('is that of a target', { skip }, () => {
    const { name, platform, arch, libc: found } = target();
    assert.equal(found, ofReport());
    assert.equal(name, `${platform}-${arch}-${found === 'musl' ? 'musl' : 'gnu'}`);
    // Where the executable is out of reach.
    assert.deepEqual(target('/nowhere/at/all'), target());
  });

  for (const [interpreter, expected] of [
    ['/lib64/ld-linux-x86-64.so.2', 'glibc'], ['/lib/ld-linux-aarch64.so.1', 'glibc'], ['/lib/ld-linux-armhf.so.3', 'glibc'],
    ['/nix/store/xyz-glibc-2.40/lib/ld-linux-x86-64.so.2', 'glibc'], ['/lib/ld-musl-x86_64.so.1', 'musl'], ['/lib/ld-musl-armhf.so.1', 'musl'],
  ]) {
    it(`has the C library of ${interpreter}`, () => {
      for (const wide of [true, false]) {
        assert.equal(libc(new Elf({ machine: 62, wide, ...gnu, interpreter }).bytes()), expected);
        // The path can lie a page behind the headers.
        assert.equal(libc(new Elf({ machine: 62, wide, ...gnu, interpreter, before: 5000 }).bytes()), expected);
      }
    });
  }

  it("is what Node's report says when the executable does not tell", { skip }, () => {
    for (const bytes of [
      new Elf({ machine: 62, ...gnu }).bytes(), Buffer.from('#!/bin/sh\n'), Buffer.alloc(0), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 2]),
    ]) assert.equal(libc(bytes), ofReport());
  });
});
