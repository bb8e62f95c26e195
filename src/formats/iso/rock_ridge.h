// Rock Ridge: what POSIX knows of a file, in the system use area of its
// directory record. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/iso/volume.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct RockRidge {
  std::optional<std::string> name;  // NM
  std::string link_target;          // SL
  std::optional<MemberKind> kind;   // PX
  std::optional<uint64_t> child;    // CL, offset of the directory
  bool is_relocated = false;        // RE
  bool is_encoded = false;          // ZF or SF: the content is not stored as-is
  std::vector<base::ByteRange> continuations;  // CE areas
};

// The bytes to skip in each system use area, when `area`, that of the root's
// own record, says that Rock Ridge may be used; else nothing.
[[nodiscard]] std::optional<uint8_t> FindRockRidge(base::Bytes area);

// The entries of the system use area `area` of a volume with blocks of `block`
// bytes. What is damaged in it is remarked and left out. Fails when the budget
// is spent.
[[nodiscard]] base::Result<RockRidge> ReadRockRidge(const IsoContext& context,
                                                    uint32_t block,
                                                    base::Input area);

}  // namespace countersign::formats
