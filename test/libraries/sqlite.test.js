'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { AddressArray, addresses } = require('../machine');
const { toBuffer, toString } = require('../subject');
const { pointers } = require('./system');
const {
  sqlite, code, flag, TRANSIENT, callback, close,
  openDatabase, withDatabase, errorMessage, execute, withStatement, column, all,
} = require('./sqlite');

after(close);

function bind(statement, place, value) {
  if (value === null) return sqlite.sqlite3_bind_null(statement, place);
  switch (typeof value) {
    case 'bigint':
      return sqlite.sqlite3_bind_int64(statement, place, value);
    case 'number':
      return sqlite.sqlite3_bind_double(statement, place, value);
    case 'string':
      return sqlite.sqlite3_bind_text(statement, place, value, -1, TRANSIENT);
    default:
      return sqlite.sqlite3_bind_blob(statement, place, value, value.length, TRANSIENT);
  }
}

test('strings and numbers come back from the library', () => {
  const [major, minor, patch] = toString(sqlite.sqlite3_libversion()).split('.').map(Number);
  assert.equal(sqlite.sqlite3_libversion_number(), major * 1_000_000 + minor * 1000 + patch);
});

test('a database in a file keeps what a prepared statement wrote', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-sqlite-'));
  const file = path.join(directory, 'straße 🚃.db');
  const cities = [['Zürich', 427_721n], ['Łódź', 652_015n], ['東京', 14_178_000n]];
  try {
    withDatabase((database) => {
      execute(database, 'CREATE TABLE city (name TEXT PRIMARY KEY, people INTEGER) WITHOUT ROWID');
      withStatement(database, 'INSERT INTO city VALUES (?, ?)', (statement) => {
        for (const city of cities) {
          assert.deepEqual(city.map((value, index) => bind(statement, index + 1, value)), [code.OK, code.OK]);
          assert.equal(sqlite.sqlite3_step(statement), code.DONE);
          assert.equal(sqlite.sqlite3_changes(database), 1);
          assert.equal(sqlite.sqlite3_reset(statement), code.OK);
        }
      });
    }, file);
    assert.equal(fs.readFileSync(file).toString('latin1', 0, 16), 'SQLite format 3\0');
    withDatabase((database) => {
      assert.deepEqual(all(database, 'SELECT * FROM city ORDER BY people'), cities);
      assert.equal(sqlite.sqlite3_exec(database, 'DELETE FROM city', null, null, null), code.READONLY);
      assert.equal(errorMessage(database), 'attempt to write a readonly database');
    }, file, flag.READONLY);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test('every kind of value travels in and out unchanged', () => {
  withDatabase((database) => {
    execute(database, 'CREATE TABLE kind (id INTEGER PRIMARY KEY, value)');
    const blob = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) & 0xff));
    const values = [null, 0n, -(2n ** 63n), 2n ** 63n - 1n, Math.PI, 5e-324, Infinity, '', 'naïve 🦀', blob];
    withStatement(database, 'INSERT INTO kind (value) VALUES (:value)', (statement) => {
      const place = sqlite.sqlite3_bind_parameter_index(statement, ':value');
      assert.equal(place, 1);
      for (const [index, value] of values.entries()) {
        assert.equal(bind(statement, place, value), code.OK);
        assert.equal(sqlite.sqlite3_step(statement), code.DONE);
        assert.equal(sqlite.sqlite3_last_insert_rowid(database), BigInt(index + 1));
        assert.equal(sqlite.sqlite3_reset(statement), code.OK);
      }
    });
    assert.deepEqual(all(database, 'SELECT value FROM kind ORDER BY id').flat(), values);
    assert.deepEqual(
      all(database, 'SELECT typeof(value), length(value), quote(value) FROM kind WHERE id >= 9'),
      [['text', 7n, "'naïve 🦀'"], ['blob', 1000n, `X'${blob.toString('hex').toUpperCase()}'`]],
    );
  });
});

test('an out-pointer walks through several statements in one text', () => {
  withDatabase((database) => {
    const text = Buffer.from('SELECT 1 AS one; SELECT 2 AS two; -- the end\0');
    const [statement, tail] = [new AddressArray(1), new AddressArray(1)];
    const names = [];
    for (let offset = 0; ;) {
      assert.equal(sqlite.sqlite3_prepare_v2(database, text.subarray(offset), -1, statement, tail), code.OK);
      if (BigInt(statement[0]) === 0n) break;
      names.push(toString(sqlite.sqlite3_column_name(BigInt(statement[0]), 0)));
      sqlite.sqlite3_finalize(BigInt(statement[0]));
      // *pzTail points into the caller's text, so what is left of it says how far the parser came.
      offset = text.length - 1 - Buffer.byteLength(toString(BigInt(tail[0])));
    }
    assert.deepEqual(names, ['one', 'two']);
  });
});

test('sqlite3_exec calls JavaScript for each row with two char ** arrays', () => {
  withDatabase((database) => {
    execute(database, "CREATE TABLE t (n, s); INSERT INTO t VALUES (1, 'a'), (NULL, 'ü'), (3, NULL)");
    const token = 0xfeed_beefn;
    const rows = [];
    const onRow = callback('i32', ['pointer', 'i32', 'pointer', 'pointer'], (user, count, values, names) => {
      const texts = pointers(values, count).map((value) => toString(value));
      const titles = pointers(names, count).map((name) => toString(name));
      rows.push({ user, ...Object.fromEntries(titles.map((title, index) => [title, texts[index]])) });
      return 0;
    });
    assert.equal(sqlite.sqlite3_exec(database, 'SELECT n, s FROM t', onRow, token, null), code.OK);
    assert.deepEqual(rows, [
      { user: token, n: '1', s: 'a' }, { user: token, n: null, s: 'ü' }, { user: token, n: '3', s: null },
    ]);
  });
});

test('a row callback that returns non-zero stops the query', () => {
  withDatabase((database) => {
    let calls = 0;
    const stopAtThird = callback('i32', ['pointer', 'i32', 'pointer', 'pointer'], () => (++calls === 3 ? 1 : 0));
    const message = new AddressArray(1);
    const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT i FROM n';
    assert.equal(sqlite.sqlite3_exec(database, sql, stopAtThird, null, message), code.ABORT);
    assert.equal(toString(BigInt(message[0])), 'query aborted');
    sqlite.sqlite3_free(BigInt(message[0]));
    assert.equal(calls, 3);
  });
});

test('a bound blob is given back through its destructor', () => {
  withDatabase((database) => {
    const blob = Buffer.from('the statement borrows this');
    const released = [];
    const release = callback('void', ['pointer'], (pointer) => { released.push(pointer); });
    withStatement(database, 'SELECT ?', (statement) => {
      assert.equal(sqlite.sqlite3_bind_blob(statement, 1, blob, blob.length, release), code.OK);
      assert.equal(sqlite.sqlite3_step(statement), code.ROW);
      assert.deepEqual(column(statement, 0), blob);
      sqlite.sqlite3_reset(statement);
      assert.equal(released.length, 0);
      assert.equal(sqlite.sqlite3_bind_null(statement, 1), code.OK);
      assert.equal(released.length, 1);
      assert.deepEqual(toBuffer(released[0], blob.length), blob);
      assert.equal(sqlite.sqlite3_bind_blob(statement, 1, blob, blob.length, release), code.OK);
    });
    assert.equal(released.length, 2, 'finalizing the statement releases what is still bound');
  });
});

test('a commit hook sees every commit and can refuse one', () => {
  withDatabase((database) => {
    const changes = [];
    // Operations by number: SQLITE_DELETE 9, SQLITE_INSERT 18, SQLITE_UPDATE 23.
    const onUpdate = callback(
      'void', ['pointer', 'i32', 'pointer', 'pointer', 'i64'],
      (_, operation, schema, table, row) => { changes.push([operation, toString(schema), toString(table), row]); },
    );
    let refuse = false;
    let commits = 0;
    const onCommit = callback('i32', ['pointer'], () => {
      commits++;
      return refuse ? 1 : 0;
    });
    execute(database, 'CREATE TABLE ledger (amount)');
    assert.equal(sqlite.sqlite3_update_hook(database, onUpdate, null), 0n);
    assert.equal(sqlite.sqlite3_commit_hook(database, onCommit, 5n), 0n);
    execute(database, 'BEGIN; INSERT INTO ledger VALUES (10), (20); UPDATE ledger SET amount = 11 WHERE amount = 10; COMMIT');
    refuse = true;
    assert.notEqual(sqlite.sqlite3_exec(database, 'DELETE FROM ledger WHERE amount > 11', null, null, null), code.OK);
    assert.equal(sqlite.sqlite3_extended_errcode(database), code.CONSTRAINT_COMMITHOOK);
    assert.equal(sqlite.sqlite3_commit_hook(database, null, null), 5n, 'the hook gives its argument back');
    assert.equal(commits, 2);
    assert.deepEqual(changes, [
      [18, 'main', 'ledger', 1n], [18, 'main', 'ledger', 2n], [23, 'main', 'ledger', 1n], [9, 'main', 'ledger', 2n],
    ]);
    assert.deepEqual(all(database, 'SELECT amount FROM ledger'), [[11n], [20n]]);
  });
});

test('a progress handler interrupts an endless query', () => {
  withDatabase((database) => {
    let ticks = 0;
    const onProgress = callback('i32', ['pointer'], () => (++ticks < 50 ? 0 : 1));
    sqlite.sqlite3_progress_handler(database, 1000, onProgress, null);
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';
    assert.equal(sqlite.sqlite3_exec(database, endless, null, null, null), code.INTERRUPT);
    assert.equal(ticks, 50);
    assert.equal(errorMessage(database), 'interrupted');
    sqlite.sqlite3_progress_handler(database, 0, null, null);
    assert.deepEqual(all(database, 'SELECT 1'), [[1n]]);
  });
});

test('errors come with a code and a message', () => {
  const { result, database: unopened } = openDatabase('/nowhere/at/all.db', flag.READONLY);
  assert.equal(result, code.CANTOPEN);
  assert.equal(errorMessage(unopened), 'unable to open database file');
  assert.equal(sqlite.sqlite3_close(unopened), code.OK);

  withDatabase((database) => {
    const statement = addresses([123n]);
    const text = Buffer.from('SELEC 1\0');
    assert.equal(sqlite.sqlite3_prepare_v2(database, text, -1, statement, null), code.ERROR);
    assert.equal(BigInt(statement[0]), 0n);
    assert.equal(errorMessage(database), 'near "SELEC": syntax error');

    execute(database, "CREATE TABLE once (word UNIQUE); INSERT INTO once VALUES ('x')");
    withStatement(database, 'INSERT INTO once VALUES (?)', (insert) => {
      assert.equal(bind(insert, 1, 'x'), code.OK);
      assert.equal(sqlite.sqlite3_step(insert), 19);
      assert.equal(sqlite.sqlite3_extended_errcode(database), code.CONSTRAINT_UNIQUE);
      assert.equal(errorMessage(database), 'UNIQUE constraint failed: once.word');
    });
    const message = new AddressArray(1);
    assert.equal(sqlite.sqlite3_exec(database, 'SELECT * FROM absent', null, null, message), code.ERROR);
    assert.equal(toString(BigInt(message[0])), 'no such table: absent');
    sqlite.sqlite3_free(BigInt(message[0]));
  });
});
