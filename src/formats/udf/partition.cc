// Three kinds of partitions, and how a block is found in them:
//
//   plain      start of the partition + block
//   sparable   the same, but packets of blocks may have moved, as a table says
//   metadata   the block of a file that lies in a partition of the other kinds
//
// Spec: ECMA-167, part 3, 10.7; OSTA UDF 2.60, 2.2.8 to 2.2.13.
#include "formats/udf/partition.h"

#include <algorithm>
#include <iterator>

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Fault;
using base::Result;

// Packets that have moved divide what lies in one piece.
Result<void> MapSparable(const UdfContext& context,
                         const UdfPartition& partition, ByteRange range,
                         std::vector<UdfPiece>& pieces) {
  while (range.size > 0) {
    CS_TRY_VOID(context.budget.ChargeSteps(1, partition.map.offset));
    const uint64_t into = range.offset % partition.packet_bytes;
    const uint64_t packet = range.offset - into;
    const auto spared = partition.spared.find(packet);
    // Up to the next packet that has moved, or to the end of this one.
    const auto next = partition.spared.upper_bound(packet);
    const bool is_spared = spared != partition.spared.end();
    const uint64_t left = is_spared ? partition.packet_bytes - into
                          : next == partition.spared.end()
                              ? range.size
                              : next->first - range.offset;
    const uint64_t size = std::min(range.size, left);
    const uint64_t at =
        is_spared ? spared->second + into : partition.start + range.offset;
    AppendUdfPiece(pieces, {{at, size}, true});
    range.offset += size;
    range.size -= size;
  }
  return {};
}

Result<void> MapMetadata(const UdfContext& context,
                         const UdfPartition& partition, ByteRange range,
                         uint64_t evidence, std::vector<UdfPiece>& pieces) {
  auto next = partition.pieces.upper_bound(range.offset);
  while (range.size > 0) {
    CS_TRY_VOID(context.budget.ChargeSteps(1, evidence));
    if (next == partition.pieces.begin()) {
      return base::Fail(Fault::kMalformed, evidence, "Extent Location");
    }
    const auto& [offset, piece] = *std::prev(next);
    const uint64_t into = range.offset - offset;
    if (into >= piece.size) {
      return base::Fail(Fault::kMalformed, evidence, "Extent Location");
    }
    const uint64_t size = std::min(range.size, piece.size - into);
    AppendUdfPiece(pieces, {{piece.offset + into, size}, true});
    range.offset += size;
    range.size -= size;
    next = partition.pieces.upper_bound(range.offset);
  }
  return {};
}

}  // namespace

void AppendUdfPiece(std::vector<UdfPiece>& pieces, UdfPiece piece) {
  if (piece.range.size == 0) {
    return;
  }
  if (!pieces.empty() && pieces.back().is_recorded == piece.is_recorded) {
    ByteRange& last = pieces.back().range;
    if (!piece.is_recorded || last.offset + last.size == piece.range.offset) {
      last.size += piece.range.size;
      return;
    }
  }
  pieces.push_back(piece);
}

Result<void> UdfPartitions::Map(const UdfContext& context,
                                const UdfAddress& address, uint64_t evidence,
                                std::vector<UdfPiece>& pieces) const {
  if (address.partition >= partitions.size()) {
    return base::Fail(Fault::kMalformed, evidence,
                      "Partition Reference Number");
  }
  const UdfPartition& partition = partitions[address.partition];
  const ByteRange range{uint64_t{address.block} * block, address.size};
  if (partition.kind == UdfPartition::Kind::kMetadata) {
    return MapMetadata(context, partition, range, evidence, pieces);
  }
  if (partition.kind == UdfPartition::Kind::kUnsupported) {
    return base::Fail(Fault::kUnsupported, evidence,
                      "Partition Reference Number");
  }
  if (!range.Inside(partition.blocks * block)) {
    return base::Fail(Fault::kMalformed, evidence, "Extent Location");
  }
  if (partition.kind == UdfPartition::Kind::kSparable) {
    return MapSparable(context, partition, range, pieces);
  }
  AppendUdfPiece(pieces, {{partition.start + range.offset, range.size}, true});
  return {};
}

}  // namespace countersign::formats
