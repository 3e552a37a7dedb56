'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { pathToFileURL } = require('node:url');

const root = path.join(__dirname, '..');
const demo = path.join(root, 'examples', 'demo.mjs');
const withoutSQLite = { FERRULE_DEMO_SQLITE: '/nope/libsqlite3.so' };

function run(script, { environment = {}, preload = '' } = {}) {
  const options = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const { FERRULE_DEMO_SQLITE: _, ...inherited } = process.env;
  return spawnSync(process.execPath, [...options, script], {
    encoding: 'utf8', env: { ...inherited, ...environment }, timeout: 60_000,
  });
}

// The rows of the last table, by task.
function parts(stdout) {
  const lines = stdout.slice(stdout.lastIndexOf('Library')).split('\n').slice(2);
  return new Map(lines.slice(0, lines.indexOf('')).map((line) => {
    const [library, task, result, time, rate, mark] = line.trim().split(/\s{2,}/);
    return [`${library}: ${task}`, { result, time, rate, mark }];
  }));
}

const size = (fs.statSync(process.execPath).size / 1e6).toFixed(1);
const hash = crypto.createHash('sha256').update(fs.readFileSync(process.execPath)).digest('hex');
const tasksWithoutSQLite = [
  'libc: qsort of 100,000',
  `OpenSSL ${process.versions.openssl}: SHA-256 of ${size} MB`,
  `zlib ${process.versions.zlib.split('-')[0]}: compress 2.9 MB`,
];
const tasks = [
  'SQLite: prepared inserts', 'SQLite: callback for rows', 'SQLite: season(), median()', ...tasksWithoutSQLite,
];

// The middle of the sorted list, and the months of summer, said once more and differently than the demo says them.
async function expectedSummer() {
  const { makeReadings } = await import(pathToFileURL(path.join(root, 'examples', 'weather.mjs')));
  const stations = new Map();
  for (const { station, latitude, time, celsius } of makeReadings(100_000)) {
    const month = new Date(time * 1000).toISOString().slice(5, 7);
    if (!(latitude > 0 ? ['06', '07', '08'] : ['12', '01', '02']).includes(month)) continue;
    stations.set(station, [...(stations.get(station) ?? []), celsius]);
  }
  return [...stations].map(([station, values]) => {
    values.sort((a, b) => a - b);
    const middle = (values[Math.ceil(values.length / 2) - 1] + values[Math.floor(values.length / 2)]) / 2;
    const degrees = [values[0], middle, values.at(-1)].map((value) => `${value.toFixed(1)} °C`);
    return [station, values.length.toLocaleString('en-US'), ...degrees].join(' ');
  });
}

describe('the demo', () => {
  let status;
  let stdout;
  let stderr;
  before(() => { ({ status, stdout, stderr } = run(demo)); });

  test('does the whole job and says so', () => {
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, new RegExp(`^Ferrule on Node ${process.versions.node}, `, 'm'));
    assert.match(stdout, /^SQLite 3\.\d+\.\d+ /m);
    assert.deepEqual(
      stdout.match(/^ {2}Filling a table.*$/gm).map((line) => line.trim()),
      [0, 25, 50, 75, 100].map((percent) => `Filling a table ${String(percent).padStart(3)} %  ` +
        `${(percent * 1000).toLocaleString('en-US')} of 100,000 rows`),
    );
    const found = parts(stdout);
    assert.deepEqual([...found.keys()], tasks);
    for (const [task, { time, rate, mark }] of found) {
      assert.match(time, /^[\d.,]+ ms$/, task);
      assert.match(rate, /^\d[\d.]* ([kMG] )?\S+\/s$/, task);
      assert.equal(mark, '✓', task);
    }
    assert.equal(found.get(tasks[0]).result, '100,000 rows');
    assert.equal(found.get(tasks[1]).result, '100,000 calls');
    assert.equal(found.get(tasks[4]).result, `${hash.slice(0, 8)}…${hash.slice(-6)}`);
    assert.match(stdout, /✓ All 11 checks against plain JavaScript hold\./);
    assert.ok(!stdout.includes('\x1b') && !stdout.includes('\r'), 'no control characters in a log');
  });

  test('prints the table that JavaScript finds too', async () => {
    const lines = stdout.split('\n').map((line) => line.trim().replace(/\s{2,}/g, ' '));
    const expected = await expectedSummer();
    assert.equal(expected.length, 12);
    for (const line of expected) assert.ok(lines.includes(line), `${line}\n${stdout}`);
  });

  test('draws a progress bar in place on a terminal of 80 columns', () => {
    const result = run(demo, {
      preload: 'Object.defineProperty(process.stdout, "isTTY", { value: true })',
      environment: { TERM: 'xterm', NO_COLOR: '' },
    });
    assert.equal(result.status, 0);
    const frames = result.stdout.split('\r').slice(1);
    assert.equal(frames.length, 101);
    const plain = frames.map((frame) => frame.split('\n')[0].replace(/\x1b\[\d*[mK]/g, ''));
    assert.ok(frames[50].includes('\x1b[32m'), 'in colour');
    assert.equal(plain[0], `  Filling a table ${'░'.repeat(28)}   0 %  0 of 100,000 rows`);
    assert.equal(plain[50], `  Filling a table ${'█'.repeat(14)}${'░'.repeat(14)}  50 %  50,000 of 100,000 rows`);
    assert.equal(plain[100], `  Filling a table ${'█'.repeat(28)} 100 %  100,000 of 100,000 rows`);
    assert.ok(plain.every((line) => line.length < 80));
  });

  for (const [what, environment, reason] of [
    ['is missing', withoutSQLite, '/nope/libsqlite3.so'],
    ['is something else', { FERRULE_DEMO_SQLITE: 'libm.so.6' }, 'undefined symbol: sqlite3_'],
  ]) {
    test(`says how to install SQLite when it ${what}, and does the rest`, () => {
      const result = run(demo, { environment });
      assert.equal(result.status, 0, result.stderr);
      assert.match(result.stdout, /SQLite is not here/);
      for (const command of [
        'apt-get install libsqlite3-0', 'dnf install sqlite-libs', 'apk add sqlite-libs', 'brew install sqlite',
      ]) assert.ok(result.stdout.includes(command), command);
      assert.ok(result.stdout.includes(reason), result.stdout);
      const found = parts(result.stdout);
      assert.deepEqual([...found.keys()], tasksWithoutSQLite);
      assert.deepEqual([...found.values()].map(({ mark }) => mark), ['✓', '✓', '✓']);
      assert.match(result.stdout, /✓ All 5 checks against plain JavaScript hold\./);
    });
  }

  test('fails when a result is not what JavaScript computes', () => {
    const result = run(demo, {
      environment: withoutSQLite,
      preload: `
        import zlib from 'node:zlib';
        import { syncBuiltinESMExports } from 'node:module';
        zlib.inflateSync = () => Buffer.from('not what was compressed');
        syncBuiltinESMExports();
      `,
    });
    assert.equal(result.status, 1);
    assert.deepEqual([...parts(result.stdout).values()].map(({ mark }) => mark), ['✓', '✓', '✗']);
    assert.match(result.stdout, /✗ zlib .*it is not so that node:zlib restores the text/);
    assert.doesNotMatch(result.stdout, /checks against plain JavaScript hold/);
  });
});

describe('npm run demo', () => {
  // A copy of the script with another build and another demo beside it.
  function runWithBuild(build) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-demo-'));
    try {
      fs.mkdirSync(path.join(directory, 'scripts'));
      fs.mkdirSync(path.join(directory, 'examples'));
      fs.copyFileSync(path.join(root, 'scripts', 'demo.mjs'), path.join(directory, 'scripts', 'demo.mjs'));
      fs.writeFileSync(path.join(directory, 'scripts', 'build.mjs'), build);
      fs.writeFileSync(path.join(directory, 'examples', 'demo.mjs'), 'console.log("the demo"); process.exitCode = 3;');
      return run(path.join(directory, 'scripts', 'demo.mjs'));
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  }

  test('is scripts/demo.mjs, which builds and then runs the demo', () => {
    assert.equal(require('../package.json').scripts.demo, 'node scripts/demo.mjs');
    const { status, stdout } = runWithBuild('console.log("the build");');
    assert.equal(stdout, 'the build\nthe demo\n');
    assert.equal(status, 3);
  });

  test('stops with the exit code of a build that fails', () => {
    const { status, stdout, stderr } = runWithBuild('console.error("no cargo"); process.exitCode = 7;');
    assert.deepEqual([status, stdout, stderr], [7, '', 'no cargo\n']);
  });

  test('runs as it is on this machine', () => {
    const { status, stdout, stderr } = run(path.join(root, 'scripts', 'demo.mjs'), { environment: withoutSQLite });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /✓ All 5 checks against plain JavaScript hold\./);
  });
});
