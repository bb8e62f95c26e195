// The only way to read integers from hostile bytes.
//
// Failure is sticky: the first read past the end is remembered with its
// absolute offset and field name, every later read yields zero or nothing, and
// `Finish` is the only way out. A parser is therefore a straight list of reads
// with one check at the end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::base {

class [[nodiscard]] Reader {
 public:
  // Reads `input` from its first byte. Keeps a view: `input` must outlive it.
  explicit Reader(Input input) : input_(input) {}

  // Little-endian integers; zero after a failure.
  uint8_t U8(const char* field) {
    const Bytes taken = Take(1, field);
    return taken.empty() ? uint8_t{0} : taken[0];
  }
  uint16_t U16(const char* field) {
    return static_cast<uint16_t>(LittleEndian(2, field));
  }
  uint32_t U32(const char* field) {
    return static_cast<uint32_t>(LittleEndian(4, field));
  }
  uint64_t U64(const char* field) { return LittleEndian(8, field); }

  // The next `size` bytes, or an empty view after a failure.
  Bytes Take(uint64_t size, const char* field) {
    if (failed_ || size > Remaining()) {
      Fail(Fault::kTruncated, field);
      return {};
    }
    const Bytes taken = input_.bytes.subspan(position_, size);
    position_ += static_cast<size_t>(size);
    return taken;
  }

  void Skip(uint64_t size, const char* field) { (void)Take(size, field); }

  // Moves to `position` bytes from the start of the input.
  void Seek(uint64_t position, const char* field) {
    if (failed_ || position > input_.bytes.size()) {
      Fail(Fault::kTruncated, field);
      return;
    }
    position_ = static_cast<size_t>(position);
  }

  // Records a failure at the current position; the first one wins.
  void Fail(Fault fault, const char* field) {
    if (!failed_) {
      failed_ = true;
      error_ = {fault, Offset(), field};
    }
  }

  [[nodiscard]] uint64_t Remaining() const {
    return failed_ ? 0 : input_.bytes.size() - position_;
  }
  // Absolute offset in the artifact of the next byte to be read.
  [[nodiscard]] uint64_t Offset() const { return input_.offset + position_; }
  [[nodiscard]] bool Failed() const { return failed_; }

  // `value` if every read so far succeeded, else the first failure.
  template <typename T>
  [[nodiscard]] Result<T> Finish(T value) const {
    if (failed_) {
      return std::unexpected(error_);
    }
    return value;
  }

 private:
  uint64_t LittleEndian(size_t size, const char* field) {
    uint64_t value = 0;
    const Bytes taken = Take(size, field);
    for (size_t i = taken.size(); i > 0; --i) {
      value = value << 8 | taken[i - 1];
    }
    return value;
  }

  Input input_;
  size_t position_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace countersign::base
