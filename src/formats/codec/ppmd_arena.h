// The memory of a PPMd model. Private to codec/.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace countersign::formats {

// Limit: bytes of a model. 7-Zip takes 16 MiB unless told otherwise, and 192 at
// its best; RAR goes to 256.
inline constexpr uint32_t kMostPpmdMemory = uint32_t{256} << 20;
// Below that the first context would have no room. 7-Zip's limit.
inline constexpr uint32_t kLeastPpmdMemory = uint32_t{2} << 10;

// A symbol of a context: how often it came, and the context it leads to, or
// where in the text the bytes stand that one could be made of.
struct PpmdSymbol {
  uint8_t symbol = 0;
  uint8_t count = 0;
  uint32_t next = 0;
};

// Symbols one behind the other, as they are now.
class PpmdSymbols {
 public:
  static constexpr uint32_t kBytes = 6;

  explicit PpmdSymbols(base::Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] uint32_t Count() const {
    return static_cast<uint32_t>(bytes_.size()) / kBytes;
  }
  [[nodiscard]] uint8_t SymbolOf(uint32_t index) const {
    return bytes_[size_t{index} * kBytes];
  }
  [[nodiscard]] uint8_t CountOf(uint32_t index) const {
    return bytes_[size_t{index} * kBytes + 1];
  }

 private:
  base::Bytes bytes_;
};

// Bytes by their offset. A model of ours never leaves them, whatever the
// compressed bytes are; should it, by a mistake, the bytes outside are zeros
// that cannot be written, and `IsBroken` tells of it.
class PpmdArena {
 public:
  static constexpr uint32_t kUnitBytes = 12;
  static constexpr uint32_t kSymbolBytes = PpmdSymbols::kBytes;

  // Keeps what is there if that is enough. False when there is no memory.
  // Why calloc: pages that a model does not come to are never made.
  [[nodiscard]] bool Reserve(uint32_t size) {
    if (size > capacity_) {
      bytes_.reset();
      capacity_ = 0;
      // NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
      bytes_.reset(static_cast<uint8_t*>(std::calloc(size, 1)));
      if (bytes_ == nullptr) {
        return false;
      }
      capacity_ = size;
    }
    size_ = size;
    broken_ = false;
    return true;
  }
  [[nodiscard]] uint32_t Size() const { return size_; }
  [[nodiscard]] bool IsBroken() const { return broken_; }
  // For a place that cannot be.
  void Break() const { broken_ = true; }

  [[nodiscard]] uint8_t U8(uint32_t at) const { return Load<uint8_t>(at); }
  [[nodiscard]] uint16_t U16(uint32_t at) const { return Load<uint16_t>(at); }
  [[nodiscard]] uint32_t U32(uint32_t at) const { return Load<uint32_t>(at); }
  void Put8(uint32_t at, uint8_t value) { Store(at, value); }
  void Put16(uint32_t at, uint16_t value) { Store(at, value); }
  void Put32(uint32_t at, uint32_t value) { Store(at, value); }

  [[nodiscard]] PpmdSymbol Symbol(uint32_t at) const {
    if (!Holds(at, kSymbolBytes)) {
      return {};
    }
    PpmdSymbol symbol;
    symbol.symbol = bytes_[at];
    symbol.count = bytes_[at + 1];
    std::memcpy(&symbol.next, &bytes_[at + 2], sizeof(symbol.next));
    return symbol;
  }
  // None if they are not all inside.
  [[nodiscard]] PpmdSymbols Symbols(uint32_t at, uint32_t count) const {
    const uint32_t size = count * kSymbolBytes;
    return PpmdSymbols(Holds(at, size) ? base::Bytes(&bytes_[at], size)
                                       : base::Bytes());
  }
  void PutSymbol(uint32_t at, const PpmdSymbol& symbol) {
    if (!Holds(at, kSymbolBytes)) {
      return;
    }
    bytes_[at] = symbol.symbol;
    bytes_[at + 1] = symbol.count;
    std::memcpy(&bytes_[at + 2], &symbol.next, sizeof(symbol.next));
  }
  void CopyUnits(uint32_t to, uint32_t from, uint32_t units) {
    const uint32_t count = units * kUnitBytes;
    if (Holds(to, count) && Holds(from, count)) {
      std::memmove(&bytes_[to], &bytes_[from], count);
    }
  }

 private:
  struct Freed {
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };

  [[nodiscard]] bool Holds(uint32_t at, uint32_t count) const {
    if (count <= size_ && at <= size_ - count) [[likely]] {
      return true;
    }
    broken_ = true;
    return false;
  }
  template <typename T>
  [[nodiscard]] T Load(uint32_t at) const {
    T value = 0;
    if (Holds(at, sizeof(T))) {
      std::memcpy(&value, &bytes_[at], sizeof(T));
    }
    return value;
  }
  template <typename T>
  void Store(uint32_t at, T value) {
    if (Holds(at, sizeof(T))) {
      std::memcpy(&bytes_[at], &value, sizeof(T));
    }
  }

  std::unique_ptr<uint8_t[], Freed> bytes_;
  uint32_t capacity_ = 0;
  uint32_t size_ = 0;
  mutable bool broken_ = false;
};

// Blocks have 1, 2, 3, 4, 6, ... 12, 15, ... 24, 28, ... 128 units; free ones
// of a size are in a list of their own.
class PpmdSizes {
 public:
  static constexpr size_t kCount = 38;
  static constexpr uint32_t kMostUnits = 128;

  constexpr PpmdSizes() {
    uint32_t units = 0;
    for (size_t i = 0; i < kCount; ++i) {
      for (size_t step = i < 12 ? i / 4 + 1 : 4; step > 0; --step) {
        of_units_.at(units++) = static_cast<uint8_t>(i);
      }
      units_.at(i) = static_cast<uint8_t>(units);
    }
  }
  // Of the smallest block that has room for `units`, 1 to 128.
  [[nodiscard]] constexpr size_t IndexOf(uint32_t units) const {
    return of_units_.at((units - 1) % kMostUnits);
  }
  [[nodiscard]] constexpr uint32_t UnitsOf(size_t index) const {
    return units_.at(index);
  }

 private:
  std::array<uint8_t, kMostUnits> of_units_{};
  std::array<uint8_t, kCount> units_{};
};

inline constexpr PpmdSizes kPpmdSizes;

// How often none of the symbols of a context came, for those alike.
struct PpmdEscapes {
  uint16_t sum = 0;
  uint8_t shift = 7;
  uint8_t count = 64;

  // After a symbol that was not an escape.
  void Learn() {
    if (shift < 7 && --count == 0) {
      sum = static_cast<uint16_t>(sum << 1);
      count = static_cast<uint8_t>(3U << shift++);
    }
  }
};

}  // namespace countersign::formats
