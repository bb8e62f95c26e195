#include "formats/stream/parts.h"

#include <utility>

namespace countersign::formats {
namespace {

using base::Blob;
using base::Bytes;
using base::Fail;
using base::Fault;
using base::Result;

// Where the part that follows `end` begins, padding skipped; `end` when none
// does.
uint64_t NextPart(Bytes bytes, uint64_t end, const PartReader& reader) {
  if (reader.Begins(bytes.subspan(end))) {
    return end;
  }
  const uint64_t unit = reader.PaddingUnit();
  const uint64_t next = unit == 0 ? end : SkipZeros(bytes, end);
  return unit != 0 && (next - end) % unit == 0 &&
                 reader.Begins(bytes.subspan(next))
             ? next
             : end;
}

// Reads part after part; yields where the last one ends.
Result<uint64_t> ReadParts(Bytes bytes, base::Budget& budget, ByteSink& output,
                           PartReader& reader) {
  uint64_t end = 0;
  uint64_t start = 0;
  do {
    CS_TRY_VOID(budget.ChargeSteps(reader.StepsOfAPart(), start));
    const uint64_t taken =
        CS_TRY(reader.Read({bytes.subspan(start), start}, output));
    CS_CHECK(taken > 0 && taken <= bytes.size() - start);
    end = start + taken;
    start = NextPart(bytes, end, reader);
  } while (start < bytes.size() && reader.Begins(bytes.subspan(start)));
  return end;
}

}  // namespace

Result<void> UnpackParts(const Blob& container, base::Budget& budget,
                         MemberSink& sink, PartReader& reader, std::string name,
                         BoundedRemarks& remarks) {
  const Bytes bytes = container.View();
  if (!reader.Begins(bytes)) {
    return Fail(Fault::kMalformed, 0, "magic number");
  }
  Member member;
  member.name = name.empty() ? kUnnamedContent : std::move(name);
  member.stored = {0, bytes.size()};
  CS_TRY_VOID(sink.Begin(member));
  const auto end = ReadParts(bytes, budget, sink, reader);
  CS_TRY_VOID(sink.End(end ? std::nullopt : std::optional(end.error())));
  if (!end) {
    return budget.Reached() ? Result<void>(std::unexpected(*budget.Reached()))
                            : Result<void>();
  }
  // Padding that the format allows is no remark.
  const uint64_t unit = reader.PaddingUnit();
  const uint64_t padded = SkipZeros(bytes, *end);
  if (unit == 0 || padded != bytes.size() || (padded - *end) % unit != 0) {
    NoteTrailing(bytes, *end, remarks);
  }
  return {};
}

}  // namespace countersign::formats
