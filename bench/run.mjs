// What a native call costs, in Ferrule and in others.
//
//   node bench/run.mjs                      everything, 5 rounds: takes an hour
//   node bench/run.mjs --once               one short round of everything on all Node lines; the answers are checked, the times mean little
//   node bench/run.mjs --rows noop,add-i32 --engines ferrule,koffi,builtin --nodes 24,26 --rounds 3
//
//   --rows a,b       these rows only              --json FILE    keeps all samples
//   --engines a,b    these engines only           --from FILE    measures nothing, reads what --json has kept
//   --skip a,b       not these engines            --readme FILE  replaces the part between the marks <!-- bench:begin --> and
//   --nodes 24,26    these Node lines only                       <!-- bench:end -->, and draws the charts
//   --rounds N       rounds                       --svg FILE     where the chart of the calls goes, bench/chart.svg unless told,
//                                                                and next to it the one of memory, with -memory in its name
//   --ferrule DIR    another Ferrule, as it is, instead of this repository's, which is built first
//
// Needs gcc (or another C compiler as cc), and npm for the peers; what is made of them is in bench/build and bench/node_modules.
//
// Each engine and row is a process of its own in each round, with the engines of a row one after the other, so that what disturbs the
// machine for a while disturbs all of them. A row's result is the median of the rounds' medians, and the least sample of all.
//
// The answers of C are checked in every process, before and after the measurement, and so is the sum of what each measured loop got. The
// exit code is 1 when one was wrong, or a process ended badly.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { Failure, root, runAsScript, seconds } from '../scripts/command.mjs';
import { lineOf, node, versions } from '../scripts/nodes.mjs';
import { cases, coldCases, hotCases, jobCases, tables } from './cases.mjs';
import { drawChart } from './chart.mjs';
import { engines, findParticipants, runParticipant } from './engines.mjs';
import { expectedSum } from './loop.mjs';
import { buildNative } from './native.mjs';
import { installPeers, peerVersions } from './peers.mjs';
import { printReport, writeReadme } from './report.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The Node lines that people run; the odd one between them is tested, but not measured. */
const lines = [20, 22, 24, 26];

const timings = {
  // Milliseconds: see timeLoop. `copies` of the library, of which the first is for warming up, give the memory row its functions.
  // `size` is that of a job, and `jobs` the milliseconds after which a job is not done again.
  full: { sample: 25, samples: 5, warmUp: 150, patience: 1000, copies: 11, size: 'full', jobs: 3000 },
  once: { sample: 1, samples: 1, warmUp: 2, patience: 10, copies: 2, size: 'once', jobs: 0 },
};
const processTimeout = 120_000;

/** The rows that are one number per process are measured in more processes than others. */
const processesPerRound = (name) => (coldCases.some((row) => row.name === name) ? 3 : 1);

function chosen(option, known, what) {
  if (option === undefined) return known;
  const names = option.flatMap((value) => value.split(',')).filter(Boolean);
  const wanted = typeof known[0] === 'number' ? names.map(Number) : names;
  const strange = wanted.find((value) => !known.includes(value));
  if (strange !== undefined) throw new Failure(`There is no ${what} ${strange}; there are ${known.join(', ')}.`);
  return known.filter((value) => wanted.includes(value));
}

function parseOptions(args) {
  const list = { type: 'string', multiple: true };
  const one = { type: 'string' };
  const options = {
    once: { type: 'boolean', default: false },
    rows: list, engines: list, skip: list, nodes: list, rounds: one, ferrule: one, json: one, from: one, readme: one, svg: one,
  };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new Failure(`${error.message}\nThe options are described at the top of bench/run.mjs.`);
  }
  const ids = engines.map(({ id }) => id);
  const skipped = values.skip === undefined ? [] : chosen(values.skip, ids, 'engine');
  const rounds = values.once ? 1 : Number(values.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Failure('--rounds takes a positive integer.');
  if (values.once && values.readme) throw new Failure('The README takes no numbers from --once.');
  return {
    ...values,
    rounds,
    rows: chosen(values.rows, cases.map(({ name }) => name), 'row'),
    engines: chosen(values.engines, ids, 'engine').filter((id) => !skipped.includes(id)),
    nodes: chosen(values.nodes, lines, 'Node line'),
  };
}

/** Everything that has to be there: `{ binaries, native, ferrule, participants, missing }`. */
async function prepare(options) {
  const binaries = new Map();
  for (const line of options.nodes) {
    const version = versions.find((known) => lineOf(known) === line);
    binaries.set(line, (await node(version)).path);
  }
  const anyBinary = binaries.values().next().value;
  const native = await buildNative(path.join(path.dirname(anyBinary), '..', 'include', 'node'));
  const measured = engines.filter(({ id }) => options.engines.includes(id)).map(({ id, subject = id }) => subject);
  if (measured.includes('ferrule') && options.ferrule === undefined) await build();
  const ferrule = path.resolve(options.ferrule ?? root);
  const peers = engines.filter(({ id, peer }) => peer && options.engines.includes(id)).map(({ peer }) => peer);
  await installPeers([...new Set(peers)]);
  const { participants, missing } = await findParticipants(options.engines, binaries);
  for (const title of missing) console.error(`${title} is missing, and left out.`);
  return { native, ferrule, participants, missing };
}

/** What the loop of a row returns in C, or what comes out of a job there. */
function expectedOfFloor(row, count) {
  if (row.sizes) return row.hash(count);
  const value = (index) => ['first', 'second'][index];
  const pointer = (kind, place) => `${kind} ${place}`;
  return expectedSum(row, { ...row.data?.({ value, pointer }), callback: null }, count);
}

/** What the floor's lines say, as the other engines say it; its sums are checked here. */
function floorAnswers(printed) {
  const answers = {};
  for (const line of printed) {
    const [name, count, sum, ...times] = line.split(' ');
    const row = [...hotCases, ...jobCases].find((known) => known.name === name);
    if (row.missing && times.every((time) => Number(time) === 0)) {
      answers[name] = { unsupported: row.missing };
      continue;
    }
    const expected = expectedOfFloor(row, Number(count));
    if (typeof expected === 'bigint' ? BigInt(sum) !== expected : Number(sum) !== expected) {
      throw new Error(`${name}: the loop of ${count} in C returned ${sum}, not ${expected}`);
    }
    answers[name] = { times: times.map((time) => Number(time) / (row.calls ?? 1)) };
  }
  return answers;
}

/** Runs one process for some rows and adds what it measured to `results`, or a failure to `failures`. */
async function measure(participant, names, { native, ferrule }, timing, { results, failures }) {
  const wanted = names.filter((name) => participant.rows?.includes(name) ?? true);
  if (wanted.length === 0) return;
  const { library, copies, addon, floor } = native;
  const request = {
    engine: participant.engine, cases: wanted, library, copies: copies.slice(0, timing.copies), floor, modules: { ferrule, addon }, timing,
  };
  try {
    const printed = await runParticipant(participant, request, processTimeout);
    const answers = participant.engine === 'floor' ? floorAnswers(printed) : JSON.parse(printed.at(-1));
    for (const name of wanted) {
      const { times, value, unsupported } = answers[name];
      const cell = (results[name][participant.key] ??= unsupported ? { unsupported } : { rounds: [] });
      cell.rounds?.push(times ?? [value]);
    }
  } catch (error) {
    failures.push(error.message);
    console.error(error.message);
  }
}

async function measureAll(options, prepared) {
  const { rows, rounds, once } = options;
  const { participants } = prepared;
  const outcome = { results: Object.fromEntries(rows.map((name) => [name, {}])), failures: [] };
  const begin = Date.now();
  if (once) {
    for (const participant of participants) await measure(participant, rows, prepared, timings.once, outcome);
    return outcome;
  }
  for (let round = 0; round < rounds; round++) {
    // The next round begins with another engine, so that none is always the one after the slowest.
    const turned = participants.map((_, index) => participants[(index + round) % participants.length]);
    for (const name of rows) {
      for (let repetition = 0; repetition < processesPerRound(name); repetition++) {
        for (const participant of turned) await measure(participant, [name], prepared, timings.full, outcome);
      }
      console.error(`round ${round + 1} of ${rounds}, ${name}: ${seconds(Date.now() - begin)} so far`);
    }
  }
  return outcome;
}

/** What a run leaves: everything the report is made of. */
function recordOf(options, { native, missing }, { results, failures }) {
  const nodeVersions = Object.fromEntries(options.nodes.map((line) => [line, versions.find((known) => lineOf(known) === line)]));
  return {
    machine: { cpu: os.cpus()[0].model.trim(), cores: os.cpus().length, platform: process.platform, arch: process.arch },
    versions: { node: nodeVersions, ...peerVersions(), compiler: native.compiler },
    engines: options.engines,
    rounds: options.rounds,
    once: options.once,
    missing,
    failures,
    results,
  };
}

function write(record, options) {
  if (options.json) fs.writeFileSync(options.json, `${JSON.stringify(record)}\n`);
  if (options.svg || options.readme) {
    const first = path.resolve(options.svg ?? path.join(here, 'chart.svg'));
    const { dir, name, ext } = path.parse(first);
    const charts = tables.flatMap(({ id, chart }, index) => {
      const text = drawChart(record, chart);
      const file = index === 0 ? first : path.join(dir, `${name}-${id}${ext}`);
      if (text !== null) fs.writeFileSync(file, text);
      return text === null ? [] : [{ title: chart.title, file }];
    });
    if (options.readme) writeReadme(path.resolve(options.readme), record, charts);
  }
}

await runAsScript(import.meta.url, async (args) => {
  const options = parseOptions(args);
  let record;
  if (options.from) {
    record = JSON.parse(fs.readFileSync(options.from, 'utf8'));
  } else {
    const prepared = await prepare(options);
    record = recordOf(options, prepared, await measureAll(options, prepared));
  }
  printReport(record);
  write(record, options);
  return record.failures.length === 0 ? 0 : 1;
});
