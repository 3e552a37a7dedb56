// A small binding of SQLite: databases, prepared statements, rows through a callback, SQL functions and aggregates
// written in JavaScript.

import { DynamicLibrary, getUint64, toString } from 'ferrule';

const definitions = {
  sqlite3_libversion: { return: 'pointer' },
  sqlite3_open: { arguments: ['string', 'pointer'], return: 'i32' },
  sqlite3_close: { arguments: ['pointer'], return: 'i32' },
  sqlite3_errmsg: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_errstr: { arguments: ['i32'], return: 'pointer' },
  sqlite3_exec: { arguments: ['pointer', 'string', 'function', 'pointer', 'pointer'], return: 'i32' },
  sqlite3_prepare_v2: { arguments: ['pointer', 'string', 'i32', 'pointer', 'pointer'], return: 'i32' },
  sqlite3_step: { arguments: ['pointer'], return: 'i32' },
  sqlite3_reset: { arguments: ['pointer'], return: 'i32' },
  sqlite3_finalize: { arguments: ['pointer'], return: 'i32' },
  sqlite3_bind_null: { arguments: ['pointer', 'i32'], return: 'i32' },
  sqlite3_bind_int64: { arguments: ['pointer', 'i32', 'i64'], return: 'i32' },
  sqlite3_bind_double: { arguments: ['pointer', 'i32', 'f64'], return: 'i32' },
  sqlite3_bind_text: { arguments: ['pointer', 'i32', 'string', 'i32', 'pointer'], return: 'i32' },
  sqlite3_create_function_v2: {
    arguments: ['pointer', 'string', 'i32', 'i32', 'pointer', 'function', 'function', 'function', 'function'],
    return: 'i32',
  },
  sqlite3_aggregate_context: { arguments: ['pointer', 'i32'], return: 'pointer' },
  sqlite3_value_type: { arguments: ['pointer'], return: 'i32' },
  sqlite3_value_int64: { arguments: ['pointer'], return: 'i64' },
  sqlite3_value_double: { arguments: ['pointer'], return: 'f64' },
  sqlite3_value_text: { arguments: ['pointer'], return: 'pointer' },
  sqlite3_result_null: { arguments: ['pointer'], return: 'void' },
  sqlite3_result_int64: { arguments: ['pointer', 'i64'], return: 'void' },
  sqlite3_result_double: { arguments: ['pointer', 'f64'], return: 'void' },
  sqlite3_result_text: { arguments: ['pointer', 'string', 'i32', 'pointer'], return: 'void' },
  sqlite3_result_error: { arguments: ['pointer', 'string', 'i32'], return: 'void' },
};

const [OK, DONE] = [0, 101];
const [INTEGER, FLOAT, TEXT, NULL] = [1, 2, 3, 5];
const UTF8 = 1;
// SQLITE_TRANSIENT: SQLite copies the text before the call returns, so that call-lifetime memory is enough.
const TRANSIENT = 0xffff_ffff_ffff_ffffn;

export class SQLite {
  constructor(file) {
    this.library = new DynamicLibrary(file);
    try {
      this.functions = this.library.getFunctions(definitions);
    } catch (error) {
      this.library.close();
      throw error;
    }
  }

  get version() {
    return toString(this.functions.sqlite3_libversion());
  }

  open(name) {
    return new Database(this, name);
  }

  close() {
    this.library.close();
  }
}

class Database {
  #library;
  #sqlite;
  #pointer;
  #callbacks = [];

  constructor({ library, functions }, name) {
    this.#library = library;
    this.#sqlite = functions;
    const slot = new BigUint64Array(1);
    const code = functions.sqlite3_open(name, slot);
    this.#pointer = slot[0];
    if (code !== OK) {
      const reason = toString(functions.sqlite3_errstr(code));
      functions.sqlite3_close(this.#pointer);
      throw new Error(`SQLite cannot open ${name}: ${reason}`);
    }
  }

  check(code) {
    if (code !== OK && code !== DONE) throw new Error(`SQLite: ${toString(this.#sqlite.sqlite3_errmsg(this.#pointer))}`);
  }

  execute(sql) {
    this.check(this.#sqlite.sqlite3_exec(this.#pointer, sql, null, null, null));
  }

  prepare(sql) {
    const slot = new BigUint64Array(1);
    this.check(this.#sqlite.sqlite3_prepare_v2(this.#pointer, sql, -1, slot, null));
    return new Statement(this, this.#sqlite, slot[0]);
  }

  // Calls `onRow` with an array of texts (or nulls) for each row of the result.
  eachRow(sql, onRow) {
    let failure;
    // A callback must not throw through C, so the error waits here until SQLite has returned.
    const callback = this.#library.registerCallback(
      { return: 'i32', arguments: ['pointer', 'i32', 'pointer', 'pointer'] },
      (user, count, values) => {
        try {
          const row = [];
          for (let index = 0; index < count; index++) row.push(toString(getUint64(values, index * 8)));
          onRow(row);
          return 0;
        } catch (error) {
          failure = error;
          return 1;
        }
      },
    );
    try {
      const code = this.#sqlite.sqlite3_exec(this.#pointer, sql, callback, null, null);
      if (failure !== undefined) throw failure;
      this.check(code);
    } finally {
      this.#library.unregisterCallback(callback);
    }
  }

  defineFunction(name, body) {
    const onCall = this.#valuesCallback((context, values) => this.#answer(context, body(...values)));
    this.#create(name, body.length, onCall, null, null);
  }

  // `start()` makes the state of a group, `step(state, ...values)` takes a row in, `finish(state)` gives the result.
  defineAggregate(name, { start, step, finish }) {
    // SQLite gives every group 8 bytes of its own. Their address names the group, the state stays in JavaScript.
    const states = new Map();
    const groupOf = (context) => this.#sqlite.sqlite3_aggregate_context(context, 8);
    const onStep = this.#valuesCallback((context, values) => {
      const group = groupOf(context);
      if (!states.has(group)) states.set(group, start());
      step(states.get(group), ...values);
    });
    const onFinish = this.#contextCallback(['pointer'], (context) => {
      const group = groupOf(context);
      const state = states.get(group) ?? start();
      states.delete(group);
      this.#answer(context, finish(state));
    });
    this.#create(name, step.length - 1, null, onStep, onFinish);
  }

  close() {
    this.check(this.#sqlite.sqlite3_close(this.#pointer));
    for (const callback of this.#callbacks) this.#library.unregisterCallback(callback);
  }

  #create(name, parameterCount, onCall, onStep, onFinish) {
    this.check(this.#sqlite.sqlite3_create_function_v2(
      this.#pointer, name, parameterCount, UTF8, null, onCall, onStep, onFinish, null,
    ));
  }

  // void xFunc(sqlite3_context *, int count, sqlite3_value **values), and xStep the same.
  #valuesCallback(body) {
    return this.#contextCallback(['pointer', 'i32', 'pointer'], (context, count, values) => {
      const converted = [];
      for (let index = 0; index < count; index++) converted.push(this.#value(getUint64(values, index * 8)));
      body(context, converted);
    });
  }

  #contextCallback(parameters, body) {
    const callback = this.#library.registerCallback({ return: 'void', arguments: parameters }, (context, ...rest) => {
      try {
        body(context, ...rest);
      } catch (error) {
        this.#sqlite.sqlite3_result_error(context, String(error), -1);
      }
    });
    this.#callbacks.push(callback);
    return callback;
  }

  #value(pointer) {
    switch (this.#sqlite.sqlite3_value_type(pointer)) {
      case INTEGER: {
        const value = this.#sqlite.sqlite3_value_int64(pointer);
        return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      }
      case FLOAT:
        return this.#sqlite.sqlite3_value_double(pointer);
      case TEXT:
        return toString(this.#sqlite.sqlite3_value_text(pointer));
      case NULL:
        return null;
      default:
        throw new TypeError('a blob is no argument for a function of this binding');
    }
  }

  #answer(context, value) {
    if (value === null || value === undefined) this.#sqlite.sqlite3_result_null(context);
    else if (typeof value === 'string') this.#sqlite.sqlite3_result_text(context, value, -1, TRANSIENT);
    else if (isInteger(value)) this.#sqlite.sqlite3_result_int64(context, BigInt(value));
    else this.#sqlite.sqlite3_result_double(context, value);
  }
}

class Statement {
  #database;
  #sqlite;
  #pointer;

  constructor(database, functions, pointer) {
    this.#database = database;
    this.#sqlite = functions;
    this.#pointer = pointer;
  }

  // For statements that give no rows.
  run(...values) {
    values.forEach((value, index) => this.#bind(index + 1, value));
    this.#database.check(this.#sqlite.sqlite3_step(this.#pointer));
    this.#database.check(this.#sqlite.sqlite3_reset(this.#pointer));
  }

  finalize() {
    // Its code repeats the error of the last step, which run() has thrown already.
    this.#sqlite.sqlite3_finalize(this.#pointer);
  }

  #bind(place, value) {
    this.#database.check(
      value === null ? this.#sqlite.sqlite3_bind_null(this.#pointer, place) :
        typeof value === 'string' ? this.#sqlite.sqlite3_bind_text(this.#pointer, place, value, -1, TRANSIENT) :
          isInteger(value) ? this.#sqlite.sqlite3_bind_int64(this.#pointer, place, BigInt(value)) :
            this.#sqlite.sqlite3_bind_double(this.#pointer, place, value),
    );
  }
}

function isInteger(value) {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}
