'use strict';

// The code in the project's documents, as something to run. It is run as it stands there, and must print what the document says:
//
// * `console.log(…); // text` must print that text; or
// * a block of `text` that follows, with no other block between, is all that the program prints: its output, then its errors. There, `…`
//   stands for any text, and for any number of lines on a line of its own.
//
// A block that begins with a comment that is a file name (`// counter.c`) is also a file of that name, in a folder that all blocks of a document
// share. Programs run there, and find `ferrule` there.
//
// What the reader of a document need not see is in a mark on the line above the block, `<!-- example: clause; clause -->`:
//
//   from Node 24              it needs this line, or a newer one: for its syntax, or for an option
//   on win32                  it is for this system, instead of Linux with glibc
//   in Node                   it is about Node itself, and not for other runtimes
//   not in Deno, reason       it is for Node and Bun
//   needs cc                  it needs this program
//   compiled                  it shows what compiled code does
//   flags --jitless           Node's options
//   by ferrule                the command `ferrule` runs it, which gets the flags
//   environment NAME=value    one more variable
//   ends with SIGABRT         how it ends, when it does not end well: a signal, or `exit code 9`
//   run                       a block of `sh` is run, too
//   is examples/a.mjs         it is this file, word for word, and that has a test of its own
//   not run, reason           nobody can run it here; its syntax is checked

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { withoutEnding } = require('./child');
const { uncompiled } = require('./machine');

const root = path.join(__dirname, '..');
const line = Number(process.versions.node.split('.')[0]);
const isGlibc = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime !== undefined;

// How a program is started, in Node and elsewhere.
const starts = {
  deno: [process.execPath, 'run', '--allow-all', '--no-lock', '--quiet'],
  bun: [process.execPath],
  node: [process.execPath, '--no-warnings'],
};
const runtime = ['deno', 'bun'].find((name) => process.versions[name] !== undefined) ?? 'node';

const languages = { mjs: 'mjs', cjs: 'cjs', sh: 'sh' };
const shell = { cc: ['cc', ['--version']], rustc: ['rustc', ['--version']] };

// Without what a program that is run here must not inherit from the tests.
function environment(additions = {}) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, FERRULE_GUARD, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1', NODE_NO_WARNINGS: '1', ...additions };
}

// What programs are permitted by.
const permissions = ['--permission', '--no-addons'];

const clauses = {
  'from Node ': (mark, value) => { mark.from = Number(value); },
  'on ': (mark, value) => { mark.system = value; },
  'in Node': (mark) => { mark.isForNode = true; },
  'in Node with its zlib': (mark) => { mark.isForNode = mark.isForZlib = true; },
  'not in Deno, ': (mark, value) => { mark.withoutDeno = value; },
  'compiled': (mark) => { mark.isCompiled = true; },
  'needs ': (mark, value) => { mark.needs.push(value); },
  'flags ': (mark, value) => { mark.flags = value.split(' '); },
  'environment ': (mark, value) => { mark.environment[value.split('=')[0]] = value.slice(value.indexOf('=') + 1); },
  'by ferrule': (mark) => { mark.launcher = [process.execPath, path.join(root, 'bin', 'ferrule.js')]; },
  'ends with ': (mark, value) => { mark.ending = value; },
  'run': (mark) => { mark.run = true; },
  'is ': (mark, value) => { mark.file = value; },
  'not run, ': (mark, value) => { mark.reason = value; },
};

function readMark(text) {
  const mark = { from: 0, system: 'linux', needs: [], flags: [], environment: {}, ending: 'exit code 0' };
  for (const clause of text?.split('; ') ?? []) {
    const key = Object.keys(clauses).find((start) => (start.endsWith(' ') ? clause.startsWith(start) : clause === start));
    assert.ok(key, `no clause of a mark: ${clause}`);
    clauses[key](mark, clause.slice(key.length));
  }
  return mark;
}

/** The blocks of a document: `{ language, source, name, line, heading, mark, printed }`, `printed` being the block of text that follows. */
exports.readDocument = function readDocument(file) {
  const page = fs.readFileSync(path.join(root, file), 'utf8');
  const blocks = [];
  for (const match of page.matchAll(/(?:^<!-- example: ([^\n]*) -->\n)?^```(\w*)\n(.*?)^```$/gms)) {
    const [whole, mark, language, source] = match;
    const before = page.slice(0, match.index + whole.indexOf('```'));
    blocks.push({
      language,
      source,
      name: /^(?:\/\/|#) ([\w.-]+\.\w+)\n/.exec(source)?.[1],
      line: before.split('\n').length,
      heading: /^#+ (.*)$/.exec(before.match(/^#+ .*$/gm).at(-1))[1],
      mark: readMark(mark),
    });
  }
  blocks.forEach((block, index) => {
    if (blocks[index + 1]?.language === 'text') block.printed = blocks[index + 1].source;
  });
  return { file, page, blocks };
};

/** Whether a block is to be run, or would be on another machine. */
exports.isExample = ({ language, mark }) => Object.hasOwn(languages, language) && (language !== 'sh' || mark.run === true) && !mark.file;

/** Why a block cannot be run here: a text, or false. */
exports.skipReason = function skipReason({ mark }) {
  if (mark.reason) return mark.reason;
  if (mark.isForNode && runtime !== 'node') return 'it is about Node';
  if (mark.isForZlib && process.config.variables.node_shared_zlib) return 'this Node is built to use the system\'s zlib';
  if (mark.withoutDeno && runtime === 'deno') return mark.withoutDeno;
  if (process.permission !== undefined && mark.flags.some((flag) => permissions.includes(flag))) return 'its process has permissions of its own';
  if (mark.isCompiled && uncompiled) return uncompiled;
  if (mark.isCompiled && process.env.FERRULE_EMULATED) return 'on an emulated processor, V8 optimises too late to be waited for';
  if (mark.system !== process.platform) return `it is for ${mark.system}`;
  if (mark.system === 'linux' && !isGlibc) return 'it names libraries as they are called with glibc';
  if (line < mark.from) return `it needs Node ${mark.from}`;
  // The test runs on an emulated processor, and what these would make is for the real one.
  if (mark.needs.length > 0 && process.env.FERRULE_EMULATED) return `${mark.needs.join(' and ')} would compile for another processor`;
  const absent = mark.needs.find((program) => spawnSync(...shell[program]).status !== 0);
  return absent ? `${absent} is not installed` : false;
};

/** A folder for programs, which find these packages there. The caller removes it. */
exports.makeProgramFolder = function makeProgramFolder(packages = { ferrule: root }) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-document-')));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  // Without it, Deno does not look into node_modules.
  fs.writeFileSync(path.join(folder, 'package.json'), '{}');
  for (const [name, directory] of Object.entries(packages)) linkPackage(directory, path.join(folder, 'node_modules', name));
  return folder;
};

// Wine makes no junctions.
function linkPackage(directory, place) {
  try {
    fs.symlinkSync(directory, place, 'junction');
  } catch (error) {
    if (error.code !== 'ENOTSUP') throw error;
    for (const part of ['package.json', 'bin', 'build', 'lib']) {
      const source = path.join(directory, part);
      if (fs.existsSync(source)) fs.cpSync(source, path.join(place, part), { recursive: true });
    }
  }
}

/** The same for the programs of a document, with all its named blocks in it. */
exports.makeFolder = function makeFolder({ blocks }) {
  const folder = exports.makeProgramFolder();
  for (const { name, source } of blocks) if (name) fs.writeFileSync(path.join(folder, name), source);
  return folder;
};

function write(folder, { language, source, name, line: place }) {
  const file = name ?? `line-${place}.${languages[language]}`;
  fs.writeFileSync(path.join(folder, file), source);
  return file;
}

/** Runs a block in a folder, and resolves to how it ended: `{ ending, stdout, stderr }`. `command` are the words before the program's name. */
exports.runBlock = function runBlock(folder, block, command = block.mark.launcher ?? starts[runtime]) {
  const { flags, environment: additions } = block.mark;
  const file = write(folder, block);
  const [program, ...args] = block.language === 'sh' ? ['sh', '-e'] : [...command, ...flags];
  const { status, signal, stdout, stderr, error } = spawnSync(program, [...args, file], {
    cwd: folder, encoding: 'utf8', env: environment(additions), timeout: 120_000,
  });
  assert.equal(error, undefined);
  return { ending: signal ?? `exit code ${status}`, stdout, stderr: withoutEnding(stderr) };
};

/** Checks the syntax of a block that is not run. Only Node can do that. */
exports.checkBlock = function checkBlock(folder, block) {
  const { status, stderr } = spawnSync(process.execPath, ['--check', write(folder, block)], { cwd: folder, encoding: 'utf8', env: environment() });
  assert.equal(status, 0, stderr);
};

/** What a block says that it prints with each `console.log`. */
exports.promised = ({ source }) => [...source.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);

/** How often a block prints, as far as its source tells. */
exports.printing = ({ source }) => [...source.matchAll(/console\.log/g)].length;

const escaped = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Fails unless `actual` is the text that a document promises, in which `…` stands for anything. */
exports.assertPrinted = function assertPrinted(actual, expected) {
  if (!expected.includes('…')) {
    assert.equal(actual, expected);
    return;
  }
  const pattern = expected.split('\n').map((text) => (text === '…' ? '(?:.*\\n)*?' : `${escaped(text).replaceAll('…', '.*')}\n`)).join('');
  assert.match(`${actual}\n`, new RegExp(`^${pattern}$`));
};

exports.isGlibc = isGlibc;
exports.isNode = runtime === 'node';
exports.start = starts[runtime];
exports.environment = environment;
exports.root = root;
