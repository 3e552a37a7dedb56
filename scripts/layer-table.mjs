// The two tables of ARCHITECTURE.md that scripts/check-layers.mjs holds the sources against.

/** The cells of the rows of the table whose header is `header`, with the line each stands on; null when there is none. */
function readTable(markdown, header) {
  const lines = markdown.split(/\r?\n/);
  const cellsOf = (line) => line.trim().replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());
  const isRow = (line) => line?.trim().startsWith('|');
  const start = lines.findIndex((line) => isRow(line) && cellsOf(line).join('|').toLowerCase() === header.join('|'));
  if (start === -1) return null;
  const rows = [];
  // Below the header stands the line of dashes.
  for (let index = start + 2; isRow(lines[index]); index += 1) rows.push({ cells: cellsOf(lines[index]), line: index + 1 });
  return rows;
}

/** The names in a cell: with or without backticks, between spaces or commas; a dash is no name. */
function namesIn(cell) {
  return cell.replaceAll('`', '').split(/[\s,]+/).filter((name) => /\w/.test(name));
}

/** `abi/types.rs` in the table is `crates/abi/src/types.rs`; what is in lib/ is written as it is. */
export function fileOfName(name) {
  if (name.startsWith('lib/')) return name;
  const [crate, ...rest] = name.split('/');
  return `crates/${crate}/src/${rest.join('/')}`;
}

export function nameOfFile(file) {
  return file.replace(/^crates\/([^/]+)\/src\//, '$1/');
}

function withoutExtension(name) {
  return name.replace(/(\.d)?\.\w+$/, '');
}

/** Within its own crate, or within lib/, a row may leave that out: `types` in a row of abi/ is `abi/types`. */
function qualify(pattern, name, places) {
  const [place] = pattern.split('/');
  return pattern.includes('/') && places.has(place) ? pattern : `${name.split('/')[0]}/${pattern}`;
}

/** Whether a pattern of the table (`abi/types`, `abi/types.rs`, `addon/napi/*`) means this file name. */
export function matches(pattern, name) {
  if (pattern.endsWith('/*')) return name.startsWith(pattern.slice(0, -1));
  return pattern === name || pattern === withoutExtension(name);
}

/**
 * Reads both tables. `rows` are `{ number, name, allowed, line }` in the table's order, `outside` are `{ what, patterns, line }`,
 * `problems` are sentences about the tables themselves.
 */
export function readLayers(markdown) {
  const problems = [];
  const report = (line, text) => problems.push({ file: 'ARCHITECTURE.md', line, text });
  const layerRows = readTable(markdown, ['#', 'file', 'what lives there', 'may use']);
  const outsideRows = readTable(markdown, ['what', 'only in']);
  if (!layerRows) report(1, 'has no table with the columns "#", "file", "what lives there", "may use"');
  if (!outsideRows) report(1, 'has no table with the columns "what", "only in"');

  const rows = [];
  for (const { cells, line } of layerRows ?? []) {
    const [number, file, purpose, allowed] = cells;
    const [name] = namesIn(file ?? '');
    if (cells.length !== 4 || !name || !/^\d+$/.test(number) || !purpose) {
      report(line, 'is not a row of four: a number, a file, what lives there, what it may use');
      continue;
    }
    if (rows.some((row) => row.name === name)) report(line, `is the second row for ${name}`);
    const last = rows.at(-1)?.number ?? 0;
    if (Number(number) <= last) report(line, `has the number ${number}, which does not come after ${last}`);
    rows.push({ number: Number(number), name, allowed: namesIn(allowed), line });
  }
  const places = new Set(rows.map(({ name }) => name.split('/')[0]));
  rows.forEach((row, index) => {
    row.allowed = row.allowed.map((pattern) => qualify(pattern, row.name, places));
    for (const pattern of row.allowed) {
      const meant = rows.filter(({ name }) => name !== row.name && matches(pattern, name));
      if (meant.length === 0) report(row.line, `lets ${row.name} use ${pattern}, which has no row`);
      // A directory stands for those of its files that are above.
      else if (!meant.some((other) => rows.indexOf(other) < index)) {
        report(row.line, `lets ${row.name} use ${pattern}, which is not above it`);
      }
    }
  });
  const outside = (outsideRows ?? []).map(({ cells, line }) => ({ what: namesIn(cells[0])[0], patterns: namesIn(cells[1] ?? ''), line }));
  for (const { what, patterns, line } of outside) {
    for (const pattern of patterns) {
      if (!rows.some(({ name }) => matches(pattern, name))) report(line, `lets ${pattern} use ${what}, but that has no row`);
    }
  }
  return { rows, outside, problems };
}
