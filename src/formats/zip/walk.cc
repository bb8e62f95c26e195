#include "formats/zip/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "formats/zip/content.h"
#include "formats/zip/name.h"
#include "formats/zip/record.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Result;

// Why: the mark of a local header occurs by chance and in every program that
// unpacks archives.
bool IsPlausible(const ZipLocalHeader& header) {
  constexpr uint16_t kUnusedFlags = 0xC780;
  constexpr uint16_t kHighestVersion = 63;  // 6.3
  constexpr uint16_t kHighestMethod = 99;
  return !header.name.empty() && (header.flags & kUnusedFlags) == 0 &&
         (header.version_needed & 0xFF) <= kHighestVersion &&
         header.method <= kHighestMethod &&
         std::ranges::all_of(header.name, [](uint8_t c) { return c >= 0x20; });
}

}  // namespace

Result<uint64_t> ZipWalk::NextHeader(ByteRange range) {
  const uint64_t end = range.offset + range.size;
  if (ReadZipLocalHeader(archive_, range.offset)) {
    CS_TRY_VOID(budget_.ChargeSteps(1, range.offset));
    return range.offset;
  }
  const std::string_view text = base::AsText(archive_);
  uint64_t at = range.offset;
  while (at < end) {
    constexpr uint64_t kWindow = uint64_t{64} << 10;
    CS_TRY_VOID(budget_.ChargeSteps(1, at));
    const uint64_t size = std::min(kWindow, end - at);
    const size_t found =
        text.substr(at, size + kZipLocalMark.size() - 1).find(kZipLocalMark);
    if (found == std::string_view::npos) {
      at += size;
      continue;
    }
    at += found;
    const auto header = ReadZipLocalHeader(archive_, at);
    if (header && IsPlausible(*header)) {
      return at;
    }
    ++at;
  }
  return end;
}

void ZipWalk::NoteRest(ByteRange range) {
  const auto mark = ZipSignatureAt(archive_, range.offset);
  if (!is_hidden_ && (mark == kZipCentralHeader || mark == kZipEnd ||
                      mark == kZip64End || mark == kZip64Locator)) {
    return;
  }
  const Bytes bytes = archive_.subspan(range.offset, range.size);
  const size_t other = base::AsText(bytes).find(kZipEndMark);
  if (is_hidden_ && other != std::string_view::npos) {
    notes_.Note(RemarkKind::kDisagreement,
                {range.offset + other,
                 std::min<uint64_t>(kZipEndBytes, range.size - other)},
                [&] {
                  return fmt::format(
                      "there is another end of central directory record at "
                      "offset {}",
                      range.offset + other);
                });
  }
  const bool is_leading = range.offset == 0;
  const bool is_trailing = range.offset + range.size == archive_.size();
  const RemarkKind kind = is_leading    ? RemarkKind::kLeadingData
                          : is_trailing ? RemarkKind::kTrailingData
                                        : RemarkKind::kHiddenData;
  notes_.Note(kind, range, [&] {
    const bool is_zero =
        std::ranges::all_of(bytes, [](uint8_t c) { return c == 0; });
    return fmt::format("{} bytes{} {}", range.size, is_zero ? " of zeros" : "",
                       is_leading    ? "before the first entry"
                       : is_trailing ? "behind the end of the archive"
                                     : "that no structure accounts for");
  });
}

Result<void> ZipWalk::Run(ByteRange range) {
  const uint64_t end = range.offset + range.size;
  uint64_t at = range.offset;
  while (at < end) {
    const uint64_t found = CS_TRY(NextHeader({at, end - at}));
    if (found > at) {
      NoteRest({at, found - at});
    }
    if (found == end) {
      break;
    }
    const auto header = CS_TRY(ReadZipLocalHeader(archive_, found));
    if (is_hidden_) {
      notes_.Note(RemarkKind::kHiddenMember, header.range, [&] {
        return fmt::format(
            "a local header of {} that the central directory does not name",
            QuotedName(
                ReadZipName(header.name, header.flags, header.extra).text));
      });
    }
    at = CS_TRY(members_.HandOverLocal(header, is_hidden_));
  }
  return {};
}

}  // namespace countersign::formats
