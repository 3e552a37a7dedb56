'use strict';

// scripts/check-layers.mjs, on a tree made up for it: a small one that agrees with its tables, and for each rule that tree with one
// thing changed, for which exactly the lines that are expected must be reported.

const { describe, it, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const script = path.join(__dirname, '..', 'scripts', 'check-layers.mjs');

const layers = (rows) => ['| # | file | what lives there | may use |', '|---|---|---|---|', ...rows].join('\n');
const outside = (rows) => ['| what | only in |', '|---|---|', ...rows].join('\n');

const layerRows = [
  '| 1 | `abi/types.rs` | types | — |',
  '| 2 | `abi/plan.rs` | plans | `abi/types` |',
  '| 3 | `abi/lib.rs` | front door | — |',
  '| 4 | `addon/napi/mod.rs` | handles | — |',
  '| 5 | `addon/napi/value.rs` | values | `addon/napi/mod` |',
  '| 6 | `addon/memory.rs` | memory | `abi/*` `napi/*` |',
  '| 7 | `addon/lib.rs` | exports | `abi/types`, `addon/memory` |',
  '| 8 | `lib/binding.js` | the binary | |',
  '| 9 | `lib/index.js` | the module | `binding` |',
  '| 10 | `lib/index.mjs` | the module | `lib/index.js` |',
];
const outsideRows = [
  '| `napi_sys` | `addon/napi/*` |',
  '| `unsafe` | `addon/napi/*` `addon/memory` |',
  '| `ferrule.node` | `lib/binding.js` |',
];

const document = (rows = layerRows, others = outsideRows) => `# A tree\n\n${layers(rows)}\n\nText.\n\n${outside(others)}\n`;

// Layer rows start on line 5 of the document, the rows of the other table on line 20.
const tree = {
  'ARCHITECTURE.md': document(),
  'crates/abi/Cargo.toml': '[package]\nname = "made-abi"\n\n[dev-dependencies]\nproptest = "1"\n',
  'crates/abi/src/lib.rs': '#![forbid(unsafe_code)]\nmod types;\npub mod plan;\npub use types::{Type, Class as Kind};\n',
  'crates/abi/src/types.rs': [
    'pub struct Type;',
    'pub enum Class { One }',
    '// crate::plan::Plan in a comment is nothing.',
    'const TEXT: &str = "crate::plan::Plan";',
    '',
  ].join('\n'),
  'crates/abi/src/plan.rs': [
    'use crate::{types::{self, Type}};',
    'pub struct Plan(Type, types::Class);',
    '#[cfg(test)]',
    'mod tests { use super::*; use proptest::any; unsafe fn f() {} }',
    '',
  ].join('\n'),
  'crates/addon/Cargo.toml': [
    '[package]',
    'name = "made-addon"',
    '[lib]',
    'name = "made"',
    '[dependencies]',
    'made-abi.workspace = true',
    'napi-sys = "3"',
    '',
  ].join('\n'),
  'crates/addon/src/lib.rs': 'mod memory;\nmod napi;\nuse made_abi::Kind;\nfn start() -> Kind { memory::read::<u8>() }\n',
  'crates/addon/src/napi/mod.rs': 'mod value;\npub use value::Value;\npub struct Env(napi_sys::napi_env);\n',
  'crates/addon/src/napi/value.rs': 'use super::Env;\nuse napi_sys as sys;\npub struct Value(sys::napi_value, Env);\n',
  'crates/addon/src/memory.rs': 'use crate::napi::{Env, Value};\npub fn read(plan: made_abi::plan::Plan) { unsafe { sys(plan) } }\n',
  'crates/fixture/src/lib.rs': 'unsafe fn free() {}\n',
  'lib/binding.js': [
    "'use strict';",
    "const path = require('node:path');",
    "module.exports = require(path.join(__dirname, '..', 'build', 'ferrule.node'));",
    '',
  ].join('\n'),
  'lib/index.js': [
    "module.exports = require('./binding');",
    "// require('left-pad')",
    `const quote = /['"]/;`,
    "const text = `require('left-pad') ${'./nothing'}`;",
    '',
  ].join('\n'),
  'lib/index.mjs': "import all from './index.js';\nexport default all;\n",
};

let directory;
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-layers-'));
});
after(() => fs.rmSync(directory, { recursive: true, force: true }));

/** Writes the tree with changes (`null` leaves a file out), checks it, and returns the exit code and the lines. */
function check(changes = {}) {
  const root = fs.mkdtempSync(path.join(directory, 'tree-'));
  for (const [name, content] of Object.entries({ ...tree, ...changes })) {
    if (content === null) continue;
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const lines = stdout.trim().split('\n');
  return { status, conclusion: lines.at(-1), problems: lines.slice(0, -1) };
}

function reports(changes, ...expected) {
  const { status, problems, conclusion } = check(changes);
  assert.deepEqual(problems, expected);
  assert.equal(status, 1);
  assert.match(conclusion, /^\d+ things? do(es)? not agree with ARCHITECTURE\.md\.$/);
}

/** The document with one layer row replaced; the row's line is its number plus 4. */
const withRow = (number, row) => document(layerRows.map((own, index) => (index + 1 === number ? row : own)));
const withSource = (file, text) => ({ [file]: `${tree[file]}${text}` });

describe('check-layers', () => {
  it('accepts a tree that agrees', () => {
    const { status, problems, conclusion } = check();
    assert.deepEqual(problems, []);
    assert.equal(status, 0);
    assert.equal(conclusion, '10 files and the 9 ways in which they use each other agree with ARCHITECTURE.md.');
  });

  describe('tables', () => {
    it('misses the document', () => reports(
      Object.fromEntries(Object.keys(tree).map((name) => [name, null])),
      'ARCHITECTURE.md:1: has no table with the columns "#", "file", "what lives there", "may use"',
      'ARCHITECTURE.md:1: has no table with the columns "what", "only in"',
    ));
    it('wants four cells', () => reports(
      { 'ARCHITECTURE.md': withRow(10, '| 10 | `lib/index.mjs` | | `lib/index.js` |') },
      'ARCHITECTURE.md:14: is not a row of four: a number, a file, what lives there, what it may use',
      'lib/index.mjs:1: has no row in the layer table of ARCHITECTURE.md',
    ));
    it('wants rows in order', () => reports(
      { 'ARCHITECTURE.md': withRow(3, '| 2 | `abi/lib.rs` | front door | — |') },
      'ARCHITECTURE.md:7: has the number 2, which does not come after 2',
    ));
    it('wants one row per file', () => reports(
      { 'ARCHITECTURE.md': withRow(10, '| 10 | `lib/index.js` | again | `lib/binding` |') },
      'ARCHITECTURE.md:14: is the second row for lib/index.js',
      'lib/index.mjs:1: has no row in the layer table of ARCHITECTURE.md',
    ));
    it('lets a row name only what exists', () => reports(
      { 'ARCHITECTURE.md': withRow(2, '| 2 | `abi/plan.rs` | plans | `abi/types` `abi/moves` |') },
      'ARCHITECTURE.md:6: lets abi/plan.rs use abi/moves, which has no row',
    ));
    it('lets a row name only what is above', () => reports(
      { 'ARCHITECTURE.md': withRow(1, '| 1 | `abi/types.rs` | types | `abi/plan` |') },
      'ARCHITECTURE.md:5: lets abi/types.rs use abi/plan, which is not above it',
    ));
    it('lets what comes from outside only into files that exist', () => reports(
      { 'ARCHITECTURE.md': document(layerRows, [...outsideRows.slice(0, 2), '| `ferrule.node` | `lib/binding.js` `lib/loader.js` |']) },
      'ARCHITECTURE.md:22: lets lib/loader.js use ferrule.node, but that has no row',
    ));
  });

  describe('files and rows', () => {
    it('a file without a row', () => reports(
      { 'crates/abi/src/moves.rs': '', ...withSource('crates/abi/src/lib.rs', 'mod moves;\n') },
      'crates/abi/src/moves.rs:1: has no row in the layer table of ARCHITECTURE.md',
    ));
    it('a declaration file without a row', () => reports(
      { 'lib/index.d.ts': 'export {};\n' },
      'lib/index.d.ts:1: has no row in the layer table of ARCHITECTURE.md',
    ));
    it('a row without a file', () => reports(
      { 'lib/index.mjs': null },
      'ARCHITECTURE.md:14: has a row for lib/index.mjs, but lib/index.mjs does not exist',
    ));
    it('a file that no module declares', () => reports(
      { 'crates/abi/src/moves.rs': '' },
      'crates/abi/src/moves.rs:1: is not part of the crate: no `mod` leads to it',
      'crates/abi/src/moves.rs:1: has no row in the layer table of ARCHITECTURE.md',
    ));
    it('a module without a file', () => reports(
      withSource('crates/abi/src/lib.rs', 'mod moves;\n'),
      'crates/abi/src/lib.rs:5: declares the module moves, which has no file',
    ));
    it('no row for what only tests contain', () => {
      assert.deepEqual(check({
        ...withSource('crates/abi/src/lib.rs', '#[cfg(test)]\nmod oracle;\n'),
        'crates/abi/src/oracle.rs': 'use crate::plan::Plan;\nuse proptest::any;\nunsafe fn anything() {}\n',
      }).problems, []);
    });
    it('files that #[path] names, all twins of them', () => reports(
      {
        ...withSource('crates/abi/src/types.rs', [
          '#[cfg(unix)] #[path = "one.rs"] mod system;',
          '#[cfg(windows)] #[path = "two.rs"] mod system;',
          'use system::Width;',
          '',
        ].join('\n')),
        'crates/abi/src/one.rs': 'pub struct Width;\n',
        'crates/abi/src/two.rs': 'pub struct Width;\n',
        'ARCHITECTURE.md': document([...layerRows, '| 11 | `abi/one.rs` | a twin | |', '| 12 | `abi/two.rs` | a twin | |']),
      },
      'crates/abi/src/types.rs:7: uses abi/one.rs (system::Width), which is below it',
      'crates/abi/src/types.rs:7: uses abi/two.rs (system::Width), which is below it',
    ));
  });

  describe('uses in Rust', () => {
    const notNamed = (text, use, name = 'abi/types.rs') => [
      {
        'ARCHITECTURE.md': withRow(7, '| 7 | `addon/lib.rs` | exports | `addon/memory` |'),
        'crates/addon/src/lib.rs': `mod memory;\nmod napi;\n${text}\n`,
      },
      `crates/addon/src/lib.rs:3: uses ${name} (${use}), which its row does not name`,
    ];
    it('a `use` of a file below', () => reports(
      withSource('crates/abi/src/types.rs', 'use crate::plan::Plan;\n'),
      'crates/abi/src/types.rs:5: uses abi/plan.rs (crate::plan::Plan), which is below it',
    ));
    it('a path in the code', () => reports(
      withSource('crates/abi/src/types.rs', "fn go<'a>(c: char) -> bool { c == '\\'' || super::plan::Plan::default().ready() }\n"),
      'crates/abi/src/types.rs:5: uses abi/plan.rs (super::plan::Plan::default), which is below it',
    ));
    it('a file of the same crate that the row does not name', () => reports(
      { 'ARCHITECTURE.md': withRow(2, '| 2 | `abi/plan.rs` | plans | |') },
      'crates/abi/src/plan.rs:1: uses abi/types.rs (crate::types), which its row does not name',
      'crates/abi/src/plan.rs:1: uses abi/types.rs (crate::types::Type), which its row does not name',
      'crates/abi/src/plan.rs:2: uses abi/types.rs (types::Class), which its row does not name',
    ));
    it('what another crate re-exports, by its file', () => reports(...notNamed('use made_abi::Type;', 'made_abi::Type')));
    it('what another crate re-exports under another name', () => reports(...notNamed('type K = made_abi::Kind;', 'made_abi::Kind')));
    it('what a glob brings in', () => reports(...notNamed('use made_abi::*;', 'made_abi')));
    it('an item through a module brought in by `use`', () => reports(
      withSource('crates/addon/src/lib.rs', 'use napi as handles;\ntype V = handles::Value;\n'),
      'crates/addon/src/lib.rs:6: uses addon/napi/value.rs (handles::Value), which its row does not name',
    ));
    it("a re-export of a file that is not the door's own", () => reports(
      withSource('crates/addon/src/napi/mod.rs', 'pub use crate::memory::read;\n'),
      'crates/addon/src/napi/mod.rs:4: uses addon/memory.rs (crate::memory::read), which is below it',
    ));
    it('a private use of a child', () => reports(
      withSource('crates/addon/src/napi/mod.rs', 'fn make() -> self::value::Value {}\n'),
      'crates/addon/src/napi/mod.rs:4: uses addon/napi/value.rs (self::value::Value), which is below it',
    ));
    it('a path inside a module in line, a macro or an attribute', () => reports(
      withSource('crates/abi/src/types.rs', [
        'mod inner { use super::super::plan::Plan; }',
        'macro_rules! m { () => { $crate::plan::Plan } }',
        '#[derive(crate::plan::Derive)]',
        'struct S;',
        '',
      ].join('\n')),
      'crates/abi/src/types.rs:5: uses abi/plan.rs (super::super::plan::Plan), which is below it',
      'crates/abi/src/types.rs:6: uses abi/plan.rs (crate::plan::Plan), which is below it',
      'crates/abi/src/types.rs:7: uses abi/plan.rs (crate::plan::Derive), which is below it',
    ));
    it('an exported macro, by its file', () => reports(
      {
        ...withSource('crates/abi/src/plan.rs', '#[macro_export]\nmacro_rules! plan { () => {} }\n'),
        ...withSource('crates/abi/src/types.rs', 'fn f() { crate::plan!() }\nfn g() { crate::plan::plan!() }\n'),
      },
      'crates/abi/src/types.rs:5: uses abi/plan.rs (crate::plan), which is below it',
      'crates/abi/src/types.rs:6: uses abi/plan.rs (crate::plan::plan), which is below it',
    ));
    it('#[macro_use], which would hide uses', () => reports(
      { 'crates/abi/src/lib.rs': tree['crates/abi/src/lib.rs'].replace('mod types', '#[macro_use] mod types') },
      'crates/abi/src/lib.rs:2: has #[macro_use], which hides who uses what: write `pub(crate) use` below the macro',
    ));
    it('nothing in tests, comments, strings and characters', () => {
      assert.deepEqual(check(withSource('crates/abi/src/types.rs', [
        '/* crate::plan::Plan /* nested */ crate::plan::Plan */',
        'const RAW: &str = r#"crate::plan::Plan " crate::plan"#;',
        "const MARKS: [char; 3] = ['\"', '\\\\', '\\u{1F600}']; // \" crate::plan",
        '#[test]',
        'fn uses() { crate::plan::Plan; }',
        '#[cfg(test)]',
        'use crate::plan::{Plan, Other};',
        '#[cfg(all(test, unix))]',
        'impl Type { fn f() { crate::plan::Plan; } }',
        '',
      ].join('\n'))).problems, []);
    });
    it('but what is only left out of tests', () => reports(
      withSource('crates/abi/src/types.rs', '#[cfg(not(test))]\nuse crate::plan::Plan;\n'),
      'crates/abi/src/types.rs:6: uses abi/plan.rs (crate::plan::Plan), which is below it',
    ));
  });

  describe('uses in JavaScript', () => {
    const index = "module.exports = require('./binding');\n";
    it('a file below', () => reports(
      { 'lib/binding.js': `${tree['lib/binding.js']}require('./index.js');\n` },
      'lib/binding.js:4: uses lib/index.js (./index.js), which is below it',
    ));
    const ways = {
      import: "import all from './index.js';\nimport raw from './binding.js';\n",
      'import without a name': "import all from './index.js';\nimport './binding.js';\n",
      'export from': "import all from './index.js';\nexport * from './binding.js';\n",
      'import()': "import all from './index.js';\nawait import('./binding.js');\n",
      'require.resolve': "import all from './index.js';\nrequire.resolve('./binding.js');\n",
      'new URL': "import all from './index.js';\nnew URL('./binding.js', import.meta.url);\n",
    };
    for (const [way, source] of Object.entries(ways)) {
      it(`a file that the row does not name, by ${way}`, () => reports(
        { 'lib/index.mjs': source },
        'lib/index.mjs:2: uses lib/binding.js (./binding.js), which its row does not name',
      ));
    }
    it('a file named in a path that is put together', () => reports(
      { 'lib/index.mjs': "import all from './index.js';\npath.join(directory, 'binding.js');\n" },
      'lib/index.mjs:2: uses lib/binding.js (binding.js), which its row does not name',
    ));
    it('after a regular expression with a quote, and in a template', () => reports(
      { 'lib/index.js': `${index}const quote = /[/'"]/.test(a / b);\nconst text = \`\${require('./index.mjs')}\`;\n` },
      'lib/index.js:3: uses lib/index.mjs (./index.mjs), which is below it',
    ));
    it('a package', () => reports(
      { 'lib/index.js': `${index}require('left-pad');\n` },
      'lib/index.js:2: uses left-pad, which has no row in the table of what comes from outside',
    ));
    it("one of Node's modules without its scheme", () => reports(
      { 'lib/index.js': `${index}require('fs');\n` },
      'lib/index.js:2: uses fs, which has no row in the table of what comes from outside',
    ));
    it('a file beside lib/', () => reports(
      { 'lib/index.js': `${index}require('../package.json');\n` },
      'lib/index.js:2: uses package.json (../package.json), which has no row in the table of what comes from outside',
    ));
    it('the binary, elsewhere than allowed', () => reports(
      { 'lib/index.js': `${index}require('../build/ferrule.node');\n` },
      'lib/index.js:2: uses ferrule.node (../build/ferrule.node), which only lib/binding.js may',
    ));
  });

  describe('what comes from outside Rust code', () => {
    it('a crate in a file that may not use it', () => reports(
      withSource('crates/addon/src/memory.rs', 'use napi_sys::napi_value;\n'),
      'crates/addon/src/memory.rs:3: uses napi_sys (napi_sys::napi_value), which only addon/napi/* may',
    ));
    it('a crate passed on by a file that may', () => reports(
      {
        ...withSource('crates/addon/src/napi/mod.rs', 'pub use napi_sys as sys;\n'),
        ...withSource('crates/addon/src/memory.rs', 'type V = crate::napi::sys::napi_value;\n'),
      },
      'crates/addon/src/memory.rs:3: uses napi_sys (crate::napi::sys::napi_value), which only addon/napi/* may',
    ));
    it('a crate without a row', () => reports(
      {
        'crates/addon/Cargo.toml': `${tree['crates/addon/Cargo.toml']}\n[target.'cfg(unix)'.dependencies.lib-c]\nversion = "1"\n`,
        ...withSource('crates/addon/src/memory.rs', 'fn f() { lib_c::abort() }\n'),
      },
      'crates/addon/src/memory.rs:3: uses lib_c (lib_c::abort), which has no row in the table of what comes from outside',
    ));
    it('a row that nothing needs', () => reports(
      { 'ARCHITECTURE.md': document(layerRows, [...outsideRows, '| `libffi` | `addon/memory` |']) },
      'ARCHITECTURE.md:23: has a row for libffi, which nothing uses',
    ));
    it('unsafe in a file that may not say it', () => reports(
      withSource('crates/addon/src/lib.rs', '#[unsafe(no_mangle)]\nextern "C" fn start() {}\n'),
      'crates/addon/src/lib.rs:5: uses unsafe, which only addon/napi/*, addon/memory may',
    ));
    it('a crate that does not forbid unsafe though it has none', () => reports(
      { 'crates/abi/src/lib.rs': tree['crates/abi/src/lib.rs'].replace('#![forbid(unsafe_code)]', '') },
      'crates/abi/src/lib.rs:1: needs #![forbid(unsafe_code)]: no file of this crate may say unsafe',
    ));
  });
});
