'use strict';

// The SQLite that the tests of this folder share: the C functions, and the few things a program builds on them.

const assert = require('node:assert/strict');
const { AddressArray, LAST } = require('../machine');
const { toBuffer, toString } = require('../subject');
const { callbacksOf, open, pointers } = require('./system');

const { library, functions: sqlite } = open('libsqlite3.so.0', 'libsqlite3-0', {
  sqlite3_open_v2: { arguments: ['string', 'pointer', 'i32', 'string'], return: 'i32' },
  sqlite3_close: { arguments: ['pointer'], return: 'i32' },
  sqlite3_libversion: { return: 'pointer' },
  sqlite3_libversion_number: { return: 'i32' },
  sqlite3_errmsg: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_extended_errcode: { arguments: ['pointer'], return: 'i32' },
  sqlite3_free: { arguments: ['pointer'], return: 'void' },
  sqlite3_exec: { arguments: ['pointer', 'string', 'function', 'pointer', 'pointer'], return: 'i32' },
  sqlite3_prepare_v2: { arguments: ['pointer', 'buffer', 'i32', 'pointer', 'pointer'], return: 'i32' },
  sqlite3_step: { arguments: ['pointer'], return: 'i32' },
  sqlite3_reset: { arguments: ['pointer'], return: 'i32' },
  sqlite3_finalize: { arguments: ['pointer'], return: 'i32' },
  sqlite3_changes: { arguments: ['pointer'], return: 'i32' },
  sqlite3_last_insert_rowid: { arguments: ['pointer'], return: 'i64' },
  sqlite3_bind_null: { arguments: ['pointer', 'i32'], return: 'i32' },
  sqlite3_bind_int64: { arguments: ['pointer', 'i32', 'i64'], return: 'i32' },
  sqlite3_bind_double: { arguments: ['pointer', 'i32', 'f64'], return: 'i32' },
  sqlite3_bind_text: { arguments: ['pointer', 'i32', 'string', 'i32', 'pointer'], return: 'i32' },
  sqlite3_bind_blob: { arguments: ['pointer', 'i32', 'buffer', 'i32', 'pointer'], return: 'i32' },
  sqlite3_bind_parameter_index: { arguments: ['pointer', 'string'], return: 'i32' },
  sqlite3_column_count: { arguments: ['pointer'], return: 'i32' },
  sqlite3_column_name: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_column_type: { arguments: ['pointer', 'i32'], return: 'i32' },
  sqlite3_column_int64: { arguments: ['pointer', 'i32'], return: 'i64' },
  sqlite3_column_double: { arguments: ['pointer', 'i32'], return: 'f64' },
  sqlite3_column_text: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_column_blob: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_column_bytes: { arguments: ['pointer', 'i32'], return: 'i32' },
  // Nine parameters, four of them function pointers: more than any register set holds.
  sqlite3_create_function_v2: {
    arguments: ['pointer', 'string', 'i32', 'i32', 'pointer', 'function', 'function', 'function', 'function'],
    return: 'i32',
  },
  sqlite3_create_collation_v2: {
    arguments: ['pointer', 'string', 'i32', 'pointer', 'function', 'function'],
    return: 'i32',
  },
  sqlite3_aggregate_context: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_user_data: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_value_type: { arguments: ['pointer'], return: 'i32' },
  sqlite3_value_int64: { arguments: ['pointer'], return: 'i64' },
  sqlite3_value_double: { arguments: ['pointer'], return: 'f64' },
  sqlite3_value_text: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_value_blob: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_value_bytes: { arguments: ['pointer'], return: 'i32' },
  sqlite3_result_null: { arguments: ['pointer'], return: 'void' },
  sqlite3_result_int64: { arguments: ['pointer', 'i64'], return: 'void' },
  sqlite3_result_double: { arguments: ['pointer', 'f64'], return: 'void' },
  sqlite3_result_text: { arguments: ['pointer', 'string', 'i32', 'pointer'], return: 'void' },
  sqlite3_result_blob: { arguments: ['pointer', 'buffer', 'i32', 'pointer'], return: 'void' },
  sqlite3_result_error: { arguments: ['pointer', 'string', 'i32'], return: 'void' },
  sqlite3_progress_handler: { arguments: ['pointer', 'i32', 'function', 'pointer'], return: 'void' },
  sqlite3_commit_hook: { arguments: ['pointer', 'function', 'pointer'], return: 'pointer' },
  sqlite3_update_hook: { arguments: ['pointer', 'function', 'pointer'], return: 'pointer' },
});

const code = {
  OK: 0,
  ERROR: 1,
  ABORT: 4,
  READONLY: 8,
  INTERRUPT: 9,
  CANTOPEN: 14,
  MISUSE: 21,
  ROW: 100,
  DONE: 101,
  CONSTRAINT_COMMITHOOK: 531,
  CONSTRAINT_UNIQUE: 2067,
};
const type = { INTEGER: 1, FLOAT: 2, TEXT: 3, BLOB: 4, NULL: 5 };
const flag = { READONLY: 1, READWRITE: 2, CREATE: 4 };
// ((sqlite3_destructor_type)-1): copy the value before returning.
const TRANSIENT = LAST;
const UTF8 = 1;

const { callback, unregisterCallbacks } = callbacksOf(library);

// xFunc and xStep: void (*)(sqlite3_context *, int argc, sqlite3_value **argv).
function callbackWithValues(body) {
  return callback('void', ['pointer', 'i32', 'pointer'], (context, count, values) => {
    body(context, ...pointers(values, count));
  });
}

function close() {
  unregisterCallbacks();
  library.close();
}

function openDatabase(name, flags = flag.READWRITE | flag.CREATE) {
  const slot = new AddressArray(1);
  const result = sqlite.sqlite3_open_v2(name, slot, flags, null);
  return { result, database: BigInt(slot[0]) };
}

function withDatabase(body, name = ':memory:', flags = undefined) {
  const { result, database } = openDatabase(name, flags);
  assert.equal(result, code.OK);
  try {
    return body(database);
  } finally {
    assert.equal(sqlite.sqlite3_close(database), code.OK, 'every statement was finalized');
  }
}

function errorMessage(database) {
  return toString(sqlite.sqlite3_errmsg(database));
}

function execute(database, sql) {
  assert.equal(sqlite.sqlite3_exec(database, sql, null, null, null), code.OK, errorMessage(database));
}

function withStatement(database, sql, body) {
  const slot = new AddressArray(1);
  const result = sqlite.sqlite3_prepare_v2(database, Buffer.from(`${sql}\0`), -1, slot, null);
  assert.equal(result, code.OK, errorMessage(database));
  try {
    return body(BigInt(slot[0]));
  } finally {
    sqlite.sqlite3_finalize(BigInt(slot[0]));
  }
}

function column(statement, index) {
  switch (sqlite.sqlite3_column_type(statement, index)) {
    case type.INTEGER:
      return sqlite.sqlite3_column_int64(statement, index);
    case type.FLOAT:
      return sqlite.sqlite3_column_double(statement, index);
    case type.TEXT:
      return toString(sqlite.sqlite3_column_text(statement, index));
    case type.BLOB:
      return toBuffer(
        sqlite.sqlite3_column_blob(statement, index),
        sqlite.sqlite3_column_bytes(statement, index),
      );
    default:
      return null;
  }
}

function all(database, sql) {
  return withStatement(database, sql, (statement) => {
    const rows = [];
    let result;
    while ((result = sqlite.sqlite3_step(statement)) === code.ROW) {
      const count = sqlite.sqlite3_column_count(statement);
      rows.push(Array.from({ length: count }, (_, index) => column(statement, index)));
    }
    assert.equal(result, code.DONE, errorMessage(database));
    return rows;
  });
}

module.exports = {
  sqlite, code, type, flag, TRANSIENT, UTF8,
  callback, callbackWithValues, close,
  openDatabase, withDatabase, errorMessage, execute, withStatement, column, all,
};
