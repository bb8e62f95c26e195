// sector 16     volume descriptor { u8 type, "CD001", u8 version, ... }:
//                 0 boot record: "EL TORITO SPECIFICATION" (+7), boot catalog
//                   (+71, u32, little-endian)
//                 1 primary, 2 supplementary: Volume Identifier (+40), Volume
//                   Space Size (+80), escape sequences (+88), Logical Block
//                   Size (+128), Path Table Size (+132), four path tables
//                   (+140), root directory record (+156)
//                 255 the last one
// next          "BEA01", "NSR02" or "NSR03", "TEA01" of UDF, where it is
//
// Numbers of 8 or 4 bytes are stored twice, in both byte orders.
//
// Spec: ECMA-119, 8.1 to 8.6; El Torito 1.0, section 2; ECMA-167, part 2, 9.
#include "formats/iso/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;

// Limit: descriptors. Real images have up to six.
constexpr uint64_t kMaxDescriptors = 64;
// Limit: bytes of a text that says what made the image.
constexpr size_t kMaxVersion = 256;
// Bytes of type, mark and version.
constexpr uint64_t kMarkBytes = 7;
constexpr uint64_t kBootRecordBytes = 75;

enum class DescriptorType : uint8_t {
  kBoot = 0,
  kPrimary = 1,
  kSupplementary = 2,
  kTerminator = 255
};

uint64_t ReadBigEndian(Reader& reader, int bytes, const char* field) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8 | reader.U8(field);
  }
  return value;
}

void NoteByteOrders(const IsoContext& context, ByteRange range, uint64_t little,
                    uint64_t big, const char* field) {
  context.remarks.Note(RemarkKind::kDisagreement, range, [&] {
    return fmt::format("{} is {} in little-endian order, {} in big-endian",
                       field, little, big);
  });
}

// Without the spaces and zeros at its end.
std::string TrimmedName(std::string text) {
  const size_t end = text.find_last_not_of(std::string_view(" \0", 2));
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

bool IsJoliet(Bytes escapes) {
  const std::string_view text = base::AsText(escapes);
  return text.starts_with("%/@") || text.starts_with("%/C") ||
         text.starts_with("%/E");
}

Result<IsoVolume> ReadVolume(const IsoContext& context, uint64_t offset) {
  IsoVolume volume;
  volume.descriptor = {offset, kIsoSector};
  Reader reader(base::Input{context.image.subspan(offset, kIsoSector), offset});
  reader.Skip(40, "Volume Flags");
  const Bytes name = reader.Take(32, "Volume Identifier");
  reader.Skip(8, "Unused Field");
  const uint64_t blocks = ReadBoth32(reader, context, "Volume Space Size");
  volume.is_joliet = IsJoliet(reader.Take(32, "Escape Sequences"));
  reader.Skip(8, "Volume Set Size");
  volume.block = ReadBoth16(reader, context, "Logical Block Size");
  const uint64_t table_size = ReadBoth32(reader, context, "Path Table Size");
  for (size_t i = 0; i < 4; ++i) {
    const char* field = "Location of Path Table";
    const uint64_t table =
        i < 2 ? reader.U32(field) : ReadBigEndian(reader, 4, field);
    volume.path_tables[i] = {table * volume.block, table_size};
  }
  reader.Skip(1, "root directory record");
  const uint64_t attributes = reader.U8("root directory record");
  const uint64_t root = ReadBoth32(reader, context, "Location of Extent");
  const uint64_t root_size = ReadBoth32(reader, context, "Data Length");
  volume.size = blocks * volume.block;
  volume.root = {(root + attributes) * volume.block, root_size};
  volume.name = TrimmedName(volume.is_joliet ? base::FromUtf16BigEndian(name)
                                             : std::string(base::AsText(name)));
  if (volume.block < 512 || volume.block > kIsoSector ||
      (volume.block & (volume.block - 1)) != 0) {
    return base::Fail(Fault::kMalformed, offset + 128, "Logical Block Size");
  }
  return reader.Finish(std::move(volume));
}

class VolumeScan {
 public:
  explicit VolumeScan(const IsoContext& context) : context_(context) {}

  Result<IsoVolumes> Run() {
    const Bytes image = context_.image;
    for (uint64_t i = 0; i < kMaxDescriptors; ++i) {
      const uint64_t offset = kIsoSystemArea + i * kIsoSector;
      if (offset + kIsoSector > image.size()) {
        if (!found_.primary || !terminated_) {
          return base::Fail(Fault::kTruncated, image.size(),
                            "volume descriptor");
        }
        break;
      }
      CS_TRY_VOID(context_.budget.ChargeSteps(1, offset));
      const Bytes sector = image.subspan(offset, kIsoSector);
      if (!CS_TRY(Read(sector, offset))) {
        break;
      }
    }
    if (!found_.primary) {
      return base::Fail(Fault::kMalformed, kIsoSystemArea,
                        "primary volume descriptor");
    }
    if (!terminated_) {
      context_.remarks.Note(RemarkKind::kOddity, {kIsoSystemArea, 0}, [] {
        return std::string("no descriptor says that it is the last one");
      });
    }
    return std::move(found_);
  }

 private:
  // False behind the last descriptor.
  Result<bool> Read(Bytes sector, uint64_t offset) {
    const std::string_view mark = base::AsText(sector.subspan(1, 5));
    if (mark == "CD001") {
      if (terminated_ &&
          sector[0] != static_cast<uint8_t>(DescriptorType::kTerminator)) {
        context_.remarks.Note(RemarkKind::kOddity, {offset, kIsoSector}, [] {
          return std::string("a volume descriptor behind the last one");
        });
      }
      CS_TRY_VOID(ReadDescriptor(sector, offset));
      return true;
    }
    if (mark == "NSR02" || mark == "NSR03") {
      found_.udf = ByteRange{offset, kIsoSector};
    }
    if (mark == "BEA01" || mark == "TEA01" || mark == "BOOT2" ||
        mark.starts_with("NSR0")) {
      found_.claimed.push_back({offset, kMarkBytes});
      return true;
    }
    ClaimVersion(sector, offset);
    return false;
  }

  // Quirk: mkisofs and its descendants write what made the image behind the
  // last descriptor, libarchive as well.
  void ClaimVersion(Bytes sector, uint64_t offset) {
    const std::string_view text = base::AsText(sector);
    if (terminated_ &&
        (text.starts_with("MKI ") || text.starts_with("INFO "))) {
      found_.claimed.push_back(
          {offset, std::min(text.find('\0'), kMaxVersion)});
    }
  }

  Result<void> ReadDescriptor(Bytes sector, uint64_t offset) {
    switch (static_cast<DescriptorType>(sector[0])) {
      case DescriptorType::kBoot: {
        found_.claimed.push_back({offset, kBootRecordBytes});
        Reader reader(base::Input{sector, offset});
        reader.Seek(kMarkBytes, "Boot System Identifier");
        if (base::AsText(reader.Take(32, "Boot System Identifier"))
                .starts_with("EL TORITO SPECIFICATION")) {
          reader.Skip(32, "Boot Identifier");
          found_.boot_catalogs.push_back(reader.U32("Boot Catalog") *
                                         kIsoSector);
        }
        return {};
      }
      case DescriptorType::kPrimary: {
        found_.claimed.push_back({offset, kIsoSector});
        IsoVolume volume = CS_TRY(ReadVolume(context_, offset));
        if (!found_.primary) {
          found_.primary = std::move(volume);
        } else {
          NoteOtherRoot(volume, "a second primary descriptor");
        }
        return {};
      }
      case DescriptorType::kSupplementary: {
        found_.claimed.push_back({offset, kIsoSector});
        IsoVolume volume = CS_TRY(ReadVolume(context_, offset));
        if (volume.is_joliet && !found_.joliet) {
          found_.joliet = std::move(volume);
        } else {
          NoteOtherRoot(volume, "a supplementary descriptor");
        }
        return {};
      }
      case DescriptorType::kTerminator:
        terminated_ = true;
        found_.claimed.push_back({offset, kMarkBytes});
        return {};
      default:
        found_.claimed.push_back({offset, kIsoSector});
        context_.remarks.Note(
            RemarkKind::kUnsupported, {offset, kIsoSector}, [&] {
              return fmt::format("a volume descriptor of type {}", sector[0]);
            });
        return {};
    }
  }

  // Descriptors of trees that are not read may name no tree of their own.
  void NoteOtherRoot(const IsoVolume& volume, const char* which) {
    const auto has = [&](const std::optional<IsoVolume>& known) {
      return known && known->root == volume.root;
    };
    if (!has(found_.primary) && !has(found_.joliet)) {
      context_.remarks.Note(RemarkKind::kUnsupported, volume.descriptor, [&] {
        return fmt::format("{} has a root directory of its own, at {}", which,
                           volume.root.offset);
      });
    }
  }

  const IsoContext& context_;
  IsoVolumes found_;
  bool terminated_ = false;
};

}  // namespace

uint32_t ReadBoth32(Reader& reader, const IsoContext& context,
                    const char* field) {
  const uint64_t offset = reader.Offset();
  const uint32_t little = reader.U32(field);
  const uint64_t big = ReadBigEndian(reader, 4, field);
  if (little != big && !reader.Failed()) {
    NoteByteOrders(context, {offset, 8}, little, big, field);
  }
  return little;
}

uint16_t ReadBoth16(Reader& reader, const IsoContext& context,
                    const char* field) {
  const uint64_t offset = reader.Offset();
  const uint16_t little = reader.U16(field);
  const uint64_t big = ReadBigEndian(reader, 2, field);
  if (little != big && !reader.Failed()) {
    NoteByteOrders(context, {offset, 4}, little, big, field);
  }
  return little;
}

Result<IsoVolumes> ReadIsoVolumes(const IsoContext& context) {
  return VolumeScan(context).Run();
}

}  // namespace countersign::formats
