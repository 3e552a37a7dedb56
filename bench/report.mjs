// The tables, for the terminal and for the README.

import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../scripts/command.mjs';
import { cases, coldCases, tables } from './cases.mjs';
import { engines, keyInTable } from './engines.mjs';
import { geometricMean, summarise } from './statistics.mjs';

const marks = ['<!-- bench:begin -->', '<!-- bench:end -->'];

/** The Node lines for which the ratio to the others is worked out. */
const comparedLines = [24, 26];
const rivals = ['koffi', 'builtin'];

/** The Node lines of a run, oldest first. */
export function linesOf(record) {
  return Object.keys(record.versions.node).map(Number);
}

/** The rows of a run, as in the tables. */
export function rowsOf(record, known = cases) {
  return known.filter(({ name }) => Object.hasOwn(record.results, name));
}

/** The columns of a line's table of `rows`: the engines that have a number there, as `{ key, id, title }`. */
export function columnsOf(record, line, rows) {
  return engines
    .filter(({ id, apart }) => record.engines.includes(id) && !apart)
    .map((engine) => ({ key: keyInTable(engine, line), id: engine.id, title: engine.title }))
    .filter(({ key }) => rows.some(({ name }) => summaryOf(record, name, key) !== null));
}

/** `{ median, minimum }` of a cell, or null when there is none. */
export function summaryOf(record, row, key) {
  const cell = record.results[row][key];
  return cell?.rounds?.length > 0 ? summarise(cell.rounds) : null;
}

function digits(number) {
  if (number > 0 && number < 0.1) return number.toPrecision(1);
  return number < 10 ? number.toFixed(1) : Math.round(number).toLocaleString('en');
}

function inUnits({ unit }, value) {
  return digits(value / (unit?.size ?? 1));
}

function cellText(record, row, key) {
  const summary = summaryOf(record, row.name, key);
  if (summary === null) return '–';
  const minimum = record.once ? '' : ` (${inUnits(row, summary.minimum)})`;
  return inUnits(row, summary.median) + minimum;
}

/** The title of a row: that of a job says its size, which is another one in a short run. */
export function titleOf(record, { title, sizes }) {
  return sizes ? title((record.once ? sizes.once : sizes.full).toLocaleString('en')) : title;
}

function rowTitle(record, row) {
  return row.unit ? `${titleOf(record, row)}, ${row.unit.name}` : titleOf(record, row);
}

/** What the table of the runtimes compares: Ferrule in each, without the runtime's own FFI as well, and that FFI itself. */
const runtimeColumns = ['ferrule-bun', 'ferrule-bun-napi', 'bun', 'ferrule-deno', 'ferrule-deno-napi', 'deno'];

/** One of the tables of a line, as rows of texts, of which the first holds the titles; null when it has no numbers. */
function tableOf(record, line, { title, rows: known }) {
  const rows = rowsOf(record, known);
  return tableWith(record, title, rows, columnsOf(record, line, rows));
}

/** The table of the runtimes; null when Ferrule was not measured there. */
function runtimeTable(record) {
  const measured = runtimeColumns.map((id) => engines.find((engine) => engine.id === id))
    .filter(({ id }) => record.engines.includes(id))
    .map(({ id, title }) => ({ key: id, id, title }));
  if (!measured.some(({ id }) => id.startsWith('ferrule-'))) return null;
  const rows = rowsOf(record).filter(({ name }) => measured.some(({ id, key }) => id.startsWith('ferrule-') && summaryOf(record, name, key)));
  return tableWith(record, 'Bun and Deno', rows, measured.filter(({ key }) => rows.some(({ name }) => summaryOf(record, name, key))));
}

function tableWith(record, title, rows, columns) {
  if (columns.length === 0) return null;
  const what = record.once ? `${title}, ns` : `${title}, ns: median (minimum)`;
  const head = [what, ...columns.map((column) => column.title)];
  return [head, ...rows.map((row) => [rowTitle(record, row), ...columns.map(({ key }) => cellText(record, row, key))])];
}

function tablesOf(record, line) {
  return tables.map((table) => tableOf(record, line, table)).filter(Boolean);
}

/**
 * How Ferrule compares on a line: `[{ row, ours, best, ratio, aim }]`, where `best` is the faster of koffi on that line and the built-in,
 * by medians. Rows without a number on either side are left out.
 */
export function comparison(record, line) {
  const found = [];
  for (const row of rowsOf(record)) {
    const ours = summaryOf(record, row.name, `ferrule@${line}`);
    const others = engines.filter(({ id }) => rivals.includes(id)).map((engine) => summaryOf(record, row.name, keyInTable(engine, line)));
    const best = others.filter(Boolean).sort((a, b) => a.median - b.median)[0];
    if (!ours || !best) continue;
    const aim = typeof row.aim === 'object' ? row.aim[line] : row.aim;
    found.push({ row, ours, best, ratio: ours.median / best.median, minimumRatio: ours.minimum / best.minimum, aim });
  }
  return found;
}

/** What the ratios are averaged over: the rows of a table that are no outliers, and those that are not about calls. */
const means = [
  ...tables.map(({ id, title, rows }) => ({
    id, title: title.toLowerCase(), rows: rows.filter((row) => !coldCases.includes(row) && !row.outlier),
  })),
  { id: 'cold', title: 'the other rows', rows: coldCases },
];

function meanRatio(compared, known) {
  const ratios = compared.filter(({ row }) => known.includes(row)).map(({ ratio }) => ratio);
  return ratios.length === 0 ? null : geometricMean(ratios);
}

function comparisonTable(record, line) {
  const compared = comparison(record, line);
  const head = [`Node ${line}`, 'Ferrule', 'best of koffi and node:ffi', 'ratio', 'ratio of minima', 'aim'];
  const rows = compared.map(({ row, ours, best, ratio, minimumRatio, aim }) => {
    const reached = aim === undefined ? '' : `${aim}${ours.median <= aim ? '' : ' not reached'}`;
    const times = [ours, best].map(({ median }) => inUnits(row, median));
    return [rowTitle(record, row), ...times, ratio.toFixed(2), minimumRatio.toFixed(2), reached];
  });
  const sums = means.flatMap(({ title, rows: known }) => {
    const mean = meanRatio(compared, known);
    return mean === null ? [] : [`Geometric mean of the ratios, ${title}: ${mean.toFixed(2)}`];
  });
  return rows.length === 0 ? null : { table: [head, ...rows], sums };
}

function aligned(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]));
  return table.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function markdown(table) {
  const [head, ...rows] = table.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|---|${table[0].slice(1).map(() => '--:|').join('')}`, ...rows].join('\n');
}

/** Why cells of a run are empty, one sentence each. */
function remarks(record) {
  const reasons = new Map();
  for (const row of rowsOf(record)) {
    for (const { unsupported } of Object.values(record.results[row.name])) {
      if (unsupported) reasons.set(unsupported, [...new Set([...reasons.get(unsupported) ?? [], titleOf(record, row)])]);
    }
  }
  return [
    ...record.missing.map((title) => `${title} was missing.`),
    ...[...reasons].map(([reason, titles]) => `No number (${titles.join('; ')}): ${reason}.`),
  ];
}

function printComparisons(record) {
  for (const line of linesOf(record).filter((known) => comparedLines.includes(known))) {
    const compared = comparisonTable(record, line);
    if (compared) console.log(`\n${aligned(compared.table)}\n${compared.sums.join('\n')}`);
  }
}

/** Prints the tables of a run. */
export function printReport(record) {
  for (const line of linesOf(record)) {
    console.log(`\nNode ${record.versions.node[line]}`);
    for (const table of tablesOf(record, line)) console.log(`\n${aligned(table)}`);
  }
  const inRuntimes = runtimeTable(record);
  if (inRuntimes) console.log(`\n${aligned(inRuntimes)}`);
  for (const remark of remarks(record)) console.log(`\n${remark}`);
  if (record.once) console.log('\nOne short round: the answers were checked, the times mean little.');
  else printComparisons(record);
  if (record.failures.length > 0) console.log(`\n${record.failures.length} failed; each has printed why:`);
  for (const failure of record.failures) console.log(`  ${failure.split('\n')[0]}`);
}

/** The means of `id` on the lines that are compared, as a text; null when there are none. */
function meansText(record, id) {
  const { rows } = means.find((known) => known.id === id);
  const texts = linesOf(record).filter((known) => comparedLines.includes(known)).flatMap((line) => {
    const mean = meanRatio(comparison(record, line), rows);
    return mean === null ? [] : [`${mean.toFixed(2)} on Node ${line}`];
  });
  return texts.length === 0 ? null : texts.join(' and ');
}

function meansSection(record) {
  const texts = means.slice(0, tables.length).flatMap(({ id, title }) => {
    const text = meansText(record, id);
    return text === null ? [] : [`${text} for ${title}`];
  });
  if (texts.length === 0) return [];
  return [`Ferrule's time divided by the better one of koffi's and the built-in's is, as the geometric mean of the rows of a table that are
measured in a loop and of the jobs, ${texts.join(', and ')}; the view of 1 GiB is left out.`];
}

/** The part of the README that a run writes. `charts` are the paths of the charts from the README. */
export function readmeSection(record, charts) {
  const { machine, versions, rounds } = record;
  const others = `koffi ${versions.koffi}, ffi-rs ${versions['ffi-rs']}, Deno ${versions.deno}, Bun ${versions.bun}`;
  const details = linesOf(record).reverse().map((line) => `<details>
<summary>Node ${versions.node[line]}</summary>

${tablesOf(record, line).map(markdown).join('\n\n')}

</details>`);
  return [
    ...charts.map(({ title, file }) => `![${title}, by engine](${file})`),
    `Measured on ${machine.platform} ${machine.arch}, ${machine.cpu}, with ${others}
and a C library compiled by ${versions.compiler} with \`-O2\`. Each number is the median of ${rounds} round${rounds === 1 ? '' : 's'}, each in a process of its own;
the least sample is in parentheses. Time in which the system had given the processor to another program is not counted. "C" is a loop in C
that calls the same function through a pointer, or copies the same bytes; "Node-API addon" is one written by hand for these functions;
"Buffer" is what V8 and Node take for the string, the array or the number when the bytes are in a Buffer already.`,
    ...meansSection(record),
    'The program is in [bench/](bench/): `node bench/run.mjs`.',
    ...details,
    ...runtimesSection(record),
    ...remarks(record).length > 0 ? [remarks(record).join(' ')] : [],
  ].join('\n\n');
}

function runtimesSection(record) {
  const table = runtimeTable(record);
  return table === null ? [] : [`<details>
<summary>Bun ${record.versions.bun} and Deno ${record.versions.deno}</summary>

${markdown(table)}

</details>`];
}

/** Replaces what is between the marks in the README; `charts` are the charts that go with it, as `{ title, file }`. */
export function writeReadme(file, record, charts) {
  const text = fs.readFileSync(file, 'utf8');
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin === -1 || end < begin) throw new Failure(`${file} has no ${marks[0]} followed by ${marks[1]}.`);
  const linked = charts.map((chart) => ({ ...chart, file: path.relative(path.dirname(file), chart.file).split(path.sep).join('/') }));
  fs.writeFileSync(file, `${text.slice(0, begin + marks[0].length)}\n\n${readmeSection(record, linked)}\n\n${text.slice(end)}`);
}
