'use strict';

// A program that uses Ferrule as a single executable file, made by examples/bundling with every Node line, and run without any.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Machine } = require('./packages/machine.js');
const { nodeLines, printed, projectToBundle, publish } = require('./packages/publish.js');

const example = path.join(__dirname, '..', 'examples', 'bundling', 'executable.mjs');

const machine = new Machine();
let nodes, registry, directory;

before(async () => {
  nodes = await nodeLines();
  let npm;
  ({ registry, npm } = await publish(machine));
  directory = await projectToBundle(machine, { npm, node: nodes.at(-1).path }, 'executable');
});

after(async () => {
  await registry?.close();
  machine.remove();
});

test('a single executable', async (t) => {
  for (const { version, path: node } of nodes) {
    await t.test(`of Node ${version}`, async () => {
      const file = path.join(machine.make('executables'), process.platform === 'win32' ? 'program.exe' : 'program');
      const temporary = machine.make('temporary', version);
      await machine.succeed(node, [example, 'bundled.mjs', file], { cwd: directory, node });
      // Where the project is not, and no Node either.
      const variables = { PATH: '', TMPDIR: temporary };
      assert.equal(await machine.succeed(file, [], { cwd: machine.make('away'), variables }), printed(version));
      if (process.platform !== 'win32') assert.deepEqual(fs.readdirSync(temporary), []);
      fs.rmSync(file);
    });
  }
});
