'use strict';

// The examples of docs/guarded-mode.md, run as they stand. What they print must be the text that follows, but for addresses, and for the paths
// of the machine.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { skip } = require('./guard/process');

const root = path.join(__dirname, '..');
const page = fs.readFileSync(path.join(root, 'docs', 'guarded-mode.md'), 'utf8');
const examples = [...page.matchAll(/^```mjs\n\/\/ (\S+)\n.*?^```$.*?^```text\n(.*?)^```$/gms)].map(([block, name, expected]) => ({
  name, source: /^```mjs\n(.*?)^```$/ms.exec(block)[1], expected,
}));
const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-document-')));
after(() => fs.rmSync(directory, { recursive: true, force: true }));

// The mapping of a C library has another name on each system, and which one is nearest to an address, nobody knows before.
function normalize(text) {
  return text
    .replaceAll(`${pathToFileURL(directory)}/`, 'file:///home/user/')
    .replace(/0x[0-9a-f]+-0x[0-9a-f]+ [-rwxps]{4} [^,\n]+/g, '<mapping>')
    .replace(/the nearest, <mapping>, (begins|ends) (\d+ bytes?|right) (before|after) it/g, '<nearest>')
    .replace(/(instruction  |at |, )0x[0-9a-f]+ (?=lies|of)/g, '$1<address> ')
    .replace(/(a string at )0x[0-9a-f]+/, '$1<address>');
}

function ferrule(...args) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const options = { encoding: 'utf8', cwd: directory, env: { ...env, NODE_NO_WARNINGS: '1' } };
  return spawnSync(process.execPath, [path.join(root, 'bin', 'ferrule.js'), ...args], options);
}

test('the document has its examples', () => {
  assert.deepEqual(examples.map(({ name }) => name), ['clock.mjs', 'message.mjs']);
});

for (const { name, source, expected } of examples) {
  test(`${name} prints what the document says`, { skip: skip || (['x64', 'arm64'].includes(process.arch) ? false : 'no instruction is reported here') }, () => {
    fs.writeFileSync(path.join(directory, name), source);
    let printed;
    // Half a pointer can be the address of something by chance.
    for (let attempt = 0; attempt < 5 && !printed?.includes('lies in no mapping'); attempt++) {
      const { stdout, stderr } = ferrule('--guard', name);
      printed = stdout + stderr;
    }
    assert.equal(normalize(printed), normalize(expected));
  });
}

test('corrected as the document says, they work', () => {
  const corrections = {
    'clock.mjs': [["['i64']", "['buffer']"], ['gmtime(seconds)', 'gmtime(BigInt64Array.of(BigInt(seconds)))'], '2023\n'],
    'message.mjs': [["'u32'", "'pointer'"], ['BigInt(strerror(2))', 'strerror(2)'], 'No such file or directory\n'],
  };
  for (const { name, source } of examples) {
    const [first, second, expected] = corrections[name];
    for (const [, to] of [first, second]) assert.ok(page.includes(to), to);
    const corrected = source.replace(...first).replace(...second);
    fs.writeFileSync(path.join(directory, name), corrected);
    const { status, stdout, stderr } = ferrule(...(skip ? [] : ['--guard']), name);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: expected, stderr: '' });
  }
});
