// Holds the sources against the layer table of ARCHITECTURE.md.
//
//   node scripts/check-layers.mjs            says what does not agree, exit code 1 if anything
//   node scripts/check-layers.mjs --uses     prints what each file really uses, in the form of the table's last column
//   node scripts/check-layers.mjs <root>     checks the tree at <root> instead of this one
//
// The rules:
//
//  1. Every source file of the crates (all but crates/fixture) and of lib/ has a row, and every row a file.
//  2. A file uses only files that its row names, and a row names only files that stand above it. A name ending in /*
//     stands for all files of a directory that are above; of the row's own crate, the crate's name may be left out.
//  3. What comes from outside (another crate, a package, a file beside lib/, and the keyword `unsafe`) has a row in the
//     second table, and only the files named there use it. Rust's own crates and Node's `node:` modules are free.
//  4. A crate without a file that may say `unsafe` forbids it, with #![forbid(unsafe_code)] in its lib.rs.
//
// What counts as using a file: a `use` declaration or a path that leads to something defined in it, also through a
// re-export (the file with the definition is meant, not the one that passes it on); in JavaScript, importing or requiring it.
//
// What does not: a `mod` declaration; the `pub use` by which a lib.rs or mod.rs passes on what is below it; naming a
// module that only holds other modules; anything in code that is compiled for tests only.

import fs from 'node:fs';
import path from 'node:path';
import { root as repository, runAsScript } from './command.mjs';
import { importsOf } from './javascript-source.mjs';
import { fileOfName, matches, nameOfFile, readLayers } from './layer-table.mjs';
import { contentsOf, readCrate, resolve } from './rust-source.mjs';

// The fixture is only called through C, and `headers` only checks: programs of their own.
const unlayered = new Set(['fixture', 'headers']);
const ownCrates = new Set(['std', 'core', 'alloc', 'proc_macro', 'test']);
const javascriptFile = /\.[cm]?[jt]s$/;

function filesBelow(root, directory, pattern) {
  const absolute = path.join(root, directory);
  if (!fs.existsSync(absolute)) return [];
  return fs.readdirSync(absolute, { recursive: true })
    .map((name) => `${directory}/${name.split(path.sep).join('/')}`)
    .filter((name) => pattern.test(name))
    .sort();
}

/** The parts of a Cargo.toml that matter here: the library's name in code, and the crates it depends on. */
function readManifest(file) {
  let section = '';
  const manifest = { package: null, library: null, dependencies: new Set() };
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const header = /^\[(.+)\]\s*$/.exec(line.trim())?.[1];
    if (header) section = header;
    const [, key, value] = /^([\w-]+)[\w.-]*\s*=\s*(.*)$/.exec(line.trim()) ?? [];
    if (section === 'package' && key === 'name') manifest.package = value.replaceAll('"', '');
    if (section === 'lib' && key === 'name') manifest.library = value.replaceAll('"', '');
    if (/(^|\.)dependencies$/.test(section) && key) manifest.dependencies.add(key.replaceAll('-', '_'));
    const single = /(?:^|\.)dependencies\.([\w-]+)$/.exec(header ?? '')?.[1];
    if (single) manifest.dependencies.add(single.replaceAll('-', '_'));
  }
  manifest.library ??= manifest.package?.replaceAll('-', '_');
  return manifest;
}

/** Whether a module lies in another one. */
function isBelow(module, ancestor) {
  for (let parent = module.parent; parent; parent = parent.parent) if (parent === ancestor) return true;
  return false;
}

/** A module whose file does nothing but hold other modules: naming it uses none of them yet. */
function isFrontDoor(module) {
  return [...module.children.values()].flat().some((child) => child.file !== module.file);
}

/** The sources of one root: `files`, what each one uses (`{ file, line, target | outside, text }`), and problems in reading them. */
class Sources {
  files = new Set();
  uses = [];
  problems = [];
  forbidding = new Map();

  constructor(root) {
    this.root = root;
    this.readRust();
    for (const file of filesBelow(root, 'lib', javascriptFile)) this.readJavaScript(file);
  }

  relative(file) {
    return path.relative(this.root, file).split(path.sep).join('/');
  }

  readRust() {
    const crates = new Map();
    const dependencies = new Map();
    const cratesDirectory = path.join(this.root, 'crates');
    const names = fs.existsSync(cratesDirectory) ? fs.readdirSync(cratesDirectory).sort() : [];
    for (const name of names.filter((candidate) => !unlayered.has(candidate))) {
      const manifestFile = path.join(cratesDirectory, name, 'Cargo.toml');
      const rootFile = path.join(cratesDirectory, name, 'src', 'lib.rs');
      if (!fs.existsSync(manifestFile) || !fs.existsSync(rootFile)) continue;
      const manifest = readManifest(manifestFile);
      crates.set(manifest.library, readCrate(name, rootFile));
      dependencies.set(name, manifest.dependencies);
    }
    for (const crate of crates.values()) this.readCrate(crate, crates, dependencies.get(crate.crate));
  }

  readCrate(crate, crates, dependencies) {
    const reached = new Set(crate.modules.map((module) => this.relative(module.file)));
    const tests = new Set(crate.modules.filter((module) => module.testOnly).map((module) => this.relative(module.file)));
    for (const file of filesBelow(this.root, `crates/${crate.crate}/src`, /\.rs$/)) {
      if (!tests.has(file)) this.files.add(file);
      if (!reached.has(file)) this.problems.push({ file, line: 1, text: 'is not part of the crate: no `mod` leads to it' });
    }
    this.problems.push(...crate.problems.map((problem) => ({ ...problem, file: this.relative(problem.file) })));
    this.forbidding.set(crate.crate, crate.root.innerAttributes.includes('forbid(unsafe_code)'));
    for (const module of crate.modules.filter(({ testOnly }) => !testOnly)) this.readModule(module, crates, dependencies);
  }

  readModule(module, crates, dependencies) {
    const file = this.relative(module.file);
    const text = (segments) => segments.join('::');
    for (const line of module.macroUseLines) {
      this.problems.push({ file, line, text: 'has #[macro_use], which hides who uses what: write `pub(crate) use` below the macro' });
    }
    for (const line of module.unsafeLines) this.uses.push({ file, line, outside: 'unsafe', text: 'unsafe' });
    for (const use of module.uses) {
      const targets = resolve(module, use.segments, crates);
      for (const target of targets) {
        const passedOn = use.isPublic && target.module && isBelow(target.module, module);
        if (passedOn) continue;
        const all = use.glob && target.module && !target.item ? contentsOf(target.module, crates) : [target];
        for (const each of all) this.addRustUse(module, each, use.line, text(use.segments), dependencies);
      }
    }
    for (const { segments, line } of module.paths) {
      for (const target of resolve(module, segments, crates)) this.addRustUse(module, target, line, text(segments), dependencies);
    }
  }

  addRustUse(module, { module: target, item, external }, line, text, dependencies) {
    const file = this.relative(module.file);
    if (external) {
      // Anything else is a type or a name that a macro or the prelude brings.
      if (dependencies.has(external) && !ownCrates.has(external)) this.uses.push({ file, line, outside: external, text });
      return;
    }
    if (target.file === module.file || (item === null && isFrontDoor(target))) return;
    this.uses.push({ file, line, target: this.relative(target.file), text });
  }

  readJavaScript(file) {
    this.files.add(file);
    for (const { specifier, line, named } of importsOf(fs.readFileSync(path.join(this.root, file), 'utf8'))) {
      if (specifier.startsWith('node:')) continue;
      const target = specifier.startsWith('.') || named ? this.resolveScript(file, specifier) : null;
      if (target === file) continue;
      if (target) this.uses.push({ file, line, target, text: specifier });
      else if (!named || specifier.endsWith('.node')) {
        this.uses.push({ file, line, outside: path.posix.basename(specifier), text: specifier });
      }
    }
  }

  /** The file in lib/ that a relative specifier means; null for anything outside. */
  resolveScript(file, specifier) {
    const base = path.posix.join(path.posix.dirname(file), specifier);
    const declared = /\.d\.[cm]?ts$/.test(file) ? [base.replace(/\.([cm]?)js$/, '.d.$1ts'), `${base}.d.ts`] : [];
    const candidates = [...declared, base, `${base}.js`, `${base}.mjs`, `${base}.cjs`, `${base}/index.js`];
    const exists = (name) => name.startsWith('lib/') && javascriptFile.test(name) && fs.existsSync(path.join(this.root, name));
    return candidates.find(exists) ?? null;
  }
}

/** Rule 1. */
function checkRows(sources, rows) {
  const rowFiles = new Set(rows.map(({ name }) => fileOfName(name)));
  const withoutRow = [...sources.files].filter((file) => !rowFiles.has(file));
  const withoutFile = rows.filter(({ name }) => !sources.files.has(fileOfName(name)));
  return [
    ...withoutRow.map((file) => ({ file, line: 1, text: 'has no row in the layer table of ARCHITECTURE.md' })),
    ...withoutFile.map(({ name, line }) => {
      return { file: 'ARCHITECTURE.md', line, text: `has a row for ${name}, but ${fileOfName(name)} does not exist` };
    }),
  ];
}

/** Rule 2. */
function checkUses(sources, rows) {
  const indexes = new Map(rows.map(({ name }, index) => [fileOfName(name), index]));
  const problems = [];
  for (const { file, line, target, text } of sources.uses) {
    if (!target || !indexes.has(file) || !indexes.has(target)) continue;
    const row = rows[indexes.get(file)];
    const name = nameOfFile(target);
    const report = (reason) => problems.push({ file, line, text: `uses ${name} (${text}), which ${reason}` });
    if (indexes.get(target) > indexes.get(file)) report('is below it');
    else if (!row.allowed.some((pattern) => matches(pattern, name))) report('its row does not name');
  }
  return problems;
}

/** Rule 3. */
function checkOutside(sources, outside) {
  const problems = [];
  for (const { file, line, outside: what, text } of sources.uses) {
    if (!what) continue;
    const row = outside.find((candidate) => candidate.what === what);
    const shown = text === what ? what : `${what} (${text})`;
    const report = (reason) => problems.push({ file, line, text: `uses ${shown}, which ${reason}` });
    if (!row) report('has no row in the table of what comes from outside');
    else if (!row.patterns.some((pattern) => matches(pattern, nameOfFile(file)))) report(`only ${row.patterns.join(', ')} may`);
  }
  const used = new Set(sources.uses.map(({ outside: what }) => what));
  for (const { what, line } of outside) {
    if (!used.has(what)) problems.push({ file: 'ARCHITECTURE.md', line, text: `has a row for ${what}, which nothing uses` });
  }
  return problems;
}

/** Rule 4. */
function checkForbidden(sources, outside) {
  const patterns = outside.find(({ what }) => what === 'unsafe')?.patterns ?? [];
  return [...sources.forbidding]
    .filter(([crate, forbids]) => !forbids && !patterns.some((pattern) => pattern.startsWith(`${crate}/`)))
    .map(([crate]) => {
      const text = 'needs #![forbid(unsafe_code)]: no file of this crate may say unsafe';
      return { file: `crates/${crate}/src/lib.rs`, line: 1, text };
    });
}

function printUses(sources) {
  for (const file of [...sources.files].sort()) {
    const mine = sources.uses.filter((use) => use.file === file);
    const names = mine.map(({ target, outside }) => (target ? nameOfFile(target) : `(${outside})`));
    console.log(`${nameOfFile(file)}: ${[...new Set(names)].sort().join(' ') || '-'}`);
  }
}

await runAsScript(import.meta.url, (args) => {
  const root = path.resolve(args.find((argument) => !argument.startsWith('--')) ?? repository);
  const sources = new Sources(root);
  if (args.includes('--uses')) {
    printUses(sources);
    return 0;
  }
  const table = path.join(root, 'ARCHITECTURE.md');
  const { rows, outside, problems } = readLayers(fs.existsSync(table) ? fs.readFileSync(table, 'utf8') : '');
  const all = [
    ...problems, ...sources.problems,
    ...checkRows(sources, rows), ...checkUses(sources, rows), ...checkOutside(sources, outside), ...checkForbidden(sources, outside),
  ];
  all.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  const lines = new Set(all.map(({ file, line, text }) => `${file}:${line}: ${text}`));
  lines.forEach((line) => console.log(line));
  const edges = new Set(sources.uses.filter(({ target }) => target).map(({ file, target }) => `${file} ${target}`));
  console.log(lines.size > 0
    ? `${lines.size} ${lines.size === 1 ? 'thing does' : 'things do'} not agree with ARCHITECTURE.md.`
    : `${sources.files.size} files and the ${edges.size} ways in which they use each other agree with ARCHITECTURE.md.`);
  return lines.size > 0 ? 1 : 0;
});
