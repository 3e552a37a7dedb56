// The floor: the loops of the hot cases in C, which call the same functions through a pointer. The arguments are the library, the time of
// a sample in milliseconds, the number of samples, and the names of cases; for each case it prints a line: the name, the number of
// iterations, the sum that the loop returned, and for each sample the nanoseconds of one iteration. The name of a job has its size behind
// it, `qsort=1000000`; its line has the name, the size, a hash of what came out, and for each sample the nanoseconds.

#define _POSIX_C_SOURCE 200809L

#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *library;

static void *symbol(const char *name) {
  void *address = dlsym(library, name);
  if (address == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return address;
}

typedef const int32_t *(*value_pointer)(uint32_t);

// What the cases call their functions with, next to the number of the iteration.
static const int32_t *pointers[2];
static uint8_t bytes[6][4096];
static char text_1000[4][1001];
static char text_100[4][101];
static const char text_11[4][12] = {"hello world", "Lorem ipsum", "ferrule 1.0", "0123456789A"};
static const char text_non_ascii[4][40] = {"Grüße, Welt", "Ça va, père", "Привет, мир", "日本語のテキストです。"};

static void prepare(void) {
  const value_pointer function = (value_pointer)(uintptr_t)symbol("value_pointer");
  for (uint32_t index = 0; index < 2; index++) pointers[index] = function(index);
  for (size_t buffer = 0; buffer < 6; buffer++) {
    for (size_t index = 0; index < sizeof bytes[buffer]; index++) bytes[buffer][index] = (uint8_t)(index * 7 + buffer % 2 * 3 + 1);
  }
  for (size_t index = 0; index < 4; index++) {
    memset(text_100[index], 'a', 100);
    memset(text_1000[index], 'a', 1000);
  }
}

// A loop, named after its case with underscores: `type_of_sum name(void *address, uint64_t count)`.
#define LOOP(name, type_of_sum, start, type_of_function, step)                  \
  static type_of_sum name(void *address, uint64_t count) {                      \
    const type_of_function function = (type_of_function)(uintptr_t)address;     \
    type_of_sum sum = start;                                                    \
    for (uint64_t i = 0; i < count; i++) {                                      \
      step;                                                                     \
    }                                                                           \
    return sum;                                                                 \
  }

typedef void (*function_noop)(void);
typedef int32_t (*function_add_i32)(int32_t, int32_t);
typedef double (*function_add_f64)(double, double);
typedef int64_t (*function_add_i64)(int64_t, int64_t);
typedef int32_t (*function_add_8_i32)(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
typedef double (*function_mixed_5)(int8_t, double, uint16_t, float, int64_t);
typedef double (*function_mixed_12)(int32_t, double, uint8_t, float, int32_t, int16_t, uint32_t, double, int32_t, uint8_t, int32_t, float);
typedef int32_t (*function_pointer)(const int32_t *);
typedef uint32_t (*function_string)(const char *);
typedef uint32_t (*function_buffer)(const uint8_t *);
typedef uint32_t (*function_buffer_u32)(const uint8_t *, uint32_t);
typedef uint32_t (*function_buffer_3)(const uint8_t *, const uint8_t *, const uint8_t *);

static const int64_t large[2] = {INT64_C(1) << 40, INT64_C(1) << 41};
static const int64_t steps[2] = {12345, 67890};

LOOP(noop, int64_t, 0, function_noop, function())
LOOP(add_i32, int64_t, 0, function_add_i32, sum += function((int32_t)i, 7))
LOOP(add_f64, double, 0, function_add_f64, sum += function((double)(int64_t)i * 0.5, 0.25))
LOOP(add_i64, int64_t, INT64_C(1152921504606846977), function_add_i64, sum = function(sum, steps[i & 1]))
LOOP(add_8_i32, int64_t, 0, function_add_8_i32,
     sum += function((int32_t)i, (int32_t)i + 1, (int32_t)i + 2, (int32_t)i + 3, (int32_t)i & 7, (int32_t)i & 15, 7, 8))
LOOP(mixed_5, double, 0, function_mixed_5,
     sum += function((int8_t)(i & 127), (double)(int64_t)i * 0.5, (uint16_t)(i & 65535), 0.25f, large[i & 1]))
LOOP(mixed_12, double, 0, function_mixed_12,
     sum += function((int32_t)i, (double)(int64_t)i * 0.5, (uint8_t)(i & 255), 0.25f, (int32_t)i + 1, (int16_t)(i & 1023), (uint32_t)i + 2,
                     (double)(int64_t)i * 0.25, (int32_t)i + 3, 7, (int32_t)i & 15, 0.5f))
LOOP(pointer_bigint, int64_t, 0, function_pointer, sum += function(pointers[i & 1]))
LOOP(pointer_null, int64_t, 0, function_pointer, sum += function(NULL))
LOOP(string_11, int64_t, 0, function_string, sum += function(text_11[i & 3]))
LOOP(string_100, int64_t, 0, function_string, sum += function(text_100[i & 3]))
LOOP(string_1000, int64_t, 0, function_string, sum += function(text_1000[i & 3]))
LOOP(string_non_ascii, int64_t, 0, function_string, sum += function(text_non_ascii[i & 3]))
LOOP(buffer, int64_t, 0, function_buffer, sum += function(bytes[i & 1]))
LOOP(buffer_u32, int64_t, 0, function_buffer_u32, sum += function(bytes[i & 1], (uint32_t)i & 1023))
LOOP(buffer_3, int64_t, 0, function_buffer_3, sum += function(bytes[i & 1], bytes[2 + (i & 1)], bytes[4 + (i & 1)]))

static function_add_i32 subtract;
LOOP(alternating, int64_t, 0, function_add_i32, {
  sum += function((int32_t)i, 7);
  sum += subtract((int32_t)i, 5);
})

enum { family_size = 200, turn = 64 };
static void *family[family_size];

static int64_t functions_200(void *address, uint64_t count) {
  (void)address;
  int64_t sum = 0;
  for (uint64_t done = 0; done < count; done += family_size * turn) {
    for (size_t index = 0; index < family_size; index++) sum += add_i32(family[index], turn);
  }
  return sum;
}

static void find_others(void) {
  subtract = (function_add_i32)(uintptr_t)symbol("subtract_i32");
  for (size_t index = 0; index < family_size; index++) {
    char name[16];
    snprintf(name, sizeof name, "sum_%zu", 1000 + index);
    family[index] = symbol(name);
  }
}

typedef double (*function_callbacks_i32)(int32_t (*)(int32_t), uint32_t);
typedef double (*function_callbacks_mixed)(double (*)(int32_t, double, int64_t, uint8_t), uint32_t);

static int32_t callback(int32_t a) { return a + 7; }

static double callback_mixed(int32_t a, double b, int64_t c, uint8_t d) { return a + b + (double)c + d; }

static double callback_i32(void *address, uint64_t count) {
  return ((function_callbacks_i32)(uintptr_t)address)(callback, (uint32_t)count);
}

static double callback_mixed_4(void *address, uint64_t count) {
  return ((function_callbacks_mixed)(uintptr_t)address)(callback_mixed, (uint32_t)count);
}

// Strings and bytes from C, as copies: what remains when nothing has to be made of them.
static const char *short_texts[4];
static const char *long_texts[2];
static const char *blocks[2];
static char copy[1 << 20];

// Keeps the compiler from leaving a copy out that nobody reads.
static void use(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

static int64_t copied_strings(const char *const *texts, uint64_t mask, uint64_t count) {
  int64_t sum = 0;
  for (uint64_t i = 0; i < count; i++) {
    const size_t length = strlen(texts[i & mask]);
    memcpy(copy, texts[i & mask], length + 1);
    use(copy);
    sum += (int64_t)length;
  }
  return sum;
}

static int64_t copied_bytes(size_t length, uint64_t count) {
  int64_t sum = 0;
  for (uint64_t i = 0; i < count; i++) {
    memcpy(copy, blocks[i & 1], length);
    use(copy);
    sum += (uint8_t)copy[63];
  }
  return sum;
}

static int64_t to_string_11(void *address, uint64_t count) {
  (void)address;
  return copied_strings(short_texts, 3, count);
}

static int64_t to_string_10000(void *address, uint64_t count) {
  (void)address;
  return copied_strings(long_texts, 1, count);
}

static int64_t to_buffer_64(void *address, uint64_t count) {
  (void)address;
  return copied_bytes(64, count);
}

static int64_t to_buffer_1m(void *address, uint64_t count) {
  (void)address;
  return copied_bytes(sizeof copy, count);
}

typedef const void *(*function_memory)(uint32_t, uint32_t);

static void find_memory(void) {
  const function_memory function = (function_memory)(uintptr_t)symbol("memory_pointer");
  for (uint32_t place = 0; place < 4; place++) short_texts[place] = function(0, place);
  for (uint32_t place = 0; place < 2; place++) long_texts[place] = function(1, place);
  for (uint32_t place = 0; place < 2; place++) blocks[place] = function(6, place);
}

static int compare(const void *a, const void *b) { return *(const int32_t *)a - *(const int32_t *)b; }

typedef int32_t (*function_of_size)(uint32_t);
typedef int32_t (*function_sort)(int (*)(const void *, const void *), uint32_t);
typedef int32_t (*function_select)(int (*)(void *, int, char **, char **), uint32_t);

static int32_t hash_of_rows;

static int add_row(void *context, int columns, char **values, char **names) {
  (void)context;
  (void)names;
  const size_t length = strlen(values[1]);
  hash_of_rows = (int32_t)((uint32_t)hash_of_rows * 31 + (uint32_t)values[1][length - 1] + (uint32_t)length);
  return columns == 3 ? 0 : 1;
}

static const struct {
  const char *name;
  const char *symbol;
  int64_t (*integer)(void *, uint64_t);
  double (*floating)(void *, uint64_t);
  uint64_t granularity;
} cases[] = {
    {"noop", "noop", noop, NULL, 1},
    {"add-i32", "add_i32", add_i32, NULL, 1},
    {"add-f64", "add_f64", NULL, add_f64, 1},
    {"add-i64", "add_i64", add_i64, NULL, 1},
    {"add-8-i32", "add_8_i32", add_8_i32, NULL, 1},
    {"mixed-5", "add_mixed", NULL, mixed_5, 1},
    {"mixed-12", "add_12_mixed", NULL, mixed_12, 1},
    {"pointer-bigint", "read_i32", pointer_bigint, NULL, 1},
    {"pointer-null", "read_i32", pointer_null, NULL, 1},
    {"string-11", "string_length", string_11, NULL, 1},
    {"string-100", "string_length", string_100, NULL, 1},
    {"string-1000", "string_length", string_1000, NULL, 1},
    {"string-non-ascii", "string_length", string_non_ascii, NULL, 1},
    {"buffer", "first_byte", buffer, NULL, 1},
    {"buffer-u32", "byte_at", buffer_u32, NULL, 1},
    {"buffer-3", "first_bytes", buffer_3, NULL, 1},
    {"alternating", "add_i32", alternating, NULL, 1},
    {"functions-200", "sum_1000", functions_200, NULL, family_size * turn},
    {"callback-i32", "sum_callbacks_i32", NULL, callback_i32, 1},
    {"callback-mixed-4", "sum_callbacks_mixed", NULL, callback_mixed_4, 1},
    {"to-string-11", "memory_pointer", to_string_11, NULL, 1},
    {"to-string-10000", "memory_pointer", to_string_10000, NULL, 1},
    {"to-buffer-64", "memory_pointer", to_buffer_64, NULL, 1},
    {"to-buffer-1m", "memory_pointer", to_buffer_1m, NULL, 1},
};

// The time this thread has waited for a processor, in nanoseconds, as far as the system says so: the second number of the file.
static double waited(void) {
  static int file = -2;
  if (file == -2) file = open("/proc/thread-self/schedstat", O_RDONLY);
  char text[64] = "";
  if (file < 0 || pread(file, text, sizeof text - 1, 0) <= 0) return 0;
  const char *second = strchr(text, ' ');
  return second == NULL ? 0 : atof(second);
}

// Nanoseconds, without the time waited: the clock of clock.mjs.
static double now(void) {
  struct timespec time;
  double wait;
  do {
    wait = waited();
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) abort();
  } while (waited() != wait);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec - wait;
}

static void measure(const char *name, double sample, int samples) {
  size_t index = 0;
  while (index < sizeof cases / sizeof *cases && strcmp(cases[index].name, name) != 0) index++;
  if (index == sizeof cases / sizeof *cases) {
    fprintf(stderr, "The floor has no case %s.\n", name);
    exit(1);
  }
  void *address = symbol(cases[index].symbol);
  int64_t integer = 0;
  double floating = 0;
  uint64_t count = cases[index].granularity;
  for (int taken = 0; taken <= samples;) {
    double start = now();
    if (cases[index].floating != NULL) floating = cases[index].floating(address, count);
    else integer = cases[index].integer(address, count);
    double time = now() - start;
    if (taken == 0 && time < sample) {
      count *= 2;
      continue;
    }
    if (taken == 0 && cases[index].floating != NULL) printf("%s %" PRIu64 " %.17g", name, count, floating);
    else if (taken == 0) printf("%s %" PRIu64 " %" PRId64, name, count, integer);
    else printf(" %.17g", time / (double)count);
    taken++;
  }
  printf("\n");
}

static int32_t run_job(const char *name, uint32_t size, double *time) {
  const int sorts = strcmp(name, "qsort") == 0;
  if (!sorts && strcmp(name, "sqlite3-exec") != 0) {
    fprintf(stderr, "The floor has no job %s.\n", name);
    exit(1);
  }
  hash_of_rows = 0;
  if (!((function_of_size)(uintptr_t)symbol(sorts ? "fill_numbers" : "open_rows"))(size)) return 0;
  const function_sort sort = (function_sort)(uintptr_t)symbol("sort_numbers");
  const function_select select = (function_select)(uintptr_t)symbol("select_rows");
  const double start = now();
  const int32_t result = sorts ? sort(compare, size) : select(add_row, size);
  *time = now() - start;
  if (result != 0) abort();
  return sorts ? ((function_of_size)(uintptr_t)symbol("hash_numbers"))(size) : hash_of_rows;
}

// A job is given as its name and its size; with a time of 0 it could not be done.
static void measure_job(const char *name, uint32_t size, int samples) {
  for (int taken = 0; taken < samples; taken++) {
    double time = 0;
    const int32_t hash = run_job(name, size, &time);
    if (taken == 0) printf("%s %" PRIu32 " %" PRId32, name, size, hash);
    printf(" %.17g", time);
  }
  printf("\n");
}

int main(int number, char **arguments) {
  if (number < 4) {
    fprintf(stderr, "Usage: floor <library> <milliseconds> <samples> <case or job=size>...\n");
    return 2;
  }
  library = dlopen(arguments[1], RTLD_NOW);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  prepare();
  find_others();
  find_memory();
  for (int index = 4; index < number; index++) {
    char *size = strchr(arguments[index], '=');
    if (size != NULL) *size++ = 0;
    if (size != NULL) measure_job(arguments[index], (uint32_t)atoi(size), atoi(arguments[3]));
    else measure(arguments[index], atof(arguments[2]) * 1e6, atoi(arguments[3]));
  }
  return 0;
}
