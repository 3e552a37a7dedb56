// The SQLite part of the demo: a table filled and queried, with an SQL function and an aggregate in JavaScript.

import { SQLite } from './sqlite.mjs';
import { ProgressBar, bold, dim, integer, measure, print, table, yellow } from './terminal.mjs';
import { median, season } from './weather.mjs';

const library = 'SQLite';

// The library, or undefined after saying how to get it.
export function openSQLite() {
  const named = process.env.FERRULE_DEMO_SQLITE;
  const files = named !== undefined ? [named] :
    process.platform === 'darwin' ? ['libsqlite3.dylib', '/usr/lib/libsqlite3.dylib'] :
      ['libsqlite3.so.0', 'libsqlite3.so'];
  const reasons = [];
  for (const file of files) {
    try {
      return new SQLite(file);
    } catch (error) {
      if (error.code !== 'ERR_FFI_CALL_FAILED') throw error;
      reasons.push(error.message);
    }
  }
  print(`${yellow('!')} ${bold('SQLite is not here')}, so the demo runs without that part. To install it:`);
  print();
  table([{ title: 'System' }, { title: 'Command' }], [
    ['Debian, Ubuntu', 'sudo apt-get install libsqlite3-0'],
    ['Fedora', 'sudo dnf install sqlite-libs'],
    ['Alpine', 'apk add sqlite-libs'],
    ['macOS', 'brew install sqlite, then FERRULE_DEMO_SQLITE="$(brew --prefix sqlite)/lib/libsqlite3.dylib"'],
  ]);
  print();
  for (const reason of reasons) print(`  ${dim(reason)}`);
  print();
  return undefined;
}

function fill(database, readings) {
  const bar = new ProgressBar('Filling a table', readings.length, 'rows');
  database.execute('CREATE TABLE reading (station TEXT, latitude REAL, time INTEGER, celsius REAL)');
  const { time } = measure(() => {
    const insert = database.prepare('INSERT INTO reading VALUES (?, ?, ?, ?)');
    try {
      database.execute('BEGIN');
      bar.update(0);
      readings.forEach(({ station, latitude, time: seconds, celsius }, index) => {
        insert.run(station, latitude, seconds, celsius);
        if ((index + 1) % 1000 === 0) bar.update(index + 1);
      });
      database.execute('COMMIT');
    } finally {
      insert.finalize();
    }
  });
  let stored;
  database.eachRow(
    'SELECT count(*), count(DISTINCT station), min(time), max(time) FROM reading',
    (row) => { stored = row.map(Number); },
  );
  return {
    library,
    task: 'prepared inserts',
    result: `${integer(stored[0])} rows`,
    amount: readings.length,
    unit: 'rows',
    time,
    checks: {
      'SQLite has as many rows and stations as JavaScript':
        stored[0] === readings.length && stored[1] === new Set(readings.map(({ station }) => station)).size,
      'the first and the last time are those of JavaScript':
        stored[2] === readings[0].time && stored[3] === readings.at(-1).time,
    },
  };
}

function scan(database, readings) {
  let rows = 0;
  let differences = 0;
  const { time } = measure(() => {
    database.eachRow('SELECT station, time, celsius FROM reading ORDER BY rowid', ([station, seconds, celsius]) => {
      const reading = readings[rows++];
      if (reading.station !== station || reading.time !== Number(seconds) || reading.celsius !== Number(celsius)) {
        differences++;
      }
    });
  });
  return {
    library,
    task: 'callback for rows',
    result: `${integer(rows)} calls`,
    amount: rows,
    unit: 'rows',
    time,
    checks: {
      'each row comes once': rows === readings.length,
      'each row is what was put in': differences === 0,
    },
  };
}

// The answer of `summer`, from the readings themselves.
function summerInJavaScript(readings) {
  const values = new Map();
  for (const { station, latitude, time, celsius } of readings) {
    if (season(time, latitude) !== 'summer') continue;
    if (!values.has(station)) values.set(station, []);
    values.get(station).push(celsius);
  }
  return [...values]
    .map(([station, all]) => [station, all.length, Math.min(...all), median(all), Math.max(...all)])
    .sort((a, b) => b[3] - a[3] || (a[0] < b[0] ? -1 : 1));
}

function summer(database, readings) {
  let calls = 0;
  database.defineFunction('season', (time, latitude) => {
    calls++;
    return season(time, latitude);
  });
  database.defineAggregate('median', {
    start: () => [],
    step: (values, value) => {
      calls++;
      values.push(value);
    },
    finish: median,
  });
  const rows = [];
  const { time } = measure(() => {
    database.eachRow(
      `SELECT station, count(*), min(celsius), median(celsius), max(celsius) FROM reading
       WHERE season(time, latitude) = 'summer' GROUP BY station ORDER BY 4 DESC, station`,
      ([station, ...numbers]) => { rows.push([station, ...numbers.map(Number)]); },
    );
  });
  const expected = summerInJavaScript(readings);
  const summerCount = expected.reduce((sum, [, count]) => sum + count, 0);
  // sqlite3_exec gives numbers as text of 15 digits.
  const same = (a, b) => a === b || Math.abs(a - b) < 1e-9;
  const part = {
    library,
    task: 'season(), median()',
    result: `${integer(calls)} calls`,
    amount: calls,
    unit: 'calls',
    time,
    checks: {
      'season() was called for every row and median() for every row of summer':
        calls === readings.length + summerCount,
      'the answer is that of JavaScript': rows.length === expected.length &&
        rows.every((row, index) => row.every((value, place) => same(value, expected[index][place]))),
    },
  };
  return { rows, part };
}

function printSummer(rows) {
  const degrees = (value) => `${value.toFixed(1)} °C`;
  print(`  ${bold('Summer')} ${dim('by the SQL functions season() and median(), written in JavaScript')}`);
  print();
  table(
    [{ title: 'Station' }, ...['Readings', 'Coldest', 'Median', 'Warmest'].map((title) => ({ title, right: true }))],
    rows.map(([station, count, coldest, middle, warmest]) => [
      station, integer(count), degrees(coldest), degrees(middle), degrees(warmest),
    ]),
  );
  print();
}

export function runSQLite(sqlite, readings, report) {
  print(`${bold(`SQLite ${sqlite.version}`)} ${dim(sqlite.library.path)}`);
  print();
  const database = sqlite.open(':memory:');
  try {
    report.add(fill(database, readings));
    report.add(scan(database, readings));
    const { rows, part } = summer(database, readings);
    report.add(part);
    print();
    printSummer(rows);
  } finally {
    database.close();
    sqlite.close();
  }
}
