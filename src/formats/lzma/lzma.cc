// Reads .lzma files, which came before .xz.
//
// +----------+-----------------+------------------------+-----------------+
// | lc/lp/pb | dictionary size | size of the content u64 | LZMA stream,    |
// | 1 byte   | u32             | or 2^64-1: not known    | begins with 00  |
// +----------+-----------------+------------------------+-----------------+
//
// Spec: LZMA specification (LZMA SDK, 2015), "lzma file format". There is
// neither mark nor checksum, so that only plausible headers are recognised
// (IsLzma in formats/table.cc), and damage may go unnoticed.
#include <limits>

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/remarks.h"
#include "formats/stream.h"
#include "formats/stream/parts.h"

namespace countersign::formats {

base::Result<void> UnpackLzma(const base::Blob& container, base::Budget& budget,
                              MemberSink& sink) {
  const base::Input whole{container.View(), 0};
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  base::Reader reader(whole);
  reader.Skip(1, "lc/lp/pb");
  reader.Skip(4, "dictionary size");
  const uint64_t size = CS_TRY(reader.Finish(reader.U64("size")));
  Member member;
  member.name = kUnnamedContent;
  member.stored = whole.Range();
  if (size != std::numeric_limits<uint64_t>::max()) {
    member.size = size;
  }
  CS_TRY_VOID(sink.Begin(member));
  const auto taken = Decompress(Codec::kLzma, whole, sink);
  CS_TRY_VOID(sink.End(taken ? std::nullopt : std::optional(taken.error())));
  if (taken) {
    BoundedRemarks remarks(sink);
    NoteTrailing(whole.bytes, *taken, remarks);
    remarks.Finish();
  }
  return {};
}

}  // namespace countersign::formats
