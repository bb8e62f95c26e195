#include "formats/iso/extents.h"

#include <algorithm>

namespace countersign::formats {

using base::ByteRange;
using base::Error;
using base::Fault;
using base::Result;

Result<void> HandOverIsoExtents(const IsoContext& context, MemberSink& sink,
                                const Member& member,
                                std::span<const ByteRange> extents) {
  const uint64_t size = context.image.size();
  if (member.kind != MemberKind::kFile || member.size == 0U) {
    return sink.Place(member, {member.stored.offset, 0});
  }
  // Why: most tools write the extents of a large file one behind the other.
  ByteRange whole = extents.front();
  bool is_whole = true;
  for (const ByteRange& extent : extents.subspan(1)) {
    is_whole &= extent.offset == whole.offset + whole.size;
    whole.size += extent.size;
  }
  if (is_whole && whole.Inside(size)) {
    return sink.Place(member, whole);
  }
  CS_TRY_VOID(sink.Begin(member));
  for (const ByteRange& extent : extents) {
    const uint64_t start = std::min(extent.offset, size);
    const uint64_t there = std::min(extent.size, size - start);
    if (const auto written = sink.Write(context.image.subspan(start, there));
        !written) {
      return sink.End(written.error());
    }
    if (there < extent.size) {
      return sink.End(Error{Fault::kTruncated, member.stored.offset + 2,
                            "Location of Extent"});
    }
  }
  return sink.End(std::nullopt);
}

}  // namespace countersign::formats
