// What a Rust source file says about other files, without a compiler: its modules, its `use` declarations and the paths
// in its code, as far as scripts/check-layers.mjs needs them.
//
// This reads tokens, not syntax trees. It knows modules (in files, in line, with #[path]), `use` trees, names brought
// into scope, re-exports, globs, exported macros, and what is compiled for tests only, which it leaves out. It does not
// know what a macro expands to, and takes a name that a function's own `use` brings in as known in the whole module.

import fs from 'node:fs';
import path from 'node:path';

const tokenPattern = new RegExp([
  /(?<space>\s+)/,
  /(?<line>\/\/[^\n]*)/,
  /(?<block>\/\*)/,
  /(?<raw>(?:b|c)?r(?<hashes>#*)"[^]*?"\k<hashes>)/,
  /(?<string>(?:b|c)?"(?:[^"\\]|\\[^])*")/,
  /(?<char>b?'(?:[^'\\\n]|\\(?:x\p{AHex}{2}|u\{[^}]*\}|[^]))')/,
  /(?<lifetime>'[\p{XID_Start}_]\p{XID_Continue}*)/,
  /(?<ident>(?:r#)?[\p{XID_Start}_]\p{XID_Continue}*)/,
  /(?<number>\d\w*(?:\.\d\w*)?)/,
  /(?<punct>::|[^])/,
].map(({ source }) => source).join('|'), 'uy');

/** Splits source text into `{ text, kind, line }`, without white space and comments. */
export function tokenize(source) {
  const tokens = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    tokenPattern.lastIndex = at;
    const { groups, 0: text } = tokenPattern.exec(source);
    let length = text.length;
    if (groups.block) length = blockCommentEnd(source, at) - at;
    const kind = ['string', 'raw', 'char', 'lifetime', 'ident', 'number', 'punct'].find((name) => groups[name] !== undefined);
    if (kind && !groups.space) tokens.push({ text: kind === 'ident' ? text.replace(/^r#/, '') : text, kind, line });
    for (let i = at; i < at + length; i += 1) if (source[i] === '\n') line += 1;
    at += length;
  }
  return tokens;
}

/** Rust's block comments nest. */
function blockCommentEnd(source, start) {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    const two = source.slice(at, at + 2);
    if (two === '/*' || two === '*/') {
      depth += two === '/*' ? 1 : -1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return source.length;
}

const closers = { '{': '}', '(': ')', '[': ']' };

/** The index after the bracket that closes the one at `start`. */
function closed(tokens, start) {
  let depth = 0;
  for (let i = start; i < tokens.length; i += 1) {
    if (tokens[i].kind !== 'punct') continue;
    if (closers[tokens[i].text]) depth += 1;
    else if (Object.values(closers).includes(tokens[i].text)) depth -= 1;
    if (depth === 0) return i + 1;
  }
  return tokens.length;
}

const itemKeywords = new Set(['fn', 'struct', 'enum', 'trait', 'type', 'const', 'static', 'macro_rules']);
const anyItem = new Set([...itemKeywords, 'use', 'mod', 'impl', 'extern', 'pub', 'unsafe', 'async']);

/** The index after the item, field, arm or statement that starts at `start`: what an attribute belongs to. */
function itemEnd(tokens, start) {
  let at = start;
  while (tokens[at]?.text === '#') at = closed(tokens, at + 1);
  const isItem = anyItem.has(tokens[at]?.text);
  const isUse = tokens.slice(at, at + 6).some(({ text }) => text === 'use');
  while (at < tokens.length) {
    const { text } = tokens[at];
    if (text === ';') return at + 1;
    if (text === ',' && !isItem) return at + 1;
    if (text === '}' || text === ')' || text === ']') return at;
    if (closers[text]) {
      at = closed(tokens, at);
      if (text === '{' && !isUse) return at;
    } else {
      at += 1;
    }
  }
  return at;
}

function isTestOnly(attribute) {
  const words = attribute.map(({ text }) => text);
  if (words[0] === 'test') return true;
  return words[0] === 'cfg' && words.includes('test') && !words.includes('not') && !words.includes('any');
}

/** The leaves of a `use` tree from `at` on: `{ segments, name, glob }`; `name` is what it is called afterwards. */
function useLeaves(tokens, at, prefix) {
  const leaves = [];
  let segments = [...prefix];
  let name;
  const finish = () => {
    if (segments.length === prefix.length) return;
    // `a::{self}` is `a`.
    if (segments.at(-1) === 'self' && segments.length > 1) segments.pop();
    leaves.push({ segments, name: name ?? segments.at(-1), glob: false });
  };
  let i = at;
  for (; i < tokens.length; i += 1) {
    const { text, kind } = tokens[i];
    if (text === '::' || text === '$') continue;
    if (text === '{') {
      const end = closed(tokens, i);
      let start = i + 1;
      while (start < end - 1) {
        const [inner, next] = useLeaves(tokens, start, segments);
        leaves.push(...inner);
        start = next + 1;
      }
      return [leaves, end];
    }
    if (text === '*') {
      leaves.push({ segments, name: null, glob: true });
      return [leaves, i + 1];
    }
    if (text === 'as') {
      i += 1;
      name = tokens[i].text;
    } else if (kind === 'ident') {
      segments = [...segments, text];
    } else {
      break;
    }
  }
  finish();
  return [leaves, i];
}

/** A module: what is declared in it, and what it mentions. Several may share a file, and cfg twins a name. */
class Module {
  children = new Map();
  items = new Set();
  uses = [];
  paths = [];
  unsafeLines = [];
  innerAttributes = [];
  macroUseLines = [];

  constructor(crate, parent, file, directory, testOnly) {
    Object.assign(this, { crate, parent, file, directory, testOnly });
  }
}

/** Reads one crate from its root file on; `problems` gets what cannot be followed. */
class CrateReader {
  modules = [];
  exportedMacros = new Map();
  problems = [];

  constructor(crate, rootFile) {
    this.crate = crate;
    this.root = this.readFile(rootFile, null, path.dirname(rootFile), false);
  }

  readFile(file, parent, directory, testOnly) {
    const module = new Module(this, parent, file, directory, testOnly);
    this.modules.push(module);
    this.readBody(tokenize(fs.readFileSync(file, 'utf8')), module);
    return module;
  }

  /** A module's own tokens, up to its end. */
  readBody(tokens, module) {
    let attributes = [];
    let isPublic = false;
    let depth = 0;
    let at = 0;
    while (at < tokens.length) {
      const { text, kind, line } = tokens[at];
      if (text === '#' && (tokens[at + 1]?.text === '[' || tokens[at + 1]?.text === '!')) {
        const inner = tokens[at + 1].text === '!';
        const end = closed(tokens, at + (inner ? 2 : 1));
        const attribute = tokens.slice(at + (inner ? 3 : 2), end - 1);
        this.readPaths(attribute, module);
        if (inner) {
          module.innerAttributes.push(attribute.map((token) => token.text).join(''));
        } else if (isTestOnly(attribute)) {
          this.noteTestFile(tokens, end, module);
          attributes = [];
          at = itemEnd(tokens, end);
          continue;
        } else {
          attributes.push(attribute);
          // #[unsafe(no_mangle)] promises as much as a block does.
          if (attribute[0]?.text === 'unsafe') module.unsafeLines.push(line);
        }
        at = end;
        continue;
      }
      if (text === 'pub' && kind === 'ident') {
        isPublic = true;
        at = tokens[at + 1]?.text === '(' ? closed(tokens, at + 1) : at + 1;
        continue;
      }
      if (text === 'use' && kind === 'ident') {
        const [leaves, end] = useLeaves(tokens, at + 1, []);
        for (const leaf of leaves) module.uses.push({ ...leaf, isPublic, line });
        at = end;
      } else if (text === 'mod' && kind === 'ident' && tokens[at + 1]?.kind === 'ident') {
        at = this.readModule(tokens, at, module, attributes);
      } else {
        if (depth === 0 && itemKeywords.has(text) && kind === 'ident') this.noteItem(tokens, at, module, attributes);
        if (text === 'unsafe' && kind === 'ident') module.unsafeLines.push(line);
        if (kind === 'punct' && closers[text]) depth += 1;
        if (kind === 'punct' && Object.values(closers).includes(text)) depth -= 1;
        at = this.readPath(tokens, at, module);
      }
      attributes = [];
      isPublic = false;
    }
  }

  /** `#[cfg(test)] mod name;`: the file is there for tests, and nothing is asked of it. */
  noteTestFile(tokens, start, module) {
    const attributes = [];
    let at = start;
    while (tokens[at]?.text === '#' || tokens[at]?.text === 'pub') {
      const bracket = tokens[at + 1]?.text === '[' || tokens[at + 1]?.text === '(';
      const end = bracket ? closed(tokens, at + 1) : at + 1;
      if (tokens[at].text === '#') attributes.push(tokens.slice(at + 2, end - 1));
      at = end;
    }
    if (tokens[at]?.text !== 'mod' || tokens[at + 2]?.text !== ';') return;
    for (const { file, directory } of this.filesOf(tokens[at + 1].text, module, attributes)) {
      this.readFile(file, module, directory, true);
    }
  }

  noteItem(tokens, at, module, attributes) {
    const isMacro = tokens[at].text === 'macro_rules';
    const skipped = isMacro || tokens[at + 1]?.text === 'mut' ? 2 : 1;
    const name = tokens[at + skipped];
    // In `const fn f` and `unsafe extern fn f`, the last keyword is the one before the name; `*const T` is no item.
    if (name?.kind !== 'ident' || itemKeywords.has(name.text) || tokens[at - 1]?.text === '*') return;
    if (['unsafe', 'extern', 'async'].includes(name.text)) return;
    module.items.add(name.text);
    if (isMacro && attributes.some(([first]) => first?.text === 'macro_export')) this.exportedMacros.set(name.text, module);
  }

  readModule(tokens, at, module, attributes) {
    const name = tokens[at + 1].text;
    if (attributes.some(([first]) => first?.text === 'macro_use')) module.macroUseLines.push(tokens[at].line);
    const add = (child) => module.children.set(name, [...(module.children.get(name) ?? []), child]);
    if (tokens[at + 2]?.text === '{') {
      const end = closed(tokens, at + 2);
      const child = new Module(this, module, module.file, path.join(module.directory, name), module.testOnly);
      this.modules.push(child);
      add(child);
      this.readBody(tokens.slice(at + 3, end - 1), child);
      return end;
    }
    const files = this.filesOf(name, module, attributes);
    if (files.length === 0) {
      this.problems.push({ file: module.file, line: tokens[at].line, text: `declares the module ${name}, which has no file` });
    }
    for (const { file, directory } of files) add(this.readFile(file, module, directory, module.testOnly));
    return at + 3;
  }

  filesOf(name, module, attributes) {
    const named = attributes.find(([first]) => first?.text === 'path')?.at(-1).text.slice(1, -1);
    const candidates = named
      ? [{ file: path.join(path.dirname(module.file), named), directory: path.join(path.dirname(module.file), path.dirname(named)) }]
      : [
          { file: path.join(module.directory, `${name}.rs`), directory: path.join(module.directory, name) },
          { file: path.join(module.directory, name, 'mod.rs'), directory: path.join(module.directory, name) },
        ];
    return candidates.filter(({ file }) => fs.existsSync(file));
  }

  readPaths(tokens, module) {
    for (let at = 0; at < tokens.length;) at = this.readPath(tokens, at, module);
  }

  /** A path such as `crate::types::Type`, if one starts at `at`; returns the index after it. */
  readPath(tokens, at, module) {
    const { kind, line, text } = tokens[at];
    if (kind !== 'ident') return at + 1;
    const segments = [text];
    let end = at + 1;
    while (tokens[end]?.text === '::' && tokens[end + 1]?.kind === 'ident') {
      segments.push(tokens[end + 1].text);
      end += 2;
    }
    // `T::default` after `<`, or a method after a dot, has no root that names a file; resolving finds nothing then.
    if (segments.length > 1) module.paths.push({ segments, line });
    return end;
  }
}

/** Reads the crate whose root file this is. */
export function readCrate(name, rootFile) {
  return new CrateReader(name, rootFile);
}

/**
 * What a path leads to, seen from `module`: a list of `{ module, item }` (the modules it may mean, or the one that defines the
 * item) and `{ external }` (another crate's name). Re-exports are followed to where the thing is defined. `crates` maps the
 * names of our own crates to their readers.
 */
export function resolve(module, segments, crates, seen = new Set()) {
  const key = `${module.file} ${module.directory} ${segments.join('::')}`;
  // `use name::name` makes ever longer paths of itself; what is real takes a few steps.
  if (seen.has(key) || seen.size > 50) return [];
  seen.add(key);
  const [first, ...rest] = segments;
  const starts = { crate: module.crate.root, self: module, super: module.parent };
  if (Object.hasOwn(starts, first)) return starts[first] ? descend(starts[first], rest, crates, seen) : [];
  const own = lookUp(module, first, rest, crates, seen);
  if (own.length > 0) return own;
  if (crates.has(first)) return descend(crates.get(first).root, rest, crates, seen);
  return [{ external: first }];
}

/** From a known module down the rest of a path. */
function descend(module, segments, crates, seen) {
  if (segments.length === 0) return [{ module, item: null }];
  const [first, ...rest] = segments;
  if (first === 'super') return module.parent ? descend(module.parent, rest, crates, seen) : [];
  if (first === 'self') return descend(module, rest, crates, seen);
  const found = lookUp(module, first, rest, crates, seen);
  if (found.length > 0) return found;
  const macro = module === module.crate.root && module.crate.exportedMacros.get(first);
  // What is not found is made by a macro, most likely; it belongs to the module whose name was used.
  return [{ module: macro || module, item: first }];
}

/** A name that a module declares, brings in by `use`, or gets through a glob. */
function lookUp(module, name, rest, crates, seen) {
  if (module.children.has(name)) return module.children.get(name).flatMap((child) => descend(child, rest, crates, seen));
  if (module.items.has(name)) return [{ module, item: name }];
  const use = module.uses.find((candidate) => candidate.name === name && !candidate.glob);
  if (use) return resolve(module, [...use.segments, ...rest], crates, seen);
  for (const glob of module.uses.filter((candidate) => candidate.glob)) {
    for (const target of resolve(module, glob.segments, crates, new Set(seen))) {
      if (!target.module || target.item || target.module === module) continue;
      const found = lookUp(target.module, name, rest, crates, seen);
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** Everything a glob of this module brings in. */
export function contentsOf(module, crates, seen = new Set()) {
  if (seen.has(module)) return [];
  seen.add(module);
  const own = module.items.size > 0 ? [{ module, item: '*' }] : [];
  const reexports = module.uses.filter(({ isPublic }) => isPublic);
  return [...own, ...reexports.flatMap((use) => resolve(module, use.segments, crates).flatMap((target) => {
    return use.glob && target.module && !target.item ? contentsOf(target.module, crates, seen) : [target];
  }))];
}
