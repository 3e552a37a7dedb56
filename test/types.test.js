'use strict';

// lib/*.d.ts against test/types: what TypeScript infers, and what it refuses (`@ts-expect-error`, which is itself an error where
// there is none).

const { describe, it } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const typescript = require('typescript');
const oldest = require('typescript-oldest');

const directory = path.join(__dirname, 'types');

const everywhere = ['signature.ts', 'callback.ts', 'library.ts', 'memory.ts', 'c-name.ts', 'import.mts'];
const resolution = (compiler, name) => ({
  node: { module: compiler.ModuleKind.Node16, moduleResolution: compiler.ModuleResolutionKind.Node16 },
  bundler: { module: compiler.ModuleKind.ESNext, moduleResolution: compiler.ModuleResolutionKind.Bundler },
}[name]);

/** The errors that a compiler finds in files of test/types, and in those given as text, as it prints them. */
function errors(compiler, files, { resolve = 'node', texts = {}, ...options } = {}) {
  const settings = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: compiler.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    types: [],
    ...resolution(compiler, resolve),
    ...options,
  };
  const host = compiler.createCompilerHost(settings);
  const { fileExists, readFile } = host;
  const given = (file) => texts[path.relative(directory, file)];
  host.getCurrentDirectory = () => directory;
  host.fileExists = (file) => given(file) !== undefined || fileExists(file);
  host.readFile = (file) => given(file) ?? readFile(file);
  const names = [...files, ...Object.keys(texts)].map((name) => path.join(directory, name));
  const diagnostics = compiler.getPreEmitDiagnostics(compiler.createProgram(names, settings, host));
  return compiler.formatDiagnostics(diagnostics, host);
}

describe('types', () => {
  const withoutNode = [...everywhere, 'import.cts', 'no-node-types.ts', 'dispose.ts'];
  const withNode = [...everywhere, 'import.cts', 'node-buffer.ts', 'dispose.ts'];
  const bundled = [...everywhere, 'no-node-types.ts', 'dispose.ts'];
  const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'] };
  const variants = {
    'in a program without @types/node': [withoutNode, {}],
    'in a program with @types/node': [withNode, { types: ['node'], skipLibCheck: true }],
    'in a program for a bundler': [bundled, { resolve: 'bundler' }],
    'under the strictest options': [withoutNode, strictest],
  };
  for (const [name, [files, options]] of Object.entries(variants)) {
    it(name, () => assert.equal(errors(typescript, files, options), ''));
  }

  it('in TypeScript 5.0', () => {
    assert.match(oldest.version, /^5\.0\./);
    assert.equal(errors(oldest, [...everywhere, 'import.cts', 'no-node-types.ts']), '');
  });
});

describe('these checks can fail', () => {
  const check = (text) => errors(typescript, [], { texts: { 'text.mts': text } }).split('\n').filter(Boolean);

  it('where two types differ', () => {
    const [error, ...others] = check(`
      import type { ResultOf } from 'ferrule';
      import type { Equal, Expect } from './equal.js';
      export type Wrong = Expect<Equal<ResultOf<'i32'>, bigint>>;
    `);
    assert.match(error, /Type 'false' does not satisfy the constraint 'true'/);
    assert.deepEqual(others, []);
  });

  it('where something is accepted that should not be', () => {
    const [error, ...others] = check(`
      import { dlopen } from 'ferrule';
      // @ts-expect-error
      dlopen(null, { add: { arguments: ['i32'], return: 'i32' } }).functions.add(1);
    `);
    assert.match(error, /Unused '@ts-expect-error' directive/);
    assert.deepEqual(others, []);
  });
});
