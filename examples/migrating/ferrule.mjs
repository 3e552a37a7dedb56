// node:ffi. On Node 26, or with ferrule/register, the name 'node:ffi' does as well as 'ferrule'.

import { dlopen, getUint64, toString } from 'ferrule';

const { lib: sqlite, functions: s } = dlopen('libsqlite3.so.0', {
  sqlite3_libversion: { return: 'pointer' },
  sqlite3_open: { arguments: ['string', 'buffer'], return: 'i32' },
  sqlite3_exec: { arguments: ['pointer', 'string', 'function', 'pointer', 'buffer'], return: 'i32' },
  sqlite3_free: { arguments: ['pointer'] },
  sqlite3_prepare_v2: { arguments: ['pointer', 'string', 'i32', 'buffer', 'pointer'], return: 'i32' },
  sqlite3_bind_int64: { arguments: ['pointer', 'i32', 'i64'], return: 'i32' },
  sqlite3_step: { arguments: ['pointer'], return: 'i32' },
  sqlite3_column_text: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_column_int64: { arguments: ['pointer', 'i32'], return: 'i64' },
  sqlite3_finalize: { arguments: ['pointer'], return: 'i32' },
  sqlite3_close: { arguments: ['pointer'], return: 'i32' },
});
const { lib: libc, functions: c } = dlopen('libc.so.6', {
  gmtime_r: { arguments: ['buffer', 'buffer'], return: 'pointer' },
});
const ROW = 100;

// A string result is an address.
console.log(toString(s.sqlite3_libversion()).split('.')[0]);

// An out-parameter is a typed array of one element.
const out = new BigUint64Array(1);
s.sqlite3_open(':memory:', out);
const database = out[0];

function execute(sql, onRow = null) {
  const message = new BigUint64Array(1);
  if (s.sqlite3_exec(database, sql, onRow, null, message) === 0) return;
  // SQLite has allocated the message for us.
  const text = toString(message[0]);
  s.sqlite3_free(message[0]);
  throw new Error(text);
}

execute(`CREATE TABLE city (name TEXT, people INTEGER);
  INSERT INTO city VALUES ('Zürich', 447000), ('Tōkyō', 14000000), ('Nowhere', 9007199254740993)`);

// int (*)(void *user, int count, char **values, char **names)
const onRow = sqlite.registerCallback(
  { arguments: ['pointer', 'i32', 'pointer', 'pointer'], return: 'i32' },
  (user, count, values) => {
    const row = [];
    for (let index = 0; index < count; index++) row.push(toString(getUint64(values, index * 8)));
    console.log(row.join(' '));
    return 0;
  },
);
execute('SELECT name, people FROM city ORDER BY people LIMIT 2', onRow);
sqlite.unregisterCallback(onRow);

s.sqlite3_prepare_v2(database, 'SELECT name, people FROM city WHERE people > ?', -1, out, null);
const statement = out[0];
s.sqlite3_bind_int64(statement, 1, 2n ** 53n);
while (s.sqlite3_step(statement) === ROW) {
  console.log(toString(s.sqlite3_column_text(statement, 0)), String(s.sqlite3_column_int64(statement, 1)));
}
s.sqlite3_finalize(statement);

try {
  execute('SELECT mayor FROM city');
} catch (error) {
  console.log(error.message);
}
s.sqlite3_close(database);
sqlite.close();

// struct tm is 56 bytes; tm_mday, tm_mon and tm_year are its fourth to sixth int.
const tm = Buffer.alloc(56);
c.gmtime_r(BigInt64Array.of(1_000_000_000n), tm);
const [day, month, year] = new Int32Array(tm.buffer, tm.byteOffset, 6).subarray(3);
console.log(1900 + year, month + 1, day);
libc.close();
