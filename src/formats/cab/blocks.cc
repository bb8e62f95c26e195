// coffCabStart    CFDATA { u32 csum, u16 cbData, u16 cbUncomp, abReserve,
//                 ab[cbData] }
// behind it       the next
//
// Spec: [MS-CAB] 2.4 CFDATA, 3.1 checksum.
#include "formats/cab/blocks.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint64_t kDataHeaderBytes = 8;

// What forbids `block`, if anything does; `left` is how many of its folder
// follow.
std::optional<Error> FindBlockDamage(const CabBlock& block,
                                     const CabinetLayout& layout,
                                     const CabFolder& folder, uint32_t left) {
  const uint64_t header =
      block.content - layout.data_reserve - kDataHeaderBytes;
  const bool is_stored =
      static_cast<CabMethod>(folder.type & 0x0F) == CabMethod::kNone;
  if (block.unpacked == 0 && left == 0 && (layout.flags & kCabFlagNext) != 0) {
    return Error{Fault::kUnsupported, header, "CFDATA of the next cabinet"};
  }
  if (block.unpacked == 0 || block.unpacked > kMaxCabBlock ||
      (is_stored && block.packed != block.unpacked)) {
    return Error{Fault::kMalformed, header + 6, "CFDATA.cbUncomp"};
  }
  if (block.packed > kMaxPackedCabBlock) {
    return Error{Fault::kMalformed, header + 4, "CFDATA.cbData"};
  }
  return std::nullopt;
}

// The exclusive or of `bytes` as little-endian words, in memory order. Of the
// 1 to 3 bytes behind the last word, the last comes first.
std::array<uint8_t, 4> XorOfWords(Bytes bytes) {
  // Why: eight bytes at once; which of them is which does not matter for an
  // exclusive or.
  uint64_t wide = 0;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    wide ^= word;
  }
  std::array<uint8_t, 8> columns{};
  std::memcpy(columns.data(), &wide, 8);
  std::array<uint8_t, 4> sum{};
  for (size_t i = 0; i < 8; ++i) {
    sum[i % 4] ^= columns[i];
  }
  for (; at + 4 <= bytes.size(); at += 4) {
    for (size_t i = 0; i < 4; ++i) {
      sum[i] ^= bytes[at + i];
    }
  }
  const Bytes tail = bytes.subspan(at);
  for (size_t i = 0; i < tail.size(); ++i) {
    sum[tail.size() - 1 - i] ^= tail[i];
  }
  return sum;
}

uint32_t Word(const std::array<uint8_t, 4>& sum) {
  return uint32_t{sum[0]} | uint32_t{sum[1]} << 8 | uint32_t{sum[2]} << 16 |
         uint32_t{sum[3]} << 24;
}

}  // namespace

Result<CabBlocks> ReadCabBlocks(Bytes cabinet, const CabinetLayout& layout,
                                const CabFolder& folder, base::Budget& budget) {
  CabBlocks found;
  uint64_t position = folder.first_block;
  found.range.offset = std::min<uint64_t>(position, cabinet.size());
  if (position > cabinet.size() && folder.block_count > 0) {
    found.damage =
        Error{Fault::kTruncated, folder.entry, "CFFOLDER.coffCabStart"};
  }
  for (uint32_t i = 0; i < folder.block_count && !found.damage; ++i) {
    CS_TRY_VOID(budget.ChargeSteps(1, found.range.offset + found.range.size));
    Reader reader(base::Input{cabinet, 0});
    reader.Seek(position, "CFFOLDER.coffCabStart");
    CabBlock block;
    block.start = static_cast<uint32_t>(found.size);
    block.checksum = reader.U32("CFDATA.csum");
    block.packed = reader.U16("CFDATA.cbData");
    block.unpacked = reader.U16("CFDATA.cbUncomp");
    reader.Skip(layout.data_reserve, "CFDATA.abReserve");
    block.content = reader.Offset();
    reader.Skip(block.packed, "CFDATA.ab");
    if (const auto read = reader.Finish(true); !read) {
      found.damage = read.error();
      break;
    }
    found.damage =
        FindBlockDamage(block, layout, folder, folder.block_count - i - 1);
    position = reader.Offset();
    if (!found.damage || found.damage->fault == Fault::kUnsupported) {
      found.range.size = position - found.range.offset;
    }
    if (!found.damage) {
      found.blocks.push_back(block);
      found.size += block.unpacked;
    }
  }
  return found;
}

bool IsIntact(Bytes cabinet, const CabBlock& block, uint8_t reserve) {
  if (block.checksum == 0) {
    return true;
  }
  const uint32_t sum =
      Word(XorOfWords(cabinet.subspan(block.content, block.packed))) ^
      (uint32_t{block.packed} | uint32_t{block.unpacked} << 16);
  // Quirk: the specification sums up the reserve as well; cabextract and its
  // like leave it out. Either is taken.
  return sum == block.checksum ||
         (sum ^ Word(XorOfWords(cabinet.subspan(block.content - reserve,
                                                reserve)))) == block.checksum;
}

}  // namespace countersign::formats
