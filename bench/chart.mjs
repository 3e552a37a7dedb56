// Draws a chart: for each hot case of a table a row of marks, one per engine, on a logarithmic axis. Plain SVG with its own background, so
// that it can be read in a light and in a dark page, and with no font of its own.

import { engines, keyInTable } from './engines.mjs';
import { columnsOf, linesOf, rowsOf, summaryOf, titleOf } from './report.mjs';

const width = 880;
const left = 268;
const right = 30;
const rowHeight = 20;
const panelGap = 34;
const legendHeight = 58;
const axisHeight = 26;

/** Colours for a light and a dark page, and shapes, which tell the engines apart without colour as well. */
const looks = {
  ferrule: { light: '#c2410c', dark: '#fb923c', shape: 'disc', size: 5.5 },
  builtin: { light: '#15803d', dark: '#4ade80', shape: 'square', size: 4 },
  koffi: { light: '#1d4ed8', dark: '#60a5fa', shape: 'diamond', size: 5 },
  'ffi-rs': { light: '#a16207', dark: '#facc15', shape: 'triangle', size: 5 },
  addon: { light: '#7e22ce', dark: '#c084fc', shape: 'ring', size: 3.6 },
  buffer: { light: '#0369a1', dark: '#7dd3fc', shape: 'dash', size: 4.5 },
  deno: { light: '#0f766e', dark: '#2dd4bf', shape: 'cross', size: 3.6 },
  bun: { light: '#be185d', dark: '#f472b6', shape: 'plus', size: 4.2 },
  floor: { light: '#57606a', dark: '#9198a1', shape: 'bar', size: 6 },
};

const rounded = (number) => Number(number.toFixed(1));

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function mark(id, x, y) {
  const { shape, size } = looks[id];
  const [a, b, c, d] = [x - size, x + size, y - size, y + size].map(rounded);
  const [cx, cy] = [x, y].map(rounded);
  const shapes = {
    disc: `<circle class="fill ${id}" cx="${cx}" cy="${cy}" r="${size}"/>`,
    ring: `<circle class="line ${id}" cx="${cx}" cy="${cy}" r="${size}"/>`,
    square: `<rect class="fill ${id}" x="${a}" y="${c}" width="${2 * size}" height="${2 * size}"/>`,
    diamond: `<path class="fill ${id}" d="M${a} ${cy}L${cx} ${c}L${b} ${cy}L${cx} ${d}Z"/>`,
    triangle: `<path class="fill ${id}" d="M${a} ${d}L${cx} ${c}L${b} ${d}Z"/>`,
    cross: `<path class="line ${id}" d="M${a} ${c}L${b} ${d}M${a} ${d}L${b} ${c}"/>`,
    plus: `<path class="line ${id}" d="M${a} ${cy}H${b}M${cx} ${c}V${d}"/>`,
    dash: `<path class="line ${id}" d="M${a} ${cy}H${b}"/>`,
    bar: `<path class="line ${id}" d="M${cx} ${c}V${d}"/>`,
  };
  return shapes[shape];
}

function styleOf(ids) {
  const rules = (theme, colours) => [
    `.page{fill:${colours.page};stroke:${colours.grid}}`,
    `text{fill:${colours.text}}`,
    `.grid{stroke:${colours.grid}}`,
    ...ids.map((id) => `.fill.${id}{fill:${looks[id][theme]}}.line.${id}{stroke:${looks[id][theme]}}`),
  ].join('');
  const light = rules('light', { page: '#ffffff', text: '#1f2328', grid: '#d8dee4' });
  const dark = rules('dark', { page: '#0d1117', text: '#e6edf3', grid: '#30363d' });
  return [
    '<style>',
    'text{font:12px -apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif}.title{font-weight:600}.axis{text-anchor:middle}',
    '.row{text-anchor:end}.minor{stroke-opacity:.4}.line{fill:none;stroke-width:1.8}',
    light,
    `@media (prefers-color-scheme:dark){${dark}}`,
    '</style>',
  ].join('\n');
}

const factors = [1, 2, 5];

/** The axis: from a power of ten to the first round number beyond the last value; `place(nanoseconds)` is where. */
function axisOf(values) {
  const last = Math.max(...values);
  const first = Math.floor(Math.log10(Math.min(...values)));
  const ticks = [];
  for (let power = first; ticks.length < 2 || ticks.at(-1) < last; power++) {
    for (const factor of factors) {
      if (ticks.length < 2 || ticks.at(-1) < last) ticks.push(factor * 10 ** power);
    }
  }
  const scale = (width - left - right) / (Math.log10(ticks.at(-1)) - first);
  const place = (value) => left + (Math.log10(value) - first) * scale;
  return { place, ticks: ticks.map((value) => ({ x: rounded(place(value)), value })) };
}

/** Only the powers of ten have room for a label. */
function tickLabel(value) {
  if (Math.abs(Math.log10(value) % 1) > 1e-9) return null;
  const [size, unit] = value >= 1e6 ? [1e6, 'ms'] : value >= 1000 ? [1000, 'µs'] : [1, 'ns'];
  return `${Number((value / size).toPrecision(1))} ${unit}`;
}

function legend(shown) {
  let x = 24;
  return shown.map(({ id, title }) => {
    const entry = `${mark(id, x, 40)}<text x="${x + 11}" y="44">${escape(title)}</text>`;
    x += 34 + title.length * 7;
    return entry;
  });
}

function panel(record, line, rows, { place, ticks }, top) {
  const bottom = top + rows.length * rowHeight;
  const parts = [`<text class="title" x="24" y="${top - 10}">Node ${escape(record.versions.node[line])}</text>`];
  for (const { x, value } of ticks) {
    const label = tickLabel(value);
    parts.push(`<path class="${label ? 'grid' : 'grid minor'}" d="M${x} ${top}V${bottom}"/>`);
    if (label) parts.push(`<text class="axis" x="${x}" y="${bottom + 16}">${label}</text>`);
  }
  rows.forEach((row, index) => {
    const y = top + (index + 0.5) * rowHeight;
    parts.push(`<text class="row" x="${left - 14}" y="${y + 4}">${escape(titleOf(record, row))}</text>`);
    // Ferrule's mark is the last, above the others.
    for (const { key, id } of columnsOf(record, line, rows).reverse()) {
      const summary = summaryOf(record, row.name, key);
      if (summary !== null) parts.push(mark(id, place(summary.median), y));
    }
  });
  return parts;
}

/**
 * A chart of a run, as the text of an SVG file: `{ title, rows }` on the newest lines that were measured, two at most; null when there
 * are no numbers for it.
 */
export function drawChart(record, { title, rows: known }) {
  const lines = linesOf(record).slice(-2).reverse();
  const rows = rowsOf(record, known);
  const medianOf = (name, engine, line) => summaryOf(record, name, keyInTable(engine, line))?.median ?? [];
  const mediansOf = (engine) => lines.flatMap((line) => rows.flatMap(({ name }) => medianOf(name, engine, line)));
  const shown = engines.filter((engine) => record.engines.includes(engine.id) && !engine.apart && mediansOf(engine).length > 0);
  if (shown.length === 0) return null;
  const axis = axisOf(shown.flatMap(mediansOf));
  const panelHeight = panelGap + rows.length * rowHeight + axisHeight;
  const height = legendHeight + lines.length * panelHeight + 10;
  const panels = lines.flatMap((line, index) => panel(record, line, rows, axis, legendHeight + index * panelHeight + panelGap));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}, by engine</title>`,
    styleOf(shown.map(({ id }) => id)),
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="24" y="22">${escape(title)}: logarithmic, left is better</text>`,
    ...legend(shown),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}
