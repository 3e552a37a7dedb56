'use strict';

// node:ffi is on by default, off with Node's flag, and experimental: as in Node 26, on every line.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const root = path.join(__dirname, '..');
const launcher = path.join(root, 'bin', 'ferrule.js');
const register = ['--require', path.join(root, 'lib', 'register.js')];
const imported = ['--import', pathToFileURL(path.join(root, 'lib', 'register.mjs')).href];
const hasBuiltin = require('node:module').isBuiltin('node:ffi');

const warning = 'ExperimentalWarning: FFI is an experimental feature and might change at any time';

function run(args, { env } = {}) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_NO_WARNINGS, ...inherited } = process.env;
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root, env: { ...inherited, ...env } });
  return { status: child.status, stdout: child.stdout, warnings: child.stderr.replaceAll(/\(node:\d+\) /g, '').split('\n').filter(Boolean) };
}

const hint = /^\(Use `\S+ --trace-warnings \.\.\.` to show where the warning was created\)$/;

function assertWarnedOnce({ status, warnings }) {
  assert.equal(status, 0, warnings.join('\n'));
  assert.equal(warnings[0], warning);
  assert.match(warnings[1], hint);
  assert.equal(warnings.length, 2, warnings.join('\n'));
}

describe('the warning', () => {
  const sources = {
    require: 'require("node:ffi"); require("node:ffi")',
    'require, where Node counts a module as one of its own': 'process.getBuiltinModule?.("node:ffi") ?? require("node:ffi"); require("node:ffi")',
    'import()': 'import("node:ffi").then(() => import("node:ffi"))',
    'import() and require': 'import("node:ffi").then(() => require("node:ffi"))',
    'require and import()': 'require("node:ffi"); import("node:ffi")',
  };
  for (const [name, source] of Object.entries(sources)) {
    test(`comes once from ${name}`, () => {
      for (const flags of [register, imported]) assertWarnedOnce(run([...flags, '-e', source]));
      assertWarnedOnce(run([launcher, '-e', source]));
    });
  }

  test('comes once from a static import', () => {
    for (const flags of [register, imported]) {
      assertWarnedOnce(run([...flags, '--input-type=module', '-e', 'import ffi from "node:ffi"; import * as all from "node:ffi"; ffi === all.default || process.exit(1)']));
    }
  });

  test('has no code and is an Error of that name', () => {
    const source = `process.on('warning', ({ name, message, code }) => console.log(JSON.stringify([name, message, code ?? 'none'])));
      require('node:ffi');`;
    const { stdout } = run([...register, '--no-warnings', '-e', source]);
    assert.deepEqual(JSON.parse(stdout), ['ExperimentalWarning', 'FFI is an experimental feature and might change at any time', 'none']);
  });

  test('comes once more from each Worker that asks for the module', () => {
    const worker = 'require("node:ffi"); require("node:ffi")';
    const source = `const { Worker } = require('node:worker_threads');
      require('node:ffi');
      for (let count = 0; count < 2; count++) new Worker(${JSON.stringify(worker)}, { eval: true });`;
    const { status, warnings } = run([...register, '-e', source]);
    assert.equal(status, 0);
    assert.equal(warnings.filter((line) => line === warning).length, 3, warnings.join('\n'));
  });

  test('can be turned off as Node\'s warnings can', () => {
    const quiet = [['--no-warnings'], ['--disable-warning=ExperimentalWarning']].filter(([flag]) =>
      process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/, '')) || flag === '--no-warnings');
    for (const flags of quiet) assert.deepEqual(run([...register, ...flags, '-e', 'require("node:ffi")']).warnings, []);
    assert.deepEqual(run([...register, '-e', 'require("node:ffi")'], { env: { NODE_NO_WARNINGS: '1' } }).warnings, []);
  });

  test('does not come from asking for it by other means, nor from ferrule', () => {
    const source = `const { isBuiltin } = require('node:module');
      isBuiltin('node:ffi'); require.resolve('node:ffi'); require('ferrule'); import('ferrule');`;
    assert.deepEqual(run([...register, '-e', source]), { status: 0, stdout: '', warnings: [] });
    assert.deepEqual(run(['-e', 'require("ferrule"); import("ferrule")']), { status: 0, stdout: '', warnings: [] });
  });
});

describe('the flag', () => {
  const observe = `const { isBuiltin, builtinModules } = require('node:module');
    const attempt = (act) => { try { return typeof act(); } catch ({ name, code, message }) { return [name, code, message]; } };
    const found = {
      require: attempt(() => require('node:ffi')),
      isBuiltin: isBuiltin('node:ffi'),
      listed: builtinModules.includes('node:ffi'),
      get: process.getBuiltinModule === undefined ? 'undefined' : attempt(() => process.getBuiltinModule('node:ffi')),
    };
    import('node:ffi').then(() => 'loaded', ({ name, code, message }) => [name, code, message])
      .then((result) => console.log(JSON.stringify({ ...found, import: result })));`;
  const refusal = ['Error', 'ERR_UNKNOWN_BUILTIN_MODULE', 'No such built-in module: node:ffi'];
  const off = { require: refusal, isBuiltin: false, listed: false, get: 'undefined', import: refusal };
  const on = { require: 'object', isBuiltin: true, listed: true, get: process.getBuiltinModule === undefined ? 'undefined' : 'object', import: 'loaded' };
  const seen = (args) => {
    const { status, stdout, warnings } = run(args, { env: { NODE_NO_WARNINGS: '1' } });
    assert.deepEqual([status, warnings], [0, []]);
    return JSON.parse(stdout);
  };

  test('is on by default and with --experimental-ffi', () => {
    assert.deepEqual(seen([launcher, '-e', observe]), on);
    assert.deepEqual(seen([launcher, '--experimental-ffi', '-e', observe]), on);
    assert.deepEqual(seen([launcher, '--no-experimental-ffi', '--experimental-ffi', '-e', observe]), on);
  });

  test('is off with --no-experimental-ffi', () => {
    // A static import fails as import() does; before Node 20.6 and 22 the text of both differs from that of require.
    assert.deepEqual(seen([launcher, '--no-experimental-ffi', '-e', observe]), off);
    assert.deepEqual(seen([launcher, '--experimental-ffi', '--no-experimental-ffi', '-e', observe]), off);
  });

  test('leaves the package alone', () => {
    const source = 'console.log(require("ferrule").sizeof("int"))';
    assert.deepEqual(run([launcher, '--no-experimental-ffi', '-e', source]), { status: 0, stdout: '4\n', warnings: [] });
  });

  test('turns ferrule/register off where it is Node\'s', { skip: !hasBuiltin && 'this Node has no such flag' }, () => {
    for (const flags of [register, imported]) assert.deepEqual(seen(['--no-experimental-ffi', ...flags, '-e', observe]), off);
    assert.deepEqual(seen([...register, '--experimental-ffi', '-e', observe]), on);
    const { stdout } = run([...register, '-e', observe], { env: { NODE_OPTIONS: '--no-experimental-ffi' } });
    assert.deepEqual(JSON.parse(stdout), off);
  });
});
