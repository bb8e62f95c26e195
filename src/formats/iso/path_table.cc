// { u8 name length, u8 attribute blocks, u32 location, u16 parent's number,
//   name, padding to even }
//
// Spec: ECMA-119, 9.4. The copies in other byte order are not read.
#include "formats/iso/path_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace countersign::formats {

using base::Bytes;
using base::Reader;
using base::Result;

Result<void> ComparePathTable(const IsoContext& context,
                              const IsoVolume& volume, const IsoTree& tree) {
  const base::ByteRange table = volume.path_tables[0];
  if (!table.Inside(context.image.size())) {
    context.remarks.Note(
        RemarkKind::kDisagreement, {volume.descriptor.offset + 132, 12},
        [] { return std::string("the path table is not inside the image"); });
    return {};
  }
  Reader reader(base::Input{context.image.subspan(table.offset, table.size),
                            table.offset});
  while (reader.Remaining() > 0) {
    const uint64_t offset = reader.Offset();
    CS_TRY_VOID(context.budget.ChargeSteps(1, offset));
    const uint8_t size = reader.U8("path table");
    const uint64_t attributes = reader.U8("path table");
    const uint64_t directory =
        (reader.U32("path table") + attributes) * volume.block;
    reader.Skip(2, "path table");
    const Bytes name = reader.Take(size, "path table");
    if (size % 2 != 0) {
      reader.Skip(1, "path table");
    }
    if (reader.Failed() || size == 0) {
      context.remarks.Note(RemarkKind::kOddity, {offset, 0}, [] {
        return std::string("the path table ends inside an entry");
      });
      return {};
    }
    if (!std::ranges::binary_search(tree.directories, directory)) {
      context.remarks.Note(
          RemarkKind::kDisagreement, {offset, 8ULL + size}, [&] {
            return fmt::format(
                "the path table has a directory \"{}\" at {} that no record "
                "leads to",
                base::DisplaySafe(volume.is_joliet
                                      ? base::FromUtf16BigEndian(name)
                                      : std::string(base::AsText(name))),
                directory);
          });
    }
  }
  return {};
}

}  // namespace countersign::formats
