'use strict';

// The same program in examples/migrating, once for each FFI that docs/migrating.md compares: all print the same. Ours always runs, under
// both of its names; the others where their packages in bench/ are installed, which scripts/test.mjs sees to. ffi-napi cannot be built.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { environment, isGlibc, root } = require('./document');

const sources = path.join(root, 'examples', 'migrating');
const packages = path.join(root, 'bench', 'node_modules');
const expected = '3\nZürich 447000\nTōkyō 14000000\nNowhere 9007199254740993\nno such column: mayor\n2001 9 9\n';

// The programs are examples of how libraries are named, too.
const skip = isGlibc ? false : 'the programs name libraries as they are called with glibc';

let folder;
before(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-migrating-')));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  fs.symlinkSync(root, path.join(folder, 'node_modules', 'ferrule'), 'junction');
  if (fs.existsSync(path.join(packages, 'koffi'))) {
    fs.symlinkSync(path.join(packages, 'koffi'), path.join(folder, 'node_modules', 'koffi'), 'junction');
  }
  for (const name of fs.readdirSync(sources)) fs.copyFileSync(path.join(sources, name), path.join(folder, name));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function assertPrints(program, args) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    cwd: folder, encoding: 'utf8', timeout: 120_000, env: environment({ DENO_DIR: path.join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' }),
  });
  assert.deepEqual({ status, signal, stdout, stderr }, { status: 0, signal: null, stdout: expected, stderr: '' });
}

test('node:ffi, as ferrule', { skip }, () => {
  assertPrints(process.execPath, ['ferrule.mjs']);
});

test('node:ffi, by that name', { skip }, () => {
  const source = fs.readFileSync(path.join(folder, 'ferrule.mjs'), 'utf8');
  fs.writeFileSync(path.join(folder, 'node-ffi.mjs'), source.replace("from 'ferrule'", "from 'node:ffi'"));
  assertPrints(process.execPath, ['--no-warnings', '--require', 'ferrule/register', 'node-ffi.mjs']);
  // Where Node has a module of its own, that runs it as well: the program is written for the API, not for Ferrule.
  if (Number(process.versions.node.split('.')[0]) >= 26) assertPrints(process.execPath, ['--no-warnings', 'node-ffi.mjs']);
});

test('koffi', { skip: skip || (fs.existsSync(path.join(packages, 'koffi')) ? false : 'koffi is not installed in bench/') }, () => {
  assertPrints(process.execPath, ['koffi.mjs']);
});

test('bun:ffi and Deno.dlopen', { skip }, async (context) => {
  const { runtimeBinary } = await import('../bench/peers.mjs');
  for (const [name, args] of [['bun', ['run', 'bun.mjs']], ['deno', ['run', '--allow-ffi', '--no-lock', '--no-config', 'deno.mjs']]]) {
    const binary = await runtimeBinary(name);
    await context.test(name, { skip: binary === null ? `${name} is not installed in bench/` : false }, () => assertPrints(binary, args));
  }
});

test('ffi-napi: JavaScript, at least', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--check', 'ffi-napi.cjs'], { cwd: folder, encoding: 'utf8', env: environment() });
  assert.equal(status, 0, stderr);
});
