'use strict';

// SQL functions, aggregates and collations written in JavaScript.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { LAST } = require('../machine');
const { getFloat64, getInt64, setFloat64, setInt64, toBuffer, toString } = require('../subject');
const {
  sqlite, code, type, TRANSIENT, UTF8, callback, callbackWithValues, close,
  openDatabase, withDatabase, errorMessage, execute, withStatement, all,
} = require('./sqlite');

after(close);

function define(database, name, parameterCount, functions) {
  const { xFunc = null, xStep = null, xFinal = null, xDestroy = null, data = null } = functions;
  return sqlite.sqlite3_create_function_v2(
    database, name, parameterCount, UTF8, data, xFunc, xStep, xFinal, xDestroy,
  );
}

function reverseText(text) {
  return [...text].reverse().join('');
}

const reverse = callbackWithValues((context, value) => {
  switch (sqlite.sqlite3_value_type(value)) {
    case type.TEXT:
      sqlite.sqlite3_result_text(context, reverseText(toString(sqlite.sqlite3_value_text(value))), -1, TRANSIENT);
      break;
    case type.BLOB: {
      const bytes = toBuffer(sqlite.sqlite3_value_blob(value), sqlite.sqlite3_value_bytes(value)).reverse();
      sqlite.sqlite3_result_blob(context, bytes, bytes.length, TRANSIENT);
      break;
    }
    case type.INTEGER:
      sqlite.sqlite3_result_int64(context, -sqlite.sqlite3_value_int64(value));
      break;
    case type.FLOAT:
      sqlite.sqlite3_result_double(context, -sqlite.sqlite3_value_double(value));
      break;
    default:
      sqlite.sqlite3_result_null(context);
  }
});

test('SQL calls a JavaScript function with any kind of value', () => {
  withDatabase((database) => {
    assert.equal(define(database, 'reverse', 1, { xFunc: reverse }), code.OK);
    assert.deepEqual(
      all(database, "SELECT reverse('añb🦀'), reverse(x'0102ff'), reverse(9007199254740993), reverse(1.5), reverse(NULL)"),
      [['🦀bña', Buffer.from([0xff, 2, 1]), -9007199254740993n, -1.5, null]],
    );
    assert.deepEqual(all(database, "SELECT reverse(reverse('deep') || reverse('er'))"), [['erdeep']]);
  });
});

test('one function runs for each of ten thousand rows', () => {
  withDatabase((database) => {
    assert.equal(define(database, 'reverse', 1, { xFunc: reverse }), code.OK);
    const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)';
    const expected = Array.from({ length: 10_000 }, (_, index) => reverseText(`row ${index + 1}`));
    assert.deepEqual(all(database, `${numbers} SELECT reverse('row ' || i) FROM n`).flat(), expected);
  });
});

test('a function that runs queries itself is re-entered by them', () => {
  withDatabase((database) => {
    let depth = 0;
    let deepest = 0;
    const factorial = callbackWithValues((context, value) => {
      const n = sqlite.sqlite3_value_int64(value);
      deepest = Math.max(deepest, ++depth);
      const below = n > 1n ? all(database, `SELECT factorial(${n - 1n})`)[0][0] : 1n;
      depth--;
      sqlite.sqlite3_result_int64(context, n * below);
    });
    assert.equal(define(database, 'factorial', 1, { xFunc: factorial }), code.OK);
    assert.deepEqual(all(database, 'SELECT factorial(20)'), [[2432902008176640000n]]);
    assert.deepEqual([depth, deepest], [0, 20]);
  });
});

test('an error raised by a JavaScript function becomes an SQL error', () => {
  withDatabase((database) => {
    const refuse = callbackWithValues((context, value) => {
      sqlite.sqlite3_result_error(context, `no such thing: ${toString(sqlite.sqlite3_value_text(value))}`, -1);
    });
    assert.equal(define(database, 'refuse', 1, { xFunc: refuse }), code.OK);
    assert.equal(sqlite.sqlite3_exec(database, "SELECT refuse('ñandú')", null, null, null), code.ERROR);
    assert.equal(errorMessage(database), 'no such thing: ñandú');
    assert.equal(sqlite.sqlite3_exec(database, 'SELECT refuse(1, 2)', null, null, null), code.ERROR);
    assert.equal(errorMessage(database), 'wrong number of arguments to function refuse()');
  });
});

// The root mean square. Its state lies in memory that SQLite owns: the count (int64), then the sum of squares (double).
const rms = {
  xStep: callbackWithValues((context, value) => {
    // SQLite zeroes the memory when a group asks for it first.
    const state = sqlite.sqlite3_aggregate_context(context, 16);
    setInt64(state, 0, getInt64(state, 0) + 1n);
    setFloat64(state, 8, getFloat64(state, 8) + sqlite.sqlite3_value_double(value) ** 2);
  }),
  xFinal: callback('void', ['pointer'], (context) => {
    // Asked for 0 bytes, it answers NULL for a group in which no step ran.
    const state = sqlite.sqlite3_aggregate_context(context, 0);
    if (state === 0n) sqlite.sqlite3_result_null(context);
    else sqlite.sqlite3_result_double(context, Math.sqrt(getFloat64(state, 8) / Number(getInt64(state, 0))));
  }),
};

test('an aggregate keeps its state in memory that SQLite owns', () => {
  withDatabase((database) => {
    assert.equal(define(database, 'rms', 1, rms), code.OK);
    execute(database, 'CREATE TABLE sample (wave TEXT, level REAL)');
    const waves = { saw: [], sine: [] };
    withStatement(database, 'INSERT INTO sample VALUES (?, ?)', (statement) => {
      for (let index = 0; index < 500; index++) {
        for (const [wave, level] of [['saw', (index % 50) / 25 - 1], ['sine', Math.sin(index / 10)]]) {
          waves[wave].push(level);
          sqlite.sqlite3_bind_text(statement, 1, wave, -1, TRANSIENT);
          sqlite.sqlite3_bind_double(statement, 2, level);
          assert.equal(sqlite.sqlite3_step(statement), code.DONE);
          sqlite.sqlite3_reset(statement);
        }
      }
    });
    const expected = (levels) => Math.sqrt(levels.reduce((sum, level) => sum + level ** 2, 0) / levels.length);
    assert.deepEqual(all(database, 'SELECT wave, rms(level) FROM sample GROUP BY wave ORDER BY wave'), [
      ['saw', expected(waves.saw)], ['sine', expected(waves.sine)],
    ]);
    assert.deepEqual(all(database, 'SELECT rms(level) FROM sample WHERE 0'), [[null]]);
  });
});

test('user data reaches the function and its destructor runs once, when the function goes', () => {
  const data = 0x1234_5678_9abcn & LAST;
  const destroyed = [];
  const seen = [];
  const xDestroy = callback('void', ['pointer'], (pointer) => { destroyed.push(pointer); });
  const xFunc = callbackWithValues((context) => {
    seen.push(sqlite.sqlite3_user_data(context));
    sqlite.sqlite3_result_null(context);
  });
  withDatabase((database) => {
    assert.equal(define(database, 'tell', 0, { xFunc, data, xDestroy }), code.OK);
    execute(database, 'SELECT tell(), tell()');
    assert.deepEqual(seen, [data, data]);
    // Defining the name again drops the first definition.
    assert.equal(define(database, 'tell', 0, { xFunc, data: data + 1n, xDestroy }), code.OK);
    assert.deepEqual(destroyed, [data]);
  });
  assert.deepEqual(destroyed, [data, data + 1n], 'closing the database drops the second');

  const { database } = openDatabase(':memory:');
  const tooManyParameters = define(database, 'wrong', 40_000, { xFunc, data: 7n, xDestroy });
  assert.equal(sqlite.sqlite3_close(database), code.OK);
  assert.equal(tooManyParameters, code.MISUSE);
  assert.deepEqual(destroyed, [data, data + 1n, 7n], 'the destructor runs also when the definition is refused');
});

test('a collation in JavaScript orders text that is not NUL-terminated', () => {
  withDatabase((database) => {
    const collator = new Intl.Collator('de', { numeric: true });
    const compare = callback(
      'i32', ['pointer', 'i32', 'pointer', 'i32', 'pointer'],
      (_, leftLength, left, rightLength, right) => collator.compare(
        toBuffer(left, leftLength).toString(), toBuffer(right, rightLength).toString(),
      ),
    );
    assert.equal(sqlite.sqlite3_create_collation_v2(database, 'german', UTF8, null, compare, null), code.OK);
    const words = ['Zug 10', 'Äpfel', 'Zug 9', 'Apfel', 'zug 1', 'Öl', 'Ofen'];
    execute(database, 'CREATE TABLE word (spelling TEXT COLLATE german)');
    execute(database, `INSERT INTO word VALUES ${words.map((word) => `('${word}')`).join(', ')}`);
    assert.deepEqual(
      all(database, 'SELECT spelling FROM word ORDER BY spelling').flat(),
      [...words].sort(collator.compare),
    );
    assert.deepEqual(all(database, "SELECT spelling FROM word WHERE spelling < 'Öl' AND spelling > 'Apfel' ORDER BY 1"),
      [['Äpfel'], ['Ofen']]);
  });
});
