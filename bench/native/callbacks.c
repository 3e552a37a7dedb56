// Functions that call back, for the rows about callbacks.

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int32_t (*callback_i32)(int32_t);
typedef double (*callback_mixed)(int32_t, double, int64_t, uint8_t);

static const int64_t large[2] = {INT64_C(1) << 40, INT64_C(1) << 41};

// Call `function` so many times, and return the sum of what it returned.
double sum_callbacks_i32(callback_i32 function, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += function((int32_t)i);
  return sum;
}

double sum_callbacks_mixed(callback_mixed function, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += function((int32_t)i, i * 0.5, large[i & 1], (uint8_t)i);
  return sum;
}

static int32_t *numbers;

// Makes so many numbers to be sorted; 0 when there is no memory for them.
int32_t fill_numbers(uint32_t count) {
  free(numbers);
  numbers = malloc(count * sizeof *numbers);
  if (numbers == NULL) return 0;
  uint32_t state = 1;
  for (uint32_t index = 0; index < count; index++) {
    state = state * 1664525 + 1013904223;
    numbers[index] = (int32_t)(state >> 2) - (1 << 29);
  }
  return 1;
}

int32_t sort_numbers(int (*compare)(const void *, const void *), uint32_t count) {
  qsort(numbers, count, sizeof *numbers, compare);
  return 0;
}

// Depends on every number and its place.
int32_t hash_numbers(uint32_t count) {
  uint32_t hash = 0;
  for (uint32_t index = 0; index < count; index++) hash = hash * 31 + (uint32_t)numbers[index];
  return (int32_t)hash;
}

// SQLite as the system has it, without its header.
typedef struct sqlite3 sqlite3;
typedef int (*row_callback)(void *context, int columns, char **values, char **names);
typedef int (*sqlite3_open_function)(const char *, sqlite3 **);
typedef int (*sqlite3_close_function)(sqlite3 *);
typedef int (*sqlite3_exec_function)(sqlite3 *, const char *, row_callback, void *, char **);

static sqlite3_exec_function execute;
static sqlite3 *database;

static void *find_sqlite(void) {
  static const char *const names[] = {"libsqlite3.so.0", "libsqlite3.dylib", "libsqlite3.so"};
  void *library = NULL;
  for (size_t index = 0; library == NULL && index < sizeof names / sizeof *names; index++) library = dlopen(names[index], RTLD_NOW);
  return library;
}

// Makes a table of so many rows in memory; 0 when there is no SQLite, or it fails.
int32_t open_rows(uint32_t count) {
  void *library = find_sqlite();
  if (library == NULL) return 0;
  sqlite3_open_function open = (sqlite3_open_function)(uintptr_t)dlsym(library, "sqlite3_open");
  sqlite3_close_function close = (sqlite3_close_function)(uintptr_t)dlsym(library, "sqlite3_close");
  execute = (sqlite3_exec_function)(uintptr_t)dlsym(library, "sqlite3_exec");
  if (open == NULL || close == NULL || execute == NULL) return 0;
  if (database != NULL) close(database);
  if (open(":memory:", &database) != 0) return 0;
  char statement[512];
  snprintf(statement, sizeof statement,
           "create table samples (id integer primary key, name text, size integer);"
           "with recursive counter(n) as (select 0 union all select n + 1 from counter where n + 1 < %u) "
           "insert into samples select n, 'row number ' || n, n * 7 from counter;",
           count);
  return execute(database, statement, NULL, NULL, NULL) == 0;
}

// sqlite3_exec, with a function that is called for each row; returns its result.
int32_t select_rows(row_callback function, uint32_t count) {
  char statement[128];
  snprintf(statement, sizeof statement, "select id, name, size from samples order by id limit %u", count);
  return execute(database, statement, function, NULL, NULL);
}
