// Reads RAR archives, of RAR 1.5 to 4 and of RAR 5 and later.
//
//   mark: "Rar!" 1A 07 00, or 01 00 since RAR 5
//   blocks, each a header and data: main, files, services, end
//
// Spec: "RAR archive file format", technote.txt of RAR 3.93; "RAR 5.0 archive
// format", RARLAB (2015).
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "formats/archive.h"
#include "formats/archive/names.h"
#include "formats/codec/decompress.h"
#include "formats/codec/rar.h"
#include "formats/rar/headers.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr std::string_view kRarMark("Rar!\x1A\x07", 6);

class RarWalk {
 public:
  RarWalk(Bytes file, Budget& budget, MemberSink& sink)
      : file_(file), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    auto result = ReadAll();
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  Result<void> ReadAll() {
    CS_TRY_VOID(ReadMark());
    for (;;) {
      CS_TRY_VOID(budget_.ChargeSteps(1, at_));
      // Quirk: archives of RAR 1.5 and 2 have no block at the end.
      if (!is_five_ && at_ == file_.size() && has_main_) {
        return {};
      }
      const Input rest{file_.subspan(at_), at_};
      RarBlock block =
          CS_TRY(is_five_ ? ReadRar5Block(rest) : ReadRar4Block(rest));
      if (block.kind == RarBlockKind::kEncrypted) {
        remarks_.Note(RemarkKind::kEncrypted, block.header,
                      "the list of members is encrypted");
        return Fail(Fault::kUnsupported, at_, "encrypted headers");
      }
      const uint64_t start = at_ + block.header.size;
      const uint64_t there = file_.size() - start;
      const bool is_cut = block.data_size > there;
      const ByteRange data{start, is_cut ? there : block.data_size};
      at_ = data.offset + data.size;
      CS_TRY_VOID(ReadBlock(block, data));
      if (is_cut) {
        return Fail(Fault::kTruncated, file_.size(), "data size");
      }
      if (block.kind == RarBlockKind::kEnd) {
        NoteTrailing(file_, at_, remarks_);
        return {};
      }
    }
  }

  Result<void> ReadMark() {
    if (!base::AsText(file_).starts_with(kRarMark)) {
      return Fail(Fault::kMalformed, 0, "mark");
    }
    if (file_.size() <= kRarMark.size() + 1) {
      return Fail(Fault::kTruncated, file_.size(), "mark");
    }
    const uint8_t version = file_[kRarMark.size()];
    if (version > 1) {
      return Fail(Fault::kUnsupported, kRarMark.size(), "mark");
    }
    is_five_ = version == 1;
    at_ = kRarMark.size() + 1 + version;
    sink_.Identify(model::Format::kRar, is_five_
                                            ? "RAR archive, version 5"
                                            : "RAR archive, version 1.5 to 4");
    return {};
  }

  Result<void> ReadBlock(RarBlock& block, ByteRange data) {
    switch (block.kind) {
      case RarBlockKind::kMain:
        has_main_ = true;
        if (block.is_volume) {
          remarks_.Note(RemarkKind::kUnsupported, block.header,
                        "the archive is one volume of several");
        }
        return {};
      case RarBlockKind::kFile:
        return ReadFile(block, data);
      case RarBlockKind::kService:
        return ReadService(block, data);
      case RarBlockKind::kEnd:
        if (block.has_next_volume) {
          remarks_.Note(RemarkKind::kUnsupported, block.header,
                        "the archive goes on in another volume");
        }
        return {};
      default:
        if (data.size > 0) {
          remarks_.Note(RemarkKind::kHiddenData, data, [&] {
            return fmt::format("a block that is no member has {} bytes",
                               data.size);
          });
        }
        return {};
    }
  }

  // Copies of headers and data for recovery are what the archive holds, once
  // more; all others hold something that no list of its members shows.
  Result<void> ReadService(RarBlock& block, ByteRange data) {
    if (block.file.name == "QO" || block.file.name == "RR") {
      return {};
    }
    remarks_.Note(RemarkKind::kHiddenMember, block.header, [&] {
      return fmt::format("service data {} are in no list of members",
                         QuotedName(block.file.name));
    });
    block.file.name = "[service]/" + block.file.name;
    return HandOver(block, data, decoders_[1]);
  }

  Result<void> ReadFile(RarBlock& block, ByteRange data) {
    return HandOver(block, data, decoders_[0]);
  }

  struct Decoders {
    std::unique_ptr<RarDecoder> decoder;
    bool is_broken = false;  // a solid group that was not read to its end
  };

  Result<void> HandOver(RarBlock& block, ByteRange data, Decoders& decoders) {
    RarFile& file = block.file;
    Member member;
    member.name = remarks_.Name(file.name, block.header);
    member.kind = file.kind;
    member.link_target = remarks_.Name(file.link_target, block.header);
    member.size = file.is_redirected ? std::optional<uint64_t>(0) : file.size;
    member.stored = {block.header.offset, block.header.size + data.size};
    member.packed_size = data.size;
    if (block.kind == RarBlockKind::kFile) {
      names_.Add(member);
    }
    NoteFlags(file, member.stored);
    if (IsPlain(file, block, data)) {
      return PlacePlain(file, member, data);
    }
    CS_TRY_VOID(sink_.Begin(member));
    const auto decoded = Decode(file, block, data, decoders);
    CS_TRY_VOID(
        sink_.End(decoded ? std::nullopt : std::optional(decoded.error())));
    return {};
  }

  void NoteFlags(const RarFile& file, ByteRange stored) {
    if (file.is_encrypted) {
      remarks_.Note(RemarkKind::kEncrypted, stored, [&] {
        return fmt::format("{} is encrypted", QuotedName(file.name));
      });
    }
    if (file.is_continued || file.goes_on) {
      remarks_.Note(RemarkKind::kUnsupported, stored, [&] {
        return fmt::format("{} has a part in another volume",
                           QuotedName(file.name));
      });
    }
  }

  // Stored, whole, and as long as it is said to be.
  static bool IsPlain(const RarFile& file, const RarBlock& block,
                      ByteRange data) {
    return (file.method == RarMethod::kStored || data.size == 0) &&
           !file.is_encrypted && !file.is_continued && !file.goes_on &&
           data.size == block.data_size &&
           (file.is_redirected || !file.size || *file.size == data.size);
  }

  Result<void> PlacePlain(const RarFile& file, Member& member, ByteRange data) {
    const Bytes bytes = file_.subspan(data.offset, data.size);
    if (member.kind == MemberKind::kLink && member.link_target.empty()) {
      member.link_target = remarks_.Name(base::AsText(bytes), data);
    }
    member.size = data.size;
    if (file.crc && data.size > 0) {
      (void)IsCrc(file, Crc32(0, bytes), data);
    }
    return sink_.Place(member, data);
  }

  bool IsCrc(const RarFile& file, uint32_t crc, ByteRange range) {
    if (!file.crc || crc == *file.crc) {
      return true;
    }
    remarks_.Note(RemarkKind::kChecksum, range, [&] {
      return fmt::format(
          "the stored CRC-32 is {:08x}, that of the content is {:08x}",
          *file.crc, crc);
    });
    return false;
  }

  Result<void> Decode(const RarFile& file, const RarBlock& block,
                      ByteRange data, Decoders& decoders) {
    const uint64_t at = block.header.offset;
    // Whatever is not read to its end leaves nothing to go on from.
    const bool was_broken = std::exchange(decoders.is_broken, true);
    if (file.is_encrypted) {
      return Fail(Fault::kUnsupported, at, "encrypted");
    }
    if (file.is_continued) {
      return Fail(Fault::kUnsupported, at, "continued from another volume");
    }
    const Bytes packed = file_.subspan(data.offset, data.size);
    if (file.method == RarMethod::kStored) {
      decoders.is_broken = was_broken;
      if (!packed.empty()) {
        CS_TRY_VOID(sink_.Write(packed));
      }
      return file.goes_on
                 ? Fail(Fault::kUnsupported, at, "goes on in another volume")
             : data.size < block.data_size
                 ? Fail(Fault::kTruncated, file_.size(), "data size")
                 : Fail(Fault::kMalformed, at, "unpacked size");
    }
    if (file.method == RarMethod::kOther) {
      return Fail(Fault::kUnsupported, at, "method");
    }
    if (file.is_solid && was_broken) {
      return Fail(Fault::kUnsupported, at, "solid, behind what was not read");
    }
    if (!decoders.decoder) {
      decoders.decoder = is_five_ ? NewRar5Decoder() : NewRar3Decoder();
    }
    CheckedSink checked(sink_);
    CS_TRY_VOID(decoders.decoder->Decompress(
        {{packed, data.offset}, file.size, file.dictionary, file.is_solid},
        checked));
    decoders.is_broken = false;
    return IsCrc(file, checked.Crc(), data)
               ? Result<void>()
               : Fail(Fault::kMalformed, at, "data CRC32");
  }

  Bytes file_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  bool is_five_ = false;
  bool has_main_ = false;
  uint64_t at_ = 0;       // of the next block
  Decoders decoders_[2];  // of files, of services
};

}  // namespace

Result<void> UnpackRar(const base::Blob& container, Budget& budget,
                       MemberSink& sink) {
  return RarWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
