'use strict';

// The same program in examples/migrating, once for each FFI that docs/migrating.md compares: all print the same. Ours always runs, under
// both of its names; the others where their packages in bench/ are installed, which scripts/test.mjs sees to. ffi-napi cannot be built.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { environment, isGlibc, isNode, makeProgramFolder, root, start } = require('./document');

const sources = path.join(root, 'examples', 'migrating');
const packages = path.join(root, 'bench', 'node_modules');
const expected = '3\nZürich 447000\nTōkyō 14000000\nNowhere 9007199254740993\nno such column: mayor\n2001 9 9\n';

// The programs are examples of how libraries are named, too.
const skip = isGlibc ? false : 'the programs name libraries as they are called with glibc';
const skipOthers = skip || (isNode ? false : 'what the others print is compared in Node');

let folder;
before(() => {
  const koffi = path.join(packages, 'koffi');
  folder = makeProgramFolder({ ferrule: root, ...(fs.existsSync(koffi) ? { koffi } : {}) });
  for (const name of fs.readdirSync(sources)) fs.copyFileSync(path.join(sources, name), path.join(folder, name));
});
after(() => { if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true }); });

function assertPrints(program, args) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    cwd: folder, encoding: 'utf8', timeout: 120_000, env: environment({ DENO_DIR: path.join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' }),
  });
  assert.deepEqual({ status, signal, stdout, stderr }, { status: 0, signal: null, stdout: expected, stderr: '' });
}

test('node:ffi, as ferrule', { skip }, () => {
  const [program, ...options] = start;
  assertPrints(program, [...options, 'ferrule.mjs']);
});

test('node:ffi, by that name', { skip: skipOthers }, () => {
  const source = fs.readFileSync(path.join(folder, 'ferrule.mjs'), 'utf8');
  fs.writeFileSync(path.join(folder, 'node-ffi.mjs'), source.replace("from 'ferrule'", "from 'node:ffi'"));
  assertPrints(process.execPath, ['--no-warnings', '--require', 'ferrule/register', 'node-ffi.mjs']);
  // Where Node has a module of its own, that runs it as well: the program is written for the API, not for Ferrule.
  if (Number(process.versions.node.split('.')[0]) >= 26) assertPrints(process.execPath, ['--no-warnings', 'node-ffi.mjs']);
});

test('koffi', { skip: skipOthers || (fs.existsSync(path.join(packages, 'koffi')) ? false : 'koffi is not installed in bench/') }, () => {
  assertPrints(process.execPath, ['koffi.mjs']);
});

test('bun:ffi and Deno.dlopen', { skip: skipOthers }, async (context) => {
  const { runtimeBinary } = await import('../bench/peers.mjs');
  for (const [name, args] of [['bun', ['run', 'bun.mjs']], ['deno', ['run', '--allow-ffi', '--no-lock', '--no-config', 'deno.mjs']]]) {
    const binary = await runtimeBinary(name);
    await context.test(name, { skip: binary === null ? `${name} is not installed in bench/` : false }, () => assertPrints(binary, args));
  }
});

test('ffi-napi: JavaScript, at least', { skip: skipOthers }, () => {
  const { status, stderr } = spawnSync(process.execPath, ['--check', 'ffi-napi.cjs'], { cwd: folder, encoding: 'utf8', env: environment() });
  assert.equal(status, 0, stderr);
});
