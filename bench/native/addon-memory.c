// The addon's functions that read and write memory at an address.

#include <string.h>

#include "addon.h"

const void *memory_pointer(uint32_t kind, uint32_t place);
uint32_t scratch_sum(uint32_t place, uint32_t length);

static bool address_of(napi_env env, napi_value value, char **address) {
  uint64_t number;
  bool fits;
  if (napi_get_value_bigint_uint64(env, value, &number, &fits) != napi_ok || !fits) return false;
  *address = (char *)(uintptr_t)number;
  return true;
}

#define ADDRESS(name, index) \
  char *name;                \
  if (!address_of(env, arguments[index], &name)) return refuse(env, "Not an address")

static napi_value address_value(napi_env env, const void *address) {
  napi_value value;
  CHECK(napi_create_bigint_uint64(env, (uintptr_t)address, &value));
  return value;
}

static napi_value call_memory_pointer(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  uint32_t kind, place;
  CHECK(napi_get_value_uint32(env, arguments[0], &kind));
  CHECK(napi_get_value_uint32(env, arguments[1], &place));
  return address_value(env, memory_pointer(kind, place));
}

static napi_value call_scratch_sum(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  uint32_t place, length;
  CHECK(napi_get_value_uint32(env, arguments[0], &place));
  CHECK(napi_get_value_uint32(env, arguments[1], &length));
  return number_u32(env, scratch_sum(place, length));
}

// A function that reads a value at an address and an offset.
#define GET(name, type, make)                                          \
  static napi_value call_##name(napi_env env, napi_callback_info info) { \
    ARGUMENTS(2);                                                      \
    ADDRESS(address, 0);                                               \
    int64_t offset;                                                    \
    CHECK(napi_get_value_int64(env, arguments[1], &offset));           \
    type number;                                                       \
    memcpy(&number, address + offset, sizeof number);                  \
    napi_value value;                                                  \
    CHECK(make(env, number, &value));                                  \
    return value;                                                      \
  }

GET(get_int32, int32_t, napi_create_int32)
GET(get_uint64, uint64_t, napi_create_bigint_uint64)
GET(get_float64, double, napi_create_double)

static napi_value call_set_int32(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  ADDRESS(address, 0);
  int64_t offset;
  int32_t number;
  CHECK(napi_get_value_int64(env, arguments[1], &offset));
  CHECK(napi_get_value_int32(env, arguments[2], &number));
  memcpy(address + offset, &number, sizeof number);
  return NULL;
}

static napi_value call_to_string(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  ADDRESS(address, 0);
  napi_value value;
  CHECK(napi_create_string_utf8(env, address, NAPI_AUTO_LENGTH, &value));
  return value;
}

static napi_value call_copy_bytes(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  ADDRESS(address, 0);
  uint32_t length;
  CHECK(napi_get_value_uint32(env, arguments[1], &length));
  napi_value value;
  CHECK(napi_create_buffer_copy(env, length, address, NULL, &value));
  return value;
}

static napi_value call_view_bytes(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  ADDRESS(address, 0);
  uint32_t length;
  CHECK(napi_get_value_uint32(env, arguments[1], &length));
  napi_value value;
  CHECK(napi_create_external_buffer(env, length, address, NULL, NULL, &value));
  return value;
}

static napi_value call_export_string(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  ADDRESS(address, 1);
  uint32_t length;
  CHECK(napi_get_value_uint32(env, arguments[2], &length));
  CHECK(napi_get_value_string_utf8(env, arguments[0], address, length, NULL));
  return NULL;
}

static napi_value call_export_buffer(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  ADDRESS(address, 1);
  uint32_t available;
  void *bytes;
  size_t length;
  CHECK(napi_get_buffer_info(env, arguments[0], &bytes, &length));
  CHECK(napi_get_value_uint32(env, arguments[2], &available));
  if (length > available) return refuse(env, "Not enough room");
  memcpy(address, bytes, length);
  return NULL;
}

static napi_value call_get_raw_pointer(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  void *bytes;
  CHECK(napi_get_buffer_info(env, arguments[0], &bytes, NULL));
  return address_value(env, bytes);
}

bool define_memory(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      METHOD("memory_pointer", call_memory_pointer),
      METHOD("scratch_sum", call_scratch_sum),
      METHOD("get_int32", call_get_int32),
      METHOD("get_uint64", call_get_uint64),
      METHOD("get_float64", call_get_float64),
      METHOD("set_int32", call_set_int32),
      METHOD("to_string", call_to_string),
      METHOD("copy_bytes", call_copy_bytes),
      METHOD("view_bytes", call_view_bytes),
      METHOD("export_string", call_export_string),
      METHOD("export_buffer", call_export_buffer),
      METHOD("get_raw_pointer", call_get_raw_pointer),
  };
  return napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) == napi_ok;
}
