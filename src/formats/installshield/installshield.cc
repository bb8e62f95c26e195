// Overlay of a set-up program:
//
//   | name of debug information | list: record, content, record, content ... |
//   | (some)                    | of setup.exe, data1.cab, data1.hdr, an MSI |
//
// or a cabinet alone. In a list of the newer kind each byte of content is
// obfuscated with a key made of the file's name; most of it is then a zlib
// stream.
#include "formats/installshield.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "formats/codec/inflater.h"
#include "formats/installshield/cabinet_list.h"
#include "formats/installshield/cabinet_member.h"
#include "formats/installshield/setup_list.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Result;

// Takes the obfuscation from content that begins at a multiple of the size of a
// block.
class SetupKey {
 public:
  static constexpr size_t kBlock = 1024;

  SetupKey(std::string_view name, SetupCipher cipher) : cipher_(cipher) {
    constexpr std::array<uint8_t, 4> kMagic = {0x13, 0x35, 0x86, 0x07};
    for (size_t i = 0; i < name.size(); ++i) {
      key_.push_back(static_cast<uint8_t>(static_cast<uint8_t>(name[i]) ^
                                          kMagic[i % kMagic.size()]));
    }
  }

  [[nodiscard]] bool IsUsed() const {
    return cipher_ != SetupCipher::kNone && !key_.empty();
  }

  void Reveal(std::vector<uint8_t>& bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (cipher_ == SetupCipher::kBlocks && i % kBlock == 0) {
        at_ = 0;
      }
      const unsigned byte = bytes[i];
      const unsigned swapped = byte << 4 | byte >> 4;
      bytes[i] = static_cast<uint8_t>(~(key_[at_] ^ swapped));
      at_ = at_ + 1 == key_.size() ? 0 : at_ + 1;
    }
  }

 private:
  SetupCipher cipher_;
  std::vector<uint8_t> key_;
  size_t at_ = 0;
};

class SetupUnpacker {
 public:
  SetupUnpacker(Bytes overlay, base::Budget& budget, MemberSink& sink)
      : overlay_(overlay), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    auto done = IsShieldCabinet(overlay_) ? HandOverCabinet() : HandOverList();
    remarks_.Finish();
    return done;
  }

 private:
  void Identify(std::string_view what) {
    sink_.Identify(model::Format::kInstallshield, std::string(what));
  }

  Result<void> HandOverCabinet() {
    Identify("InstallShield cabinet");
    ShieldCabinet cabinet{{overlay_, 0}, {}, ""};
    cabinet.is_beside = !sink_.Beside().empty();
    for (const auto& [number, volume] : sink_.Beside()) {
      if (IsShieldVolume(volume->View())) {
        cabinet.volumes.emplace(number, Input{volume->View(), 0});
      }
    }
    if (IsShieldVolume(overlay_)) {
      cabinet.volumes.emplace(uint16_t{1}, cabinet.header);
    }
    return UnpackShieldCabinet(cabinet, budget_, remarks_, sink_);
  }

  Result<void> HandOverList() {
    const SetupStart start = FindSetupList(overlay_);
    if (start.list == SetupList::kNone) {
      return base::Fail(Fault::kMalformed, 0, "set-up list");
    }
    const SetupFiles found = CS_TRY(ReadSetupList(overlay_, start, budget_));
    Identify(fmt::format("InstallShield set-up, {} files", found.files.size()));
    for (const SetupFile& file : found.files) {
      CS_TRY_VOID(HandOver(file));
    }
    CS_TRY_VOID(HandOverCabinets(found.files));
    if (found.damage) {
      return std::unexpected(*found.damage);
    }
    if (found.end < overlay_.size()) {
      const ByteRange rest{found.end, overlay_.size() - found.end};
      remarks_.Note(RemarkKind::kTrailingData, rest, [&] {
        return fmt::format("{} bytes behind the last file", rest.size);
      });
    }
    return {};
  }

  Result<void> HandOver(const SetupFile& file) {
    Member member;
    member.name = file.path.empty() ? file.name : file.path;
    member.stored = file.stored;
    if (!file.is_deflated) {
      member.size = file.content.size;
    }
    SetupKey key(file.name, file.cipher);
    if (!file.is_deflated && !key.IsUsed()) {
      return sink_.Place(member, file.content);
    }
    CS_TRY_VOID(sink_.Begin(member));
    const auto written = WriteContent(file, key);
    if (!written && budget_.Reached()) {
      CS_TRY_VOID(sink_.End(written.error()));
      return written;
    }
    return sink_.End(written ? std::nullopt : std::optional(written.error()));
  }

  Result<void> WriteContent(const SetupFile& file, SetupKey& key) {
    constexpr uint64_t kPiece = 64 * SetupKey::kBlock;
    Inflater inflater;
    std::vector<uint8_t> piece;
    for (uint64_t at = 0; at < file.content.size; at += kPiece) {
      const uint64_t offset = file.content.offset + at;
      CS_TRY_VOID(budget_.ChargeSteps(1, offset));
      const Bytes stored =
          overlay_.subspan(offset, std::min(kPiece, file.content.size - at));
      piece.assign(stored.begin(), stored.end());
      if (key.IsUsed()) {
        key.Reveal(piece);
      }
      CS_TRY_VOID(file.is_deflated ? inflater.Feed({piece, offset}, sink_)
                                   : sink_.Write(piece));
    }
    if (file.is_deflated && !inflater.IsDone()) {
      return base::Fail(Fault::kTruncated,
                        file.content.offset + file.content.size,
                        "compressed data");
    }
    return {};
  }

  // A header and its volumes: data1.hdr, data1.cab, data2.cab, ...
  Result<void> HandOverCabinets(const std::vector<SetupFile>& files) {
    constexpr std::string_view kHeaderEnd = "1.hdr";
    for (const SetupFile& file : files) {
      const std::string name = base::AsciiLower(file.name);
      if (!name.ends_with(kHeaderEnd) || !IsPlain(file) ||
          !HasShieldList(Content(file))) {
        continue;
      }
      ShieldCabinet cabinet;
      cabinet.header = {Content(file), file.content.offset};
      cabinet.prefix = (file.path.empty() ? file.name : file.path) + "/";
      const std::string stem = name.substr(0, name.size() - kHeaderEnd.size());
      for (const SetupFile& other : files) {
        CS_TRY_VOID(budget_.ChargeSteps(1, other.stored.offset));
        const uint16_t number =
            VolumeNumber(base::AsciiLower(other.name), stem);
        if (number > 0 && IsPlain(other) && IsShieldCabinet(Content(other))) {
          cabinet.volumes.emplace(number,
                                  Input{Content(other), other.content.offset});
        }
      }
      CS_TRY_VOID(UnpackShieldCabinet(cabinet, budget_, remarks_, sink_));
    }
    return {};
  }

  // The number in "<stem><number>.cab", or 0.
  static uint16_t VolumeNumber(std::string_view name, std::string_view stem) {
    constexpr std::string_view kVolumeEnd = ".cab";
    if (!name.starts_with(stem) || !name.ends_with(kVolumeEnd) ||
        name.size() <= stem.size() + kVolumeEnd.size()) {
      return 0;
    }
    const std::string_view digits =
        name.substr(stem.size(), name.size() - stem.size() - kVolumeEnd.size());
    uint16_t number = 0;
    const auto parsed =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return parsed.ec == std::errc() &&
                   parsed.ptr == digits.data() + digits.size()
               ? number
               : 0;
  }

  static bool IsPlain(const SetupFile& file) {
    return file.cipher == SetupCipher::kNone && !file.is_deflated;
  }
  [[nodiscard]] Bytes Content(const SetupFile& file) const {
    return overlay_.subspan(file.content.offset, file.content.size);
  }

  Bytes overlay_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
};

}  // namespace

bool IsInstallshield(Bytes start) {
  return IsShieldCabinet(start) ||
         FindSetupList(start).list != SetupList::kNone;
}

Result<void> UnpackInstallshield(const base::Blob& container,
                                 base::Budget& budget, MemberSink& sink) {
  return SetupUnpacker(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
