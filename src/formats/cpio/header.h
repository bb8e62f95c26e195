// The header of a member of a cpio archive, in each of its forms.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class CpioForm : uint8_t {
  kBinaryLittle,  // 16-bit words, as the PDP-11 and x86 wrote them
  kBinaryBig,
  kOdc,   // octal text, "070707"
  kNewc,  // hexadecimal text, "070701"
  kCrc,   // the same with a sum of the content, "070702"
};

struct CpioHeader {
  CpioForm form = CpioForm::kNewc;
  uint64_t offset = 0;
  uint64_t mode = 0;
  uint64_t links = 0;
  std::pair<uint64_t, uint64_t> inode;  // device, inode
  std::string_view name;                // without its terminating zero
  base::ByteRange name_range;           // with it
  base::ByteRange content;              // may reach beyond the archive
  uint64_t sum = 0;                     // kCrc: of the bytes of the content
  uint64_t padding_unit = 1;            // of name and content

  [[nodiscard]] bool IsTrailer() const { return name == "TRAILER!!!"; }
  [[nodiscard]] MemberKind Kind() const;
};

// True when a header of some form could stand at the start of `bytes`; the two
// binary forms, whose mark is short, must have a name that ends where it
// should.
[[nodiscard]] bool IsCpioHeader(base::Bytes bytes);

// The header at the first byte of `rest`, name and its padding included. Fails
// with kTruncated, or kMalformed when there is no mark, a number is none or the
// name has no end.
[[nodiscard]] base::Result<CpioHeader> ReadCpioHeader(base::Input rest);

}  // namespace countersign::formats
