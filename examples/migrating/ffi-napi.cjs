// ffi-napi, with ref-napi and ref-struct-di. It does not build on current Node.js, so nothing runs this file.

const ffi = require('ffi-napi');
const ref = require('ref-napi');
const Struct = require('ref-struct-di')(ref);

const pointer = ref.refType(ref.types.void);
const out = ref.refType(pointer);
const tm = Struct({
  tm_sec: 'int', tm_min: 'int', tm_hour: 'int', tm_mday: 'int', tm_mon: 'int', tm_year: 'int', tm_wday: 'int', tm_yday: 'int',
  tm_isdst: 'int', tm_gmtoff: 'long', tm_zone: 'string',
});

const s = ffi.Library('libsqlite3.so.0', {
  sqlite3_libversion: ['string', []],
  sqlite3_open: ['int', ['string', out]],
  sqlite3_exec: ['int', [pointer, 'string', 'pointer', pointer, out]],
  sqlite3_free: ['void', [pointer]],
  sqlite3_prepare_v2: ['int', [pointer, 'string', 'int', out, pointer]],
  sqlite3_bind_int64: ['int', [pointer, 'int', 'int64']],
  sqlite3_step: ['int', [pointer]],
  sqlite3_column_text: ['string', [pointer, 'int']],
  sqlite3_column_int64: ['int64', [pointer, 'int']],
  sqlite3_finalize: ['int', [pointer]],
  sqlite3_close: ['int', [pointer]],
});
const c = ffi.Library('libc.so.6', {
  gmtime_r: ['pointer', [ref.refType('int64'), ref.refType(tm)]],
});
const ROW = 100;

// A string result is a string.
console.log(s.sqlite3_libversion().split('.')[0]);

// An out-parameter is memory for a value of the type; a pointer is a Buffer.
const databaseOut = ref.alloc(pointer);
s.sqlite3_open(':memory:', databaseOut);
const database = databaseOut.deref();

function execute(sql, onRow = ref.NULL) {
  const message = ref.alloc(pointer);
  if (s.sqlite3_exec(database, sql, onRow, ref.NULL, message) === 0) return;
  // SQLite has allocated the message for us.
  const error = new Error(ref.readCString(message.deref(), 0));
  s.sqlite3_free(message.deref());
  throw error;
}

execute(`CREATE TABLE city (name TEXT, people INTEGER);
  INSERT INTO city VALUES ('Zürich', 447000), ('Tōkyō', 14000000), ('Nowhere', 9007199254740993)`);

// int (*)(void *user, int count, char **values, char **names); must not be collected while C uses it.
const onRow = ffi.Callback('int', ['pointer', 'int', 'pointer', 'pointer'], (user, count, values) => {
  const array = ref.reinterpret(values, count * ref.sizeof.pointer);
  const row = [];
  for (let index = 0; index < count; index++) row.push(ref.readCString(ref.readPointer(array, index * ref.sizeof.pointer), 0));
  console.log(row.join(' '));
  return 0;
});
execute('SELECT name, people FROM city ORDER BY people LIMIT 2', onRow);

const statementOut = ref.alloc(pointer);
s.sqlite3_prepare_v2(database, 'SELECT name, people FROM city WHERE people > ?', -1, statementOut, ref.NULL);
const statement = statementOut.deref();
// 64-bit integers are numbers, and strings beyond the safe integers.
s.sqlite3_bind_int64(statement, 1, '9007199254740992');
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

const result = new tm();
c.gmtime_r(ref.alloc('int64', 1_000_000_000), result.ref());
console.log(1900 + result.tm_year, result.tm_mon + 1, result.tm_mday);
