// Values with every field set, each to something else: what a wire or JSON
// writer must not lose. Driven by `Fields`, so that a new field is covered
// without a change here. For tests and fuzz targets.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/instant.h"
#include "model/enumeration.h"
#include "model/finding.h"

namespace countersign::model {

class EveryField {
 public:
  // `list_size` elements in every list.
  explicit EveryField(size_t list_size) : list_size_(list_size) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    name_ = name;
    Set(value);
  }

  template <typename T>
    requires requires(T& t, EveryField& f) { T::Fields(t, f); }
  void Set(T& value) {
    T::Fields(value, *this);
  }

 private:
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  void Set(T& value) {
    value = static_cast<T>(0x0102030405060708U + ++next_);
  }
  void Set(bool& value) { value = true; }
  void Set(double& value) { value = 0.5 + static_cast<double>(++next_); }
  void Set(base::Instant& value) {
    value.unix_microseconds =
        1'700'000'000'000'001 + static_cast<int64_t>(++next_);
  }
  void Set(base::ByteRange& value) {
    Set(value.offset);
    Set(value.size);
  }
  void Set(std::string& value) {
    value = std::string(name_) + " " + std::to_string(++next_);
  }
  void Set(std::vector<uint8_t>& value) { value = {0, 0x80, 0xFF}; }
  void Set(Parameter& value) {
    value.name = "parameter " + std::to_string(++next_);
    if (next_ % 2 == 0) {
      value.value = static_cast<int64_t>(next_) * -1;
    } else {
      value.value = "text " + std::to_string(next_);
    }
  }
  template <NamedEnumeration E>
  void Set(E& value) {
    value = static_cast<E>(++next_ % kNames<E>.size());
  }
  template <typename T>
  void Set(std::optional<T>& value) {
    Set(value.emplace());
  }
  template <typename T>
    requires(!std::same_as<T, uint8_t>)
  void Set(std::vector<T>& values) {
    const char* name = name_;
    for (size_t i = 0; i < list_size_; ++i) {
      name_ = name;
      Set(values.emplace_back());
    }
  }

  size_t list_size_;
  uint64_t next_ = 0;
  const char* name_ = "";
};

// A `T` with every field set and `list_size` elements in every list.
template <typename T>
[[nodiscard]] T WithEveryField(size_t list_size = 2) {
  T value;
  EveryField(list_size).Set(value);
  return value;
}

}  // namespace countersign::model
