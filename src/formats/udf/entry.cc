// A file entry is a descriptor:
//
//                       file entry   extended
//   tag                 +0           +0
//   u16 strategy        +20          +20       4: the entry is all there is
//   u8  type of file    +27          +27
//   u16 flags           +34          +34       lowest bits: form of descriptors
//   u64 bytes           +56          +56
//   attributes, address +112         +136
//   streams, address    -            +152
//   u32 size of         +168         +208
//   u32 size of         +172         +212
//   extended attributes +176         +216
//   allocation descriptors, or the content itself
//
// Allocation descriptors are short { u32 size, u32 block } or long { u32 size,
// u32 block, u16 partition, 6 bytes }. The upper two bits of the size say what
// is there: 0 content, 1 and 2 zeros, 3 more descriptors. Size 0 is the last.
//
// Spec: ECMA-167, part 4, 14.6, 14.9, 14.14, 14.17; OSTA UDF 2.60, 2.3.6,
// 2.3.10, 2.3.11.
#include "formats/udf/entry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint16_t kUdfDirectStrategy = 4;
constexpr uint64_t kUdfBytesOfAStep = 4096;

enum class UdfDescriptorForm : uint8_t { kShort, kLong, kExtended, kEmbedded };

enum class UdfExtentKind : uint8_t { kRecorded, kAllocated, kSparse, kNext };

class UdfEntryReader {
 public:
  UdfEntryReader(const UdfContext& context, const UdfPartitions& partitions,
                 const UdfAddress& address, uint64_t evidence)
      : context_(context),
        partitions_(partitions),
        address_(address),
        evidence_(evidence) {}

  Result<UdfFileEntry> Read() {
    CS_TRY_VOID(context_.budget.ChargeSteps(1, evidence_));
    const Input block = CS_TRY(BlockAt(address_, evidence_));
    const UdfTagId id = UdfTagOf(block.bytes);
    const bool is_extended = id == UdfTagId::kExtendedFileEntry;
    if (id != UdfTagId::kFileEntry && !is_extended) {
      const bool is_indirect =
          id == UdfTagId::kIndirectEntry || id == UdfTagId::kTerminalEntry;
      return base::Fail(is_indirect ? Fault::kUnsupported : Fault::kMalformed,
                        block.offset, "Tag Identifier of a file entry");
    }
    CheckUdfCrc(context_, block);
    CheckLocation(block);
    CS_TRY_VOID(ReadFields(block, is_extended));
    return std::move(entry_);
  }

 private:
  // The block at `address`. Blocks lie in one piece, whatever they are in.
  Result<Input> BlockAt(UdfAddress address, uint64_t evidence) {
    address.size = partitions_.block;
    std::vector<UdfPiece> pieces;
    CS_TRY_VOID(partitions_.Map(context_, address, evidence, pieces));
    const ByteRange range = pieces.front().range;
    if (pieces.size() > 1) {
      return base::Fail(Fault::kMalformed, evidence, "Extent Location");
    }
    if (!range.Inside(context_.image.size())) {
      return base::Fail(Fault::kTruncated, context_.image.size(), "block");
    }
    return Input{context_.image.subspan(range.offset, range.size),
                 range.offset};
  }

  void CheckLocation(Input block) {
    if (UdfTagLocation(block.bytes) != address_.block) {
      context_.remarks.Note(
          RemarkKind::kOddity, {block.offset, kUdfTagBytes},
          [] { return std::string("a file entry says that it is elsewhere"); });
    }
  }

  Result<void> ReadFields(Input block, bool is_extended) {
    Reader reader(block);
    reader.Seek(20, "Strategy Type");
    const uint16_t strategy = reader.U16("Strategy Type");
    reader.Seek(27, "File Type");
    entry_.type = static_cast<UdfFileType>(reader.U8("File Type"));
    reader.Seek(34, "Flags");
    const auto form =
        static_cast<UdfDescriptorForm>(reader.U16("Flags") & 0x07);
    reader.Seek(56, "Information Length");
    entry_.size = left_ = reader.U64("Information Length");
    reader.Seek(is_extended ? 136 : 112, "Extended Attribute ICB");
    entry_.has_attributes_elsewhere =
        ReadUdfAddress(reader, "Extended Attribute ICB").size > 0;
    if (is_extended) {
      entry_.streams = ReadUdfAddress(reader, "Stream Directory ICB");
    }
    reader.Seek(is_extended ? 208 : 168, "Length of Extended Attributes");
    const uint32_t attributes = reader.U32("Length of Extended Attributes");
    const uint32_t descriptors = reader.U32("Length of Allocation Descriptors");
    reader.Skip(attributes, "Extended Attributes");
    const uint64_t at = reader.Offset();
    const Bytes allocation = reader.Take(descriptors, "Allocation Descriptors");
    CS_TRY(reader.Finish(true));
    entry_.stored = {block.offset, reader.Offset() - block.offset};
    entry_.claimed.push_back(entry_.stored);
    if (strategy != kUdfDirectStrategy) {
      entry_.damage =
          Error{Fault::kUnsupported, block.offset + 20, "Strategy Type"};
      return {};
    }
    return ReadAllocation({allocation, at}, form);
  }

  Result<void> ReadAllocation(Input allocation, UdfDescriptorForm form) {
    switch (form) {
      case UdfDescriptorForm::kShort:
      case UdfDescriptorForm::kLong:
        return ReadExtents(allocation, form == UdfDescriptorForm::kLong);
      case UdfDescriptorForm::kEmbedded:
        if (allocation.bytes.size() < entry_.size) {
          entry_.damage = Error{Fault::kMalformed, entry_.stored.offset + 56,
                                "Information Length"};
        }
        entry_.is_embedded = true;
        Append({{allocation.offset, allocation.bytes.size()}, true});
        return {};
      default:
        entry_.damage = Error{Fault::kUnsupported, entry_.stored.offset + 34,
                              "form of allocation descriptors"};
        return {};
    }
  }

  Result<void> ReadExtents(Input descriptors, bool is_long) {
    std::set<uint64_t> seen;  // lists of descriptors, by where they lie
    std::optional<Input> next = descriptors;
    while (next) {
      const auto more = ReadExtentList(*next, is_long);
      if (!more) {
        return Damage(more.error());
      }
      next.reset();
      if (more->size > 0) {
        CS_TRY_VOID(context_.budget.ChargeSteps(1, entry_.stored.offset));
        const auto list = ReadNextList(*more);
        if (!list) {
          return Damage(list.error());
        }
        if (!seen.insert(list->offset).second) {
          NoteLoop(*list);
          return Damage({Fault::kMalformed, list->offset,
                         "Allocation Extent Descriptor"});
        }
        next = *list;
      }
    }
    if (left_ > 0) {
      // Content that was promised, and is nowhere.
      entry_.damage = Error{Fault::kMalformed, entry_.stored.offset + 56,
                            "Information Length"};
    }
    return {};
  }

  // Damage of this file alone, unless the budget is spent.
  Result<void> Damage(Error error) {
    if (context_.budget.Reached()) {
      return std::unexpected(error);
    }
    entry_.damage = error;
    return {};
  }

  void NoteLoop(Input list) {
    context_.remarks.Note(
        RemarkKind::kLoop, {list.offset, list.bytes.size()}, [] {
          return std::string("allocation descriptors lead back to themselves");
        });
  }

  // Yields where the list goes on, or size 0.
  Result<UdfAddress> ReadExtentList(Input list, bool is_long) {
    constexpr uint32_t kSizeMask = 0x3FFFFFFF;
    constexpr int kKindShift = 30;
    Reader reader(list);
    const uint64_t bytes = is_long ? 16 : 8;
    while (reader.Remaining() >= bytes) {
      const uint64_t at = reader.Offset();
      CS_TRY_VOID(context_.budget.ChargeSteps(1, at));
      UdfAddress extent{reader.U32("Extent Length"),
                        reader.U32("Extent Location"), address_.partition};
      if (is_long) {
        extent.partition = reader.U16("Partition Reference Number");
        reader.Skip(6, "Implementation Use");
      }
      const auto kind = static_cast<UdfExtentKind>(extent.size >> kKindShift);
      extent.size &= kSizeMask;
      if (extent.size == 0) {
        return UdfAddress{};
      }
      if (kind == UdfExtentKind::kNext) {
        return extent;
      }
      CS_TRY_VOID(AddExtent(extent, kind, at));
    }
    return UdfAddress{};
  }

  Result<void> AddExtent(const UdfAddress& extent, UdfExtentKind kind,
                         uint64_t at) {
    if (kind != UdfExtentKind::kRecorded) {
      Append({{0, extent.size}, false});
      return {};
    }
    std::vector<UdfPiece> pieces;
    CS_TRY_VOID(partitions_.Map(context_, extent, at, pieces));
    for (const UdfPiece& piece : pieces) {
      Append(piece);
    }
    return {};
  }

  // Content up to the size of the file. What is recorded behind it belongs to
  // nothing.
  void Append(UdfPiece piece) {
    const uint64_t size = std::min(piece.range.size, left_);
    AppendUdfPiece(entry_.pieces,
                   {{piece.range.offset, size}, piece.is_recorded});
    left_ -= size;
  }

  // The descriptors in the block at `address`.
  Result<Input> ReadNextList(const UdfAddress& address) {
    const Input block = CS_TRY(BlockAt(address, entry_.stored.offset));
    if (UdfTagOf(block.bytes) != UdfTagId::kAllocationExtent) {
      return base::Fail(Fault::kMalformed, block.offset,
                        "Tag Identifier of an allocation extent");
    }
    CheckUdfCrc(context_, block);
    Reader reader(block);
    reader.Skip(20, "Previous Allocation Extent Location");
    const uint32_t size = reader.U32("Length of Allocation Descriptors");
    const Input list{reader.Take(size, "Allocation Descriptors"),
                     block.offset + 24};
    CS_TRY(reader.Finish(true));
    entry_.claimed.push_back({block.offset, uint64_t{24} + size});
    return list;
  }

  const UdfContext& context_;
  const UdfPartitions& partitions_;
  const UdfAddress address_;
  uint64_t evidence_;
  UdfFileEntry entry_;
  uint64_t left_ = 0;  // bytes of content that are still to come
};

}  // namespace

UdfAddress ReadUdfAddress(Reader& reader, const char* field) {
  constexpr uint32_t kSizeMask = 0x3FFFFFFF;
  UdfAddress address;
  address.size = reader.U32(field) & kSizeMask;
  address.block = reader.U32(field);
  address.partition = reader.U16(field);
  reader.Skip(6, field);
  return address;
}

Result<UdfFileEntry> ReadUdfEntry(const UdfContext& context,
                                  const UdfPartitions& partitions,
                                  const UdfAddress& address,
                                  uint64_t evidence) {
  return UdfEntryReader(context, partitions, address, evidence).Read();
}

Result<Input> UdfContent(const UdfContext& context, const UdfFileEntry& entry,
                         uint64_t most_bytes, std::vector<uint8_t>& buffer) {
  if (entry.damage) {
    return std::unexpected(*entry.damage);
  }
  if (entry.size > most_bytes) {
    return base::Fail(Fault::kLimit, entry.stored.offset + 56,
                      "Information Length");
  }
  CS_TRY_VOID(context.budget.ChargeSteps(1 + entry.size / kUdfBytesOfAStep,
                                         entry.stored.offset));
  for (const UdfPiece& piece : entry.pieces) {
    if (piece.is_recorded && !piece.range.Inside(context.image.size())) {
      return base::Fail(Fault::kTruncated, context.image.size(), "extent");
    }
  }
  if (entry.pieces.size() == 1 && entry.pieces[0].is_recorded) {
    const ByteRange range = entry.pieces[0].range;
    return Input{context.image.subspan(range.offset, range.size), range.offset};
  }
  buffer.clear();
  for (const UdfPiece& piece : entry.pieces) {
    if (piece.is_recorded) {
      const Bytes bytes =
          context.image.subspan(piece.range.offset, piece.range.size);
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    } else {
      buffer.resize(buffer.size() + piece.range.size);
    }
  }
  return Input{buffer, 0};
}

}  // namespace countersign::formats
