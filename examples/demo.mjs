// The demo: real libraries at work through Ferrule, every result checked against a computation in plain JavaScript.
// `npm run demo` builds Ferrule and runs it. FERRULE_DEMO_SQLITE names the SQLite library to use.

import crypto from 'node:crypto';
import fs from 'node:fs';
import nodeZlib from 'node:zlib';
import { openLibc } from './libc.mjs';
import { openOpenSSL } from './openssl.mjs';
import { Report } from './report.mjs';
import { openSQLite, runSQLite } from './sqlite-demo.mjs';
import { bold, dim, integer, measure, print } from './terminal.mjs';
import { makeReadings } from './weather.mjs';
import { openZlib } from './zlib.mjs';

const COUNT = 100_000;
const MEGABYTE = 1e6;
const PIECE_SIZE = 2 ** 20;

const megabytes = (size) => `${(size / MEGABYTE).toFixed(1)} MB`;

function sortNumbers() {
  const libc = openLibc();
  let seed = 1;
  const numbers = Int32Array.from({ length: COUNT }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return seed;
  });
  const sorted = numbers.slice();
  let comparisons = 0;
  const { time } = measure(() => libc.sortIntegers(sorted, (a, b) => {
    comparisons++;
    return a < b ? -1 : a > b ? 1 : 0;
  }));
  libc.close();
  const expected = numbers.slice().sort();
  return {
    library: 'libc',
    task: `qsort of ${integer(COUNT)}`,
    result: `${integer(comparisons)} calls`,
    amount: comparisons,
    unit: 'calls',
    time,
    checks: { 'the order is that of JavaScript': sorted.every((number, index) => number === expected[index]) },
  };
}

function hashNodeBinary() {
  const openssl = openOpenSSL();
  const digest = new openssl.Digest('sha256');
  const expected = crypto.createHash('sha256');
  const piece = Buffer.alloc(PIECE_SIZE);
  const file = fs.openSync(process.execPath);
  let [size, time] = [0, 0];
  for (let length; (length = fs.readSync(file, piece)) > 0; size += length) {
    const bytes = piece.subarray(0, length);
    time += measure(() => digest.update(bytes)).time;
    expected.update(bytes);
  }
  fs.closeSync(file);
  const result = digest.finish().toString('hex');
  const { version } = openssl;
  openssl.close();
  return {
    library: `OpenSSL ${version}`,
    task: `SHA-256 of ${megabytes(size)}`,
    result: `${result.slice(0, 8)}…${result.slice(-6)}`,
    amount: size,
    unit: 'B',
    time,
    checks: { 'the digest is that of node:crypto': result === expected.digest('hex') },
  };
}

function compressReadings(readings) {
  const zlib = openZlib();
  const text = Buffer.from(readings
    .map(({ station, latitude, time, celsius }) => `${station},${latitude},${time},${celsius}\n`)
    .join(''));
  const { value: compressed, time } = measure(() => zlib.compress(text, 6));
  const restored = zlib.uncompress(compressed, text.length);
  const { version } = zlib;
  zlib.close();
  return {
    library: `zlib ${version.split('-')[0]}`,
    task: `compress ${megabytes(text.length)}`,
    result: megabytes(compressed.length),
    amount: text.length,
    unit: 'B',
    time,
    checks: {
      'the compressed text is smaller': compressed.length < text.length,
      'node:zlib restores the text': nodeZlib.inflateSync(compressed).equals(text),
      'this zlib restores the text': restored.equals(text),
    },
  };
}

print();
print(`${bold('Ferrule')} ${dim(`on Node ${process.versions.node}, ${process.platform} ${process.arch}`)}`);
print();
const readings = makeReadings(COUNT);
const report = new Report();
const sqlite = openSQLite();
if (sqlite !== undefined) runSQLite(sqlite, readings, report);
report.add(sortNumbers());
report.add(hashNodeBinary());
report.add(compressReadings(readings));
report.print();
print();
process.exitCode = report.failures.length === 0 ? 0 : 1;
