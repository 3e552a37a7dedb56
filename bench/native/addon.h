// What the files of the addon share.

#ifndef ADDON_H
#define ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline napi_value refuse(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return NULL;
}

// Leaves the function with an exception when a Node-API call does not succeed.
#define CHECK(call)                                                        \
  do {                                                                     \
    if ((call) != napi_ok) return refuse(env, "Invalid argument: " #call); \
  } while (0)

#define ARGUMENTS(number)                                            \
  napi_value arguments[number];                                      \
  size_t count = number;                                             \
  CHECK(napi_get_cb_info(env, info, &count, arguments, NULL, NULL)); \
  if (count != number) return refuse(env, "Wrong number of arguments")

static inline napi_value number_i32(napi_env env, int32_t number) {
  napi_value value;
  CHECK(napi_create_int32(env, number, &value));
  return value;
}

static inline napi_value number_u32(napi_env env, uint32_t number) {
  napi_value value;
  CHECK(napi_create_uint32(env, number, &value));
  return value;
}

static inline napi_value number_f64(napi_env env, double number) {
  napi_value value;
  CHECK(napi_create_double(env, number, &value));
  return value;
}

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_default, NULL}

// A JavaScript function that C calls.
struct function {
  napi_env env;
  napi_ref reference;
};

// Calls it, and says whether it returned.
bool call_function(const struct function *function, size_t count, const napi_value *arguments, napi_value *result);

// Add the functions of their files to the addon; false with an exception when that fails.
bool define_callbacks(napi_env env, napi_value exports);
bool define_memory(napi_env env, napi_value exports);

#endif
