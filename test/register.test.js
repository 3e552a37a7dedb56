'use strict';

// ferrule/register: the name node:ffi, in child processes of the Node that runs this file.

const { describe, it, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const Module = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const root = path.join(__dirname, '..');
const library = path.join(root, 'lib');
const programs = path.join(__dirname, 'register');
const hasSynchronousHooks = Module.registerHooks !== undefined;

function run(args, { env = {}, cwd = root, input, quiet = true } = {}) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...inherited } = process.env;
  // What Node says of the module being experimental: test/gate-and-warning.test.js.
  const settings = { ...inherited, NODE_NO_WARNINGS: '1', ...env };
  const child = spawnSync(process.execPath, args, { cwd, input, encoding: 'utf8', env: settings, timeout: 60_000 });
  assert.equal(child.status, 0, `node ${args.join(' ')}: ${child.signal ?? child.status}\n${child.stderr}`);
  if (quiet) assert.equal(child.stderr, '');
  return child.stdout;
}

const program = (name) => path.join(programs, name);
const observe = (flags, name, options) => JSON.parse(run([...flags, program(name)], options));

function assertAllHold(observed) {
  assert.ok(Object.keys(observed).length > 0);
  assert.deepEqual(Object.keys(observed).filter((way) => observed[way] !== true), []);
}

const imported = ['--import', 'ferrule/register'];
const required = ['--require', 'ferrule/register'];

describe('every way to node:ffi leads to Ferrule', () => {
  const preloads = {
    '--import': [imported],
    '--require': [required],
    '--require and --import': [[...required, ...imported]],
    '--import and --require, each twice': [[...imported, ...required, ...imported, ...required]],
    '--import of a file URL': [['--import', pathToFileURL(path.join(library, 'register.mjs')).href]],
    '--require of a path': [['--require', path.join(library, 'register.js')]],
    'NODE_OPTIONS with --import': [[], { env: { NODE_OPTIONS: imported.join(' ') } }],
    'NODE_OPTIONS with --require': [[], { env: { NODE_OPTIONS: required.join(' ') } }],
  };
  for (const [name, [flags, options]] of Object.entries(preloads)) {
    it(`after ${name}, from ES modules`, () => assertAllHold(observe(flags, 'ways.mjs', options)));
    it(`after ${name}, from CommonJS`, () => assertAllHold(observe(flags, 'ways.cjs', options)));
  }

  it('also when ferrule/register is loaded again as another copy', () => {
    assertAllHold(observe(required, 'reload.cjs'));
    assertAllHold(observe([], 'reload.cjs'));
  });

  it('also when require.cache is emptied, and it stays the same', () => assertAllHold(observe(required, 'emptied.cjs')));

  it('also when the modules whose exports are replaced were imported before', () => {
    const early = ['--import', 'data:text/javascript,import "node:module"; import "node:process";'];
    assertAllHold(observe([...early, ...imported], 'ways.mjs'));
  });

  it('also below an ES module that was required', { skip: !hasSynchronousHooks && 'this Node asks no hooks there' }, () => {
    for (const flags of [imported, required]) assertAllHold(observe(flags, 'require-esm.cjs'));
  });

  it('also on a Node without process.getBuiltinModule', () => {
    const observed = observe(['--require', program('without-lookup.cjs'), ...required], 'ways.cjs');
    assertAllHold(observed);
    assert.equal(run(['--require', program('without-lookup.cjs'), ...required, '-p', 'typeof process.getBuiltinModule']), 'undefined\n');
  });

  it('in the text of -e and -p and in standard input', () => {
    const commonjs = 'require("node:ffi") === require("ferrule")';
    const dynamic = 'import("node:ffi").then((namespace) => console.log(namespace.default === require("ferrule")))';
    const module = 'import ffi from "node:ffi"; import ferrule from "ferrule"; console.log(ffi === ferrule)';
    for (const flags of [imported, required]) {
      assert.equal(run([...flags, '-p', commonjs]), 'true\n');
      assert.equal(run([...flags, '-e', dynamic]), 'true\n');
      assert.equal(run([...flags, '--input-type=module', '-e', module]), 'true\n');
      assert.equal(run(flags, { input: `console.log(${commonjs})` }), 'true\n');
    }
  });

  it('before it is asked for, nothing is loaded', () => {
    for (const flags of [imported, required]) assertAllHold(observe(flags, 'lazy.cjs'));
  });
});

describe('from the directory of another package', () => {
  const resolved = path.join(library, 'node-ffi.js');
  const script = `require.resolve('node:ffi') === ${JSON.stringify(resolved)} && Object.hasOwn(require('node:ffi'), 'getNativeFunction')`;
  let directory;
  before(() => {
    directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-register-')));
    fs.writeFileSync(path.join(directory, 'package.json'), '{ "name": "consumer", "type": "module" }');
    fs.writeFileSync(path.join(directory, 'main.js'), `
      import ffi, { sizeof } from 'node:ffi';
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      console.log(ffi === require('node:ffi') && sizeof === ffi.sizeof && ${script});
    `);
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  it('by the address of the file', () => {
    for (const flags of [['--import', pathToFileURL(path.join(library, 'register.mjs')).href],
                         ['--import', pathToFileURL(path.join(library, 'register.js')).href],
                         ['--require', path.join(library, 'register.js')]]) {
      assert.equal(run([...flags, 'main.js'], { cwd: directory }), 'true\n');
    }
  });

  it('by name, once the package is installed there', (t) => {
    fs.mkdirSync(path.join(directory, 'node_modules'));
    try {
      fs.symlinkSync(root, path.join(directory, 'node_modules', 'ferrule'), 'junction');
    } catch (error) {
      if (error.code !== 'ENOTSUP') throw error;
      return t.skip('this system makes no junctions');
    }
    for (const flags of [imported, required]) assert.equal(run([...flags, 'main.js'], { cwd: directory }), 'true\n');
  });
});

describe('Workers', () => {
  const kinds = ['commonjs', 'module', 'data'];
  const observeWorkers = (flags, kinds, options) => JSON.parse(run([...flags, program('workers.mjs'), ...kinds], options));
  const assertWorkers = (observed, kinds) => {
    assert.deepEqual(Object.keys(observed), kinds);
    for (const kind of kinds) assertAllHold(observed[kind]);
  };

  it('of a file inherit --import', () => assertWorkers(observeWorkers(imported, kinds), kinds));

  it('of a file or of source text, nested too, inherit --require', () => {
    const all = [...kinds, 'source', 'nested'];
    assertWorkers(observeWorkers(required, all), all);
  });

  it('inherit NODE_OPTIONS', () => {
    assertWorkers(observeWorkers([], kinds, { env: { NODE_OPTIONS: imported.join(' ') } }), kinds);
    const all = [...kinds, 'source', 'nested'];
    assertWorkers(observeWorkers([], all, { env: { NODE_OPTIONS: required.join(' ') } }), all);
  });

  it('with flags of their own name ferrule/register there', () => {
    // NODE_NO_WARNINGS counts where Node reads it, at the start of the process.
    assertWorkers(observeWorkers([], ['flags', 'preload'], { quiet: false }), ['flags', 'preload']);
  });
});

describe('everything else stays Node\'s', () => {
  it('other names, and the shape of what is replaced', () => {
    const plain = observe([], 'others.cjs');
    assert.equal(plain.ffi.require.code, 'MODULE_NOT_FOUND');
    assert.ok(plain.ffi.require.message.startsWith('Cannot find module \'ffi\''));
    assert.equal(plain.ffi.import.code, 'ERR_MODULE_NOT_FOUND');
    assert.ok(plain.ffi.import.message.startsWith('Cannot find package \'ffi\''));
    assert.equal(plain.ffi.isBuiltin, false);
    assert.equal(plain['node:nope'].require.code, 'ERR_UNKNOWN_BUILTIN_MODULE');
    for (const flags of [imported, required, [...imported, ...required]]) {
      assert.deepEqual(observe(flags, 'others.cjs'), plain);
    }
  });

  it('the place of the name in builtinModules', () => {
    const names = JSON.parse(run([...required, '-p', 'JSON.stringify(require("node:module").builtinModules)']));
    const schemeOnly = names.filter((name) => name.startsWith('node:'));
    assert.deepEqual(schemeOnly, [...schemeOnly].sort());
    assert.deepEqual(names.slice(-schemeOnly.length), schemeOnly);
  });

  it('asynchronous hooks of somebody else, registered before and after', () => {
    const hook = ['--import', pathToFileURL(program('virtual-async.mjs')).href];
    for (const flags of [[...imported, ...hook], [...hook, ...imported], [...required, ...hook]]) {
      assertAllHold(observe([...flags, '--no-warnings'], 'virtual.mjs'));
    }
  });

  it('synchronous hooks of somebody else, registered before and after', { skip: !hasSynchronousHooks }, () => {
    const hook = ['--import', pathToFileURL(program('virtual-sync.mjs')).href];
    for (const flags of [[...imported, ...hook], [...hook, ...imported], [...required, ...hook]]) {
      assertAllHold(observe(flags, 'virtual.mjs'));
    }
  });
});
