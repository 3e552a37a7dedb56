// What the demo prints: headings, a progress bar and tables, for a person at a terminal and for a log file.

const { NO_COLOR = '', TERM } = process.env;
const colourful = process.stdout.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
const paint = (code) => (text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : String(text));

export const bold = paint('1');
export const dim = paint('2');
export const red = paint('31');
export const green = paint('32');
export const yellow = paint('33');

export function print(line = '') {
  process.stdout.write(`${line}\n`);
}

export function integer(value) {
  return Math.round(value).toLocaleString('en-US');
}

export function measure(body) {
  const started = performance.now();
  const value = body();
  return { value, time: performance.now() - started };
}

export function milliseconds(value) {
  return `${value < 10 ? value.toFixed(1) : integer(value)} ms`;
}

// As in 5.55 M calls/s.
export function rate(amount, unit, time) {
  // Rounded first: what is 1000 k then is 1 M.
  const perSecond = Number((amount / (time / 1000)).toPrecision(3));
  const [factor, prefix] = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']].find(([least]) => perSecond >= least) ?? [1, ''];
  return `${(perSecond / factor).toPrecision(3)} ${prefix}${unit.length > 1 ? ' ' : ''}${unit}/s`;
}

// With the rest of its line this stays within 80 columns.
const BAR_WIDTH = 28;

// On a terminal one line that is drawn again in place; elsewhere a plain line at every quarter.
export class ProgressBar {
  #label;
  #total;
  #unit;
  #shown = -1;

  constructor(label, total, unit) {
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
  }

  update(done) {
    const terminal = process.stdout.isTTY === true;
    const percent = Math.floor((done * 100) / this.#total);
    const shown = terminal ? percent : percent - (percent % 25);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const amount = `${integer(done)} of ${integer(this.#total)} ${this.#unit}`;
    if (!terminal) {
      print(`  ${this.#label} ${String(percent).padStart(3)} %  ${amount}`);
      return;
    }
    const filled = Math.round((done / this.#total) * BAR_WIDTH);
    const bar = green('█'.repeat(filled)) + dim('░'.repeat(BAR_WIDTH - filled));
    process.stdout.write(`\r  ${this.#label} ${bar} ${String(percent).padStart(3)} %  ${dim(amount)}\x1b[K`);
    if (done === this.#total) print();
  }
}

// `columns` are { title, right } and `rows` arrays of strings or { text, paint }. The width of each column is that of
// its widest cell.
export function table(columns, rows) {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'object' ? cell : { text: cell, paint: String })));
  const widths = columns.map(({ title }, index) => Math.max(
    title.length, ...cells.map((row) => row[index].text.length),
  ));
  const line = (row) => row.map(({ text, paint: colour }, index) => {
    const padding = ' '.repeat(widths[index] - text.length);
    return columns[index].right ? padding + colour(text) : colour(text) + padding;
  }).join('  ').trimEnd();
  print(`  ${line(columns.map(({ title }) => ({ text: title, paint: dim })))}`);
  print(`  ${dim(widths.map((width) => '─'.repeat(width)).join('──'))}`);
  for (const row of cells) print(`  ${line(row)}`);
}
