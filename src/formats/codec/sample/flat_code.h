// For tests: prefix codes in which every symbol has a code.
#pragma once

#include <cstddef>
#include <cstdint>

namespace countersign::formats {

// A complete code of `count` symbols, the shorter ones first.
class FlatSampleCode {
 public:
  explicit FlatSampleCode(size_t count) {
    while ((size_t{1} << bits_) < count) {
      ++bits_;
    }
    shorter_ = (size_t{1} << bits_) - count;
    count_ = count;
  }
  [[nodiscard]] uint32_t Length(size_t symbol) const {
    return symbol < shorter_ ? bits_ - 1 : bits_;
  }
  template <typename Writer>
  void Put(Writer& writer, size_t symbol) const {
    const size_t code = symbol < shorter_ ? symbol : symbol + shorter_;
    writer.Bits(static_cast<uint32_t>(code), Length(symbol));
  }
  [[nodiscard]] size_t Count() const { return count_; }

 private:
  unsigned bits_ = 0;
  size_t shorter_ = 0;
  size_t count_ = 0;
};

}  // namespace countersign::formats
