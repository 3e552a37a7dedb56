'use strict';

// The README's examples, run as they stand. What `console.log(…); // text` prints must be that text.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const root = path.join(__dirname, '..');
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```mjs\n(.*?)^```$/gms)].map(([, source], index) => ({ index, source }));

// What an example says that it prints, line by line.
function promised(source) {
  return [...source.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
}

test('the README has examples, and each prints something', () => {
  assert.ok(examples.length >= 5);
  for (const { source } of examples) {
    assert.equal(promised(source).length, [...source.matchAll(/console\.log/g)].length);
    assert.ok(promised(source).length > 0);
  }
});

for (const { index, source } of examples) {
  test(`example ${index + 1} of the README prints what it says`, () => {
    const arguments_ = ['--no-warnings', '--input-type=module', '--eval', source];
    const { status, stdout, stderr } = spawnSync(process.execPath, arguments_, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trimEnd().split('\n'), promised(source));
  });
}
