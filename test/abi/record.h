// What the generated functions share: the record of a call, which JavaScript reads, and the ways to write it. Every member is eight
// bytes, so that JavaScript can read it without knowing C's layout; record.js has the same order.

#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

// One function in a file of optimised ones, as a compiler without optimisation would translate it.
#ifdef __clang__
#define UNOPTIMISED __attribute__((optnone, noinline))
#else
#define UNOPTIMISED __attribute__((optimize("O0")))
#endif

enum { MOST_PARAMETERS = 80 };
enum { ADDRESS, TEXT, BYTES };

typedef void (*callback)(void);

static struct {
  uint64_t most_parameters;
  uint64_t char_is_signed;
  // What the caller of a call sets: the bits of the result, a zero that no compiler knows to be one, and for each pointer what it
  // points to, and how many bytes.
  uint64_t result;
  uint64_t zero;
  uint64_t kinds[MOST_PARAMETERS];
  uint64_t lengths[MOST_PARAMETERS];
  // What the called function sets: how many calls there were, its number, the checksum of its arguments, by how much the stack was
  // off its alignment, and the arguments.
  uint64_t calls;
  uint64_t identity;
  uint64_t checksum;
  uint64_t misalignment;
  uint64_t arguments[MOST_PARAMETERS];
} record = { MOST_PARAMETERS, (char)-1 < 0 };

EXPORT void *record_address = &record;

#define BITS_OF_FLOAT(value) ((union { float number; uint32_t bits; }) { .number = (value) }).bits
#define BITS_OF_DOUBLE(value) ((union { double number; uint64_t bits; }) { .number = (value) }).bits
#define FLOAT_OF_BITS(value) ((union { uint32_t bits; float number; }) { .bits = (uint32_t)(value) }).number
#define DOUBLE_OF_BITS(value) ((union { uint64_t bits; double number; }) { .bits = (value) }).number

// Writes an argument into the record.
#define RECORD(index, bits) record.arguments[index] = (bits)

// Overwrites a parameter, which on the stack belongs to the called function.
#define SPOIL(parameter) do { \
  memset(&parameter, 0x5a, sizeof parameter); \
  __asm__ volatile("" : : "r"(&parameter) : "memory"); \
} while (0)

static uint64_t hash(const unsigned char *bytes, uint64_t length) {
  uint32_t result = 0x811c9dc5u;
  for (uint64_t index = 0; index < length; index++) result = (result ^ bytes[index]) * 0x01000193u;
  return result | (length << 32);
}

// Replaces the addresses of memory in the record by what is in that memory, and changes the bytes of buffers, so that JavaScript
// sees that they were its own.
static void follow_pointers(unsigned count) {
  for (unsigned index = 0; index < count; index++) {
    unsigned char *bytes = (unsigned char *)(uintptr_t)record.arguments[index];
    uint64_t length = record.lengths[index];
    if (record.kinds[index] == TEXT) record.arguments[index] = hash(bytes, strlen((const char *)bytes));
    if (record.kinds[index] != BYTES) continue;
    record.arguments[index] = hash(bytes, length);
    for (uint64_t offset = 0; offset < length; offset++) bytes[offset] ^= (unsigned char)(0xa5 + offset);
  }
}

// Both halves of a step can be undone, so that arguments that differ in one place have different checksums.
static uint64_t checksum_of(uint64_t identity, unsigned count) {
  uint32_t checksum = (uint32_t)identity;
  for (unsigned index = 0; index < count; index++) {
    uint64_t bits = record.arguments[index];
    checksum = (checksum ^ (uint32_t)bits) * 0x9e3779b1u;
    checksum = (checksum ^ (uint32_t)(bits >> 32)) * 0x85ebca77u;
  }
  return checksum;
}

// Leaves every register that a function may change changed, on the targets that are known here.
static inline __attribute__((always_inline)) void change_registers(void) {
#if defined(__x86_64__)
  __asm__ volatile(
    "movabsq $0x5bad5bad5bad5bad, %%rax\n\t"
    "movq %%rax, %%rcx\n\tmovq %%rax, %%rdx\n\tmovq %%rax, %%r8\n\tmovq %%rax, %%r9\n\tmovq %%rax, %%r10\n\tmovq %%rax, %%r11\n\t"
    "movq %%rax, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\tmovdqa %%xmm0, %%xmm1\n\tmovdqa %%xmm0, %%xmm2\n\t"
    "movdqa %%xmm0, %%xmm3\n\tmovdqa %%xmm0, %%xmm4\n\tmovdqa %%xmm0, %%xmm5\n\t"
    : : : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "cc");
#if !defined(_WIN32)
  __asm__ volatile(
    "movabsq $0x5bad5bad5bad5bad, %%rsi\n\tmovq %%rsi, %%rdi\n\tmovq %%rsi, %%xmm6\n\tpunpcklqdq %%xmm6, %%xmm6\n\t"
    "movdqa %%xmm6, %%xmm7\n\tmovdqa %%xmm6, %%xmm8\n\tmovdqa %%xmm6, %%xmm9\n\tmovdqa %%xmm6, %%xmm10\n\tmovdqa %%xmm6, %%xmm11\n\t"
    "movdqa %%xmm6, %%xmm12\n\tmovdqa %%xmm6, %%xmm13\n\tmovdqa %%xmm6, %%xmm14\n\tmovdqa %%xmm6, %%xmm15\n\t"
    : : : "rsi", "rdi", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc");
#endif
#elif defined(__aarch64__)
  // x18 belongs to the platform.
  __asm__ volatile(
    "mov x0, #0x5bad\n\tmovk x0, #0x5bad, lsl #16\n\tmovk x0, #0x5bad, lsl #32\n\tmovk x0, #0x5bad, lsl #48\n\t"
    "mov x1, x0\n\tmov x2, x0\n\tmov x3, x0\n\tmov x4, x0\n\tmov x5, x0\n\tmov x6, x0\n\tmov x7, x0\n\tmov x8, x0\n\tmov x9, x0\n\t"
    "mov x10, x0\n\tmov x11, x0\n\tmov x12, x0\n\tmov x13, x0\n\tmov x14, x0\n\tmov x15, x0\n\tmov x16, x0\n\tmov x17, x0\n\t"
    "dup v0.2d, x0\n\tmov v1.16b, v0.16b\n\tmov v2.16b, v0.16b\n\tmov v3.16b, v0.16b\n\tmov v4.16b, v0.16b\n\tmov v5.16b, v0.16b\n\t"
    "mov v6.16b, v0.16b\n\tmov v7.16b, v0.16b\n\tmov v16.16b, v0.16b\n\tmov v17.16b, v0.16b\n\tmov v18.16b, v0.16b\n\t"
    "mov v19.16b, v0.16b\n\tmov v20.16b, v0.16b\n\tmov v21.16b, v0.16b\n\tmov v22.16b, v0.16b\n\tmov v23.16b, v0.16b\n\t"
    "mov v24.16b, v0.16b\n\tmov v25.16b, v0.16b\n\tmov v26.16b, v0.16b\n\tmov v27.16b, v0.16b\n\tmov v28.16b, v0.16b\n\t"
    "mov v29.16b, v0.16b\n\tmov v30.16b, v0.16b\n\tmov v31.16b, v0.16b\n\t"
    : : : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
      "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
      "v27", "v28", "v29", "v30", "v31", "cc");
#endif
}

// The end of every generated function, before its result.
static __attribute__((noinline)) void finish(uint64_t identity, unsigned count) {
#if defined(__x86_64__) && !defined(_WIN32)
  // System V ABI for x86-64, 3.2.2: 16-byte alignment at a call. What is off in our caller's frame is off here, too.
  record.misalignment = (uintptr_t)__builtin_frame_address(0) & 15;
#endif
  record.calls++;
  record.identity = identity;
  follow_pointers(count);
  record.checksum = checksum_of(identity, count);
  change_registers();
}
