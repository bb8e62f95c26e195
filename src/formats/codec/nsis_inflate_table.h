// The decoding tables of Deflate, private to nsis_inflate.cc.
//
// A table is indexed by the next bits of the stream, as they lie there; codes
// longer than its index continue in a second table behind it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace countersign::formats {

// An entry.
//   bits 0-7    bits to take: code and extra bits; or width of a second table
//   bits 8-11   bits of the code
//   bits 12-15  kind
//   bits 16-31  literal; base of a length or distance; start of second table
using InflateEntry = uint32_t;
inline constexpr InflateEntry kNoCode = 1U << 12;
inline constexpr InflateEntry kEndOfBlock = 1U << 13;
inline constexpr InflateEntry kSecondTable = 1U << 14;
inline constexpr InflateEntry kLiteral = 1U << 15;

inline constexpr unsigned kMaxCodeBits = 15;

// Spec: RFC 1951, section 3.2.5: every step of codes has one extra bit more.
constexpr InflateEntry LengthEntry(unsigned symbol) {
  if (symbol < 256) {
    return symbol << 16 | kLiteral;
  }
  if (symbol == 256) {
    return kEndOfBlock;
  }
  if (symbol > 285) {
    return kNoCode;
  }
  const unsigned index = symbol - 257;
  const unsigned extra = index < 8 ? 0 : index / 4 - 1;
  const unsigned base = index < 8 ? index + 3 : ((index % 4 + 4) << extra) + 3;
  return index == 28 ? 258U << 16 : base << 16 | extra;
}

constexpr InflateEntry DistanceEntry(unsigned symbol) {
  if (symbol > 29) {
    return kNoCode;
  }
  const unsigned extra = symbol < 4 ? 0 : symbol / 2 - 1;
  const unsigned base =
      symbol < 4 ? symbol + 1 : ((symbol % 2 + 2) << extra) + 1;
  return base << 16 | extra;
}

constexpr InflateEntry PlainEntry(unsigned symbol) { return symbol << 16; }

template <size_t size>
constexpr std::array<InflateEntry, size> EntriesOf(
    InflateEntry (*entry_of)(unsigned)) {
  std::array<InflateEntry, size> entries{};
  for (unsigned symbol = 0; symbol < size; ++symbol) {
    entries[symbol] = entry_of(symbol);
  }
  return entries;
}

inline constexpr auto kLengthEntries = EntriesOf<288>(LengthEntry);
inline constexpr auto kDistanceEntries = EntriesOf<32>(DistanceEntry);
inline constexpr auto kPlainEntries = EntriesOf<19>(PlainEntry);

// `width` is the number of bits that index the first table.
template <unsigned width>
class InflateTable {
 public:
  // Makes the table of the canonical code with `lengths`; `entries` says what
  // each symbol means. False when they ask for more codes than there are.
  // Quirk: an incomplete code is taken, as long as nothing uses what it lacks.
  bool Build(std::span<const uint8_t> lengths,
             std::span<const InflateEntry> entries) {
    std::array<uint16_t, kMaxCodeBits + 2> start{};
    if (!CountCodes(lengths, start)) {
      return false;
    }
    std::array<uint16_t, 288> sorted{};
    for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != 0) {
        sorted[start[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
      }
    }
    // The start of each length has moved to its end.
    const unsigned used = start[kMaxCodeBits];
    const unsigned longest = used == 0 ? 0 : lengths[sorted[used - 1]];
    table_.assign(size_t{1} << width, kNoCode);
    unsigned code = 0;
    for (unsigned i = 0; i < used; ++i) {
      const unsigned bits = lengths[sorted[i]];
      Add(code, bits, longest, entries[sorted[i]]);
      code = NextReversed(code, bits);
    }
    return true;
  }

  // The table as it is until the next Build, for FindIn.
  [[nodiscard]] const InflateEntry* Data() const { return table_.data(); }

  // The entry for a stream that continues with `bits`.
  static InflateEntry FindIn(const InflateEntry* table, uint64_t bits) {
    const InflateEntry entry = table[bits & ((1U << width) - 1)];
    if ((entry & kSecondTable) == 0) [[likely]] {
      return entry;
    }
    return table[(entry >> 16) +
                 ((bits >> width) & ((1U << (entry & 0xFF)) - 1))];
  }
  [[nodiscard]] InflateEntry Find(uint64_t bits) const {
    return FindIn(table_.data(), bits);
  }

 private:
  // Sets `start` to where the symbols of each length begin when they are sorted
  // by it.
  static bool CountCodes(std::span<const uint8_t> lengths,
                         std::array<uint16_t, kMaxCodeBits + 2>& start) {
    std::array<uint16_t, kMaxCodeBits + 1> count{};
    for (const uint8_t length : lengths) {
      ++count[length];
    }
    int left = 1;
    for (unsigned bits = 1; bits <= kMaxCodeBits; ++bits) {
      left = left * 2 - count[bits];
      if (left < 0) {
        return false;
      }
      start[bits + 1] = static_cast<uint16_t>(start[bits] + count[bits]);
    }
    return true;
  }

  // The code of `bits` bits after `code`; both are reversed, as they lie in the
  // stream.
  static unsigned NextReversed(unsigned code, unsigned bits) {
    unsigned bit = 1U << (bits - 1);
    while ((code & bit) != 0) {
      bit >>= 1;
    }
    return bit == 0 ? 0 : (code & (bit - 1)) | bit;
  }

  void Add(unsigned code, unsigned bits, unsigned longest, InflateEntry entry) {
    entry += bits | bits << 8;
    if (bits <= width) {
      for (size_t i = code; i < size_t{1} << width; i += size_t{1} << bits) {
        table_[i] = entry;
      }
      return;
    }
    const unsigned prefix = code & ((1U << width) - 1);
    const unsigned more = longest - width;
    if ((table_[prefix] & kSecondTable) == 0) {
      table_[prefix] =
          static_cast<InflateEntry>(table_.size()) << 16 | kSecondTable | more;
      table_.resize(table_.size() + (size_t{1} << more), kNoCode);
    }
    const size_t second = table_[prefix] >> 16;
    for (size_t i = code >> width; i < size_t{1} << more;
         i += size_t{1} << (bits - width)) {
      table_[second + i] = entry;
    }
  }

  // Limit: 2^11 + 288 * 2^4 entries at most, as every second table has a code.
  std::vector<InflateEntry> table_;
};

}  // namespace countersign::formats
