// The wire format between a sandboxed worker and its parent, and of trust
// stores on disk: each value in the order of its `Fields`, little-endian,
// counts as u32, strings as UTF-8 or raw bytes. The decoder trusts nothing:
// every count is checked against the bytes that are left before anything is
// allocated, and every enumerator against its table.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/instant.h"
#include "base/reader.h"
#include "base/result.h"
#include "model/enumeration.h"
#include "model/finding.h"

namespace countersign::model {

class WireWriter {
 public:
  template <typename T>
  void operator()(const char*, const T& value) {
    Put(value);
  }

  [[nodiscard]] std::vector<uint8_t> Take() { return std::move(out_); }

 private:
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  void Put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) {
      out_.push_back(static_cast<uint8_t>(value >> (8 * i)));
    }
  }
  void Put(bool value) { out_.push_back(value ? 1 : 0); }
  void Put(double value) { Put(std::bit_cast<uint64_t>(value)); }
  void Put(base::Instant value) {
    Put(static_cast<uint64_t>(value.unix_microseconds));
  }
  void Put(base::ByteRange value) {
    Put(value.offset);
    Put(value.size);
  }
  void Put(const std::string& value) {
    Put(static_cast<uint32_t>(value.size()));
    out_.insert(out_.end(), value.begin(), value.end());
  }
  void Put(const std::vector<uint8_t>& value) {
    Put(static_cast<uint32_t>(value.size()));
    out_.insert(out_.end(), value.begin(), value.end());
  }
  void Put(const Parameter& value) {
    Put(value.name);
    const auto* text = std::get_if<std::string>(&value.value);
    Put(text != nullptr);
    if (text != nullptr) {
      Put(*text);
    } else {
      Put(static_cast<uint64_t>(std::get<int64_t>(value.value)));
    }
  }
  template <NamedEnumeration E>
  void Put(E value) {
    out_.push_back(static_cast<uint8_t>(value));
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value) {
      Put(*value);
    }
  }
  template <typename T>
    requires(!std::same_as<T, uint8_t>)
  void Put(const std::vector<T>& values) {
    Put(static_cast<uint32_t>(values.size()));
    for (const T& value : values) {
      Put(value);
    }
  }
  template <typename T>
    requires requires(const T& t, WireWriter& w) { T::Fields(t, w); }
  void Put(const T& value) {
    T::Fields(value, *this);
  }

  std::vector<uint8_t> out_;
};

class WireReader {
 public:
  explicit WireReader(base::Bytes bytes) : reader_(base::Input{bytes, 0}) {}

  template <typename T>
  void operator()(const char* field, T& value) {
    field_ = field;
    Get(value);
  }

  // The value if everything was read and nothing is left over.
  template <typename T>
  [[nodiscard]] base::Result<T> Finish(T value) {
    if (!reader_.Failed() && reader_.Remaining() != 0) {
      reader_.Fail(base::Fault::kMalformed, "bytes after the end");
    }
    return reader_.Finish(std::move(value));
  }

 private:
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  void Get(T& value) {
    if constexpr (sizeof(T) == 1) {
      value = reader_.U8(field_);
    } else if constexpr (sizeof(T) == 2) {
      value = reader_.U16(field_);
    } else if constexpr (sizeof(T) == 4) {
      value = reader_.U32(field_);
    } else {
      value = reader_.U64(field_);
    }
  }
  void Get(bool& value) {
    const uint8_t byte = reader_.U8(field_);
    if (byte > 1) {
      reader_.Fail(base::Fault::kMalformed, field_);
    }
    value = byte == 1;
  }
  void Get(double& value) {
    value = std::bit_cast<double>(reader_.U64(field_));
  }
  void Get(base::Instant& value) {
    value.unix_microseconds = static_cast<int64_t>(reader_.U64(field_));
    // Limit: years 1 to 9999, which is what RFC 3339 can say.
    constexpr int64_t kFirst = -62'135'596'800'000'000;
    constexpr int64_t kLast = 253'402'300'799'999'999;
    if (value.unix_microseconds < kFirst || value.unix_microseconds > kLast) {
      reader_.Fail(base::Fault::kMalformed, field_);
      value = {};
    }
  }
  void Get(base::ByteRange& value) {
    Get(value.offset);
    Get(value.size);
  }
  void Get(std::string& value) {
    const base::Bytes bytes = reader_.Take(reader_.U32(field_), field_);
    value.assign(bytes.begin(), bytes.end());
  }
  void Get(std::vector<uint8_t>& value) {
    const base::Bytes bytes = reader_.Take(reader_.U32(field_), field_);
    value.assign(bytes.begin(), bytes.end());
  }
  void Get(Parameter& value) {
    Get(value.name);
    bool is_text = false;
    Get(is_text);
    if (is_text) {
      std::string text;
      Get(text);
      value.value = std::move(text);
    } else {
      value.value = static_cast<int64_t>(reader_.U64(field_));
    }
  }
  template <NamedEnumeration E>
  void Get(E& value) {
    const uint8_t byte = reader_.U8(field_);
    if (byte >= kNames<E>.size()) {
      reader_.Fail(base::Fault::kMalformed, field_);
      return;
    }
    value = static_cast<E>(byte);
  }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool present = false;
    Get(present);
    if (present) {
      Get(value.emplace());
    }
  }
  template <typename T>
    requires(!std::same_as<T, uint8_t>)
  void Get(std::vector<T>& values) {
    const uint32_t count = reader_.U32(field_);
    // Every element takes at least one byte.
    if (count > reader_.Remaining()) {
      reader_.Fail(base::Fault::kTruncated, field_);
      return;
    }
    // Why: no reserve(count). A count may be as large as the message, and an
    // element a thousand times larger in memory than on the wire.
    for (uint32_t i = 0; i < count && !reader_.Failed(); ++i) {
      Get(values.emplace_back());
    }
  }
  template <typename T>
    requires requires(T& t, WireReader& r) { T::Fields(t, r); }
  void Get(T& value) {
    T::Fields(value, *this);
  }

  base::Reader reader_;
  const char* field_ = "";
};

// The wire form of a value that has `Fields`.
template <typename T>
[[nodiscard]] std::vector<uint8_t> EncodeWire(const T& value) {
  WireWriter writer;
  T::Fields(value, writer);
  return writer.Take();
}

// The value in `bytes`, which must hold exactly one; else where it went wrong.
template <typename T>
[[nodiscard]] base::Result<T> DecodeWire(base::Bytes bytes) {
  WireReader reader(bytes);
  T value;
  T::Fields(value, reader);
  return reader.Finish(std::move(value));
}

}  // namespace countersign::model
