// Reads RAR archives, of RAR 1.5 to 4 and of RAR 5 and later.
//
//   mark: "Rar!" 1A 07 00, or 01 00 since RAR 5
//   blocks, each a header and data: main, files, services, end
//
// Spec: "RAR archive file format", technote.txt of RAR 3.93; "RAR 5.0 archive
// format", RARLAB (2015).
#include <fmt/format.h>

#include <memory>
#include <optional>
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
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr std::string_view kRarMark("Rar!\x1A\x07", 6);

// Passes content on and keeps the checksums that are stored for it.
class RarCheckedSink : public ByteSink {
 public:
  RarCheckedSink(ByteSink& next, const RarFile& file) : next_(next) {
    if (file.blake2sp) {
      blake2sp_.emplace();
    }
  }

  Result<void> Write(Bytes bytes) override {
    crc_ = Crc32(crc_, bytes);
    if (blake2sp_) {
      blake2sp_->Update(bytes);
    }
    return next_.Write(bytes);
  }
  [[nodiscard]] uint32_t Crc() const { return crc_; }
  // Of a file that has one stored; once.
  [[nodiscard]] base::Blake2spDigest Blake2sp() { return blake2sp_->Finish(); }

 private:
  ByteSink& next_;
  uint32_t crc_ = 0;
  std::optional<base::Blake2spHasher> blake2sp_;
};

class RarNoSink : public ByteSink {
 public:
  Result<void> Write(Bytes /*bytes*/) override { return {}; }
};

std::string Blake2spInHex(const base::Blake2spDigest& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

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
    if (data.size > 0) {
      RarNoSink none;
      RarCheckedSink checked(none, file);
      CS_TRY_VOID(checked.Write(bytes));
      (void)WrongChecksum(file, checked, data);
    }
    return sink_.Place(member, data);
  }

  // The field of the checksum that is another than that of the content, or
  // null.
  const char* WrongChecksum(const RarFile& file, RarCheckedSink& checked,
                            ByteRange range) {
    const char* wrong = nullptr;
    if (file.blake2sp) {
      const base::Blake2spDigest digest = checked.Blake2sp();
      if (digest != *file.blake2sp) {
        wrong = "data BLAKE2sp";
        remarks_.Note(RemarkKind::kChecksum, range, [&] {
          return fmt::format(
              "the stored BLAKE2sp digest is {}, that of the content is {}",
              Blake2spInHex(*file.blake2sp), Blake2spInHex(digest));
        });
      }
    }
    if (file.crc && checked.Crc() != *file.crc) {
      wrong = "data CRC32";
      remarks_.Note(RemarkKind::kChecksum, range, [&] {
        return fmt::format(
            "the stored CRC-32 is {:08x}, that of the content is {:08x}",
            *file.crc, checked.Crc());
      });
    }
    return wrong;
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
    RarCheckedSink checked(sink_, file);
    const auto unpacked = decoders.decoder->Decompress(
        {{packed, data.offset}, file.size, file.dictionary, file.is_solid},
        checked);
    if (!unpacked) {
      NoteUnread(*decoders.decoder, file, data);
      return unpacked;
    }
    decoders.is_broken = false;
    const char* wrong = WrongChecksum(file, checked, data);
    return wrong == nullptr ? Result<void>()
                            : Fail(Fault::kMalformed, at, wrong);
  }

  void NoteUnread(const RarDecoder& decoder, const RarFile& file,
                  ByteRange data) {
    if (const std::string unread = decoder.Unread(); !unread.empty()) {
      remarks_.Note(RemarkKind::kUnsupported, data, [&] {
        return fmt::format("of {}, {}", QuotedName(file.name), unread);
      });
    }
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
