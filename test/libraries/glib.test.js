'use strict';

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { toString } = require('../subject');
const { callbacksOf, open, pointers } = require('./system');

const { library, functions: glib } = open('libglib-2.0.so.0', 'libglib2.0-0', {
  g_main_loop_new: { arguments: ['pointer', 'i32'], return: 'pointer' },
  g_main_loop_run: { arguments: ['pointer'], return: 'void' },
  g_main_loop_quit: { arguments: ['pointer'], return: 'void' },
  g_main_loop_is_running: { arguments: ['pointer'], return: 'i32' },
  g_main_loop_unref: { arguments: ['pointer'], return: 'void' },
  g_main_context_iteration: { arguments: ['pointer', 'i32'], return: 'i32' },
  g_main_context_pending: { arguments: ['pointer'], return: 'i32' },
  g_main_depth: { return: 'i32' },
  g_timeout_add: { arguments: ['u32', 'function', 'pointer'], return: 'u32' },
  g_timeout_add_full: { arguments: ['i32', 'u32', 'function', 'pointer', 'function'], return: 'u32' },
  g_idle_add: { arguments: ['function', 'pointer'], return: 'u32' },
  g_idle_add_full: { arguments: ['i32', 'function', 'pointer', 'function'], return: 'u32' },
  g_source_remove: { arguments: ['u32'], return: 'i32' },
  g_get_monotonic_time: { return: 'i64' },
  g_list_append: { arguments: ['pointer', 'pointer'], return: 'pointer' },
  g_list_sort: { arguments: ['pointer', 'function'], return: 'pointer' },
  g_list_foreach: { arguments: ['pointer', 'function', 'pointer'], return: 'void' },
  g_list_free_full: { arguments: ['pointer', 'function'], return: 'void' },
  g_hash_table_new_full: { arguments: ['function', 'function', 'function', 'function'], return: 'pointer' },
  g_hash_table_insert: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  g_hash_table_lookup: { arguments: ['pointer', 'pointer'], return: 'pointer' },
  g_hash_table_unref: { arguments: ['pointer'], return: 'void' },
  g_strdup: { arguments: ['string'], return: 'pointer' },
  g_strsplit: { arguments: ['string', 'string', 'i32'], return: 'pointer' },
  g_strfreev: { arguments: ['pointer'], return: 'void' },
  g_free: { arguments: ['pointer'], return: 'void' },
});

const [SOURCE_REMOVE, SOURCE_CONTINUE] = [0, 1];
const [PRIORITY_HIGH, PRIORITY_DEFAULT, PRIORITY_LOW] = [-100, 0, 300];

const { callback, unregisterCallbacks } = callbacksOf(library);
// gboolean (*GSourceFunc)(gpointer), void (*GDestroyNotify)(gpointer)
const sourceFunction = (body) => callback('i32', ['pointer'], body);
const destroyNotify = (body) => callback('void', ['pointer'], body);
after(() => {
  unregisterCallbacks();
  library.close();
});

function withLoop(body) {
  const loop = glib.g_main_loop_new(null, 0);
  try {
    return body(loop);
  } finally {
    glib.g_main_loop_unref(loop);
  }
}

test('a timeout runs until it quits the loop that blocks in g_main_loop_run', () => {
  withLoop((loop) => {
    const ticks = [];
    const seen = new Set();
    const onTick = sourceFunction((user) => {
      seen.add(`user ${user}, running ${glib.g_main_loop_is_running(loop)}`);
      ticks.push(glib.g_get_monotonic_time());
      if (ticks.length < 5) return SOURCE_CONTINUE;
      glib.g_main_loop_quit(loop);
      return SOURCE_REMOVE;
    });
    const started = glib.g_get_monotonic_time();
    assert.notEqual(glib.g_timeout_add(10, onTick, 42n), 0);
    glib.g_main_loop_run(loop);
    assert.equal(ticks.length, 5);
    assert.deepEqual([...seen], ['user 42, running 1']);
    assert.ok(ticks[4] - started >= 50_000n, 'five times ten milliseconds');
    assert.equal(glib.g_main_loop_is_running(loop), 0);
    assert.equal(glib.g_main_context_pending(null), 0);
  });
});

test('idle functions run in the order of their priority and then of their adding', () => {
  withLoop((loop) => {
    const order = [];
    const note = sourceFunction((user) => {
      order.push(user);
      return SOURCE_REMOVE;
    });
    glib.g_idle_add_full(PRIORITY_LOW, sourceFunction(() => {
      glib.g_main_loop_quit(loop);
      return SOURCE_REMOVE;
    }), null, null);
    glib.g_idle_add(note, 3n);
    glib.g_idle_add(note, 4n);
    glib.g_idle_add_full(PRIORITY_HIGH, note, 1n, null);
    glib.g_idle_add_full(PRIORITY_DEFAULT, note, 2n, null);
    glib.g_main_loop_run(loop);
    assert.deepEqual(order, [1n, 2n, 3n, 4n]);
  });
});

test('a loop runs inside a callback of another loop', () => {
  withLoop((outer) => {
    const events = [];
    const innermost = 4;
    const nest = sourceFunction((user) => {
      events.push(['in', user, glib.g_main_depth()]);
      if (user < innermost) {
        withLoop((inner) => {
          glib.g_idle_add(nest, user + 1n);
          glib.g_idle_add_full(PRIORITY_LOW, sourceFunction(() => {
            glib.g_main_loop_quit(inner);
            return SOURCE_REMOVE;
          }), null, null);
          glib.g_main_loop_run(inner);
        });
      }
      events.push(['out', user, glib.g_main_depth()]);
      if (user === 1n) glib.g_main_loop_quit(outer);
      return SOURCE_REMOVE;
    });
    assert.equal(glib.g_main_depth(), 0);
    glib.g_idle_add(nest, 1n);
    glib.g_main_loop_run(outer);
    assert.deepEqual(events, [
      ['in', 1n, 1], ['in', 2n, 2], ['in', 3n, 3], ['in', 4n, 4],
      ['out', 4n, 4], ['out', 3n, 3], ['out', 2n, 2], ['out', 1n, 1],
    ]);
  });
});

test('a destroy notify runs once, whichever way its source ends', () => {
  const destroyed = [];
  const onDestroy = destroyNotify((user) => { destroyed.push(user); });
  const once = sourceFunction(() => SOURCE_REMOVE);
  const forever = sourceFunction(() => SOURCE_CONTINUE);
  glib.g_idle_add_full(PRIORITY_DEFAULT, once, 1n, onDestroy);
  assert.equal(glib.g_main_context_iteration(null, 0), 1);
  assert.deepEqual(destroyed, [1n], 'the function said that it is done');

  const source = glib.g_timeout_add_full(PRIORITY_DEFAULT, 0, forever, 2n, onDestroy);
  glib.g_main_context_iteration(null, 1);
  glib.g_main_context_iteration(null, 1);
  assert.deepEqual(destroyed, [1n]);
  assert.equal(glib.g_source_remove(source), 1);
  assert.deepEqual(destroyed, [1n, 2n], 'somebody removed the source');

  let removed;
  const removesItself = sourceFunction(() => {
    removed = glib.g_source_remove(own);
    return SOURCE_CONTINUE;
  });
  const own = glib.g_idle_add_full(PRIORITY_DEFAULT, removesItself, 3n, onDestroy);
  glib.g_main_context_iteration(null, 0);
  assert.equal(removed, 1);
  assert.deepEqual(destroyed, [1n, 2n, 3n], 'the function removed its own source');
  assert.equal(glib.g_main_context_pending(null), 0);
});

test('a list is sorted, walked and freed through JavaScript', () => {
  const words = ['pear', 'Äpfel', 'fig', 'zebra', 'ähre', 'banana', 'fig'];
  let list = 0n;
  for (const word of words) list = glib.g_list_append(list, glib.g_strdup(word));
  const collator = new Intl.Collator('de');
  list = glib.g_list_sort(list, callback(
    'i32', ['pointer', 'pointer'], (a, b) => collator.compare(toString(a), toString(b)),
  ));
  const walked = [];
  glib.g_list_foreach(list, callback('void', ['pointer', 'pointer'], (word, user) => {
    walked.push([toString(word), user]);
  }), 9n);
  assert.deepEqual(walked, [...words].sort(collator.compare).map((word) => [word, 9n]));
  const freed = [];
  glib.g_list_free_full(list, destroyNotify((word) => {
    freed.push(toString(word));
    glib.g_free(word);
  }));
  assert.deepEqual(freed, walked.map(([word]) => word));
});

test('a hash table hashes, compares and destroys its keys through JavaScript', () => {
  const fold = (pointer) => toString(pointer).toLowerCase();
  const hash = callback('u32', ['pointer'], (key) => {
    let value = 0;
    for (const character of fold(key)) value = (Math.imul(value, 31) + character.codePointAt(0)) >>> 0;
    return value;
  });
  const equal = callback('i32', ['pointer', 'pointer'], (a, b) => (fold(a) === fold(b) ? 1 : 0));
  const freed = [];
  const freeKey = destroyNotify((key) => {
    freed.push(toString(key));
    glib.g_free(key);
  });
  const table = glib.g_hash_table_new_full(hash, equal, freeKey, null);
  for (let index = 1; index <= 1000; index++) {
    assert.equal(glib.g_hash_table_insert(table, glib.g_strdup(`Kéy ${index}`), BigInt(index)), 1);
  }
  assert.equal(glib.g_hash_table_lookup(table, 'KÉY 500'), 500n);
  assert.equal(glib.g_hash_table_lookup(table, 'kéy 1001'), 0n);
  assert.equal(glib.g_hash_table_insert(table, glib.g_strdup('kéY 7'), 77n), 0, 'the key is there already');
  assert.deepEqual(freed, ['kéY 7']);
  assert.equal(glib.g_hash_table_lookup(table, 'Kéy 7'), 77n);
  glib.g_hash_table_unref(table);
  assert.deepEqual(new Set(freed.slice(1)), new Set(Array.from({ length: 1000 }, (_, index) => `Kéy ${index + 1}`)));
});

test('a NULL-terminated array of strings', () => {
  const parts = glib.g_strsplit('ä,b,,d', ',', 0);
  assert.deepEqual(pointers(parts).map((part) => toString(part)), ['ä', 'b', '', 'd']);
  glib.g_strfreev(parts);
});
