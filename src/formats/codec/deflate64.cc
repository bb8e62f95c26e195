// Blocks, of which the first bit says whether one is the last; then two bits:
//   0  stored: align to a byte, length u16, its complement, the bytes
//   1  codes known beforehand
//   2  codes at the start of the block
// as in deflate, but for what the last symbols mean:
//   length 285     3 + 16 bits     (deflate: 258)
//   distance 30    32769 + 14 bits (deflate: none)
//   distance 31    49153 + 14 bits (deflate: none)
//
// Spec: RFC 1951; APPNOTE 6.3.10, 4.4.5 (method 9), which leaves the three
// lines above open: they are what PKZIP and 7-Zip write.
#include <algorithm>
#include <array>

#include "formats/codec/bits.h"
#include "formats/codec/output_window.h"
#include "formats/codec/pkzip.h"
#include "formats/codec/prefix_code.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Result;

struct Deflate64Range {
  uint32_t start;
  uint8_t bits;
};

constexpr std::array<Deflate64Range, 29> kDeflate64Lengths = {{
    {3, 0},   {4, 0},   {5, 0},   {6, 0},   {7, 0},  {8, 0},  {9, 0},  {10, 0},
    {11, 1},  {13, 1},  {15, 1},  {17, 1},  {19, 2}, {23, 2}, {27, 2}, {31, 2},
    {35, 3},  {43, 3},  {51, 3},  {59, 3},  {67, 4}, {83, 4}, {99, 4}, {115, 4},
    {131, 5}, {163, 5}, {195, 5}, {227, 5}, {3, 16},
}};

constexpr std::array<Deflate64Range, 32> kDeflate64Distances = {{
    {1, 0},      {2, 0},      {3, 0},     {4, 0},      {5, 1},      {7, 1},
    {9, 2},      {13, 2},     {17, 3},    {25, 3},     {33, 4},     {49, 4},
    {65, 5},     {97, 5},     {129, 6},   {193, 6},    {257, 7},    {385, 7},
    {513, 8},    {769, 8},    {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
    {4097, 11},  {6145, 11},  {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13},
    {32769, 14}, {49153, 14},
}};

constexpr uint64_t kDeflate64Window = uint64_t{64} << 10;

class Deflate64Decoder {
 public:
  Deflate64Decoder(base::Input input, ByteSink& output)
      : reader_(input), window_(output, kDeflate64Window) {}

  Result<uint64_t> Run() {
    for (bool is_last = false; !is_last;) {
      is_last = reader_.Take(1) != 0;
      const auto block = Block(reader_.Take(2));
      if (!block) {
        // What came out before is of use even so.
        CS_TRY_VOID(window_.Flush());
        return std::unexpected(block.error());
      }
    }
    CS_TRY_VOID(window_.Flush());
    return reader_.Taken();
  }

 private:
  std::unexpected<base::Error> Bad() const {
    return Fail(reader_.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                reader_.Offset(), "compressed data");
  }

  Result<void> Block(uint32_t type) {
    switch (type) {
      case 0:
        return StoredBlock();
      case 1:
        BuildFixedCodes();
        return CodedBlock();
      case 2:
        CS_TRY_VOID(ReadCodes());
        return CodedBlock();
      default:
        return Bad();
    }
  }

  Result<void> StoredBlock() {
    reader_.Align();
    const uint32_t length = reader_.Take(16);
    if ((reader_.Take(16) ^ 0xFFFF) != length || reader_.IsPastEnd()) {
      return Bad();
    }
    for (uint32_t i = 0; i < length; ++i) {
      const auto byte = static_cast<uint8_t>(reader_.Take(8));
      if (reader_.IsPastEnd()) {
        return Bad();
      }
      CS_TRY_VOID(window_.Put(byte));
    }
    return {};
  }

  void BuildFixedCodes() {
    std::array<uint8_t, 288> lengths{};
    std::fill_n(lengths.begin(), 144, uint8_t{8});
    std::fill_n(lengths.begin() + 144, 112, uint8_t{9});
    std::fill_n(lengths.begin() + 256, 24, uint8_t{7});
    std::fill_n(lengths.begin() + 280, 8, uint8_t{8});
    std::array<uint8_t, 32> distances{};
    distances.fill(5);
    CS_CHECK(literals_.Build(lengths) && distances_.Build(distances));
  }

  Result<void> ReadCodes() {
    constexpr std::array<uint8_t, 19> kOrder = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const size_t literals = reader_.Take(5) + 257;
    const size_t distances = reader_.Take(5) + 1;
    const size_t count = reader_.Take(4) + 4;
    std::array<uint8_t, 19> order{};
    for (size_t i = 0; i < count; ++i) {
      order[kOrder[i]] = static_cast<uint8_t>(reader_.Take(3));
    }
    PrefixCode& code = distances_;  // not needed yet
    if (!code.Build(order)) {
      return Bad();
    }
    std::array<uint8_t, 288 + 32> lengths{};
    for (size_t i = 0; i < literals + distances;) {
      const auto symbol = code.Read(reader_);
      if (!symbol || reader_.IsPastEnd()) {
        return Bad();
      }
      if (*symbol < 16) {
        lengths[i++] = static_cast<uint8_t>(*symbol);
        continue;
      }
      const size_t repeats = *symbol == 16   ? 3 + reader_.Take(2)
                             : *symbol == 17 ? 3 + reader_.Take(3)
                                             : 11 + reader_.Take(7);
      if (repeats > literals + distances - i || (*symbol == 16 && i == 0)) {
        return Bad();
      }
      const uint8_t value = *symbol == 16 ? lengths[i - 1] : uint8_t{0};
      std::fill_n(lengths.begin() + static_cast<ptrdiff_t>(i), repeats, value);
      i += repeats;
    }
    const std::span<const uint8_t> all = lengths;
    if (lengths[256] == 0 || !literals_.Build(all.first(literals)) ||
        !distances_.Build(all.subspan(literals, distances))) {
      return Bad();
    }
    return {};
  }

  Result<void> CodedBlock() {
    for (;;) {
      const auto symbol = literals_.Read(reader_);
      if (!symbol || reader_.IsPastEnd()) {
        return Bad();
      }
      if (*symbol < 256) {
        CS_TRY_VOID(window_.Put(static_cast<uint8_t>(*symbol)));
      } else if (*symbol == 256) {
        return {};
      } else {
        CS_TRY_VOID(Match(*symbol - 257U));
      }
    }
  }

  Result<void> Match(size_t symbol) {
    if (symbol >= kDeflate64Lengths.size()) {
      return Bad();
    }
    const Deflate64Range length_range = kDeflate64Lengths[symbol];
    const uint64_t length =
        length_range.start + reader_.Take(length_range.bits);
    const auto code = distances_.Read(reader_);
    if (!code || *code >= kDeflate64Distances.size()) {
      return Bad();
    }
    const Deflate64Range range = kDeflate64Distances[*code];
    const uint64_t distance = range.start + reader_.Take(range.bits);
    if (reader_.IsPastEnd() || distance > window_.Total()) {
      return Bad();
    }
    return window_.Copy(distance, length);
  }

  BitReader reader_;
  OutputWindow window_;
  PrefixCode literals_;
  PrefixCode distances_;
};

}  // namespace

Result<uint64_t> InflateDeflate64(base::Input input, ByteSink& output) {
  return Deflate64Decoder(input, output).Run();
}

}  // namespace countersign::formats
