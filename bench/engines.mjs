// The engines: what is compared, where each runs, and how its process is started.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../scripts/command.mjs';
import { hotCases, jobCases } from './cases.mjs';
import { runtimeBinary } from './peers.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const program = path.join(here, 'measure.mjs');

/**
 * In the order of the tables. `lines`: the Node lines an engine runs on, `all` of them unless told; null for what is not Node. `peer`: the
 * npm package it comes from; `optional`: that it may be missing; `rows`: the rows it is in, all of them unless told. `runtime`: what runs it
 * instead of Node; `subject`: the engine that is measured there, the one of its own name unless told, with `settings` in its environment.
 * `apart`: that it is in the table of the runtimes only.
 */
export const engines = [
  { id: 'ferrule', title: 'Ferrule' },
  { id: 'builtin', title: 'node:ffi of 26', lines: [26] },
  { id: 'koffi', title: 'koffi', peer: 'koffi' },
  { id: 'ffi-rs', title: 'ffi-rs', peer: 'ffi-rs' },
  { id: 'addon', title: 'Node-API addon' },
  { id: 'buffer', title: 'Buffer', rows: hotCases.filter(({ floor }) => floor?.buffer).map(({ name }) => name) },
  { id: 'deno', title: 'Deno', lines: null, runtime: 'deno', peer: 'deno', optional: true },
  { id: 'bun', title: 'Bun', lines: null, runtime: 'bun', peer: 'bun', optional: true },
  ...['deno', 'bun'].flatMap((runtime) => {
    const common = { lines: null, runtime, peer: runtime, optional: true, apart: true, subject: 'ferrule' };
    const name = runtime === 'bun' ? 'Bun' : 'Deno';
    return [
      { id: `ferrule-${runtime}`, title: `Ferrule in ${name}`, ...common },
      { id: `ferrule-${runtime}-napi`, title: `through Node-API in ${name}`, settings: { FERRULE_TIERS: 'cell' }, ...common },
    ];
  }),
  { id: 'floor', title: 'C', lines: null, rows: [...hotCases, ...jobCases].filter(({ floor }) => floor?.c).map(({ name }) => name) },
];

/** One engine on one Node line, or on none, as it is called in results: "koffi@24", "deno". */
export function keyOf(engine, line) {
  return line === null ? engine : `${engine}@${line}`;
}

/** Where a line's table finds the numbers of an engine, or null: what runs on no Node or on one line only is in every table. */
export function keyInTable({ id, lines }, line) {
  if (lines === null) return keyOf(id, null);
  return keyOf(id, lines === undefined || lines.includes(line) ? line : lines.at(-1));
}

/** The environment of a measuring process: without what would change how an engine behaves, but for the engine's own settings. */
function environment(settings) {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, FERRULE_TIERS: _tiers, ...rest } = process.env;
  return { ...rest, ...settings, DENO_DIR: path.join(here, 'build', 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
}

/** The flag with which a process can collect garbage, if it has to: V8 loads less from its caches when it is started with flags. */
function withCollector({ cases }, flag) {
  return flag !== null && cases.includes('memory') ? [flag] : [];
}

/** How other runtimes are started: their arguments, and the flag for `withCollector`. */
const runtimes = {
  deno: { options: ['run', '--allow-all', '--no-lock', '--no-config'], collector: '--v8-flags=--expose-gc' },
  bun: { options: ['run'], collector: null },
};

/**
 * What to run, for the engines and Node lines that are wanted: `[{ key, engine, line, start }]` where `start(request)` is the program and
 * its arguments; and `missing`, the titles of optional engines that are not there. `binaries` are the Node binaries by line.
 */
export async function findParticipants(ids, binaries) {
  const participants = [];
  const missing = [];
  const add = (engine, line, start) => {
    const { rows, subject = engine, settings } = engines.find(({ id }) => id === engine);
    participants.push({ key: keyOf(engine, line), engine: subject, line, rows, settings, start });
  };
  for (const { id, title, lines, runtime } of engines.filter((engine) => ids.includes(engine.id))) {
    if (id === 'floor') {
      add(id, null, ({ floor, library, cases, timing }) => {
        const sizeOf = (name) => jobCases.find((job) => job.name === name)?.sizes[timing.size];
        const names = cases.map((name) => (sizeOf(name) === undefined ? name : `${name}=${sizeOf(name)}`));
        return [floor, [library, String(timing.sample), String(timing.samples), ...names]];
      });
    } else if (runtime) {
      const { options, collector } = runtimes[runtime];
      const binary = await runtimeBinary(runtime);
      if (binary === null) missing.push(title);
      else add(id, null, (request) => [binary, [...options, ...withCollector(request, collector), program, JSON.stringify(request)]]);
    } else {
      for (const [line, binary] of binaries) {
        if (lines && !lines.includes(line)) continue;
        add(id, line, (request) => [binary, ['--no-warnings', ...withCollector(request, '--expose-gc'), program, JSON.stringify(request)]]);
      }
    }
  }
  return { participants, missing };
}

/** Runs a measuring process and resolves to what it printed; an Error says how it ended otherwise. */
export async function runParticipant(participant, request, timeout) {
  const [binary, args] = participant.start(request);
  const lines = [];
  const { code, signal, timedOut, output } = await run(binary, args, {
    cwd: here, env: environment(participant.settings), capture: true, onLine: (line) => lines.push(line), timeout,
  });
  if (code === 0) return lines.filter(Boolean);
  const how = timedOut ? `took more than ${timeout / 1000} s` : signal ? `was killed by ${signal}` : `ended with exit code ${code}`;
  throw new Error(`${participant.key} ${how}:\n${output.trim().split('\n').slice(0, 20).join('\n')}`);
}
