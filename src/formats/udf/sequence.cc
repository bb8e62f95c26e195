// sector
//   256, N, N - 256, 512   anchor { tag, extent of the main sequence (+16), of
//                          its reserve (+24) }, each { u32 size, u32 sector }
//   ..                     sequences: a descriptor in each sector, up to one
//                          that ends them or a pointer to where they go on
//
// N is the last sector. The same descriptor may be there several times: that
// with the highest number (+16) counts.
//
// Spec: ECMA-167, part 3, 8.4 and 10; OSTA UDF 2.60, 2.2.3, 5.
#include "formats/udf/sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

// In the order in which they are tried: of discs, of hard disks, and others.
constexpr std::array<uint32_t, 4> kUdfSectorSizes = {2048, 512, 4096, 1024};
// Limit: sectors of a sequence; those of real images have 16.
constexpr uint64_t kMostUdfDescriptors = 1024;
// Limit: pointers from one extent of a sequence to the next.
constexpr int kMostUdfPointers = 16;
constexpr uint64_t kUdfAnchorBytes = 512;

ByteRange ReadSectorExtent(Reader& reader, uint32_t sector_bytes,
                           const char* field) {
  const uint64_t size = reader.U32(field);
  return {uint64_t{reader.U32(field)} * sector_bytes, size};
}

// The sectors where an anchor may be.
std::vector<uint64_t> AnchorSectors(uint64_t image_bytes, uint64_t sector) {
  const uint64_t last = image_bytes / sector - (image_bytes >= sector ? 1 : 0);
  std::vector<uint64_t> sectors = {256, last, 512};
  if (last > 256) {
    sectors.push_back(last - 256);
  }
  std::erase_if(sectors, [&](uint64_t at) { return at > last || at == 0; });
  std::ranges::sort(sectors);
  const auto doubled = std::ranges::unique(sectors);
  sectors.erase(doubled.begin(), doubled.end());
  return sectors;
}

std::optional<Input> AnchorAt(const UdfContext& context, uint64_t sector,
                              uint64_t sector_bytes) {
  const ByteRange range{sector * sector_bytes, kUdfAnchorBytes};
  if (!range.Inside(context.image.size())) {
    return std::nullopt;
  }
  const Bytes bytes = context.image.subspan(range.offset, range.size);
  if (UdfTagOf(bytes) != UdfTagId::kAnchor || UdfTagLocation(bytes) != sector) {
    return std::nullopt;
  }
  return Input{bytes, range.offset};
}

bool LeadsToSame(Input anchor, const UdfAnchor& found) {
  Reader reader(anchor);
  reader.Skip(kUdfTagBytes, "Descriptor Tag");
  const ByteRange main =
      ReadSectorExtent(reader, found.sector_bytes, "main sequence");
  const ByteRange reserve =
      ReadSectorExtent(reader, found.sector_bytes, "reserve sequence");
  return main == found.main && reserve == found.reserve;
}

const char* NameOfUdfDescriptor(UdfTagId id) {
  switch (id) {
    case UdfTagId::kPrimaryVolume:
      return "primary volume descriptor";
    case UdfTagId::kLogicalVolume:
      return "logical volume descriptor";
    case UdfTagId::kPartition:
      return "partition descriptor";
    default:
      return "volume descriptor";
  }
}

bool PrevailsInUdf(UdfTagId id) {
  return id == UdfTagId::kPrimaryVolume || id == UdfTagId::kLogicalVolume ||
         id == UdfTagId::kPartition;
}

// Quirk: mkisofs and its descendants fill the end of an image with anchors.
Result<void> ClaimRepeatedAnchors(const UdfContext& context, UdfAnchor& found) {
  uint64_t sector = context.image.size() / found.sector_bytes;
  while (sector-- > 0) {
    CS_TRY_VOID(context.budget.ChargeSteps(1, sector * found.sector_bytes));
    const auto anchor = AnchorAt(context, sector, found.sector_bytes);
    if (!anchor || !LeadsToSame(*anchor, found)) {
      return {};
    }
    found.claimed.push_back(anchor->Range());
  }
  return {};
}

// Whether both say the same. Quirk: mkisofs and its descendants invent another
// identifier of the volume set for the reserve.
bool AreSameUdfDescriptors(UdfTagId id, Bytes a, Bytes b) {
  constexpr size_t kVolumeSet = 72;
  constexpr size_t kBehindVolumeSet = 200;
  if (id != UdfTagId::kPrimaryVolume) {
    return base::Equal(a.subspan(kUdfTagBytes), b.subspan(kUdfTagBytes));
  }
  return base::Equal(a.subspan(kUdfTagBytes, kVolumeSet - kUdfTagBytes),
                     b.subspan(kUdfTagBytes, kVolumeSet - kUdfTagBytes)) &&
         base::Equal(a.subspan(kBehindVolumeSet), b.subspan(kBehindVolumeSet));
}

class UdfSequenceReader {
 public:
  UdfSequenceReader(const UdfContext& context, uint32_t sector_bytes)
      : context_(context), sector_bytes_(sector_bytes) {}

  Result<UdfSequence> Read(ByteRange extent) {
    for (int i = 0; i < kMostUdfPointers; ++i) {
      next_.reset();
      CS_TRY_VOID(ReadExtent(extent));
      if (!next_) {
        return std::move(sequence_);
      }
      extent = *next_;
    }
    context_.remarks.Note(
        RemarkKind::kLoop,
        {std::min<uint64_t>(extent.offset, context_.image.size()), 0}, [] {
          return std::string("a sequence of volume descriptors has no end");
        });
    return std::move(sequence_);
  }

 private:
  Result<void> ReadExtent(ByteRange extent) {
    const uint64_t sectors =
        std::min(extent.size / sector_bytes_, kMostUdfDescriptors);
    for (uint64_t i = 0; i < sectors; ++i) {
      const ByteRange range{extent.offset + i * sector_bytes_, sector_bytes_};
      if (!range.Inside(context_.image.size())) {
        return {};
      }
      CS_TRY_VOID(context_.budget.ChargeSteps(1, range.offset));
      const Input sector{context_.image.subspan(range.offset, range.size),
                         range.offset};
      if (!Add(sector)) {
        return {};
      }
    }
    return {};
  }

  // False at the end of the extent.
  bool Add(Input sector) {
    const UdfTagId id = UdfTagOf(sector.bytes);
    if (id == UdfTagId::kNone || id > UdfTagId::kIntegrity) {
      return false;
    }
    sequence_.claimed.push_back(sector.Range());
    CheckUdfCrc(context_, sector);
    Reader reader(sector);
    reader.Skip(kUdfTagBytes, "Descriptor Tag");
    const uint32_t number = reader.U32("Volume Descriptor Sequence Number");
    if (id == UdfTagId::kPointer) {
      next_ = ReadSectorExtent(reader, sector_bytes_,
                               "Next Volume Descriptor Sequence Extent");
    }
    if (PrevailsInUdf(id)) {
      reader.Skip(2, "Partition Flags");
      const uint16_t partition =
          id == UdfTagId::kPartition ? reader.U16("Partition Number") : 0;
      Keep({id, partition}, sector, number);
    }
    return id != UdfTagId::kTerminating && id != UdfTagId::kPointer;
  }

  void Keep(UdfSequence::Key key, Input sector, uint32_t number) {
    const auto known = numbers_.find(key);
    if (known == numbers_.end() || known->second <= number) {
      numbers_[key] = number;
      sequence_.descriptors[key] = sector;
    }
  }

  const UdfContext& context_;
  uint32_t sector_bytes_;
  UdfSequence sequence_;
  std::map<UdfSequence::Key, uint32_t> numbers_;
  std::optional<ByteRange> next_;
};

}  // namespace

Result<UdfAnchor> FindUdfAnchor(const UdfContext& context) {
  for (const uint32_t size : kUdfSectorSizes) {
    UdfAnchor found;
    for (const uint64_t sector : AnchorSectors(context.image.size(), size)) {
      const auto anchor = AnchorAt(context, sector, size);
      if (!anchor) {
        continue;
      }
      CheckUdfCrc(context, *anchor);
      found.claimed.push_back(anchor->Range());
      if (found.sector_bytes == 0) {
        found.sector_bytes = size;
        Reader reader(*anchor);
        reader.Skip(kUdfTagBytes, "Descriptor Tag");
        found.main = ReadSectorExtent(reader, size, "main sequence");
        found.reserve = ReadSectorExtent(reader, size, "reserve sequence");
      } else if (!LeadsToSame(*anchor, found)) {
        context.remarks.Note(RemarkKind::kDisagreement, anchor->Range(), [] {
          return std::string("two anchors lead to different descriptors");
        });
      }
    }
    if (found.sector_bytes != 0) {
      CS_TRY_VOID(ClaimRepeatedAnchors(context, found));
      return found;
    }
  }
  const uint64_t first = 256 * uint64_t{kUdfSectorSizes[0]};
  return base::Fail(
      context.image.size() <= first ? Fault::kTruncated : Fault::kMalformed,
      std::min<uint64_t>(first, context.image.size()),
      "Anchor Volume Descriptor Pointer");
}

const Input* UdfSequence::Find(UdfTagId id, uint16_t number) const {
  const auto found = descriptors.find({id, number});
  return found == descriptors.end() ? nullptr : &found->second;
}

Result<UdfSequence> ReadUdfSequence(const UdfContext& context, ByteRange extent,
                                    uint32_t sector_bytes) {
  return UdfSequenceReader(context, sector_bytes).Read(extent);
}

void CompareUdfSequences(const UdfContext& context, const UdfSequence& main,
                         const UdfSequence& reserve) {
  const auto compare = [&](const UdfSequence& a, const UdfSequence& b,
                           const char* where, bool is_first) {
    for (const auto& [key, descriptor] : a.descriptors) {
      const Input* other = b.Find(key.first, key.second);
      const bool differs =
          other == nullptr ||
          (is_first &&
           !AreSameUdfDescriptors(key.first, descriptor.bytes, other->bytes));
      if (differs) {
        context.remarks.Note(
            RemarkKind::kDisagreement, descriptor.Range(), [&] {
              return fmt::format(
                  "the {} {} {}", NameOfUdfDescriptor(key.first),
                  other == nullptr ? "is not in" : "is another one in", where);
            });
      }
    }
  };
  compare(main, reserve, "the reserve sequence", true);
  compare(reserve, main, "the main sequence", false);
}

}  // namespace countersign::formats
