// bun:ffi

import { CString, dlopen, JSCallback, read } from 'bun:ffi';

const { symbols: s, close } = dlopen('libsqlite3.so.0', {
  sqlite3_libversion: { returns: 'cstring' },
  sqlite3_open: { args: ['ptr', 'ptr'], returns: 'i32' },
  sqlite3_exec: { args: ['ptr', 'ptr', 'ptr', 'ptr', 'ptr'], returns: 'i32' },
  sqlite3_free: { args: ['ptr'] },
  sqlite3_prepare_v2: { args: ['ptr', 'ptr', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  sqlite3_bind_int64: { args: ['ptr', 'i32', 'i64'], returns: 'i32' },
  sqlite3_step: { args: ['ptr'], returns: 'i32' },
  sqlite3_column_text: { args: ['ptr', 'i32'], returns: 'cstring' },
  sqlite3_column_int64: { args: ['ptr', 'i32'], returns: 'i64' },
  sqlite3_finalize: { args: ['ptr'], returns: 'i32' },
  sqlite3_close: { args: ['ptr'], returns: 'i32' },
});
const { symbols: c, close: closeLibc } = dlopen('libc.so.6', {
  gmtime_r: { args: ['ptr', 'ptr'], returns: 'ptr' },
});
const ROW = 100;

// A string argument is a buffer with a zero at the end.
const text = (string) => Buffer.from(`${string}\0`);

// A string result is a CString.
console.log(s.sqlite3_libversion().toString().split('.')[0]);

// An out-parameter is a typed array of one element; a pointer is a number.
const out = new BigUint64Array(1);
s.sqlite3_open(text(':memory:'), out);
const database = Number(out[0]);

function execute(sql, onRow = null) {
  const message = new BigUint64Array(1);
  if (s.sqlite3_exec(database, text(sql), onRow, null, message) === 0) return;
  // SQLite has allocated the message for us.
  const pointer = Number(message[0]);
  const error = new Error(new CString(pointer).toString());
  s.sqlite3_free(pointer);
  throw error;
}

execute(`CREATE TABLE city (name TEXT, people INTEGER);
  INSERT INTO city VALUES ('Zürich', 447000), ('Tōkyō', 14000000), ('Nowhere', 9007199254740993)`);

// int (*)(void *user, int count, char **values, char **names)
const onRow = new JSCallback((user, count, values) => {
  const row = [];
  for (let index = 0; index < count; index++) row.push(new CString(read.ptr(values, index * 8)).toString());
  console.log(row.join(' '));
  return 0;
}, { args: ['ptr', 'i32', 'ptr', 'ptr'], returns: 'i32' });
execute('SELECT name, people FROM city ORDER BY people LIMIT 2', onRow.ptr);
onRow.close();

s.sqlite3_prepare_v2(database, text('SELECT name, people FROM city WHERE people > ?'), -1, out, null);
const statement = Number(out[0]);
s.sqlite3_bind_int64(statement, 1, 2n ** 53n);
while (s.sqlite3_step(statement) === ROW) {
  console.log(s.sqlite3_column_text(statement, 0).toString(), String(s.sqlite3_column_int64(statement, 1)));
}
s.sqlite3_finalize(statement);

try {
  execute('SELECT mayor FROM city');
} catch (error) {
  console.log(error.message);
}
s.sqlite3_close(database);
close();

// struct tm is 56 bytes; tm_mday, tm_mon and tm_year are its fourth to sixth int.
const tm = Buffer.alloc(56);
c.gmtime_r(BigInt64Array.of(1_000_000_000n), tm);
const [day, month, year] = new Int32Array(tm.buffer, tm.byteOffset, 6).subarray(3);
console.log(1900 + year, month + 1, day);
closeLibc();
