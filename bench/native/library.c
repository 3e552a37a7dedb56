// The functions that every engine calls. Each does as little as shows that its arguments have arrived.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint32_t calls;

void noop(void) { calls++; }

// How often `noop` was called, modulo 2^32.
uint32_t noop_calls(void) { return calls; }

int32_t add_i32(int32_t a, int32_t b) { return a + b; }

int32_t subtract_i32(int32_t a, int32_t b) { return a - b; }

double add_f64(double a, double b) { return a + b; }

int64_t add_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

int32_t add_8_i32(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h) {
  return a + b + c + d + e + f + g + h;
}

double add_mixed(int8_t a, double b, uint16_t c, float d, int64_t e) { return a + b + c + (double)d + (double)e; }

// Eight integers: with the System V convention for x86-64, two of them go to the stack.
double add_12_mixed(int32_t a, double b, uint8_t c, float d, int32_t e, int16_t f, uint32_t g, double h, int32_t i, uint8_t j, int32_t k,
                    float l) {
  return a + b + c + (double)d + e + f + g + h + i + j + k + (double)l;
}

static const int32_t values[2] = {11, 22};

const int32_t *value_pointer(uint32_t index) { return &values[index & 1]; }

int32_t read_i32(const int32_t *pointer) { return pointer == NULL ? -1 : *pointer; }

uint32_t string_length(const char *text) { return (uint32_t)strlen(text); }

uint32_t first_byte(const uint8_t *bytes) { return bytes[0]; }

uint32_t byte_at(const uint8_t *bytes, uint32_t index) { return bytes[index]; }

uint32_t first_bytes(const uint8_t *a, const uint8_t *b, const uint8_t *c) { return (uint32_t)a[0] + b[0] + c[0]; }

int32_t call_back(int32_t (*function)(int32_t), int32_t argument) { return function(argument); }

// Families of functions. Their numbers begin with a 1, because C reads a number that begins with a 0 as an octal one.
#define TEN(FUNCTION, number)                                                                                                    \
  FUNCTION(number##0) FUNCTION(number##1) FUNCTION(number##2) FUNCTION(number##3) FUNCTION(number##4)                            \
  FUNCTION(number##5) FUNCTION(number##6) FUNCTION(number##7) FUNCTION(number##8) FUNCTION(number##9)
#define HUNDRED(EACH, number)                                                                                                    \
  EACH(number##0) EACH(number##1) EACH(number##2) EACH(number##3) EACH(number##4)                                                \
  EACH(number##5) EACH(number##6) EACH(number##7) EACH(number##8) EACH(number##9)

// sum_1000 to sum_1199: all of one signature.
#define SUM(number) \
  int32_t sum_##number(int32_t a, int32_t b) { return a + b + (number - 1000); }
#define TEN_SUMS(number) TEN(SUM, number)
HUNDRED(TEN_SUMS, 10)
HUNDRED(TEN_SUMS, 11)

typedef int32_t (*binary_i32)(int32_t, int32_t);

#define ADDRESS_OF_SUM(number) sum_##number,
#define TEN_ADDRESSES(number) TEN(ADDRESS_OF_SUM, number)
static const binary_i32 sums[] = {HUNDRED(TEN_ADDRESSES, 10) HUNDRED(TEN_ADDRESSES, 11)};

// For those that do not look functions up by name.
binary_i32 sum_function(uint32_t index) { return index < sizeof sums / sizeof *sums ? sums[index] : NULL; }

// many_1000 to many_1999: ten signatures in turn.
#define MANY(number, type_of_result, type_of_a, type_of_b) \
  type_of_result many_##number(type_of_a a, type_of_b b) { return (type_of_result)(a + b + (number - 1000)); }
#define TEN_MANY(number)                          \
  MANY(number##0, int32_t, int32_t, int32_t)      \
  MANY(number##1, uint32_t, uint32_t, uint32_t)   \
  MANY(number##2, double, double, double)         \
  MANY(number##3, double, int32_t, double)        \
  MANY(number##4, double, double, int32_t)        \
  MANY(number##5, int32_t, int16_t, int16_t)      \
  MANY(number##6, uint32_t, uint8_t, uint8_t)     \
  MANY(number##7, double, float, float)           \
  MANY(number##8, int32_t, int32_t, uint8_t)      \
  MANY(number##9, double, uint32_t, double)
HUNDRED(TEN_MANY, 10)
HUNDRED(TEN_MANY, 11)
HUNDRED(TEN_MANY, 12)
HUNDRED(TEN_MANY, 13)
HUNDRED(TEN_MANY, 14)
HUNDRED(TEN_MANY, 15)
HUNDRED(TEN_MANY, 16)
HUNDRED(TEN_MANY, 17)
HUNDRED(TEN_MANY, 18)
HUNDRED(TEN_MANY, 19)
