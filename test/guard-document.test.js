'use strict';

// The examples of docs/guarded-mode.md, run as they stand. What they print must be the text that follows, but for addresses, and for the paths
// of the machine.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { makeFolder, readDocument, root, runBlock } = require('./document');
const { skip } = require('./guard/process');

const document = readDocument('docs/guarded-mode.md');
const examples = document.blocks.filter(({ language }) => language === 'mjs');
const directory = makeFolder(document);
const command = [process.execPath, path.join(root, 'bin', 'ferrule.js')];
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

test('the document has its examples', () => {
  assert.deepEqual(examples.map(({ name }) => name), ['clock.mjs', 'message.mjs']);
});

for (const block of examples) {
  test(`${block.name} prints what the document says`, { skip: skip || (['x64', 'arm64'].includes(process.arch) ? false : 'no instruction is reported here') }, () => {
    let text;
    // Half a pointer can be the address of something by chance.
    for (let attempt = 0; attempt < 5 && !text?.includes('lies in no mapping'); attempt++) {
      const { stdout, stderr } = runBlock(directory, block, [...command, '--guard']);
      text = stdout + stderr;
    }
    assert.equal(normalize(text), normalize(block.printed));
  });
}

test('corrected as the document says, they work', () => {
  const corrections = {
    'clock.mjs': [["['i64']", "['buffer']"], ['gmtime(seconds)', 'gmtime(BigInt64Array.of(BigInt(seconds)))'], '2023\n'],
    'message.mjs': [["'u32'", "'pointer'"], ['BigInt(strerror(2))', 'strerror(2)'], 'No such file or directory\n'],
  };
  for (const block of examples) {
    const [first, second, expected] = corrections[block.name];
    for (const [, to] of [first, second]) assert.ok(document.page.includes(to), to);
    const corrected = { ...block, source: block.source.replace(...first).replace(...second) };
    const ended = runBlock(directory, corrected, [...command, ...(skip ? [] : ['--guard'])]);
    assert.deepEqual(ended, { ending: 'exit code 0', stdout: expected, stderr: '' });
  }
});
