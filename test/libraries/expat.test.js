'use strict';

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { SIZE } = require('../machine');
const { toBuffer, toString } = require('../subject');
const { callbacksOf, open, pointers } = require('./system');

// XML_Size, XML_Index and size_t are 64-bit here, as everywhere where long is.
const { library, functions: expat } = open('libexpat.so.1', 'libexpat1', {
  XML_ExpatVersion: { return: 'pointer' },
  XML_ParserCreate: { arguments: ['string'], return: 'pointer' },
  XML_ParserCreateNS: { arguments: ['string', 'char'], return: 'pointer' },
  XML_ParserFree: { arguments: ['pointer'], return: 'void' },
  XML_SetUserData: { arguments: ['pointer', 'pointer'], return: 'void' },
  XML_SetElementHandler: { arguments: ['pointer', 'function', 'function'], return: 'void' },
  XML_SetCharacterDataHandler: { arguments: ['pointer', 'function'], return: 'void' },
  XML_SetCommentHandler: { arguments: ['pointer', 'function'], return: 'void' },
  XML_SetProcessingInstructionHandler: { arguments: ['pointer', 'function'], return: 'void' },
  XML_SetEntityDeclHandler: { arguments: ['pointer', 'function'], return: 'void' },
  XML_Parse: { arguments: ['pointer', 'buffer', 'i32', 'i32'], return: 'i32' },
  XML_StopParser: { arguments: ['pointer', 'u8'], return: 'i32' },
  XML_ResumeParser: { arguments: ['pointer'], return: 'i32' },
  XML_GetErrorCode: { arguments: ['pointer'], return: 'i32' },
  XML_ErrorString: { arguments: ['i32'], return: 'pointer' },
  XML_GetCurrentLineNumber: { arguments: ['pointer'], return: SIZE },
  XML_GetCurrentColumnNumber: { arguments: ['pointer'], return: SIZE },
  XML_GetCurrentByteIndex: { arguments: ['pointer'], return: SIZE },
  XML_GetSpecifiedAttributeCount: { arguments: ['pointer'], return: 'i32' },
});

const [STATUS_ERROR, STATUS_OK, STATUS_SUSPENDED] = [0, 1, 2];
const [ERROR_TAG_MISMATCH, ERROR_ABORTED] = [7, 35];

const { callback, unregisterCallbacks } = callbacksOf(library);
after(() => {
  unregisterCallbacks();
  library.close();
});

// Builds a tree of { name, attributes, children }. One set of callbacks serves every parser: the user data that
// expat hands to each call says which tree is meant.
const trees = new Map();

const onStart = callback('void', ['pointer', 'pointer', 'pointer'], (user, name, attributes) => {
  const texts = pointers(attributes).map((pointer) => toString(pointer));
  const element = { name: toString(name), attributes: {}, children: [] };
  for (let index = 0; index < texts.length; index += 2) element.attributes[texts[index]] = texts[index + 1];
  const stack = trees.get(user);
  stack.at(-1).children.push(element);
  stack.push(element);
});

const onEnd = callback('void', ['pointer', 'pointer'], (user, name) => {
  const element = trees.get(user).pop();
  if (element.name !== toString(name)) element.mismatch = toString(name);
});

const onText = callback('void', ['pointer', 'pointer', 'i32'], (user, text, length) => {
  const { children } = trees.get(user).at(-1);
  const piece = toBuffer(text, length).toString();
  if (typeof children.at(-1) === 'string') children.push(children.pop() + piece);
  else children.push(piece);
});

let parserCount = 0n;

function withTree(parser, body) {
  const user = ++parserCount;
  const root = { children: [] };
  trees.set(user, [root]);
  expat.XML_SetUserData(parser, user);
  expat.XML_SetElementHandler(parser, onStart, onEnd);
  expat.XML_SetCharacterDataHandler(parser, onText);
  try {
    return body(root);
  } finally {
    expat.XML_ParserFree(parser);
    trees.delete(user);
  }
}

function parse(xml, { parser = expat.XML_ParserCreate(null), pieceSize = Infinity } = {}) {
  return withTree(parser, (root) => {
    const bytes = Buffer.from(xml);
    for (let start = 0; start < bytes.length; start += pieceSize) {
      const piece = bytes.subarray(start, start + pieceSize);
      const last = start + pieceSize >= bytes.length ? 1 : 0;
      if (expat.XML_Parse(parser, piece, piece.length, last) === STATUS_ERROR) {
        const code = expat.XML_GetErrorCode(parser);
        return {
          code,
          message: toString(expat.XML_ErrorString(code)),
          line: expat.XML_GetCurrentLineNumber(parser),
          column: expat.XML_GetCurrentColumnNumber(parser),
          index: expat.XML_GetCurrentByteIndex(parser),
        };
      }
    }
    return root.children[0];
  });
}

const element = (name, attributes = {}, ...children) => ({ name, attributes, children });

const catalogue = `<?xml version="1.0" encoding="utf-8"?>
<catalogue updated='2024-02-29' län="Skåne">
<book id="1" title="Ångström &amp; Söhne"><author>A. &lt;B&gt;</author><empty/></book>
<book id="2"><![CDATA[<not> & parsed]]><note lang="日本">深い<b>🦀</b>海</note></book>
</catalogue>`;
const expectedCatalogue = element(
  'catalogue', { 'updated': '2024-02-29', 'län': 'Skåne' },
  '\n',
  element('book', { id: '1', title: 'Ångström & Söhne' }, element('author', {}, 'A. <B>'), element('empty')),
  '\n',
  element('book', { id: '2' }, '<not> & parsed', element('note', { lang: '日本' }, '深い', element('b', {}, '🦀'), '海')),
  '\n',
);

test('the version string names the library', () => {
  assert.match(toString(expat.XML_ExpatVersion()), /^expat_\d+\.\d+\.\d+$/);
});

test('nested elements, char ** attributes and text become a tree', () => {
  assert.deepEqual(parse(catalogue), expectedCatalogue);
});

test('the same tree comes out whatever the size of the pieces that go in', () => {
  for (const pieceSize of [1, 2, 3, 7, 64]) {
    assert.deepEqual(parse(catalogue, { pieceSize }), expectedCatalogue, `${pieceSize} bytes at a time`);
  }
});

test('an element with hundreds of attributes', () => {
  const attributes = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`a${index}`, `v${index * index}`]));
  const xml = `<x ${Object.entries(attributes).map(([name, value]) => `${name}="${value}"`).join(' ')}/>`;
  assert.deepEqual(parse(xml), element('x', attributes));
});

test('thousands of elements, each with its own three callbacks', () => {
  const rows = Array.from({ length: 5000 }, (_, index) => element('row', { n: String(index) }, `text ${index}`));
  const xml = `<table>${rows.map((row) => `<row n="${row.attributes.n}">${row.children[0]}</row>`).join('')}</table>`;
  assert.deepEqual(parse(xml), element('table', {}, ...rows));
});

test('a char parameter separates namespace and name', () => {
  const parser = expat.XML_ParserCreateNS(null, '|'.charCodeAt(0));
  const tree = parse('<a xmlns="urn:one" xmlns:t="urn:two"><t:b t:c="1" d="2"/></a>', { parser });
  assert.deepEqual(tree, element('urn:one|a', {}, element('urn:two|b', { 'urn:two|c': '1', 'd': '2' })));
});

test('an error has a code, a text and the place in the document', () => {
  const lines = ['<a>', '  <b>ü</b>', '  <c></d>', '</a>'];
  const failure = parse(lines.join('\n'));
  assert.deepEqual(failure, {
    code: ERROR_TAG_MISMATCH,
    message: 'mismatched tag',
    line: 3n,
    column: BigInt(lines[2].indexOf('d')),
    index: BigInt(Buffer.byteLength(`${lines[0]}\n${lines[1]}\n  <c></`)),
  });
  assert.equal(parse('<a>').message, 'no element found');
  assert.equal(parse('<a>&unknown;</a>').message, 'undefined entity');
  assert.equal(parse('<a b="1" b="2"/>').message, 'duplicate attribute');
});

test('comments and processing instructions reach their handlers', () => {
  const seen = [];
  const parser = expat.XML_ParserCreate('UTF-8');
  expat.XML_SetCommentHandler(parser, callback('void', ['pointer', 'pointer'], (user, text) => {
    seen.push(['comment', toString(text)]);
  }));
  expat.XML_SetProcessingInstructionHandler(parser, callback(
    'void', ['pointer', 'pointer', 'pointer'],
    (user, target, text) => { seen.push(['instruction', toString(target), toString(text)]); },
  ));
  assert.deepEqual(parse('<!-- åh --><?do this?><a/>', { parser }), element('a'));
  assert.deepEqual(seen, [['comment', ' åh '], ['instruction', 'do', 'this']]);
});

test('a handler with nine parameters sees the entities of a document type', () => {
  const entities = [];
  const parser = expat.XML_ParserCreate(null);
  expat.XML_SetEntityDeclHandler(parser, callback(
    'void', ['pointer', 'pointer', 'i32', 'pointer', 'i32', 'pointer', 'pointer', 'pointer', 'pointer'],
    (user, name, isParameter, value, length, base, systemId, publicId, notation) => {
      entities.push({
        name: toString(name),
        isParameter,
        value: value === 0n ? null : toBuffer(value, length).toString(),
        base: toString(base),
        systemId: toString(systemId),
        publicId: toString(publicId),
        notation: toString(notation),
      });
    },
  ));
  const xml = `<!DOCTYPE a [
    <!NOTATION png SYSTEM "image/png">
    <!ENTITY who "Jürgen">
    <!ENTITY % part "x">
    <!ENTITY logo PUBLIC "-//logo" "logo.png" NDATA png>
  ]><a>Hello &who;</a>`;
  assert.deepEqual(parse(xml, { parser }), element('a', {}, 'Hello Jürgen'));
  const nothing = { isParameter: 0, value: null, base: null, systemId: null, publicId: null, notation: null };
  assert.deepEqual(entities, [
    { ...nothing, name: 'who', value: 'Jürgen' },
    { ...nothing, name: 'part', value: 'x', isParameter: 1 },
    { ...nothing, name: 'logo', systemId: 'logo.png', publicId: '-//logo', notation: 'png' },
  ]);
});

test('a handler stops and suspends the parser that called it', () => {
  const xml = Buffer.from('<list><item n="1"/><item n="2"/><item n="3"/></list>');
  for (const resumable of [0, 1]) {
    const parser = expat.XML_ParserCreate(null);
    const seen = [];
    const codes = [];
    withTree(parser, () => {
      expat.XML_SetElementHandler(parser, callback('void', ['pointer', 'pointer', 'pointer'], (user, name, attributes) => {
        const texts = pointers(attributes).map((pointer) => toString(pointer));
        seen.push([toString(name), ...texts, expat.XML_GetSpecifiedAttributeCount(parser)]);
        if (texts[1] === '2') codes.push(expat.XML_StopParser(parser, resumable));
      }), null);
      const status = expat.XML_Parse(parser, xml, xml.length, 1);
      assert.deepEqual(codes, [STATUS_OK]);
      assert.deepEqual(seen, [['list', 0], ['item', 'n', '1', 2], ['item', 'n', '2', 2]]);
      if (resumable) {
        assert.equal(status, STATUS_SUSPENDED);
        assert.equal(expat.XML_ResumeParser(parser), STATUS_OK);
        assert.deepEqual(seen.at(-1), ['item', 'n', '3', 2]);
      } else {
        assert.equal(status, STATUS_ERROR);
        assert.equal(expat.XML_GetErrorCode(parser), ERROR_ABORTED);
      }
    });
  }
});
