// Setups of Inno Setup. The program that users start is a loader; behind it are
// the program that installs, the data that steers it, and the files:
//
//   PE image      resource RCDATA 11111: a table of the offsets below
//   setup.e32     the program that installs, as a block of setup data
//   setup-0.bin   setup data: what to do (setup.cc)
//   setup-1.bin   chunks of files (chunk.cc); or beside, in files of that name
//
// Spec: jrsoftware/issrc Projects/SetupLdr.dpr, Projects/Struct.pas.
#include "formats/inno.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "formats/carried.h"
#include "formats/carried/claimed.h"
#include "formats/codec/decompress.h"
#include "formats/inno/block.h"
#include "formats/inno/call_filter.h"
#include "formats/inno/chunk.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

// Limit: the program that installs; those of Inno Setup 6 have 3 MiB.
constexpr uint64_t kMostInnoProgramBytes = uint64_t{64} << 20;

class InnoMembers {
 public:
  InnoMembers(const base::Blob& program, const InnoLoader& loader,
              Budget& budget, MemberSink& sink)
      : file_(program.View()), budget_(budget), sink_(sink), remarks_(sink) {
    setup_.loader = loader;
  }

  Result<CarriedPackage> HandOver() {
    auto result = HandOverAll();
    remarks_.Finish();
    CS_TRY_VOID(std::move(result));
    CarriedPackage package;
    package.description =
        "Inno Setup" + (setup_.version.empty() ? "" : " " + setup_.version);
    package.claimed = claimed_.Ranges();
    package.damage = damage_;
    return package;
  }

 private:
  void Damage(Error error) {
    if (!damage_) {
      damage_ = error;
    }
  }

  Result<void> HandOverAll() {
    if (setup_.loader.total_size > file_.size()) {
      Damage({Fault::kTruncated, file_.size(), "TotalSize"});
    }
    CS_TRY_VOID(HandOverProgram());
    const auto read = ReadInnoSetup(file_, budget_, setup_);
    claimed_.Claim(setup_.data);
    if (!read) {
      if (budget_.Reached()) {
        return read;
      }
      NoteEncrypted();
      Damage(read.error());
      return {};
    }
    NoteUnread();
    CS_TRY_VOID(HandOverText("compiled_code", setup_.compiled_code));
    CS_TRY_VOID(HandOverText("decompressor.dll", setup_.decompressor));
    CS_TRY_VOID(HandOverText("archives.dll", setup_.archive_library));
    CS_TRY_VOID(HandOverText("decryptor.dll", setup_.decryptor));
    if (setup_.loader.files == 0) {
      NoteBeside();
      return {};
    }
    return InnoChunks(file_, setup_, budget_, sink_, remarks_, claimed_)
        .HandOver();
  }

  void NoteUnread() {
    if (setup_.unread_bytes > 0) {
      remarks_.Note(RemarkKind::kUnsupported, setup_.data, [&] {
        return fmt::format(
            "{} bytes of setup data follow the records of version {}",
            setup_.unread_bytes, setup_.version);
      });
    }
  }

  // Setup data that could not be read for it.
  void NoteEncrypted() {
    if (setup_.is_data_encrypted) {
      remarks_.Note(RemarkKind::kEncrypted, setup_.data, [] {
        return std::string("what is installed, and where, is encrypted");
      });
    }
  }

  void NoteBeside() {
    if (!setup_.locations.empty()) {
      remarks_.Note(RemarkKind::kUnsupported, setup_.loader.table, [&] {
        return fmt::format(
            "the content of {} files lies beside the program, in setup-1.bin",
            setup_.locations.size());
      });
    }
  }

  // What setup data holds that is used as a file.
  Result<void> HandOverText(std::string_view name, const std::string& content) {
    if (content.empty()) {
      return {};
    }
    Member member;
    member.name = fmt::format("[inno]/[setup]/{}", name);
    member.size = content.size();
    member.stored = setup_.data;
    CS_TRY_VOID(sink_.Begin(member));
    const auto written = sink_.Write(base::AsBytes(content));
    return sink_.End(written ? std::nullopt : std::optional(written.error()));
  }

  // The program that installs, checked as the loader checks it.
  Result<void> HandOverProgram() {
    const InnoLoader& loader = setup_.loader;
    Member member;
    member.name = "[inno]/[setup]/setup.exe";
    member.size = loader.setup_program_size;
    member.stored = loader.table;
    InnoBuffer buffer(kMostInnoProgramBytes);
    const auto range =
        ReadInnoBlock(file_, loader.setup_program,
                      InnoBlockSizeBytes(file_, loader.setup_program), buffer);
    if (range) {
      claimed_.Claim(*range);
      member.stored = *range;
    }
    CS_TRY_VOID(budget_.ChargeSteps(1 + buffer.content.size() / 1024,
                                    member.stored.offset));
    CS_TRY_VOID(sink_.Begin(member));
    if (!range) {
      return sink_.End(range.error());
    }
    if (buffer.content.size() < loader.setup_program_size) {
      return sink_.End(
          Error{Fault::kTruncated, range->offset, "UncompressedSizeEXE"});
    }
    if (buffer.content.size() > loader.setup_program_size) {
      remarks_.Note(RemarkKind::kHiddenData, *range, [&] {
        return fmt::format(
            "{} decompressed bytes behind the program that installs",
            buffer.content.size() - loader.setup_program_size);
      });
    }
    buffer.content.resize(loader.setup_program_size);
    // Why: whether programs for other processors are filtered is not known; the
    // checksum is.
    if (Crc32(0, buffer.content) != loader.setup_program_crc) {
      UndoInnoCallFilter(buffer.content, 0);
    }
    const auto written =
        buffer.content.empty() ? Result<void>() : sink_.Write(buffer.content);
    if (!written) {
      return sink_.End(written.error());
    }
    if (Crc32(0, buffer.content) != loader.setup_program_crc) {
      remarks_.Note(RemarkKind::kChecksum, *range, [&] {
        return fmt::format(
            "the program that installs has not the CRC-32 {:08x}",
            loader.setup_program_crc);
      });
      return sink_.End(Error{Fault::kMalformed, loader.table.offset, "CRCEXE"});
    }
    return sink_.End({});
  }

  Bytes file_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  ClaimedBytes claimed_;
  InnoSetup setup_;
  std::optional<Error> damage_;
};

}  // namespace

Result<std::optional<CarriedPackage>> ReadInno(const PeImage& image,
                                               const base::Blob& program,
                                               Budget& budget,
                                               MemberSink& sink) {
  const auto loader = FindInnoLoader(image, program.View(), budget);
  if (!loader) {
    if (budget.Reached()) {
      return std::unexpected(loader.error());
    }
    return CarriedPackage{"Inno Setup", {}, loader.error()};
  }
  if (!*loader) {
    return std::nullopt;
  }
  return CS_TRY(InnoMembers(program, **loader, budget, sink).HandOver());
}

Result<void> UnpackInno(const base::Blob& container, Budget& budget,
                        MemberSink& sink) {
  const PeImage image = CS_TRY(ParsePe(container.View()));
  const auto package = CS_TRY(ReadInno(image, container, budget, sink));
  if (!package) {
    return base::Fail(Fault::kMalformed, 0, "SetupLdrOffsetTable");
  }
  sink.Identify(model::Format::kInno, package->description);
  if (package->damage) {
    return std::unexpected(*package->damage);
  }
  return {};
}

}  // namespace countersign::formats
