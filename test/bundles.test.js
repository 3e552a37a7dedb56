'use strict';

// Programs that use Ferrule, bundled by examples/bundling: run away from everything else, on every Node line.

const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Machine } = require('./packages/machine.js');
const { nodeLines, printed, projectToBundle, publish } = require('./packages/publish.js');

const root = path.join(__dirname, '..');
const example = path.join(root, 'examples', 'bundling', 'bundle.mjs');

// A script or a program, as it was installed.
const esbuild = path.join(root, 'node_modules', '.bin', 'esbuild');

const machine = new Machine();
let nodes, newest, npm, registry, platform;

before(async () => {
  nodes = await nodeLines();
  newest = nodes.at(-1).path;
  ({ registry, platform, npm } = await publish(machine));
});

after(async () => {
  await registry?.close();
  machine.remove();
});

const project = (name, ...options) => projectToBundle(machine, { npm, node: newest }, name, ...options);

// Makes the bundles and moves them to a directory where nothing else is.
async function bundles(name, ...options) {
  const directory = await project(name, ...options);
  const out = machine.make('elsewhere', `${name} – Übersetztes`);
  await machine.succeed(newest, [example, 'bundled.mjs', out], { cwd: directory, node: newest });
  return out;
}

// The command of docs/installing.md, with `app.mjs` for the program.
function documentedCommand() {
  const page = fs.readFileSync(path.join(root, 'docs', 'installing.md'), 'utf8');
  const [, line] = /^npx esbuild (app\.mjs .*)$/m.exec(page);
  return line.split(' ');
}

describe('bundled with esbuild', () => {
  let directory;

  before(async () => { directory = await bundles('whole'); });

  test('the bundles and the binary are all that is made', () => {
    const names = fs.readdirSync(directory).sort();
    assert.deepEqual(names.map((name) => name.replace(/-\w+\.node$/, '.node')), ['app.cjs', 'app.mjs', 'ferrule.node', 'one.cjs', 'one.mjs']);
  });

  for (const name of ['app.cjs', 'app.mjs', 'one.cjs', 'one.mjs']) {
    test(`${name} runs`, async (t) => {
      for (const { version, path: node } of nodes) {
        await t.test(`on Node ${version}`, async () => {
          // One file has to do alone, and leaves nothing behind.
          const alone = machine.make('alone', version, name);
          const temporary = machine.make('temporary', version, name);
          const files = name.startsWith('one') ? [name] : fs.readdirSync(directory);
          for (const file of files) fs.copyFileSync(path.join(directory, file), path.join(alone, file));
          assert.equal(await machine.succeed(node, [name], { cwd: alone, node, variables: { TMPDIR: temporary } }), printed(version));
          if (process.platform !== 'win32') assert.deepEqual(fs.readdirSync(temporary), []);
        });
      }
    });
  }

  test('they run in guarded mode', { skip: process.platform === 'linux' ? false : 'there is none' }, async () => {
    const { version } = nodes.at(-1);
    for (const name of ['app.cjs', 'app.mjs', 'one.cjs', 'one.mjs']) {
      const variables = { FERRULE_GUARD: '1' };
      assert.equal(await machine.succeed(newest, [name], { cwd: directory, node: newest, variables }), printed(version), name);
    }
  });

  test('without the binary beside it, a bundle says what is missing', async () => {
    const alone = machine.make('alone', 'without');
    for (const name of ['app.cjs', 'app.mjs']) {
      fs.copyFileSync(path.join(directory, name), path.join(alone, name));
      const { status, stderr } = await machine.run(newest, [name], { cwd: alone, node: newest });
      assert.equal(status, 1);
      assert.match(stderr, /ERR_FERRULE_NO_BINARY/);
      assert.ok(stderr.includes(`Its package ${platform.name} is neither in the bundle nor beside it: bundle where that package is installed`), stderr);
    }
  });
});

test('the command of docs/installing.md', async (t) => {
  const directory = await project('documented');
  fs.renameSync(path.join(directory, 'bundled.mjs'), path.join(directory, 'app.mjs'));
  await machine.succeed(esbuild, documentedCommand(), { cwd: directory, node: newest });
  const out = machine.make('elsewhere', 'documented');
  fs.cpSync(path.join(directory, 'dist'), out, { recursive: true });
  for (const { version, path: node } of nodes) {
    await t.test(`on Node ${version}`, async () => assert.equal(await machine.succeed(node, ['app.js'], { cwd: out, node }), printed(version)));
  }
});

test('code that says node:ffi, with that name for Ferrule', async () => {
  const directory = await project('alias');
  const source = fs.readFileSync(path.join(directory, 'bundled.mjs'), 'utf8').replace("'ferrule'", "'node:ffi'");
  fs.writeFileSync(path.join(directory, 'app.mjs'), source);
  await machine.succeed(esbuild, [...documentedCommand(), '--alias:node:ffi=ferrule'], { cwd: directory, node: newest });
  const { version, path: oldest } = nodes[0];
  assert.equal(await machine.succeed(oldest, [path.join('dist', 'app.js')], { cwd: directory, node: oldest }), printed(version));
});

test('bundled where the package of the platform is not installed: that succeeds, and the bundle says what is missing', async () => {
  const directory = await bundles('without', '--omit=optional');
  for (const name of fs.readdirSync(directory)) {
    const { status, stderr } = await machine.run(newest, [name], { cwd: directory, node: newest });
    assert.equal(status, 1);
    assert.ok(stderr.includes(`Its package ${platform.name} is neither in the bundle nor beside it`), stderr);
  }
});
