// offset  size  field        offset  size  field
//      0   100  name            257     6  magic "ustar\0" ("ustar " is GNU)
//    100     8  mode            263     2  version "00" (" \0" is GNU)
//    108    16  uid, gid        265    64  uname, gname
//    124    12  size            329    16  devmajor, devminor
//    136    12  mtime           345   155  prefix; GNU: sparse map at 386,
//    148     8  chksum                     isextended at 482, realsize at 483
//    156     1  typeflag        500    12  unused
//    157   100  linkname
//
// Numbers are octal text, or big-endian with the highest bit of the first byte
// set. The checksum is the sum of all bytes, its own field taken as spaces.
#include "formats/tar/header.h"

#include <algorithm>
#include <limits>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;
using std::string_view_literals::operator""sv;

constexpr size_t kTarChecksumAt = 148;
constexpr size_t kTarChecksumBytes = 8;

std::string_view TarText(Bytes block, size_t offset, size_t size) {
  const std::string_view text = base::AsText(block.subspan(offset, size));
  return text.substr(0, text.find('\0'));
}

// Big-endian two's complement with the highest bit as mark; a negative number
// is nothing.
std::optional<uint64_t> TarBinary(Bytes field) {
  uint64_t value = field[0] & 0x7FU;
  if ((value & 0x40) != 0) {
    return std::nullopt;
  }
  for (const uint8_t byte : field.subspan(1)) {
    if (value > std::numeric_limits<uint64_t>::max() >> 8) {
      return std::nullopt;
    }
    value = value << 8 | byte;
  }
  return value;
}

// Digits between spaces, up to a space or zero; no digits are 0.
std::optional<uint64_t> TarOctal(Bytes field) {
  std::string_view text = base::AsText(field);
  text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find_first_of(" \0"sv));
  uint64_t value = 0;
  for (const char c : text) {
    // Twelve digits are 36 bits.
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return value;
}

std::optional<uint64_t> TarNumber(Bytes block, size_t offset, size_t size) {
  const Bytes field = block.subspan(offset, size);
  return (field[0] & 0x80) != 0 ? TarBinary(field) : TarOctal(field);
}

// One record; takes it from `text`.
struct PaxRecord {
  std::string_view key;
  std::string_view value;
};

std::optional<PaxRecord> TakePaxRecord(std::string_view& text) {
  size_t length = 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    length = length * 10 + static_cast<size_t>(text[digits] - '0');
    if (length > text.size()) {
      return std::nullopt;
    }
    ++digits;
  }
  if (digits == 0 || length < digits + 2 || text[digits] != ' ' ||
      text[length - 1] != '\n') {
    return std::nullopt;
  }
  const std::string_view body = text.substr(digits + 1, length - digits - 2);
  text.remove_prefix(length);
  const size_t equals = body.find('=');
  if (equals == std::string_view::npos) {
    return std::nullopt;
  }
  return PaxRecord{body.substr(0, equals), body.substr(equals + 1)};
}

std::optional<uint64_t> PaxNumber(std::string_view text) {
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' ||
        value > (std::numeric_limits<uint64_t>::max() - 9) / 10) {
      return std::nullopt;
    }
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

// False when the record is one of ours and its value is none.
bool TakePax(const PaxRecord& record, TarPax& pax) {
  if (record.key == "path") {
    pax.path = record.value;
  }
  if (record.key == "GNU.sparse.name") {
    pax.sparse_path = record.value;
  }
  if (record.key == "linkpath") {
    pax.link = record.value;
  }
  if (record.key.starts_with("GNU.sparse.")) {
    pax.sparse = true;
  }
  if (record.key == "size") {
    pax.size = PaxNumber(record.value);
    return pax.size.has_value();
  }
  return true;
}

}  // namespace

bool HasTarChecksum(Bytes block) {
  const auto stored = TarNumber(block, kTarChecksumAt, kTarChecksumBytes);
  int64_t plain = kTarChecksumBytes * ' ';
  int64_t with_signs = plain;
  for (size_t i = 0; i < kTarBlock; ++i) {
    if (i < kTarChecksumAt || i >= kTarChecksumAt + kTarChecksumBytes) {
      plain += block[i];
      with_signs += static_cast<int8_t>(block[i]);
    }
  }
  return stored &&
         (*stored == static_cast<uint64_t>(plain) ||
          (with_signs >= 0 && *stored == static_cast<uint64_t>(with_signs)));
}

Result<TarHeader> ReadTarHeader(Input input) {
  Reader reader(input);
  const Bytes block = reader.Take(kTarBlock, "header");
  CS_TRY(reader.Finish(true));
  if (!HasTarChecksum(block)) {
    return Fail(Fault::kMalformed, input.offset + kTarChecksumAt, "chksum");
  }
  TarHeader header;
  header.offset = input.offset;
  header.name = TarText(block, 0, 100);
  const auto size = TarNumber(block, 124, 12);
  if (!size) {
    return Fail(Fault::kMalformed, input.offset + 124, "size");
  }
  header.size = *size;
  header.type = static_cast<char>(block[156]);
  header.link = TarText(block, 157, 100);
  // GNU writes "ustar " and has other fields in the place of the prefix.
  if (base::AsText(block.subspan(257, 6)) == "ustar\0"sv) {
    header.prefix = TarText(block, 345, 155);
  }
  return header;
}

Result<TarSparse> ReadTarSparse(Input rest, uint64_t stored_size) {
  const Bytes header = rest.bytes.first(kTarBlock);
  TarSparse sparse;
  const auto real_size = TarNumber(header, 483, 12);
  if (!real_size) {
    return Fail(Fault::kMalformed, rest.offset + 483, "realsize");
  }
  sparse.size = *real_size;
  const auto offset = TarNumber(header, 386, 12);
  const auto bytes = TarNumber(header, 398, 12);
  sparse.has_holes = !offset || !bytes || *offset != 0 ||
                     *bytes != sparse.size || *bytes != stored_size;
  Reader reader(rest);
  reader.Skip(kTarBlock, "header");
  bool more = header[482] != 0;
  while (more) {
    const Bytes block = reader.Take(kTarBlock, "sparse header");
    CS_TRY(reader.Finish(true));
    ++sparse.blocks;
    more = block[504] != 0;
  }
  return sparse;
}

void TarPax::Apply(const TarPax& newer) {
  path = newer.path ? newer.path : path;
  sparse_path = newer.sparse_path ? newer.sparse_path : sparse_path;
  link = newer.link ? newer.link : link;
  size = newer.size ? newer.size : size;
  sparse = newer.sparse || sparse;
}

Result<TarPax> ReadTarPax(Input data) {
  TarPax pax;
  std::string_view text = base::AsText(data.bytes);
  while (!text.empty()) {
    const uint64_t at = data.offset + (data.bytes.size() - text.size());
    const auto record = TakePaxRecord(text);
    if (!record) {
      return Fail(Fault::kMalformed, at, "pax record");
    }
    if (!TakePax(*record, pax)) {
      return Fail(Fault::kMalformed, at, "pax size");
    }
    ++pax.records;
  }
  return pax;
}

}  // namespace countersign::formats
