#include "signing/package/unsigned_headers.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;

// Spec: APPNOTE 6.3.10 section 4.5.2 and 4.6 (NTFS 0x000A, times 0x5455, owners
// 0x5855, 0x7855, 0x7875); the mark of the tool "jar" (0xCAFE); alignment of
// Android's packages (0xD935).
constexpr std::array<uint16_t, 7> kUsualFields = {
    0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xCAFE, 0xD935};
// Limit: the longest of them, that of NTFS, has 36 bytes.
constexpr uint64_t kMostFieldBytes = 40;

bool IsUsualField(ByteRange range, Bytes file) {
  if (range.size < 4 || range.size > kMostFieldBytes) {
    return false;
  }
  const auto id =
      static_cast<uint16_t>(file[range.offset] | file[range.offset + 1] << 8);
  return std::ranges::find(kUsualFields, id) != kUsualFields.end();
}

}  // namespace

void NoteUnsignedHeaders(const PackageArchive& archive, SigningFacts& facts) {
  // Limit: 16 places; more tell nothing new.
  constexpr size_t kMost = 16;
  const Bytes file = archive.File().View();
  size_t noted = 0;
  const auto note = [&](ByteRange range) {
    if (range.size > 0 && noted < kMost) {
      facts.unsigned_data.push_back(
          DescribeData(UnsignedData::Place::kPackageHeader,
                       {file.subspan(range.offset, range.size), range.offset}));
      ++noted;
    }
  };
  note(archive.Zip().comment);
  for (const formats::ZipEntry& entry : archive.Entries()) {
    for (const ByteRange surplus : HeaderSurplus(entry, file)) {
      if (!IsUsualField(surplus, file)) {
        note(surplus);
      }
    }
  }
}

}  // namespace countersign::signing
