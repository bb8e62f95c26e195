// A folder is one stream, cut into blocks that are compressed one after the
// other; files are cut out of what comes out, whatever block they begin in:
//
//   blocks   |  0  |  1  |  2  |  3  |
//   stream   |.......................|
//   files    | a | b     | |  c    |       a gap, and bytes of no file
//
// Files of one compressed folder that share bytes take as many passes over it
// as it needs for none to be in two places at once.
#include "formats/cab/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "formats/codec/cab_library.h"
#include "formats/codec/mszip.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

// Limit: passes over a folder whose files share bytes. No tool makes any.
constexpr int kMaxPasses = 8;

uint64_t EndOfFile(const CabFile& file) {
  return uint64_t{file.start} + file.size;
}

}  // namespace

Member CabMember(const CabFile& file) {
  Member member;
  member.name = file.name;
  member.size = file.size;
  member.stored = file.stored;
  return member;
}

Result<void> HandOverDamaged(const CabFile& file, const Error& damage,
                             MemberSink& sink) {
  CS_TRY_VOID(sink.Begin(CabMember(file)));
  return sink.End(damage);
}

// Cuts the stream of a folder into files that do not share bytes.
class CabSplitter : public ByteSink {
 public:
  // `files`: as for CabFolderReader::HandOver. All must outlive it.
  CabSplitter(const CabFolderReader& reader, const CabDirectory& directory,
              std::vector<uint32_t> files, MemberSink& sink)
      : reader_(reader),
        directory_(directory),
        files_(std::move(files)),
        sink_(sink) {}

  // True when all files were handed over.
  [[nodiscard]] bool IsDone() const { return next_ == files_.size(); }
  // Where the last one ends in the stream.
  [[nodiscard]] uint64_t End() const {
    return files_.empty() ? 0 : EndOfFile(directory_.files[files_.back()]);
  }
  // The error with which the sink ended the whole cabinet.
  [[nodiscard]] const std::optional<Error>& Refused() const { return refused_; }

  // Takes what comes next; fails only when Refused.
  Result<void> Write(Bytes bytes) override {
    while (!bytes.empty() && !IsDone()) {
      const CabFile& file = directory_.files[files_[next_]];
      // A file without bytes is nowhere.
      if (position_ < file.start && file.size > 0) {
        Advance(bytes, file.start);
        continue;
      }
      CS_TRY_VOID(BeginFile(file));
      if (file.size == 0) {
        CS_TRY_VOID(EndFile(std::nullopt));
        continue;
      }
      const Bytes taken = Advance(bytes, EndOfFile(file));
      if (!unwanted_ && !taken.empty()) {
        if (const auto written = sink_.Write(taken); !written) {
          unwanted_ = written.error();
        }
      }
      if (position_ == EndOfFile(file)) {
        CS_TRY_VOID(EndFile(reader_.DamageOf(file)));
      }
    }
    return {};
  }

  // Ends all files that are not complete: nothing more comes, because of
  // `damage`, or because the blocks end.
  Result<void> Finish(const std::optional<Error>& damage) {
    while (!IsDone()) {
      const CabFile& file = directory_.files[files_[next_]];
      CS_TRY_VOID(BeginFile(file));
      const bool is_empty = file.size == 0;
      CS_TRY_VOID(EndFile(is_empty ? std::nullopt
                          : damage ? damage
                                   : reader_.EndOf(file)));
    }
    return {};
  }

 private:
  // Moves to `end` or as far as `bytes` reach; yields what was passed.
  Bytes Advance(Bytes& bytes, uint64_t end) {
    const Bytes passed =
        bytes.first(std::min<uint64_t>(bytes.size(), end - position_));
    bytes = bytes.subspan(passed.size());
    position_ += passed.size();
    return passed;
  }

  Result<void> BeginFile(const CabFile& file) {
    if (open_) {
      return {};
    }
    open_ = true;
    unwanted_.reset();
    return Keep(sink_.Begin(CabMember(file)));
  }

  Result<void> EndFile(const std::optional<Error>& damage) {
    open_ = false;
    ++next_;
    return Keep(sink_.End(unwanted_ ? unwanted_ : damage));
  }

  Result<void> Keep(Result<void> result) {
    if (!result) {
      refused_ = result.error();
    }
    return result;
  }

  const CabFolderReader& reader_;
  const CabDirectory& directory_;
  std::vector<uint32_t> files_;
  MemberSink& sink_;
  size_t next_ = 0;  // of files_
  bool open_ = false;
  uint64_t position_ = 0;          // in the stream
  std::optional<Error> unwanted_;  // why no more of the open file is written
  std::optional<Error> refused_;
};

Result<void> CabFolderReader::Enter(size_t index) {
  const CabBlock& block = blocks_.blocks[index];
  CS_TRY_VOID(context_.budget.ChargeSteps(1, block.content));
  if (index < checked_) {
    return {};
  }
  checked_ = index + 1;
  const uint8_t reserve = context_.directory.layout.data_reserve;
  if (!IsIntact(context_.cabinet, block, reserve)) {
    corrupt_.push_back(index);
    context_.remarks.Note(RemarkKind::kChecksum, block.Packed(), [&] {
      return fmt::format("block {} does not have the checksum {:08x}", index,
                         block.checksum);
    });
  }
  return {};
}

std::optional<Error> CabFolderReader::DamageOf(const CabFile& file) const {
  const auto& blocks = blocks_.blocks;
  const auto corrupt = std::ranges::upper_bound(
      corrupt_, file.start, {},
      [&](size_t index) { return blocks[index].End(); });
  if (corrupt == corrupt_.end() || blocks[*corrupt].start >= EndOfFile(file)) {
    return std::nullopt;
  }
  return Error{Fault::kMalformed, blocks[*corrupt].content, "CFDATA.csum"};
}

Error CabFolderReader::EndOf(const CabFile& file) const {
  return blocks_.damage.value_or(
      Error{Fault::kTruncated, file.stored.offset, "CFFILE.cbFile"});
}

Result<void> CabFolderReader::HandOver(std::span<const uint32_t> files) {
  const auto method = static_cast<CabMethod>(folder_.type & 0x0F);
  if (method > CabMethod::kLzx) {
    const Error unknown{Fault::kUnsupported, folder_.entry + 6,
                        "CFFOLDER.typeCompress"};
    context_.remarks.Note(RemarkKind::kUnsupported, {folder_.entry, 8}, [&] {
      return fmt::format("compression type 0x{:04x} is not known",
                         folder_.type);
    });
    for (const uint32_t file : files) {
      CS_TRY_VOID(HandOverDamaged(context_.directory.files[file], unknown,
                                  context_.sink));
    }
    return {};
  }
  NoteUnused(files);
  if (method != CabMethod::kNone) {
    return HandOverSolid(files);
  }
  for (const uint32_t file : files) {
    CS_TRY_VOID(HandOverStored(context_.directory.files[file]));
  }
  return {};
}

Result<void> CabFolderReader::HandOverStored(const CabFile& file) {
  const auto& blocks = blocks_.blocks;
  const auto first = std::ranges::upper_bound(
      blocks, file.start, {},
      [](const CabBlock& block) { return block.End(); });
  size_t index = static_cast<size_t>(first - blocks.begin());
  if (file.size > 0 && first != blocks.end() &&
      EndOfFile(file) <= first->End()) {
    CS_TRY_VOID(EnterUpTo(index));
    if (!DamageOf(file)) {
      return context_.sink.Place(
          CabMember(file),
          {first->content + (file.start - first->start), file.size});
    }
  }
  CS_TRY_VOID(context_.sink.Begin(CabMember(file)));
  uint64_t position = file.start;
  for (; index < blocks.size() && position < EndOfFile(file); ++index) {
    const CabBlock& block = blocks[index];
    if (const auto entered = EnterUpTo(index); !entered) {
      CS_TRY_VOID(context_.sink.End(entered.error()));
      return entered;
    }
    const uint64_t end = std::min(block.End(), EndOfFile(file));
    const auto written = context_.sink.Write(context_.cabinet.subspan(
        block.content + (position - block.start), end - position));
    if (!written) {
      return context_.sink.End(written.error());
    }
    position = end;
  }
  return context_.sink.End(
      position < EndOfFile(file) ? std::optional(EndOf(file)) : DamageOf(file));
}

Result<void> CabFolderReader::EnterUpTo(size_t index) {
  for (size_t i = std::min(checked_, index); i <= index; ++i) {
    CS_TRY_VOID(Enter(i));
  }
  return {};
}

Result<void> CabFolderReader::HandOverSolid(std::span<const uint32_t> files) {
  std::vector<uint32_t> rest(files.begin(), files.end());
  for (int pass = 0; pass < kMaxPasses && !rest.empty(); ++pass) {
    std::vector<uint32_t> now;
    std::vector<uint32_t> later;
    uint64_t end = 0;
    for (const uint32_t index : rest) {
      const CabFile& file = context_.directory.files[index];
      const bool shares = file.size > 0 && file.start < end;
      (shares ? later : now).push_back(index);
      end = shares || file.size == 0 ? end : EndOfFile(file);
    }
    rest = std::move(later);
    CS_TRY_VOID(Pass(std::move(now)));
  }
  for (const uint32_t index : rest) {
    const CabFile& file = context_.directory.files[index];
    CS_TRY_VOID(HandOverDamaged(
        file, {Fault::kLimit, file.stored.offset, "files that share bytes"},
        context_.sink));
  }
  return {};
}

Result<void> CabFolderReader::Pass(std::vector<uint32_t> files) {
  CabSplitter splitter(*this, context_.directory, std::move(files),
                       context_.sink);
  Result<void> done;
  if (static_cast<CabMethod>(folder_.type & 0x0F) == CabMethod::kMszip) {
    done = DecompressMszip(splitter);
  } else {
    done = DecompressCabFolder({context_.cabinet, blocks_.blocks, folder_.type},
                               std::min(splitter.End(), blocks_.size), *this,
                               splitter);
  }
  if (splitter.Refused()) {
    return std::unexpected(*splitter.Refused());
  }
  if (!done && splitter.IsDone()) {
    context_.remarks.Note(RemarkKind::kDisagreement, blocks_.range, [&] {
      return fmt::format("behind the last file, {} {}", done.error().field,
                         base::Describe(done.error().fault));
    });
  }
  CS_TRY_VOID(
      splitter.Finish(done ? std::nullopt : std::optional(done.error())));
  // A spent budget ends the cabinet; a damaged folder does not.
  if (context_.budget.Reached()) {
    return std::unexpected(*context_.budget.Reached());
  }
  return {};
}

Result<void> CabFolderReader::DecompressMszip(CabSplitter& splitter) {
  MszipDecoder decoder;
  const uint64_t end = splitter.End();
  const bool is_first_pass = checked_ == 0;
  uint64_t slack = 0;
  base::ByteRange first;
  for (size_t i = 0; i < blocks_.blocks.size(); ++i) {
    const CabBlock& block = blocks_.blocks[i];
    if (block.start >= end) {
      break;
    }
    CS_TRY_VOID(Enter(i));
    const uint64_t taken = CS_TRY(decoder.Next(
        {context_.cabinet.subspan(block.content, block.packed), block.content},
        block.unpacked, splitter));
    if (taken < block.packed) {
      first = slack == 0
                  ? base::ByteRange{block.content + taken, block.packed - taken}
                  : first;
      slack += block.packed - taken;
    }
  }
  if (slack > 0 && is_first_pass) {
    context_.remarks.Note(RemarkKind::kHiddenData, first, [&] {
      return fmt::format(
          "{} bytes of blocks lie behind their compressed data, the first of "
          "them here",
          slack);
    });
  }
  return {};
}

void CabFolderReader::NoteUnused(std::span<const uint32_t> files) {
  uint64_t end = 0;
  uint64_t unused = 0;
  for (const uint32_t index : files) {
    const CabFile& file = context_.directory.files[index];
    if (file.size == 0) {
      continue;
    }
    if (file.start < end) {
      context_.remarks.Note(RemarkKind::kOverlap, file.stored, [&] {
        return fmt::format("\"{}\" shares bytes with the file before it",
                           base::DisplaySafe(file.name));
      });
    }
    const uint64_t start = std::min<uint64_t>(file.start, blocks_.size);
    unused += start > end ? start - end : 0;
    end = std::max(end, std::min(EndOfFile(file), blocks_.size));
  }
  unused += blocks_.size - end;
  // Why: what files a damaged list does not tell may be theirs.
  if (unused > 0 && !context_.directory.damage) {
    context_.remarks.Note(RemarkKind::kHiddenData, blocks_.range, [&] {
      return fmt::format("{} of the {} bytes in this folder are of no file",
                         unused, blocks_.size);
    });
  }
}

}  // namespace countersign::formats
