// The same C functions from an addon written by hand: what one would write with Node-API for these functions, and nothing more general.

#include "addon.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void noop(void);
uint32_t noop_calls(void);
int32_t add_i32(int32_t a, int32_t b);
int32_t subtract_i32(int32_t a, int32_t b);
double add_f64(double a, double b);
int64_t add_i64(int64_t a, int64_t b);
int32_t add_8_i32(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h);
double add_mixed(int8_t a, double b, uint16_t c, float d, int64_t e);
double add_12_mixed(int32_t a, double b, uint8_t c, float d, int32_t e, int16_t f, uint32_t g, double h, int32_t i, uint8_t j, int32_t k,
                    float l);
const int32_t *value_pointer(uint32_t index);
int32_t read_i32(const int32_t *pointer);
uint32_t string_length(const char *text);
uint32_t first_byte(const uint8_t *bytes);
uint32_t byte_at(const uint8_t *bytes, uint32_t index);
uint32_t first_bytes(const uint8_t *a, const uint8_t *b, const uint8_t *c);
int32_t call_back(int32_t (*function)(int32_t), int32_t argument);

typedef int32_t (*binary_i32)(int32_t, int32_t);
binary_i32 sum_function(uint32_t index);

static napi_value call_noop(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  noop();
  return NULL;
}

static napi_value call_noop_calls(napi_env env, napi_callback_info info) {
  (void)info;
  return number_u32(env, noop_calls());
}

static napi_value call_add_i32(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  int32_t a, b;
  CHECK(napi_get_value_int32(env, arguments[0], &a));
  CHECK(napi_get_value_int32(env, arguments[1], &b));
  return number_i32(env, add_i32(a, b));
}

static napi_value call_subtract_i32(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  int32_t a, b;
  CHECK(napi_get_value_int32(env, arguments[0], &a));
  CHECK(napi_get_value_int32(env, arguments[1], &b));
  return number_i32(env, subtract_i32(a, b));
}

static napi_value call_add_f64(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  double a, b;
  CHECK(napi_get_value_double(env, arguments[0], &a));
  CHECK(napi_get_value_double(env, arguments[1], &b));
  return number_f64(env, add_f64(a, b));
}

static napi_value call_add_i64(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  int64_t a, b;
  bool a_fits, b_fits;
  CHECK(napi_get_value_bigint_int64(env, arguments[0], &a, &a_fits));
  CHECK(napi_get_value_bigint_int64(env, arguments[1], &b, &b_fits));
  if (!a_fits || !b_fits) return refuse(env, "An argument does not fit into 64 bits");
  napi_value value;
  CHECK(napi_create_bigint_int64(env, add_i64(a, b), &value));
  return value;
}

static napi_value call_add_8_i32(napi_env env, napi_callback_info info) {
  ARGUMENTS(8);
  int32_t n[8];
  for (size_t index = 0; index < 8; index++) CHECK(napi_get_value_int32(env, arguments[index], &n[index]));
  return number_i32(env, add_8_i32(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]));
}

static napi_value call_add_mixed(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  int32_t a;
  double b, d;
  uint32_t c;
  int64_t e;
  bool e_fits;
  CHECK(napi_get_value_int32(env, arguments[0], &a));
  CHECK(napi_get_value_double(env, arguments[1], &b));
  CHECK(napi_get_value_uint32(env, arguments[2], &c));
  CHECK(napi_get_value_double(env, arguments[3], &d));
  CHECK(napi_get_value_bigint_int64(env, arguments[4], &e, &e_fits));
  if (!e_fits) return refuse(env, "An argument does not fit into 64 bits");
  return number_f64(env, add_mixed((int8_t)a, b, (uint16_t)c, (float)d, e));
}

static napi_value call_add_12_mixed(napi_env env, napi_callback_info info) {
  ARGUMENTS(12);
  int32_t a, e, f, i, k;
  uint32_t c, g, j;
  double b, d, h, l;
  CHECK(napi_get_value_int32(env, arguments[0], &a));
  CHECK(napi_get_value_double(env, arguments[1], &b));
  CHECK(napi_get_value_uint32(env, arguments[2], &c));
  CHECK(napi_get_value_double(env, arguments[3], &d));
  CHECK(napi_get_value_int32(env, arguments[4], &e));
  CHECK(napi_get_value_int32(env, arguments[5], &f));
  CHECK(napi_get_value_uint32(env, arguments[6], &g));
  CHECK(napi_get_value_double(env, arguments[7], &h));
  CHECK(napi_get_value_int32(env, arguments[8], &i));
  CHECK(napi_get_value_uint32(env, arguments[9], &j));
  CHECK(napi_get_value_int32(env, arguments[10], &k));
  CHECK(napi_get_value_double(env, arguments[11], &l));
  return number_f64(env, add_12_mixed(a, b, (uint8_t)c, (float)d, e, (int16_t)f, g, h, i, (uint8_t)j, k, (float)l));
}

static napi_value call_value_pointer(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  uint32_t index;
  CHECK(napi_get_value_uint32(env, arguments[0], &index));
  napi_value value;
  CHECK(napi_create_bigint_uint64(env, (uintptr_t)value_pointer(index), &value));
  return value;
}

static napi_value call_read_i32(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  napi_valuetype type;
  CHECK(napi_typeof(env, arguments[0], &type));
  uint64_t address = 0;
  bool fits = true;
  if (type != napi_null) CHECK(napi_get_value_bigint_uint64(env, arguments[0], &address, &fits));
  if (!fits) return refuse(env, "An address does not fit into 64 bits");
  return number_i32(env, read_i32((const int32_t *)(uintptr_t)address));
}

static napi_value call_string_length(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  // A text that fits is copied once; a longer one is measured and copied to the heap.
  char stack[256];
  size_t length;
  CHECK(napi_get_value_string_utf8(env, arguments[0], stack, sizeof stack, &length));
  // A text that was cut can end up to three bytes early, before a character that did not fit.
  if (length < sizeof stack - 4) return number_u32(env, string_length(stack));
  CHECK(napi_get_value_string_utf8(env, arguments[0], NULL, 0, &length));
  char *text = malloc(length + 1);
  if (text == NULL) return refuse(env, "Out of memory");
  napi_status status = napi_get_value_string_utf8(env, arguments[0], text, length + 1, NULL);
  uint32_t result = status == napi_ok ? string_length(text) : 0;
  free(text);
  CHECK(status);
  return number_u32(env, result);
}

static napi_value call_first_byte(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  void *bytes;
  CHECK(napi_get_buffer_info(env, arguments[0], &bytes, NULL));
  return number_u32(env, first_byte(bytes));
}

static napi_value call_byte_at(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  void *bytes;
  uint32_t index;
  CHECK(napi_get_buffer_info(env, arguments[0], &bytes, NULL));
  CHECK(napi_get_value_uint32(env, arguments[1], &index));
  return number_u32(env, byte_at(bytes, index));
}

static napi_value call_first_bytes(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  void *a, *b, *c;
  CHECK(napi_get_buffer_info(env, arguments[0], &a, NULL));
  CHECK(napi_get_buffer_info(env, arguments[1], &b, NULL));
  CHECK(napi_get_buffer_info(env, arguments[2], &c, NULL));
  return number_u32(env, first_bytes(a, b, c));
}

// The functions of a family differ in nothing but what they call: one callback serves them all.
static napi_value call_bound_sum(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  void *function;
  CHECK(napi_get_cb_info(env, info, &count, arguments, NULL, &function));
  if (count != 2) return refuse(env, "Wrong number of arguments");
  int32_t a, b;
  CHECK(napi_get_value_int32(env, arguments[0], &a));
  CHECK(napi_get_value_int32(env, arguments[1], &b));
  return number_i32(env, ((binary_i32)(uintptr_t)function)(a, b));
}

static napi_value bind_sum(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  uint32_t index;
  CHECK(napi_get_value_uint32(env, arguments[0], &index));
  binary_i32 function = sum_function(index);
  if (function == NULL) return refuse(env, "There is no such function");
  napi_value value;
  CHECK(napi_create_function(env, "sum", NAPI_AUTO_LENGTH, call_bound_sum, (void *)(uintptr_t)function, &value));
  return value;
}

static struct function kept;

static int32_t run_kept(int32_t argument) {
  napi_value value;
  int32_t result = 0;
  if (napi_create_int32(kept.env, argument, &value) != napi_ok) return 0;
  if (!call_function(&kept, 1, &value, &value)) return 0;
  if (napi_get_value_int32(kept.env, value, &result) != napi_ok) return 0;
  return result;
}

// Keeps a JavaScript function for C to call, and has C call it with an argument.
static napi_value keep_callback(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  int32_t argument;
  CHECK(napi_get_value_int32(env, arguments[1], &argument));
  kept.env = env;
  CHECK(napi_create_reference(env, arguments[0], 1, &kept.reference));
  return number_i32(env, call_back(run_kept, argument));
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor properties[] = {
      METHOD("noop", call_noop),
      METHOD("noop_calls", call_noop_calls),
      METHOD("add_i32", call_add_i32),
      METHOD("subtract_i32", call_subtract_i32),
      METHOD("add_f64", call_add_f64),
      METHOD("add_i64", call_add_i64),
      METHOD("add_8_i32", call_add_8_i32),
      METHOD("add_mixed", call_add_mixed),
      METHOD("add_12_mixed", call_add_12_mixed),
      METHOD("value_pointer", call_value_pointer),
      METHOD("read_i32", call_read_i32),
      METHOD("string_length", call_string_length),
      METHOD("first_byte", call_first_byte),
      METHOD("byte_at", call_byte_at),
      METHOD("first_bytes", call_first_bytes),
      METHOD("bind_sum", bind_sum),
      METHOD("keep_callback", keep_callback),
  };
  CHECK(napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties));
  if (!define_callbacks(env, exports) || !define_memory(env, exports)) return NULL;
  return exports;
}
