// The differential fuzz of the calling conventions: C functions of random signatures, compiled by gcc and by clang, are called through
// Ferrule, cold and optimised, and what they received and returned is compared with a prediction (test/abi).
//
//   node scripts/fuzz-abi.mjs                              20,000 signatures, each with both compilers, on the Node that runs this
//   node scripts/fuzz-abi.mjs --signatures 1000000         as many as that
//   node scripts/fuzz-abi.mjs --seed 7 --first 1200 --signatures 1 --compiler gcc    one of them again
//
//   --seed S                 another sequence of signatures (default: 1)
//   --first I                begin with the signature I of the sequence
//   --compiler gcc|clang|both|alternating     "both" compiles each function twice, "alternating" with one or the other
//   --cc COMMAND             another compiler, such as "aarch64-linux-gnu-gcc"
//   --node PATH              call on this Node
//   --run COMMAND            call on the Node that this command starts, such as "qemu-aarch64-static -L SYSROOT NODE"
//   --any-tier               the fast tier need not take what it could: for engines and machines on which there is none
//   --library-only           only compile, and say where the libraries are and how to call them
//
// FERRULE_SUBJECT names the module to call through: with "node:ffi", Node's own, which fails.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, failureOf, findProgram, root, run, runAsScript, seconds } from './command.mjs';
import { readProgress } from '../test/abi/progress.js';
import { setOf, valueText } from '../test/abi/sets.js';
import { signatureAt, signatureText } from '../test/abi/signatures.js';
import { fileSource, functionSource } from '../test/abi/source.js';

const directory = path.join(root, 'test', 'abi');

/** How many functions a library has: enough that starting compilers and processes costs little. */
const BATCH = 1000;

const BATCH_TIMEOUT = 15 * 60_000;

const known = ['gcc', 'clang'];
const compilerChoices = [...known, 'both', 'alternating'];

/** Of pairs of batches in turn. What a compiler makes of a call hardly depends on it, and less optimisation is quicker. */
const levels = ['-O2', '-O1', '-O1', '-O1'];

/** A program's path and its arguments. */
function commandOf([program, ...args], purpose) {
  const found = findProgram(program);
  if (!found) throw new Failure(`${program} is missing: ${purpose}.`);
  return [found, ...args];
}

const wordsOf = (text) => text.trim().split(/\s+/);

// Compilers that each function is to be compiled with; with `alternating`, each batch has one of them.
function compilersOf({ compiler = 'both', cc }) {
  const purpose = 'the C functions are compiled with it. Install it, or choose with --compiler or --cc';
  if (cc !== undefined) return [{ name: cc, command: commandOf(wordsOf(cc), purpose) }];
  if (!compilerChoices.includes(compiler)) throw new Failure(`--compiler knows ${compilerChoices.join(', ')}, not ${compiler}.`);
  return known
    .filter((name) => !known.includes(compiler) || compiler === name)
    .map((name) => ({ name, command: commandOf([name], purpose) }));
}

// The batches of a range of signatures. Which signatures share one does not depend on where the range begins.
function* batchesOf({ first, signatures, compilers, alternating }) {
  const end = first + signatures;
  for (let start = first; start < end;) {
    const number = Math.floor(start / BATCH);
    const count = Math.min(end, (number + 1) * BATCH) - start;
    const chosen = alternating ? [compilers[number % compilers.length]] : compilers;
    for (const compiler of chosen) yield { first: start, count, compiler, level: levels[(number >> 1) % levels.length] };
    start += count;
  }
}

function signaturesOf(seed, { first, count }) {
  return Array.from({ length: count }, (_, index) => signatureAt(seed, first + index));
}

async function compile({ seed, fault, scratch, totals }, batch) {
  const start = Date.now();
  const base = path.join(scratch, `${path.basename(batch.compiler.command[0])}-${batch.first}`);
  const [program, ...args] = batch.compiler.command;
  fs.writeFileSync(`${base}.c`, fileSource(signaturesOf(seed, batch), fault));
  const library = `${base}.${process.platform === 'win32' ? 'dll' : 'so'}`;
  const translation = [batch.level, '-std=gnu11', '-w', '-shared', '-fPIC', '-I', directory, '-o', library, `${base}.c`];
  const result = await run(program, [...args, ...translation], { capture: true, timeout: BATCH_TIMEOUT });
  const failure = failureOf(result);
  if (failure) throw new Failure(`${batch.compiler.name} ${failure}:\n${result.output}`);
  totals.of(batch).compiling += Date.now() - start;
  return { base, library };
}

function jobOf({ seed, anyTier, fault }, { first, count }, { base, library }) {
  return { seed, first, count, library, report: `${base}.json`, progress: `${base}.progress`, requireFast: !anyTier, fault };
}

// More room for new objects: optimising makes many.
const flags = ['--allow-natives-syntax', '--min-semi-space-size=16'];

const batchCommand = (node, job) => [...node, ...flags, path.join(directory, 'batch.js'), JSON.stringify(job)];

/** The failures of one batch. */
async function callAll(options, batch, files) {
  const start = Date.now();
  const job = jobOf(options, batch, files);
  // Settings for the Node that runs this are not for the one under test.
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...inherited } = process.env;
  const env = { ...inherited, FERRULE_TIER_TRACE: '1' };
  const [program, ...args] = batchCommand(options.node, job);
  const result = await run(program, args, { capture: true, env, timeout: BATCH_TIMEOUT });
  const failure = failureOf(result);
  if (failure || !fs.existsSync(job.report)) {
    options.totals.failed += 1;
    return [endOf(options, job, failure ?? 'ended without a report', result.output)];
  }
  const report = JSON.parse(fs.readFileSync(job.report, 'utf8'));
  options.totals.add(batch, report, Date.now() - start);
  return report.failures;
}

// What is known of a process that did not live to report.
function endOf({ seed }, { progress }, how, output) {
  const lines = [`the process ${how}`, ...output.split('\n').filter((line) => line.trim() !== '')];
  const call = readProgress(progress);
  if (!call) throw new Failure(`Before the first call, ${lines.join('\n')}`);
  const { values } = setOf(seed, signatureAt(seed, call.index), call.set, call.charIsSigned);
  return { ...call, lines, values: values.map((value) => valueText(value)) };
}

class Totals {
  functions = 0;
  calls = 0;
  heated = 0;
  optimised = 0;
  failed = 0;
  /** Whether it was known which tier took a call. */
  traced = true;
  tiers = {};
  #compilers = new Map();

  of({ compiler: { name } }) {
    if (!this.#compilers.has(name)) this.#compilers.set(name, { name, functions: 0, compiling: 0, calling: 0 });
    return this.#compilers.get(name);
  }

  get compilers() {
    return [...this.#compilers.values()];
  }

  add(batch, { counts, failed, traced }, time) {
    const compiler = this.of(batch);
    compiler.functions += batch.count;
    compiler.calling += time;
    this.functions += batch.count;
    this.failed += failed;
    this.traced &&= traced;
    for (const key of ['calls', 'heated', 'optimised']) this[key] += counts[key];
    for (const [stage, tiers] of Object.entries(counts.tiers)) {
      this.tiers[stage] ??= {};
      for (const [tier, calls] of Object.entries(tiers)) this.tiers[stage][tier] = (this.tiers[stage][tier] ?? 0) + calls;
    }
  }
}

function replayCommand({ seed, replay }, { compiler }, first, signatures) {
  const which = replay.cc ? `--cc "${replay.cc}"` : `--compiler ${compiler.name}`;
  const subject = process.env.FERRULE_SUBJECT ? `FERRULE_SUBJECT=${process.env.FERRULE_SUBJECT} ` : '';
  const where = replay.run ? ` --run "${replay.run}"` : replay.node ? ` --node ${replay.node}` : '';
  const tier = replay.anyTier ? ' --any-tier' : '';
  return `${subject}node scripts/fuzz-abi.mjs --seed ${seed} --first ${first} --signatures ${signatures} ${which}${where}${tier}`;
}

/** A failure, for people. */
function failureText(options, batch, { index, stage, set, tier, lines, values, predicted, received, returned, result }) {
  const signature = signatureAt(options.seed, index);
  const rows = values.map((value, at) => {
    const comparison = predicted ? `\n       predicted ${predicted[at]}\n       received  ${received[at]}` : '';
    return `  ${at}. ${signature.parameters[at].name} ${value}${comparison}`;
  });
  const results = result === undefined ? [] : [`  result ${signature.result.name}: predicted ${result}\n         returned  ${returned}`];
  const compiler = `${batch.compiler.name} ${batch.level}`;
  const where = [`seed ${options.seed}`, compiler, `call site "${signature.caller}"`, stage, `arguments ${set}`];
  if (tier) where.push(`${tier} tier`);
  return [
    `${signatureText(signature)}, ${where.join(', ')}:`,
    ...lines.map((line) => `  ${line}`),
    ...rows,
    ...results,
    '',
    functionSource(signature, options.fault).trim(),
    '',
    `again:                     ${replayCommand(options, batch, index, 1)}`,
    `with what ran before it:   ${replayCommand(options, batch, batch.first, batch.count)}`,
    '',
  ].join('\n');
}

// Takes batches until there are none, or one has failed.
async function lane(options, batches, failures) {
  for (const batch of batches) {
    const files = await compile(options, batch);
    if (options.libraryOnly) {
      const words = batchCommand(options.node, jobOf(options, batch, files));
      options.log(`FERRULE_TIER_TRACE=1 ${words.map((word) => (word.startsWith('{') ? `'${word}'` : word)).join(' ')}`);
      continue;
    }
    failures.push(...(await callAll(options, batch, files)).map((failure) => failureText(options, batch, failure)));
    for (const name of fs.readdirSync(options.scratch)) {
      if (name.startsWith(`${path.basename(files.base)}.`)) fs.rmSync(path.join(options.scratch, name));
    }
    options.onBatch?.(options.totals);
    // The other lanes end after the batch that they are at.
    if (failures.length > 0) batches.return();
  }
}

/**
 * Calls the functions of `signatures` signatures, from `first` of the sequence `seed` on.
 *
 * `compiler`, `cc`, `anyTier` and `libraryOnly` are as on the command line; `node` is the command that starts Node, as words; `lanes` is
 * how many processes run at the same time; `fault` is the name of a deliberate error (source.js, trial.js). `log` gets lines to print, and
 * `onBatch` the totals after each library. Resolves to `{ totals, failures }`, the failures as text. Throws a `Failure` when a compiler is
 * missing, or does not compile what it is given.
 */
export async function fuzz(given) {
  const defaults = {
    seed: 1, first: 0, node: [process.execPath], lanes: os.availableParallelism(), log: console.log, replay: { cc: given.cc },
  };
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-abi-'));
  const options = { ...defaults, ...given, scratch, totals: new Totals() };
  const failures = [];
  try {
    const batches = batchesOf({ ...options, compilers: compilersOf(options), alternating: options.compiler === 'alternating' });
    await Promise.all(Array.from({ length: options.lanes }, () => lane(options, batches, failures)));
  } finally {
    if (!options.libraryOnly) fs.rmSync(scratch, { recursive: true, force: true });
  }
  return { totals: options.totals, failures };
}

const count = (number) => number.toLocaleString('en-US');

function printTotals(totals, { signatures, elapsed }) {
  for (const { name, functions, compiling, calling } of totals.compilers) {
    if (functions === 0) continue;
    const took = (time) => `in ${seconds(time)} (${(time / functions).toFixed(2)} ms each)`;
    console.log(`${name}: ${count(functions)} functions, compiled ${took(compiling)}, called ${took(calling)}`);
  }
  console.log(`${count(totals.calls)} calls; ${count(totals.optimised)} of ${count(totals.heated)} functions called from optimised code`);
  if (!totals.traced) console.log('Which tiers took the calls is not known.');
  for (const [stage, tiers] of Object.entries(totals.traced ? totals.tiers : {})) {
    console.log(`  ${stage.padEnd(9)} ${Object.entries(tiers).map(([tier, calls]) => `${tier} ${count(calls)}`).join(', ')}`);
  }
  const rate = (number) => Math.round(number / (elapsed / 1000));
  console.log(`${count(signatures)} signatures, ${count(totals.functions)} functions in ${seconds(elapsed)}: ` +
    `${rate(signatures)} signatures/s, ${rate(totals.functions)} functions/s; ${count(totals.failed)} mismatches`);
}

function numberOf(values, name, usual, least) {
  const number = Number(values[name] ?? usual);
  if (!Number.isSafeInteger(number) || number < least || number >= 2 ** 31) {
    throw new Failure(`--${name} wants an integer of at least ${least}, not ${values[name]}.`);
  }
  return number;
}

function parseOptions(args) {
  const string = { type: 'string' };
  const boolean = { type: 'boolean' };
  let values;
  try {
    ({ values } = parseArgs({ args, options: {
      signatures: string, seed: string, first: string, compiler: string, cc: string, node: string, run: string,
      'any-tier': boolean, 'library-only': boolean,
    } }));
  } catch (error) {
    throw new Failure(`${error.message}\nWhat there is stands at the top of scripts/fuzz-abi.mjs.`);
  }
  if (values.node && values.run) throw new Failure('--node and --run exclude each other.');
  const purpose = 'the functions were to be called with it';
  return {
    signatures: numberOf(values, 'signatures', 20_000, 1),
    seed: numberOf(values, 'seed', 1, 0),
    first: numberOf(values, 'first', 0, 0),
    compiler: values.compiler,
    cc: values.cc,
    node: commandOf(values.run ? wordsOf(values.run) : [values.node ?? process.execPath], purpose),
    anyTier: values['any-tier'] ?? false,
    libraryOnly: values['library-only'] ?? false,
    replay: { cc: values.cc, node: values.node, run: values.run, anyTier: values['any-tier'] },
  };
}

await runAsScript(import.meta.url, async (args) => {
  const options = parseOptions(args);
  const start = Date.now();
  let shown = start;
  const { totals, failures } = await fuzz({
    ...options,
    onBatch({ functions, failed }) {
      if (Date.now() - shown < 30_000) return;
      shown = Date.now();
      console.log(`${seconds(shown - start)}: ${count(functions)} functions, ${failed} mismatches`);
    },
  });
  if (options.libraryOnly) return 0;
  failures.forEach((failure) => console.log(failure));
  printTotals(totals, { signatures: options.signatures, elapsed: Date.now() - start });
  return totals.failed === 0 ? 0 : 1;
});
