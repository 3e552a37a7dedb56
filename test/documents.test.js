'use strict';

// The code in the documents, run as it stands there: see document.js. (docs/guarded-mode.md prints addresses, so it has a test of its own;
// docs/api.md is held against the module by api-reference.test.js.)

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { assertPrinted, checkBlock, isExample, isNode, makeFolder, printing, promised, readDocument, root, runBlock, skipReason } = require('./document');

const elsewhere = new Set(['docs/guarded-mode.md', 'docs/api.md']);
const files = ['README.md', ...fs.readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((file) => file.endsWith('.md') && !elsewhere.has(file));

for (const file of files) {
  const document = readDocument(file);
  const examples = document.blocks.filter(isExample);

  describe(file, () => {
    let made;
    const folder = () => { made ??= makeFolder(document); return made; };
    after(() => { if (made) fs.rmSync(made, { recursive: true, force: true }); });

    test('says of each example what it prints', () => {
      for (const block of examples.filter(({ language, printed }) => language !== 'sh' && printed === undefined)) {
        assert.equal(promised(block).length, printing(block), `line ${block.line}`);
        // A module is tried by what imports it.
        const isImported = block.name !== undefined && examples.some(({ source }) => source.includes(`'./${block.name}'`));
        assert.ok(promised(block).length > 0 || block.mark.reason || isImported, `line ${block.line} prints nothing`);
      }
    });

    test('shows files of the repository as they are', () => {
      for (const { mark, source, line } of document.blocks.filter((block) => block.mark.file)) {
        assert.equal(source, fs.readFileSync(path.join(root, mark.file), 'utf8'), `line ${line}`);
      }
    });

    test('leads to what is there', () => {
      const anchors = (page) => new Set([...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => (
        heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-'))));
      for (const [, target] of document.page.replaceAll(/^```.*?^```$/gms, '').matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [name, anchor] = target.split('#');
        const found = name === '' ? path.join(root, file) : path.join(root, path.dirname(file), name);
        assert.ok(fs.existsSync(found), target);
        if (anchor) assert.ok(anchors(fs.readFileSync(found, 'utf8')).has(anchor), `no heading for ${target}`);
      }
    });

    for (const block of examples) {
      const { heading, line, mark, printed, language } = block;
      if (mark.reason) {
        test(`line ${line}, ${heading}: has no mistake in its syntax`, { skip: isNode ? false : 'only Node checks that without running it' }, () => {
          checkBlock(folder(), block);
        });
      }
      test(`line ${line}, ${heading}`, { skip: skipReason(block) }, () => {
        const { ending, stdout, stderr } = runBlock(folder(), block);
        assert.equal(ending, mark.ending, stdout + stderr);
        if (printed !== undefined) assertPrinted(stdout + stderr, printed);
        else if (language === 'sh') assert.equal(stdout, '');
        else assert.deepEqual(stdout.split('\n').slice(0, -1), promised(block));
      });
    }
  });
}

test('there are documents', () => {
  assert.ok(files.length >= 2);
  assert.ok(files.includes('README.md'));
});
