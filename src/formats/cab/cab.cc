// A cabinet, from its first byte to behind its last:
//
//   | CFHEADER   | CFFOLDER  | CFFILE ...    | CFDATA ...        | PKCS #7  |
//   | sizes,     | method,   | name, size,   | checksum, sizes,  | of a     |
//   | counts,    | place of  | place in the  | up to 32 KiB of a | signed   |
//   | reserve    | its data  | folder        | folder each       | cabinet  |
//   0                                        cbCabinet is here --^
//
// Spec: [MS-CAB] Cabinet File Format, version 2022-06-07, section 2.
//
// What Windows would do with a damaged cabinet is to stop; the content that is
// there is handed over nevertheless, with what is wrong with it.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "base/text.h"
#include "formats/cab/blocks.h"
#include "formats/cab/directory.h"
#include "formats/cab/folder.h"
#include "formats/cabinet.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

constexpr uint16_t kCabVersion = 0x0103;
// Limit: members of UnpackCabinet. Trust lists come alone in theirs.
constexpr size_t kMaxMembers = 256;

// True when `file` needs the cabinet before this one.
bool IsFromPrevious(const CabFile& file) {
  return file.folder == kContinuedFromPrevious || file.folder == kContinuedBoth;
}

// As Windows compares names.
bool ComesBefore(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return base::AsciiLower(c); };
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

bool IsZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

class CabUnpacker {
 public:
  CabUnpacker(Bytes cabinet, const CabDirectory& directory,
              base::Budget& budget, MemberSink& sink)
      : cabinet_(cabinet),
        directory_(directory),
        layout_(directory.layout),
        sink_(sink),
        remarks_(sink),
        context_{cabinet, directory, budget, sink, remarks_} {}

  Result<void> Run() {
    sink_.Identify(model::Format::kCab, Describe());
    NoteHeader();
    NoteNames();
    SortFiles();
    auto done = HandOverFolders();
    if (done) {
      NoteSpace();
      NoteBehind();
    }
    remarks_.Finish();
    if (done && directory_.damage) {
      return std::unexpected(*directory_.damage);
    }
    return done;
  }

 private:
  [[nodiscard]] std::string Describe() const {
    static constexpr std::string_view kMethods[] = {"stored", "MSZIP",
                                                    "Quantum", "LZX"};
    std::set<std::string_view> methods;
    for (const CabFolder& folder : directory_.folders) {
      const unsigned method = folder.type & 0x0FU;
      methods.insert(method < std::size(kMethods) ? kMethods[method]
                                                  : "unknown compression");
    }
    std::string text =
        fmt::format("Microsoft cabinet, {} file{}", directory_.files.size(),
                    directory_.files.size() == 1 ? "" : "s");
    for (const std::string_view method : methods) {
      text += fmt::format(", {}", method);
    }
    if ((layout_.flags & (kCabFlagPrevious | kCabFlagNext)) != 0) {
      text += fmt::format(", part {} of a set", layout_.index + 1);
    }
    return text;
  }

  void NoteHeader() {
    if (layout_.version != kCabVersion) {
      remarks_.Note(RemarkKind::kOddity, {24, 2}, [&] {
        return fmt::format("version {}.{} instead of 1.3", layout_.version >> 8,
                           layout_.version & 0xFF);
      });
    }
    if (layout_.has_reserved_words) {
      remarks_.Note(RemarkKind::kOddity, {4, 20}, [] {
        return std::string("reserved fields of the header are not zero");
      });
    }
    constexpr unsigned kKnownFlags =
        kCabFlagPrevious | kCabFlagNext | kCabFlagReserve;
    if ((layout_.flags & ~kKnownFlags) != 0) {
      remarks_.Note(RemarkKind::kOddity, {30, 2}, [&] {
        return fmt::format("flags 0x{:04x} are not all known", layout_.flags);
      });
    }
  }

  void NoteNames() {
    const auto& files = directory_.files;
    std::vector<uint32_t> by_name(files.size());
    std::iota(by_name.begin(), by_name.end(), 0U);
    std::ranges::stable_sort(by_name, ComesBefore,
                             [&](uint32_t index) { return files[index].name; });
    for (size_t i = 1; i < by_name.size(); ++i) {
      const CabFile& file = files[by_name[i]];
      if (!ComesBefore(files[by_name[i - 1]].name, file.name)) {
        remarks_.Note(RemarkKind::kDuplicateName, file.stored, [&] {
          return fmt::format("more than one file is named \"{}\"",
                             base::DisplaySafe(file.name));
        });
      }
    }
  }

  // By folder, then by their place in it.
  void SortFiles() {
    order_.resize(directory_.files.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::stable_sort(order_, {}, [&](uint32_t index) {
      return std::pair(FolderOf(directory_.files[index]),
                       directory_.files[index].start);
    });
  }

  // The index of the folder that has the content, or 65,535.
  [[nodiscard]] uint16_t FolderOf(const CabFile& file) const {
    if (IsFromPrevious(file)) {
      return 0;
    }
    if (file.folder == kContinuedToNext && layout_.folder_count > 0) {
      return static_cast<uint16_t>(layout_.folder_count - 1);
    }
    return file.folder;
  }

  Result<void> HandOverFolders() {
    size_t at = 0;
    for (uint32_t index = 0; index < directory_.folders.size(); ++index) {
      const size_t begin = at;
      while (at < order_.size() &&
             FolderOf(directory_.files[order_[at]]) == index) {
        ++at;
      }
      CS_TRY_VOID(HandOverFolder(directory_.folders[index],
                                 std::span(order_).subspan(begin, at - begin)));
    }
    for (; at < order_.size(); ++at) {
      const CabFile& file = directory_.files[order_[at]];
      CS_TRY_VOID(HandOverDamaged(
          file, {Fault::kMalformed, file.stored.offset + 8, "CFFILE.iFolder"},
          sink_));
    }
    return {};
  }

  Result<void> HandOverFolder(const CabFolder& folder,
                              std::span<const uint32_t> files) {
    const CabBlocks blocks =
        CS_TRY(ReadCabBlocks(cabinet_, layout_, folder, context_.budget));
    if (blocks.range.size > 0) {
      accounted_.push_back(blocks.range);
    }
    const bool from_previous = std::ranges::any_of(files, [&](uint32_t index) {
      return IsFromPrevious(directory_.files[index]);
    });
    const bool to_next =
        blocks.damage && blocks.damage->fault == Fault::kUnsupported;
    if (from_previous || to_next) {
      remarks_.Note(RemarkKind::kUnsupported, {folder.entry, 8}, [&] {
        return fmt::format("the folder {} another cabinet of the set",
                           from_previous ? "begins in" : "goes on in");
      });
    }
    if (blocks.damage && !to_next) {
      remarks_.Note(RemarkKind::kDisagreement, {folder.entry, 8}, [&] {
        return fmt::format("the folder says {} blocks, {} can be read",
                           folder.block_count, blocks.blocks.size());
      });
    }
    if (from_previous) {
      for (const uint32_t file : files) {
        CS_TRY_VOID(HandOverDamaged(
            directory_.files[file],
            {Fault::kUnsupported, folder.entry, "CFDATA of another cabinet"},
            sink_));
      }
      return {};
    }
    CabFolderReader reader(context_, folder, blocks);
    return reader.HandOver(files);
  }

  // Bytes between the structures, and bytes that two of them claim.
  void NoteSpace() {
    accounted_.push_back(layout_.header);
    accounted_.push_back(layout_.folders);
    accounted_.push_back(directory_.file_table);
    std::ranges::sort(accounted_, {}, &ByteRange::offset);
    for (const ByteRange& range : accounted_) {
      if (range.size == 0) {
        continue;
      }
      if (range.offset < end_) {
        remarks_.Note(RemarkKind::kOverlap, range, [&] {
          return fmt::format("{} bytes belong to another structure as well",
                             std::min(end_ - range.offset, range.size));
        });
      }
      NoteUnclaimed(RemarkKind::kHiddenData, end_, range.offset);
      end_ = std::max(end_, range.offset + range.size);
    }
  }

  // What is behind the last structure, and behind the cabinet.
  void NoteBehind() {
    const uint64_t size = cabinet_.size();
    if (layout_.size > size || layout_.size < end_) {
      remarks_.Note(RemarkKind::kDisagreement, {8, 4}, [&] {
        return fmt::format(
            "the header says {} bytes, the file has {} and its structures "
            "reach to {}",
            layout_.size, size, end_);
      });
    }
    const uint64_t cabinet_end =
        std::max(end_, std::min<uint64_t>(layout_.size, size));
    NoteUnclaimed(RemarkKind::kHiddenData, end_, cabinet_end);
    const ByteRange signature = layout_.signature;
    if (signature.size == 0) {
      NoteUnclaimed(RemarkKind::kTrailingData, cabinet_end, size);
      return;
    }
    if (!signature.Inside(size) || signature.offset < cabinet_end) {
      remarks_.Note(RemarkKind::kDisagreement, layout_.reserve, [&] {
        return fmt::format(
            "the signature is said to be at {}, {} bytes; the cabinet ends at "
            "{}, the file at {}",
            signature.offset, signature.size, cabinet_end, size);
      });
      NoteUnclaimed(RemarkKind::kTrailingData, cabinet_end, size);
      return;
    }
    NoteUnclaimed(RemarkKind::kTrailingData, cabinet_end, signature.offset);
    NoteUnclaimed(RemarkKind::kTrailingData, signature.offset + signature.size,
                  size);
  }

  void NoteUnclaimed(RemarkKind kind, uint64_t begin, uint64_t end) {
    if (begin >= end) {
      return;
    }
    const ByteRange range{begin, end - begin};
    remarks_.Note(kind, range, [&] {
      return fmt::format("{} bytes{} are of no structure", range.size,
                         IsZero(cabinet_.subspan(range.offset, range.size))
                             ? ", all zero,"
                             : "");
    });
  }

  Bytes cabinet_;
  const CabDirectory& directory_;
  const CabinetLayout& layout_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  CabContext context_;
  std::vector<uint32_t> order_;       // of files
  std::vector<ByteRange> accounted_;  // bytes of structures
  uint64_t end_ = 0;                  // of those
};

Result<void> UnpackCabBytes(Bytes cabinet, base::Budget& budget,
                            MemberSink& sink) {
  const CabDirectory directory = CS_TRY(ReadCabDirectory(cabinet, budget));
  return CabUnpacker(cabinet, directory, budget, sink).Run();
}

// Keeps the members of a cabinet, as UnpackCabinet wants them.
class CabCollector : public MemberSink {
 public:
  CabCollector(Bytes cabinet, uint64_t max_bytes)
      : cabinet_(cabinet), left_(max_bytes) {}

  void Identify(model::Format /*format*/, std::string /*detail*/) override {}
  void Note(Remark /*remark*/) override {}

  Result<void> Begin(const Member& member) override {
    if (members.size() >= kMaxMembers || member.size.value_or(0) > left_) {
      return base::Fail(Fault::kLimit, member.stored.offset, "CFFILE");
    }
    members.push_back({member.name, {}});
    return {};
  }
  Result<void> Write(Bytes bytes) override {
    if (bytes.size() > left_) {
      return base::Fail(Fault::kLimit, 0, "CFFILE");
    }
    left_ -= bytes.size();
    auto& content = members.back().bytes;
    content.insert(content.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> End(const std::optional<Error>& damage) override {
    return damage ? Result<void>(std::unexpected(*damage)) : Result<void>();
  }
  Result<void> Place(const Member& member, ByteRange content) override {
    CS_TRY_VOID(Begin(member));
    return Write(cabinet_.subspan(content.offset, content.size));
  }

  std::vector<CabinetMember> members;

 private:
  Bytes cabinet_;
  uint64_t left_;
};

}  // namespace

Result<void> UnpackCab(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return UnpackCabBytes(container.View(), budget, sink);
}

bool IsCabinet(Bytes file) { return base::AsText(file).starts_with("MSCF"); }

Result<std::vector<CabinetMember>> UnpackCabinet(base::Input cabinet,
                                                 uint64_t max_bytes) {
  base::Budget budget;
  CabCollector collector(cabinet.bytes, max_bytes);
  if (auto done = UnpackCabBytes(cabinet.bytes, budget, collector); !done) {
    Error error = done.error();
    error.offset += cabinet.offset;
    return std::unexpected(error);
  }
  return std::move(collector.members);
}

}  // namespace countersign::formats
