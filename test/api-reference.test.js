'use strict';

// docs/api.md and lib/*.d.ts against the module: every name, parameter, type name, size and error code that is written down exists,
// and whatever exists is written down.

const { describe, it } = require('node:test');
const assert = require('node:assert/strict');
const { constants } = require('node:buffer');
const fs = require('node:fs');
const path = require('node:path');
const typescript = require('typescript');
const ffi = require('ferrule');
const fixture = require('./fixture.js');

const root = path.join(__dirname, '..');
const page = fs.readFileSync(path.join(root, 'docs', 'api.md'), 'utf8');
const declarations = path.join(root, 'lib', 'index.d.ts');

const sorted = (names) => [...names].sort();

// ---------------------------------------------------------------------------------------------------------------------------
// The page

const headings = [...page.matchAll(/^(#+) (.*)$/gm)].map(([, level, text]) => ({ level: level.length, text }));

/** The entries of the page: `{ owner, name, parameters }`, owner being 'library' for a member of DynamicLibrary. */
const entries = headings.filter(({ text }) => text.startsWith('`')).map(({ text }) => {
  const match = /^`(?:(?<owner>library)(?:\.|(?=\[))|(?<constructor>new ))?(?<name>\w+|\[Symbol\.\w+\])(?:\((?<list>.*)\))?`$/.exec(text);
  assert.ok(match, `a heading that is no entry: ${text}`);
  const { owner, constructor, name, list } = match.groups;
  return { text, owner, isConstructor: constructor !== undefined, name, parameters: list === undefined ? undefined : parameters(list) };
});

/** 'a, b[, c]' as [{ name: 'a', optional: false }, ...]. */
function parameters(list) {
  let depth = 0;
  return [...list.matchAll(/[[\]]|\w+/g)].flatMap(([token]) => {
    if (token === '[') depth += 1;
    else if (token === ']') depth -= 1;
    else return [{ name: token, optional: depth > 0 }];
    return [];
  });
}

/** The rows of the first table after a heading, as arrays of cells. */
function table(heading, firstColumn) {
  const start = page.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, `no heading ${heading}`);
  const lines = page.slice(start).split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${firstColumn} |`));
  assert.notEqual(first, -1, `no table of ${firstColumn} below ${heading}`);
  const rows = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(line.slice(1, -1).split('|').map((cell) => cell.trim()));
  }
  assert.ok(rows.length > 0);
  return rows;
}

const quoted = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

// ---------------------------------------------------------------------------------------------------------------------------
// The types

const program = typescript.createProgram([declarations, declarations.replace(/\.d\.ts$/, '.d.mts')], {
  lib: ['lib.es2022.d.ts'],
  strict: true,
  types: [],
  target: typescript.ScriptTarget.ES2022,
  module: typescript.ModuleKind.Node16,
  moduleResolution: typescript.ModuleResolutionKind.Node16,
});
const checker = program.getTypeChecker();

function exportsOf(file) {
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
}

const declared = exportsOf(declarations);
const isValue = (symbol) => {
  const target = symbol.flags & typescript.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (target.flags & typescript.SymbolFlags.Value) !== 0;
};
const declaredValues = declared.filter(isValue);
const declaredClass = declared.find(({ name }) => name === 'DynamicLibrary');
// Names of well-known symbols come as `__@dispose@1`.
const memberName = (symbol) => symbol.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]');
const declaredMembers = checker.getDeclaredTypeOfSymbol(declaredClass).getProperties();

function namesOfUnion(name) {
  const symbol = checker.getAliasedSymbol(declared.find((symbol) => symbol.name === name));
  return checker.getDeclaredTypeOfSymbol(symbol).types.filter((type) => type.isStringLiteral()).map(({ value }) => value);
}

/** The parameters of all overloads together: what is missing in one of them is optional. */
function declaredParameters(symbol, isConstructor) {
  const type = checker.getTypeOfSymbol(symbol);
  const kind = isConstructor ? typescript.SignatureKind.Construct : typescript.SignatureKind.Call;
  const overloads = checker.getSignaturesOfType(type, kind).map((signature) => signature.parameters);
  if (overloads.length === 0) return undefined;
  const longest = overloads.reduce((left, right) => (right.length > left.length ? right : left));
  return longest.map(({ name, valueDeclaration }) => ({
    name,
    optional: valueDeclaration.questionToken !== undefined
      || overloads.some((overload) => overload.every((parameter) => parameter.name !== name)),
  }));
}

// ---------------------------------------------------------------------------------------------------------------------------
// The module

const lib = new ffi.DynamicLibrary(fixture.path);
const keyName = (key) => (typeof key === 'symbol' ? '[Symbol.dispose]' : key);
const members = [...Reflect.ownKeys(lib), ...Reflect.ownKeys(ffi.DynamicLibrary.prototype)]
  .filter((key) => key !== 'constructor').map(keyName);

describe('names', () => {
  it('every export has an entry, and every entry an export', () => {
    assert.deepEqual(sorted(entries.filter(({ owner }) => owner === undefined).map(({ name }) => name)), sorted(Object.keys(ffi)));
  });

  it('every member of DynamicLibrary has an entry, and every entry a member', () => {
    assert.deepEqual(sorted(entries.filter(({ owner }) => owner === 'library').map(({ name }) => name)), sorted(members));
  });

  it('the types declare the exports and nothing else', async () => {
    assert.deepEqual(sorted(declaredValues.map(({ name }) => name)), sorted(Object.keys(ffi)));
    const ofModule = exportsOf(declarations.replace(/\.d\.ts$/, '.d.mts')).filter(isValue).map(({ name }) => name);
    assert.deepEqual(sorted(ofModule), sorted([...Object.keys(ffi), 'default']));
    assert.deepEqual(sorted(Object.keys(await import('ferrule'))), sorted(ofModule));
  });

  it('the types declare the members of DynamicLibrary and nothing else', () => {
    assert.deepEqual(sorted(declaredMembers.map(memberName)), sorted(members));
  });

  it('functions are declared as functions, and entered with parentheses', () => {
    for (const { text, owner, name, isConstructor, parameters } of entries) {
      const key = name === '[Symbol.dispose]' ? Symbol.dispose : name;
      const value = owner === 'library' ? lib[key] : ffi[key];
      assert.equal(parameters !== undefined, typeof value === 'function', text);
      assert.equal(isConstructor, name === 'DynamicLibrary', text);
    }
  });

  it('parameters are those of the types', () => {
    for (const { text, owner, name, isConstructor, parameters } of entries) {
      const symbols = owner === 'library' ? declaredMembers : declaredValues;
      const symbol = symbols.find((symbol) => memberName(symbol) === name);
      assert.deepEqual(declaredParameters(symbol, isConstructor), parameters, text);
    }
  });

  it('every declaration has a comment', () => {
    const undocumented = [...declared, ...declaredMembers]
      .map((symbol) => (symbol.flags & typescript.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter((symbol) => typescript.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '')
      .map(memberName);
    assert.deepEqual(undocumented, []);
  });

  it('lengths are those of the table', () => {
    const lengths = new Map(table('## Shape of the module', '`length`')
      .flatMap(([length, functions]) => quoted(functions).map((name) => [name, Number(length)])));
    assert.ok(lengths.size > 0);
    for (const { owner, name, parameters } of entries) {
      if (parameters === undefined) continue;
      const value = owner === 'library' ? lib[name === '[Symbol.dispose]' ? Symbol.dispose : name] : ffi[name];
      const written = owner === 'library' ? `library.${name}` : name;
      assert.equal(value.length, lengths.get(written) ?? 0, written);
      lengths.delete(written);
    }
    assert.deepEqual([...lengths.keys()], []);
  });
});

describe('type names', () => {
  const namesOf = (heading) => table(heading, 'type names').flatMap(([names]) => quoted(names));

  it('both tables have those of the types', () => {
    assert.deepEqual(sorted(namesOf('### From JavaScript to native')), sorted(namesOfUnion('ResultType')));
    assert.deepEqual(sorted(namesOf('### From native to JavaScript')), sorted(namesOfUnion('ResultType')));
  });

  it('the module takes each of them', () => {
    for (const name of namesOf('### From native to JavaScript')) {
      lib.unregisterCallback(lib.registerCallback({ return: name, arguments: name === 'void' ? [] : [name] }, () => {}));
    }
    assert.throws(() => lib.registerCallback({ return: 'int' }, () => {}), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('the constants are those of the module', () => {
    const rows = table('### `types`', 'constant').map(([constant, name]) => [...quoted(constant), ...quoted(name)]);
    assert.deepEqual(Object.fromEntries(rows), { ...ffi.types });
  });

  it('C type names and their sizes are those of the module and the types', () => {
    const rows = table('## C type names', 'C type names');
    const names = rows.flatMap(([names]) => quoted(names)).filter((name) => !name.includes('*'));
    assert.deepEqual(sorted(names), sorted(namesOfUnion('CType')));
    for (const [names, bytes] of rows) {
      const size = process.platform === 'win32' ? /\d+$/.exec(bytes)[0] : /^\d+/.exec(bytes)[0];
      for (const name of quoted(names)) assert.equal(ffi.sizeof(name), Number(size), name);
    }
  });

  it('the keys of a signature are those of the module', () => {
    const rows = table('## Signatures', 'key');
    const [results, lists] = rows.map(([keys]) => quoted(keys));
    for (const key of results) lib.unregisterCallback(lib.registerCallback({ [key]: 'i32' }, () => 1));
    for (const key of lists) lib.unregisterCallback(lib.registerCallback({ [key]: ['i32'] }, () => {}));
    for (const keys of [results, lists]) {
      const value = keys === results ? 'i32' : ['i32'];
      for (const other of keys.slice(1)) {
        assert.throws(() => lib.registerCallback({ [keys[0]]: value, [other]: value }, () => {}), { code: 'ERR_INVALID_ARG_VALUE' });
      }
    }
    assert.throws(() => lib.registerCallback({ args: [] }, () => {}), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('errors', () => {
  const rows = table('## Errors', 'code').map(([code, name]) => [...quoted(code), ...quoted(name)]);
  const codes = rows.map(([code]) => code);
  const mentioned = (text) => sorted(new Set(text.match(/\bERR_[A-Z_]+\b/g)));
  const sources = (directory, pattern) => fs.readdirSync(path.join(root, directory), { recursive: true })
    .filter((name) => pattern.test(name))
    .map((name) => fs.readFileSync(path.join(root, directory, name), 'utf8')).join('\n');

  it('the table has the codes of the sources', () => {
    const used = mentioned(`${sources('crates/addon/src', /\.rs$/)}\n${sources('lib', /\.m?js$/)}`);
    // Node's own for a binary that does not load, which becomes one of Ferrule's.
    assert.deepEqual(sorted(codes), used.filter((code) => code !== 'ERR_DLOPEN_FAILED'));
  });

  it('the text and the types mention no other', () => {
    const text = `${page}\n${sources('lib', /\.d\.m?ts$/)}`;
    assert.deepEqual(mentioned(text).filter((code) => !codes.includes(code)), []);
  });

  it('the classes are those that are thrown', () => {
    const bytes = Buffer.alloc(8);
    const closed = new ffi.DynamicLibrary(fixture.path);
    closed.close();
    const provoked = {
      ERR_INVALID_ARG_TYPE: () => new ffi.DynamicLibrary(1),
      ERR_INVALID_ARG_VALUE: () => lib.getFunction('x', { return: 'int' }),
      ERR_OUT_OF_RANGE: () => ffi.getInt8(1n, 2 ** 53),
      ERR_CONSTRUCT_CALL_REQUIRED: () => ffi.DynamicLibrary(null),
      ERR_FFI_CALL_FAILED: () => lib.getSymbol('there is no such symbol'),
      ERR_FFI_LIBRARY_CLOSED: () => closed.getSymbol('x'),
      ERR_FFI_INVALID_POINTER: () => ffi.getInt8(0n),
      ERR_BUFFER_TOO_LARGE: () => ffi.toBuffer(ffi.getRawPointer(bytes), Number.MAX_SAFE_INTEGER, false),
      ERR_MEMORY_ALLOCATION_FAILED: () => ffi.toArrayBuffer(ffi.getRawPointer(bytes), 2 ** 52),
      ERR_UNKNOWN_ENCODING: () => ffi.exportString('', ffi.getRawPointer(bytes), 8, 'utf7'),
      ERR_FFI_LIBRARY_LOAD_FAILED: () => ffi.getNativeFunction('there is no such library', 'x', 'int', []),
      ERR_FFI_SYMBOL_NOT_FOUND: () => ffi.getNativeFunction(fixture.path, 'there is no such symbol', 'int', []),
      ERR_FFI_UNSUPPORTED_TYPE: () => ffi.getNativeFunction(fixture.path, 'x', 'size_t', []),
    };
    // A string of half a gigabyte, a mistake in Ferrule, and a system that it does not know are not to be had here; and since Node 22 a Buffer may have any
    // length that a number can say.
    const absent = ['ERR_STRING_TOO_LONG', 'ERR_INTERNAL_ASSERTION', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM'];
    // These depend on how a process was started: permission.test.js, gate-and-warning.test.js and troubleshooting.test.js have them.
    absent.push('ERR_ACCESS_DENIED', 'ERR_MISSING_OPTION', 'ERR_UNKNOWN_BUILTIN_MODULE', 'ERR_DLOPEN_DISABLED');
    absent.push('ERR_FERRULE_NO_BINARY', 'ERR_FERRULE_BINARY_NOT_LOADED');
    assert.deepEqual(sorted([...Object.keys(provoked), ...absent]), sorted(codes));
    if (constants.MAX_LENGTH === Number.MAX_SAFE_INTEGER) absent.push('ERR_BUFFER_TOO_LARGE');
    for (const [code, name] of rows) {
      if (!absent.includes(code)) assert.throws(provoked[code], { code, name });
    }
  });
});

describe('the page', () => {
  it('links to headings that exist', () => {
    const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
    const anchors = headings.map(({ text }) => slug(text));
    assert.equal(new Set(anchors).size, anchors.length);
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
    assert.ok(links.length > 0);
    assert.deepEqual(links.filter((anchor) => !anchors.includes(anchor)), []);
  });
});
