// The memory that the rows about memory read and write.

#define _GNU_SOURCE
#define _DARWIN_C_SOURCE

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

enum { mebibyte = 1 << 20, gibibyte = 1 << 30, length_of_long_text = 10000, length_of_scratch = 64 };

static const char *const texts[4] = {"hello world", "Lorem ipsum", "ferrule 1.0", "0123456789A"};
static const char *const texts_not_ascii[4] = {"Grüße, Welt", "Ça va, père", "Привет, мир", "日本語のテキストです。"};
static char long_texts[2][length_of_long_text + 1];
static const int32_t integers[2] = {11, 22};
static const uint64_t wide_integers[2] = {(UINT64_C(1) << 60) + 1, (UINT64_C(1) << 61) + 3};
static const double doubles[2] = {0.25, 1.5};
static uint8_t blocks[2][mebibyte];
static uint8_t scratch[2][length_of_scratch];

static const void *long_text(uint32_t place) {
  char *text = long_texts[place];
  for (size_t index = 0; index < length_of_long_text; index++) text[index] = (char)('0' + index % 10);
  text[0] = (char)('a' + place);
  return text;
}

static const void *block(uint32_t place) {
  for (size_t index = 0; index < mebibyte; index++) blocks[place][index] = (uint8_t)(index * 7 + place * 3 + 1);
  return blocks[place];
}

// Memory that nobody has touched: it takes addresses, but next to no memory.
static const void *huge(void) {
  static void *memory;
  if (memory == NULL) memory = mmap(NULL, gibibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

// The kinds are those of cases/memory.mjs; NULL when there is no such memory.
const void *memory_pointer(uint32_t kind, uint32_t place) {
  switch (kind) {
    case 0: return texts[place & 3];
    case 1: return long_text(place & 1);
    case 2: return texts_not_ascii[place & 3];
    case 3: return &integers[place & 1];
    case 4: return &wide_integers[place & 1];
    case 5: return &doubles[place & 1];
    case 6: return block(place & 1);
    case 7: return huge();
    case 8: return scratch[place & 1];
    default: return NULL;
  }
}

// The sum of the first bytes of a place that is written to.
uint32_t scratch_sum(uint32_t place, uint32_t length) {
  uint32_t sum = 0;
  for (uint32_t index = 0; index < length && index < length_of_scratch; index++) sum += scratch[place & 1][index];
  return sum;
}
