// Deno.dlopen

const { UnsafeCallback, UnsafePointer, UnsafePointerView } = Deno;

const sqlite = Deno.dlopen('libsqlite3.so.0', {
  sqlite3_libversion: { parameters: [], result: 'pointer' },
  sqlite3_open: { parameters: ['buffer', 'buffer'], result: 'i32' },
  sqlite3_exec: { parameters: ['pointer', 'buffer', 'function', 'pointer', 'buffer'], result: 'i32' },
  sqlite3_free: { parameters: ['pointer'], result: 'void' },
  sqlite3_prepare_v2: { parameters: ['pointer', 'buffer', 'i32', 'buffer', 'pointer'], result: 'i32' },
  sqlite3_bind_int64: { parameters: ['pointer', 'i32', 'i64'], result: 'i32' },
  sqlite3_step: { parameters: ['pointer'], result: 'i32' },
  sqlite3_column_text: { parameters: ['pointer', 'i32'], result: 'pointer' },
  sqlite3_column_int64: { parameters: ['pointer', 'i32'], result: 'i64' },
  sqlite3_finalize: { parameters: ['pointer'], result: 'i32' },
  sqlite3_close: { parameters: ['pointer'], result: 'i32' },
});
const libc = Deno.dlopen('libc.so.6', {
  gmtime_r: { parameters: ['buffer', 'buffer'], result: 'pointer' },
});
const s = sqlite.symbols;
const ROW = 100;

// A string argument is a buffer with a zero at the end.
const encoder = new TextEncoder();
const text = (string) => encoder.encode(`${string}\0`);

// A string result is a pointer, which is an object or null.
const toString = (pointer) => (pointer === null ? null : UnsafePointerView.getCString(pointer));
console.log(toString(s.sqlite3_libversion()).split('.')[0]);

// An out-parameter is a typed array of one element.
const out = new BigUint64Array(1);
s.sqlite3_open(text(':memory:'), out);
const database = UnsafePointer.create(out[0]);

function execute(sql, onRow = null) {
  const message = new BigUint64Array(1);
  if (s.sqlite3_exec(database, text(sql), onRow, null, message) === 0) return;
  // SQLite has allocated the message for us.
  const pointer = UnsafePointer.create(message[0]);
  const error = new Error(toString(pointer));
  s.sqlite3_free(pointer);
  throw error;
}

execute(`CREATE TABLE city (name TEXT, people INTEGER);
  INSERT INTO city VALUES ('Zürich', 447000), ('Tōkyō', 14000000), ('Nowhere', 9007199254740993)`);

// int (*)(void *user, int count, char **values, char **names)
const onRow = new UnsafeCallback({ parameters: ['pointer', 'i32', 'pointer', 'pointer'], result: 'i32' }, (user, count, values) => {
  const view = new UnsafePointerView(values);
  const row = [];
  for (let index = 0; index < count; index++) row.push(toString(view.getPointer(index * 8)));
  console.log(row.join(' '));
  return 0;
});
execute('SELECT name, people FROM city ORDER BY people LIMIT 2', onRow.pointer);
onRow.close();

s.sqlite3_prepare_v2(database, text('SELECT name, people FROM city WHERE people > ?'), -1, out, null);
const statement = UnsafePointer.create(out[0]);
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
const tm = new Uint8Array(56);
libc.symbols.gmtime_r(BigInt64Array.of(1_000_000_000n), tm);
const [day, month, year] = new Int32Array(tm.buffer, 0, 6).subarray(3);
console.log(1900 + year, month + 1, day);
libc.close();
