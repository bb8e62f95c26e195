#include "formats/zip/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "formats/zip/record.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;

// A structure: an entry, or one of those named below.
struct ZipSpan {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t index = 0;  // of the entry; behind those, of a name
};

constexpr std::array<const char*, 7> kStructureNames = {
    "the split marker",
    "the signing block",
    "the central directory",
    "the digital signature of the central directory",
    "the zip64 end of central directory record",
    "the zip64 end of central directory locator",
    "the end of central directory record"};

std::vector<ZipSpan> CollectSpans(const ZipArchive& zip, Bytes archive) {
  std::vector<ZipSpan> spans;
  spans.reserve(zip.entries.size() + kStructureNames.size());
  const auto add = [&](ByteRange range, size_t index) {
    if (range.size > 0) {
      spans.push_back({range.offset, range.offset + range.size,
                       static_cast<uint32_t>(index)});
    }
  };
  for (size_t i = 0; i < zip.entries.size(); ++i) {
    if (zip.entries[i].local_header.size > 0) {
      add(ZipEntryRange(zip.entries[i]), i);
    }
  }
  const auto mark = ZipSignatureAt(archive, 0);
  const bool is_split = (mark == kZipUnsplit || mark == kZipDescriptor) &&
                        ZipSignatureAt(archive, 4) == kZipLocalHeader;
  size_t index = zip.entries.size();
  for (const ByteRange range :
       {ByteRange{0, is_split ? 4U : 0U}, zip.signing_block,
        zip.central_directory, zip.digital_signature, zip.zip64_end,
        zip.zip64_locator, zip.end}) {
    add(range, index++);
  }
  std::ranges::sort(spans, [](const ZipSpan& a, const ZipSpan& b) {
    return std::tie(a.begin, a.end, a.index) <
           std::tie(b.begin, b.end, b.index);
  });
  return spans;
}

}  // namespace

ByteRange ZipEntryRange(const ZipEntry& entry) {
  if (entry.local_header.size == 0) {
    return entry.central_header;
  }
  const uint64_t end = entry.descriptor.size > 0
                           ? entry.descriptor.offset + entry.descriptor.size
                           : entry.data.offset + entry.data.size;
  return {entry.local_header.offset, end - entry.local_header.offset};
}

std::vector<ByteRange> FindZipGaps(const ZipArchive& zip, Bytes archive,
                                   BoundedRemarks& notes) {
  const auto describe = [&](const ZipSpan& span) {
    return span.index < zip.entries.size()
               ? "entry " + QuotedName(zip.entries[span.index].name)
               : std::string(
                     kStructureNames.at(span.index - zip.entries.size()));
  };
  std::vector<ByteRange> gaps;
  ZipSpan last;  // of those so far, the one that reaches farthest
  for (const ZipSpan& span : CollectSpans(zip, archive)) {
    if (span.begin > last.end) {
      gaps.push_back({last.end, span.begin - last.end});
    } else if (span.begin < last.end) {
      const uint64_t shared = std::min(span.end, last.end) - span.begin;
      notes.Note(RemarkKind::kOverlap, {span.begin, shared}, [&] {
        return fmt::format("{} and {} share {} bytes", describe(last),
                           describe(span), shared);
      });
    }
    last = span.end > last.end ? span : last;
  }
  if (last.end < archive.size()) {
    gaps.push_back({last.end, archive.size() - last.end});
  }
  return gaps;
}

}  // namespace countersign::formats
