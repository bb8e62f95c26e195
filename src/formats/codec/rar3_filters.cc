// A declaration, in bits of its bytes:
//   flags      80 a number follows, 40 the block starts 258 bytes later,
//              20 size of the block, 10 registers, 8 global data;
//              low 3 bits: size of the rest
//   number     0: all programs are forgotten; else 1 more than that of a
//   program
//              that came before, or of a new one. Without: the last again
//   start      of the block, from the next byte on
//   size       of the block. Without: as the last time with this program
//   registers  7 bits, the lowest for R0: which follow; R4 is the block's size
//   program    of a new number: size, bytes; the first byte is the exclusive or
//              of all others
//   global     size, bytes
// Numbers: 2 bits and, for 0, 4 bits; for 1, 8 bits, or if those are below 16
// they and 4 more, less 256; for 2, 16 bits; for 3, 32 bits.
//
// Spec: none by the maker; as its archives and other readers of them show it.
#include "formats/codec/rar3_filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/codec/decompress.h"
#include "formats/codec/rar_bits.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Result;

constexpr size_t kRar3Registers = 7;
// Limit: bytes of a program, as in RAR; of global data: what a machine has of
// it, less 64 bytes.
constexpr uint32_t kMostRar3Program = 0xFFFF;
constexpr uint32_t kMostRar3Global = 0x2000 - 64;

struct KnownRar3Program {
  uint32_t size;
  uint32_t crc;
  RarFilterType type;
};

constexpr std::array<KnownRar3Program, 6> kKnownRar3Programs = {{
    {53, 0xAD576887, RarFilterType::kCalls},
    {57, 0x3CD7E57E, RarFilterType::kCallsAndJumps},
    {120, 0x3769893F, RarFilterType::kItanium},
    {29, 0x0E06077D, RarFilterType::kDelta},
    {149, 0x1C2C5DC8, RarFilterType::kPicture},
    {216, 0xBC85E701, RarFilterType::kSound},
}};

uint32_t TakeRar3Number(RarBits& bits) {
  switch (bits.Take(2)) {
    case 0:
      return bits.Take(4);
    case 1: {
      const uint32_t number = bits.Take(8);
      return number >= 16 ? number : 0xFFFFFF00 | number << 4 | bits.Take(4);
    }
    case 2:
      return bits.Take(16);
    default:
      return bits.Take(32);
  }
}

std::vector<uint8_t> TakeRar3Bytes(RarBits& bits, uint32_t count) {
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < count && !bits.IsPastEnd(); ++i) {
    bytes.push_back(static_cast<uint8_t>(bits.Take(8)));
  }
  return bytes;
}

using Rar3Registers = std::array<uint32_t, kRar3Registers>;

// False when the registers are not those of a filter of its type.
bool TakeRegisters(const Rar3Registers& registers, RarFilter& filter) {
  // Those that need as much again for what they make.
  const bool is_doubled = filter.type == RarFilterType::kDelta ||
                          filter.type == RarFilterType::kPicture ||
                          filter.type == RarFilterType::kSound;
  if (filter.size == 0 || registers[4] != filter.size ||
      filter.size > Rar3Filters::kMostBytes / (is_doubled ? 2 : 1)) {
    return false;
  }
  switch (filter.type) {
    case RarFilterType::kDelta:
    case RarFilterType::kSound:
      filter.channels = registers[0];
      return filter.channels > 0 &&
             filter.channels <= (filter.type == RarFilterType::kDelta
                                     ? Rar3Filters::kMostDeltaChannels
                                     : Rar3Filters::kMostSoundChannels);
    case RarFilterType::kPicture:
      filter.row = registers[0];
      filter.red = registers[1];
      return filter.row > 3 && filter.row - 3 <= filter.size &&
             filter.red <= 2 && filter.size >= 3;
    default:
      filter.is_linear = true;
      return true;
  }
}

}  // namespace

void Rar3Filters::Reset() {
  programs_.clear();
  last_ = 0;
}

// Which of the six a program is; else it is noted as unknown.
std::optional<RarFilterType> Rar3Filters::Identify(Bytes code) {
  const uint32_t crc = Crc32(0, code);
  const auto* known = std::ranges::find_if(
      kKnownRar3Programs, [&](const KnownRar3Program& program) {
        return program.size == code.size() && program.crc == crc;
      });
  if (known != kKnownRar3Programs.end()) {
    return known->type;
  }
  unknown_ = fmt::format("a filter is a program of {} bytes with CRC-32 {:08x}",
                         code.size(), crc);
  return std::nullopt;
}

// The program that a declaration is about.
Result<Rar3Filters::Program*> Rar3Filters::Choose(uint8_t flags, RarBits& bits,
                                                  Declared& declared,
                                                  uint64_t offset) {
  size_t number = last_;
  if ((flags & 0x80) != 0) {
    number = TakeRar3Number(bits);
    declared.starts_over = number == 0;
    if (declared.starts_over) {
      Reset();
    } else {
      --number;
    }
  }
  if (number > programs_.size()) {
    return Fail(Fault::kMalformed, offset, "RAR filter number");
  }
  if (number >= kMostPrograms) {
    return Fail(Fault::kLimit, offset, "RAR filter number");
  }
  last_ = number;
  is_new_ = number == programs_.size();
  if (is_new_) {
    programs_.emplace_back();
  }
  return &programs_[number];
}

Result<void> Rar3Filters::ReadProgram(RarBits& bits, Program& program,
                                      uint64_t offset) {
  const uint32_t size = TakeRar3Number(bits);
  const std::vector<uint8_t> code =
      TakeRar3Bytes(bits, size <= kMostRar3Program ? size : 0);
  uint8_t sum = 0;
  for (const uint8_t byte : code) {
    sum ^= byte;
  }
  // The first byte is the sum of the others, so all of them make zero.
  if (code.empty() || bits.IsPastEnd() || sum != 0) {
    return Fail(Fault::kMalformed, offset, "RAR filter program");
  }
  program.type = Identify(code);
  return {};
}

Result<Rar3Filters::Declared> Rar3Filters::Declare(uint8_t flags,
                                                   Bytes declaration,
                                                   uint64_t position,
                                                   uint64_t reach,
                                                   uint64_t offset) {
  unknown_.clear();
  RarBits bits({declaration, 0});
  Declared declared;
  Program& program = *CS_TRY(Choose(flags, bits, declared, offset));
  const uint64_t start =
      uint64_t{TakeRar3Number(bits)} + ((flags & 0x40) != 0 ? 258 : 0);
  if ((flags & 0x20) != 0) {
    program.last_size = TakeRar3Number(bits);
  }
  Rar3Registers registers{};
  registers[4] = static_cast<uint32_t>(program.last_size);
  const uint32_t given = (flags & 0x10) != 0 ? bits.Take(kRar3Registers) : 0;
  for (size_t i = 0; i < registers.size(); ++i) {
    if ((given >> i & 1U) != 0) {
      registers.at(i) = TakeRar3Number(bits);
    }
  }
  if (is_new_) {
    CS_TRY_VOID(ReadProgram(bits, program, offset));
  }
  if ((flags & 0x08) != 0) {
    const uint32_t size = TakeRar3Number(bits);
    if (size > kMostRar3Global) {
      return Fail(Fault::kMalformed, offset, "RAR filter global data");
    }
    // None of the six looks at it.
    (void)TakeRar3Bytes(bits, size);
  }
  if (bits.IsPastEnd()) {
    return Fail(Fault::kMalformed, offset, "RAR filter");
  }
  if (!program.type) {
    return Fail(Fault::kUnsupported, offset, "RAR filter program");
  }
  declared.filter.type = *program.type;
  declared.filter.start = position + start;
  declared.filter.size = program.last_size;
  // Quirk: RAR takes the start modulo its window; no archive of its own needs
  // that.
  if (start >= reach || !TakeRegisters(registers, declared.filter)) {
    return Fail(Fault::kMalformed, offset, "RAR filter");
  }
  return declared;
}

}  // namespace countersign::formats
