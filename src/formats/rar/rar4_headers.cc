// A block of RAR 1.5 to 4:
//   HEAD_CRC u16, the low half of the CRC-32 of what follows in the header
//   HEAD_TYPE u8, HEAD_FLAGS u16, HEAD_SIZE u16
//   ADD_SIZE u32: bytes of data behind the header, if flag 8000 says so
// A file: PACK_SIZE (= ADD_SIZE), UNP_SIZE, HOST_OS u8, FILE_CRC u32, FTIME
//   u32, UNP_VER u8, METHOD u8, NAME_SIZE u16, ATTR u32, with flag 100 the high
//   halves of both sizes, name, ...
//
// Spec: "RAR archive file format", technote.txt of RAR 3.93.
#include <algorithm>

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/rar/headers.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint16_t kRar4HasData = 0x8000;
constexpr uint16_t kRar4Continued = 0x0001;
constexpr uint16_t kRar4GoesOn = 0x0002;
constexpr uint16_t kRar4Password = 0x0004;
constexpr uint16_t kRar4Solid = 0x0010;
constexpr uint16_t kRar4Large = 0x0100;
constexpr uint16_t kRar4Unicode = 0x0200;
constexpr uint16_t kRar4Directory = 0x00E0;
constexpr uint8_t kRar4Stored = 0x30;
constexpr uint8_t kRar4BestMethod = 0x35;
constexpr uint8_t kRar4Decoder = 29;  // of RAR 2.9 to 4
constexpr uint8_t kRar4Unix = 3;

// Two bytes of a code unit in UTF-8; halves of pairs are put together.
class Utf8FromUnits {
 public:
  void Add(uint32_t unit) {
    if (unit >= 0xDC00 && unit < 0xE000 && high_ != 0) {
      Put(0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00));
      high_ = 0;
      return;
    }
    Flush();
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
    } else {
      Put(unit);
    }
  }
  std::string Take() {
    Flush();
    return std::move(text_);
  }

 private:
  void Flush() {
    if (high_ != 0) {
      Put(high_);
      high_ = 0;
    }
  }
  void Put(uint32_t point) {
    if (point < 0x80) {
      text_ += static_cast<char>(point);
      return;
    }
    const unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr uint8_t kFirst[] = {0, 0xC0, 0xE0, 0xF0};
    text_ += static_cast<char>(kFirst[more] | point >> (6 * more));
    for (unsigned i = more; i > 0; --i) {
      text_ += static_cast<char>(0x80 | (point >> (6 * (i - 1)) & 0x3F));
    }
  }

  std::string text_;
  uint32_t high_ = 0;
};

void ReadRar4File(Reader& reader, uint16_t flags, RarBlock& block) {
  RarFile& file = block.file;
  uint64_t size = reader.U32("UNP_SIZE");
  const uint8_t system = reader.U8("HOST_OS");
  file.crc = reader.U32("FILE_CRC");
  reader.Skip(4, "FTIME");
  file.version = reader.U8("UNP_VER");
  const uint8_t method = reader.U8("METHOD");
  const uint16_t name_size = reader.U16("NAME_SIZE");
  const uint32_t attributes = reader.U32("ATTR");
  const bool is_unknown = size == 0xFFFFFFFF && (flags & kRar4Large) == 0;
  if ((flags & kRar4Large) != 0) {
    block.data_size |= uint64_t{reader.U32("HIGH_PACK_SIZE")} << 32;
    size |= uint64_t{reader.U32("HIGH_UNP_SIZE")} << 32;
  }
  if (!is_unknown && size != UINT64_MAX) {
    file.size = size;
  }
  const Bytes name = reader.Take(name_size, "FILE_NAME");
  file.name = (flags & kRar4Unicode) != 0 ? DecodeRar4Name(name)
                                          : std::string(base::AsText(name));
  std::ranges::replace(file.name, '\\', '/');
  file.method = method == kRar4Stored ? RarMethod::kStored
                : file.version == kRar4Decoder && method > kRar4Stored &&
                        method <= kRar4BestMethod
                    ? RarMethod::kLz3
                    : RarMethod::kOther;
  file.dictionary = (uint64_t{64} << 10) << (flags >> 5 & 7);
  file.is_solid = (flags & kRar4Solid) != 0;
  file.is_encrypted = (flags & kRar4Password) != 0;
  file.is_continued = (flags & kRar4Continued) != 0;
  file.goes_on = (flags & kRar4GoesOn) != 0;
  constexpr uint32_t kTypeOfFile = 0xF000;
  constexpr uint32_t kLink = 0xA000;
  if ((flags & kRar4Directory) == kRar4Directory) {
    file.kind = MemberKind::kDirectory;
  } else if (system == kRar4Unix && (attributes & kTypeOfFile) == kLink) {
    file.kind = MemberKind::kLink;  // its target is its content
  }
}

}  // namespace

// Behind the zero: the high byte that most characters have, then for each four
// characters a byte of what they are, two bits each, the highest first:
//   0 a byte   1 a byte, with the high byte   2 two bytes
//   3 a length - 2: as many bytes of the plain name; if its top bit is set, a
//     byte to add to each follows, and they have the high byte
std::string DecodeRar4Name(Bytes stored) {
  const auto zero = std::ranges::find(stored, uint8_t{0});
  if (zero == stored.end()) {
    return std::string(base::AsText(stored));  // UTF-8 itself
  }
  const auto plain_size = static_cast<size_t>(zero - stored.begin());
  const Bytes plain = stored.first(plain_size);
  Reader reader({stored.subspan(plain_size + 1), 0});
  Utf8FromUnits name;
  size_t position = 0;
  const uint32_t high = uint32_t{reader.U8("name")} << 8;
  uint8_t kinds = 0;
  unsigned left = 0;
  while (reader.Remaining() > 0) {
    if (left == 0) {
      kinds = reader.U8("name");
      left = 8;
    }
    left -= 2;
    const unsigned kind = kinds >> left & 3U;
    if (kind < 3) {
      uint32_t unit = reader.U8("name");
      unit |= kind == 1   ? high
              : kind == 2 ? uint32_t{reader.U8("name")} << 8
                          : 0U;
      if (reader.Failed()) {
        break;
      }
      name.Add(unit);
      ++position;
      continue;
    }
    const uint8_t length = reader.U8("name");
    const bool corrects = (length & 0x80) != 0;
    const uint8_t add = corrects ? reader.U8("name") : uint8_t{0};
    for (unsigned i = (length & 0x7FU) + 2; i > 0 && position < plain.size();
         --i) {
      const auto low = static_cast<uint8_t>(plain[position++] + add);
      name.Add(low | (corrects ? high : 0U));
    }
  }
  return name.Take();
}

Result<RarBlock> ReadRar4Block(Input input) {
  Reader reader(input);
  const uint16_t crc = reader.U16("HEAD_CRC");
  const uint8_t type = reader.U8("HEAD_TYPE");
  const uint16_t flags = reader.U16("HEAD_FLAGS");
  const uint64_t size_at = reader.Offset();
  const uint16_t size = reader.U16("HEAD_SIZE");
  CS_TRY(reader.Finish(true));
  constexpr uint16_t kLeastHeader = 7;
  if (size < kLeastHeader) {
    return Fail(Fault::kMalformed, size_at, "HEAD_SIZE");
  }
  if (size > input.bytes.size()) {
    return Fail(Fault::kTruncated, size_at, "HEAD_SIZE");
  }
  RarBlock block;
  block.header = {input.offset, size};
  const Bytes header = input.bytes.first(size);
  Reader fields({header.subspan(kLeastHeader), input.offset + kLeastHeader});
  const bool is_file = type == 0x74 || type == 0x7A;
  if (is_file || (flags & kRar4HasData) != 0) {
    block.data_size = fields.U32("ADD_SIZE");
  }
  // Quirk: of the main header, only what RAR 1.5 had is in the checksum; behind
  // it there may be a comment.
  constexpr size_t kMainHeader = 13;
  Bytes counted = header.subspan(2);
  if (type == 0x73 && (flags & 2) != 0 && size > kMainHeader) {
    counted = header.subspan(2, kMainHeader - 2);
  }
  if (is_file) {
    block.kind = type == 0x74 ? RarBlockKind::kFile : RarBlockKind::kService;
    ReadRar4File(fields, flags, block);
  } else if (type == 0x73) {
    block.kind = RarBlockKind::kMain;
    block.is_volume = (flags & 1) != 0;
    if ((flags & 0x80) != 0) {
      block.kind = RarBlockKind::kEncrypted;
    }
  } else if (type == 0x7B) {
    block.kind = RarBlockKind::kEnd;
    block.has_next_volume = (flags & 1) != 0;
  }
  CS_TRY(fields.Finish(true));
  if ((Crc32(0, counted) & 0xFFFF) != crc) {
    return Fail(Fault::kMalformed, input.offset, "HEAD_CRC");
  }
  return block;
}

}  // namespace countersign::formats
