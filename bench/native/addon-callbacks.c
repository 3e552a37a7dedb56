// The addon's functions that take a callback. A callback gets what it needs as JavaScript values: a comparator two numbers, a function for
// rows the text of the second column.

#include "addon.h"

typedef int (*row_callback)(void *context, int columns, char **values, char **names);

double sum_callbacks_i32(int32_t (*function)(int32_t), uint32_t count);
double sum_callbacks_mixed(double (*function)(int32_t, double, int64_t, uint8_t), uint32_t count);
int32_t fill_numbers(uint32_t count);
int32_t sort_numbers(int (*compare)(const void *, const void *), uint32_t count);
int32_t hash_numbers(uint32_t count);
int32_t open_rows(uint32_t count);
int32_t select_rows(row_callback function, uint32_t count);

bool call_function(const struct function *function, size_t count, const napi_value *arguments, napi_value *result) {
  napi_value callable, receiver;
  if (napi_get_reference_value(function->env, function->reference, &callable) != napi_ok) return false;
  if (napi_get_undefined(function->env, &receiver) != napi_ok) return false;
  return napi_call_function(function->env, receiver, callable, count, arguments, result) == napi_ok;
}

// What C calls now. C gives most of these callbacks no pointer of their own.
static struct function current;

// After a callback threw, Node-API calls no other one, and the exception is thrown when C has returned.

static int32_t run_i32(int32_t a) {
  napi_env env = current.env;
  napi_handle_scope scope;
  napi_value values[1], value;
  int32_t result = 0;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return 0;
  if (napi_create_int32(env, a, &values[0]) == napi_ok &&
      call_function(&current, 1, values, &value)) {
    napi_get_value_int32(env, value, &result);
  }
  napi_close_handle_scope(env, scope);
  return result;
}

static double run_mixed(int32_t a, double b, int64_t c, uint8_t d) {
  napi_env env = current.env;
  napi_handle_scope scope;
  napi_value values[4], value;
  double result = 0;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return 0;
  if (napi_create_int32(env, a, &values[0]) == napi_ok &&
      napi_create_double(env, b, &values[1]) == napi_ok &&
      napi_create_bigint_int64(env, c, &values[2]) == napi_ok &&
      napi_create_uint32(env, d, &values[3]) == napi_ok &&
      call_function(&current, 4, values, &value)) {
    napi_get_value_double(env, value, &result);
  }
  napi_close_handle_scope(env, scope);
  return result;
}

static int run_comparator(const void *a, const void *b) {
  napi_env env = current.env;
  napi_handle_scope scope;
  napi_value values[2], value;
  int32_t result = 0;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return 0;
  if (napi_create_int32(env, *(const int32_t *)a, &values[0]) == napi_ok &&
      napi_create_int32(env, *(const int32_t *)b, &values[1]) == napi_ok &&
      call_function(&current, 2, values, &value)) {
    napi_get_value_int32(env, value, &result);
  }
  napi_close_handle_scope(env, scope);
  return result;
}

static int run_row(void *context, int columns, char **texts, char **names) {
  (void)context;
  (void)names;
  napi_env env = current.env;
  napi_handle_scope scope;
  napi_value values[4], value;
  int32_t result = 0;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return 0;
  if (napi_get_null(env, &values[0]) == napi_ok &&
      napi_create_int32(env, columns, &values[1]) == napi_ok &&
      napi_create_string_utf8(env, texts[1], NAPI_AUTO_LENGTH, &values[2]) == napi_ok &&
      napi_get_null(env, &values[3]) == napi_ok &&
      call_function(&current, 4, values, &value)) {
    napi_get_value_int32(env, value, &result);
  }
  napi_close_handle_scope(env, scope);
  return result;
}

// Makes the first argument what C calls, and the second a number.
#define CALLBACK_AND_SIZE                                                     \
  ARGUMENTS(2);                                                               \
  uint32_t size;                                                              \
  CHECK(napi_get_value_uint32(env, arguments[1], &size));                     \
  current.env = env;                                                          \
  CHECK(napi_create_reference(env, arguments[0], 1, &current.reference))

static napi_value call_sum_callbacks_i32(napi_env env, napi_callback_info info) {
  CALLBACK_AND_SIZE;
  const double sum = sum_callbacks_i32(run_i32, size);
  CHECK(napi_delete_reference(env, current.reference));
  return number_f64(env, sum);
}

static napi_value call_sum_callbacks_mixed(napi_env env, napi_callback_info info) {
  CALLBACK_AND_SIZE;
  const double sum = sum_callbacks_mixed(run_mixed, size);
  CHECK(napi_delete_reference(env, current.reference));
  return number_f64(env, sum);
}

static napi_value call_sort_numbers(napi_env env, napi_callback_info info) {
  CALLBACK_AND_SIZE;
  const int32_t result = sort_numbers(run_comparator, size);
  CHECK(napi_delete_reference(env, current.reference));
  return number_i32(env, result);
}

static napi_value call_select_rows(napi_env env, napi_callback_info info) {
  CALLBACK_AND_SIZE;
  const int32_t result = select_rows(run_row, size);
  CHECK(napi_delete_reference(env, current.reference));
  return number_i32(env, result);
}

#define OF_SIZE(function)                                                     \
  static napi_value call_##function(napi_env env, napi_callback_info info) {  \
    ARGUMENTS(1);                                                             \
    uint32_t size;                                                            \
    CHECK(napi_get_value_uint32(env, arguments[0], &size));                   \
    return number_i32(env, function(size));                                   \
  }

OF_SIZE(fill_numbers)
OF_SIZE(hash_numbers)
OF_SIZE(open_rows)

bool define_callbacks(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      METHOD("sum_callbacks_i32", call_sum_callbacks_i32),
      METHOD("sum_callbacks_mixed", call_sum_callbacks_mixed),
      METHOD("sort_numbers", call_sort_numbers),
      METHOD("select_rows", call_select_rows),
      METHOD("fill_numbers", call_fill_numbers),
      METHOD("hash_numbers", call_hash_numbers),
      METHOD("open_rows", call_open_rows),
  };
  return napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) == napi_ok;
}
