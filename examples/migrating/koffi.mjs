// koffi

import koffi from 'koffi';

const sqlite = koffi.load('libsqlite3.so.0');
const libc = koffi.load('libc.so.6');

const Row = koffi.proto('int Row(void *user, int count, void *values, void *names)');
koffi.struct('tm', {
  tm_sec: 'int', tm_min: 'int', tm_hour: 'int', tm_mday: 'int', tm_mon: 'int', tm_year: 'int', tm_wday: 'int', tm_yday: 'int',
  tm_isdst: 'int', tm_gmtoff: 'long', tm_zone: 'const char *',
});

const s = {
  sqlite3_libversion: sqlite.func('const char *sqlite3_libversion()'),
  sqlite3_open: sqlite.func('int sqlite3_open(const char *name, _Out_ void **database)'),
  sqlite3_exec: sqlite.func('int sqlite3_exec(void *database, const char *sql, Row *onRow, void *user, _Out_ void **message)'),
  sqlite3_free: sqlite.func('void sqlite3_free(void *memory)'),
  sqlite3_prepare_v2: sqlite.func('int sqlite3_prepare_v2(void *database, const char *sql, int length, _Out_ void **statement, void *rest)'),
  sqlite3_bind_int64: sqlite.func('int sqlite3_bind_int64(void *statement, int place, int64_t value)'),
  sqlite3_step: sqlite.func('int sqlite3_step(void *statement)'),
  sqlite3_column_text: sqlite.func('const char *sqlite3_column_text(void *statement, int column)'),
  sqlite3_column_int64: sqlite.func('int64_t sqlite3_column_int64(void *statement, int column)'),
  sqlite3_finalize: sqlite.func('int sqlite3_finalize(void *statement)'),
  sqlite3_close: sqlite.func('int sqlite3_close(void *database)'),
};
const gmtime_r = libc.func('void *gmtime_r(const int64_t *time, _Out_ tm *result)');
const ROW = 100;

// A string result is a string.
console.log(s.sqlite3_libversion().split('.')[0]);

// An out-parameter is an array of one element.
const out = [null];
s.sqlite3_open(':memory:', out);
const database = out[0];

function execute(sql, onRow = null) {
  const message = [null];
  if (s.sqlite3_exec(database, sql, onRow, null, message) === 0) return;
  // SQLite has allocated the message for us.
  const text = koffi.decode.string(message[0]);
  s.sqlite3_free(message[0]);
  throw new Error(text);
}

execute(`CREATE TABLE city (name TEXT, people INTEGER);
  INSERT INTO city VALUES ('Zürich', 447000), ('Tōkyō', 14000000), ('Nowhere', 9007199254740993)`);

// A function that is called back during the call is passed as it is.
execute('SELECT name, people FROM city ORDER BY people LIMIT 2', (user, count, values) => {
  console.log(koffi.decode(values, 'const char *', count).join(' '));
  return 0;
});

s.sqlite3_prepare_v2(database, 'SELECT name, people FROM city WHERE people > ?', -1, out, null);
const statement = out[0];
s.sqlite3_bind_int64(statement, 1, 2n ** 53n);
while (s.sqlite3_step(statement) === ROW) {
  console.log(s.sqlite3_column_text(statement, 0), String(s.sqlite3_column_int64(statement, 1)));
}
s.sqlite3_finalize(statement);

try {
  execute('SELECT mayor FROM city');
} catch (error) {
  console.log(error.message);
}
s.sqlite3_close(database);

const tm = {};
gmtime_r([1_000_000_000], tm);
console.log(1900 + tm.tm_year, tm.tm_mon + 1, tm.tm_mday);
