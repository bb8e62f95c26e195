// Bundles of WiX Burn: a program (the engine) with cabinets behind it.
//
//   stub            PE image with a section ".wixburn":
//     +0  magic 0x00F14300    +24 stub size            +40 container format
//     +4  version             +28 original checksum    +44 container count
//     +8  bundle GUID         +32 original signature   +48 container sizes,
//                                 offset and size          u32 each
//   first container cabinet of the manifest and the user interface
//   signature       of stub and first container, if the engine was signed
//   containers      cabinets of payloads, one behind the other
//   signature       of the whole file
//
// What signs the engine is signed again with all that was attached. The header
// then names the outer signature alone, and ".wixburn" keeps what it said
// before. Installed bundles are the engine with those values put back; it is
// handed over like that, so that the inner signature can be verified.
//
// Spec: WiX Toolset 3 to 5, src/burn/engine/section.h and stub/StubSection.cpp
// (layout), section.cpp and cache.cpp (meaning of the original values).
#include "formats/burn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/reader.h"
#include "formats/carried.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint32_t kBurnMagic = 0x00F14300;
constexpr uint32_t kOldestBurnVersion = 2;
constexpr uint32_t kNewestBurnVersion = 3;
constexpr uint32_t kBurnCabinetFormat = 1;
// Limit: sizes that fit in the section of 512 bytes that WiX 4 makes; WiX 3
// knows two containers.
constexpr uint32_t kMostBurnContainers = 116;

std::string BurnGuid(Bytes bytes) {
  Reader reader(base::Input{bytes, 0});
  const uint32_t first = reader.U32("GUID");
  const uint16_t second = reader.U16("GUID");
  const uint16_t third = reader.U16("GUID");
  const Bytes rest = reader.Take(8, "GUID");
  if (rest.empty()) {
    return "";
  }
  return fmt::format(
      "{{{:08X}-{:04X}-{:04X}-{:02X}{:02X}-{:02X}{:02X}{:02X}"
      "{:02X}{:02X}{:02X}}}",
      first, second, third, rest[0], rest[1], rest[2], rest[3], rest[4],
      rest[5], rest[6], rest[7]);
}

Result<BurnSection> ReadBurnHeader(base::Input section) {
  Reader reader(section);
  BurnSection burn;
  if (reader.U32("dwMagic") != kBurnMagic && !reader.Failed()) {
    return base::Fail(Fault::kMalformed, section.offset, "dwMagic");
  }
  burn.version = reader.U32("dwVersion");
  if (!reader.Failed() && (burn.version < kOldestBurnVersion ||
                           burn.version > kNewestBurnVersion)) {
    return base::Fail(Fault::kUnsupported, section.offset + 4, "dwVersion");
  }
  burn.bundle_id = BurnGuid(reader.Take(16, "guidBundleId"));
  burn.stub_size = reader.U32("dwStubSize");
  burn.original_fields = {reader.Offset(), 12};
  burn.original_checksum = reader.U32("dwOriginalChecksum");
  burn.original_signature.offset = reader.U32("dwOriginalSignatureOffset");
  burn.original_signature.size = reader.U32("dwOriginalSignatureSize");
  const uint64_t format_at = reader.Offset();
  if (reader.U32("dwFormat") != kBurnCabinetFormat && !reader.Failed()) {
    return base::Fail(Fault::kUnsupported, format_at, "dwFormat");
  }
  const uint64_t count_at = reader.Offset();
  const uint32_t count = reader.U32("cContainers");
  if (count > kMostBurnContainers) {
    return base::Fail(Fault::kLimit, count_at, "cContainers");
  }
  if (!reader.Failed() && count == 0) {
    return base::Fail(Fault::kMalformed, count_at, "cContainers");
  }
  uint64_t next = burn.stub_size;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t size = reader.U32("rgcbContainers");
    burn.containers.push_back({next, size});
    next += size;
    if (i == 0) {
      burn.engine_size =
          burn.original_signature.offset != 0
              ? burn.original_signature.offset + burn.original_signature.size
              : next;
      next = burn.engine_size;
    }
  }
  return reader.Finish(std::move(burn));
}

class BurnMembers {
 public:
  BurnMembers(const PeImage& image, const BurnSection& burn,
              const base::Blob& program, MemberSink& sink)
      : image_(image), burn_(burn), file_(program.View()), sink_(sink) {}

  Result<CarriedPackage> HandOver() {
    CarriedPackage package;
    package.description = fmt::format("WiX Burn bundle {}", burn_.bundle_id);
    CS_TRY_VOID(HandOverEngine(package));
    const bool is_detached = IsDetached();
    for (size_t i = 0; i < burn_.containers.size(); ++i) {
      if (i > 0 && is_detached) {
        package.description += ", attached containers left out";
        break;
      }
      CS_TRY_VOID(HandOverContainer(i, package));
    }
    return package;
  }

 private:
  // An installed bundle is the engine alone.
  [[nodiscard]] bool IsDetached() const {
    const uint64_t end =
        std::min<uint64_t>(file_.size(), image_.certificate_table.size != 0
                                             ? image_.certificate_table.offset
                                             : file_.size());
    const ByteRange& first = burn_.containers[0];
    const ByteRange& last = burn_.containers.back();
    // Behind the first container, at most what aligns a signature.
    constexpr uint64_t kAlignment = 8;
    const uint64_t first_end = first.offset + first.size;
    return last.offset + last.size > end && first_end <= end &&
           end - first_end < kAlignment;
  }

  Result<void> HandOverContainer(size_t index, CarriedPackage& package) {
    const ByteRange range = burn_.containers[index];
    Member member;
    member.name = index == 0 ? std::string("[burn]/ux.cab")
                             : fmt::format("[burn]/attached{}.cab", index);
    member.size = range.size;
    if (range.Inside(file_.size())) {
      member.stored = range;
      package.claimed.push_back(range);
      return sink_.Place(member, range);
    }
    member.stored.offset = std::min<uint64_t>(range.offset, file_.size());
    member.stored.size = file_.size() - member.stored.offset;
    package.claimed.push_back(member.stored);
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(
        Error{Fault::kTruncated, member.stored.offset, "rgcbContainers"});
  }

  // The engine as it was when it was signed.
  Result<void> HandOverEngine(CarriedPackage& package) {
    const ByteRange signature = burn_.original_signature;
    if (signature.offset == 0 || !image_.security_directory_offset) {
      return {};
    }
    Member member;
    member.name = "[burn]/engine.exe";
    member.size = burn_.engine_size;
    if (!signature.Inside(file_.size())) {
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(Error{Fault::kTruncated, burn_.original_fields.offset,
                             "dwOriginalSignatureOffset"});
    }
    member.stored = {0, burn_.engine_size};
    package.claimed.push_back(signature);
    CS_TRY_VOID(sink_.Begin(member));
    const auto written = WriteEngine();
    return sink_.End(written ? std::nullopt : std::optional(written.error()));
  }

  Result<void> WriteEngine() {
    struct Patch {
      uint64_t offset = 0;
      std::array<uint8_t, 12> bytes{};
      size_t size = 0;
    };
    std::array<Patch, 3> patches{};
    const auto put = [](Patch& patch, uint64_t value) {
      for (int i = 0; i < 4; ++i) {
        patch.bytes.at(patch.size++) = static_cast<uint8_t>(value >> (8 * i));
      }
    };
    patches[0].offset = image_.checksum_offset;
    put(patches[0], burn_.original_checksum);
    patches[1].offset = *image_.security_directory_offset;
    put(patches[1], burn_.original_signature.offset);
    put(patches[1], burn_.original_signature.size);
    patches[2].offset = burn_.original_fields.offset;
    patches[2].size = 12;
    std::ranges::sort(patches, {}, &Patch::offset);
    uint64_t at = 0;
    const Bytes engine = file_.first(burn_.engine_size);
    for (const Patch& patch : patches) {
      if (patch.offset < at || patch.offset + patch.size > engine.size()) {
        return base::Fail(Fault::kMalformed, burn_.original_fields.offset,
                          "dwOriginalSignatureOffset");
      }
      CS_TRY_VOID(Write(engine.subspan(at, patch.offset - at)));
      CS_TRY_VOID(Write({patch.bytes.data(), patch.size}));
      at = patch.offset + patch.size;
    }
    return Write(engine.subspan(at));
  }

  Result<void> Write(Bytes bytes) {
    return bytes.empty() ? Result<void>() : sink_.Write(bytes);
  }

  const PeImage& image_;
  const BurnSection& burn_;
  Bytes file_;
  MemberSink& sink_;
};

}  // namespace

Result<std::optional<BurnSection>> ReadBurnSection(const PeImage& image,
                                                   Bytes file) {
  for (const PeSection& section : image.sections) {
    if (section.name != ".wixburn") {
      continue;
    }
    if (section.raw.offset > file.size()) {
      return base::Fail(Fault::kTruncated, file.size(), ".wixburn");
    }
    const uint64_t size =
        std::min(section.raw.size, file.size() - section.raw.offset);
    return CS_TRY(ReadBurnHeader(
        {file.subspan(section.raw.offset, size), section.raw.offset}));
  }
  return std::nullopt;
}

Result<std::optional<CarriedPackage>> ReadBurn(const PeImage& image,
                                               const base::Blob& program,
                                               Budget& budget,
                                               MemberSink& sink) {
  CS_TRY_VOID(budget.ChargeSteps(1 + image.sections.size(), 0));
  const auto burn = ReadBurnSection(image, program.View());
  if (!burn) {
    return CarriedPackage{"WiX Burn bundle", {}, burn.error()};
  }
  if (!*burn) {
    return std::nullopt;
  }
  return CS_TRY(BurnMembers(image, **burn, program, sink).HandOver());
}

}  // namespace countersign::formats
