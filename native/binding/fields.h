// Reading of JavaScript objects by Node's C interface. A worker that is being terminated lets every access to a
// property fail at any moment; the C++ wrapper takes that for a reason to abort the process, so nothing is read through
// it.
#pragma once

#include <node_api.h>

#include <string>

namespace ghostnet {

class Fields {
 public:
  Fields(napi_env env, napi_value object) : env_(env), object_(object) {}
  napi_env env() const { return env_; }

  /// Null where there is no such property or nothing may run any more.
  napi_value get(const char* key) const {
    bool has = false;
    napi_value value = nullptr;
    if (!object_ || napi_has_named_property(env_, object_, key, &has) != napi_ok || !has) return nullptr;
    return napi_get_named_property(env_, object_, key, &value) == napi_ok ? value : nullptr;
  }
  napi_value at(uint32_t index) const {
    napi_value value = nullptr;
    return object_ && napi_get_element(env_, object_, index, &value) == napi_ok ? value : nullptr;
  }
  uint32_t length() const {
    uint32_t count = 0;
    return object_ && napi_get_array_length(env_, object_, &count) == napi_ok ? count : 0;
  }

  Fields object(const char* key) const { return Fields(env_, get(key)); }
  int integer(const char* key) const { return integer_of(get(key)); }
  int integer_at(uint32_t index) const { return integer_of(at(index)); }

  double number(const char* key) const { return number_of(get(key)); }
  double number_at(uint32_t index) const { return number_of(at(index)); }
  bool flag(const char* key) const {
    const napi_value value = get(key);
    bool flag = false;
    return value && napi_get_value_bool(env_, value, &flag) == napi_ok && flag;
  }

  std::string text(const char* key) const {
    const napi_value value = get(key);
    size_t length = 0;
    if (!value || napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) return std::string();
    std::string result(length, '\0');
    if (napi_get_value_string_utf8(env_, value, &result[0], length + 1, &length) != napi_ok) return std::string();
    return result;
  }

 private:
  int integer_of(napi_value value) const {
    int32_t number = 0;
    return value && napi_get_value_int32(env_, value, &number) == napi_ok ? number : 0;
  }

  double number_of(napi_value value) const {
    double number = 0;
    return value && napi_get_value_double(env_, value, &number) == napi_ok ? number : 0;
  }

  napi_env env_;
  napi_value object_;
};

}  // namespace ghostnet
