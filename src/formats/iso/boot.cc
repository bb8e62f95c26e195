// The catalog is a list of entries of 32 bytes:
//
//   validation  1, platform, 2 unused, text (24), u16 checksum, 0x55, 0xAA
//   default     0x88 or 0, medium, u16 segment, system, unused, u16 sectors of
//               512 bytes to load (+6), u32 location (+8)
//   header      0x90, or 0x91 for the last; platform, u16 entries (+2), text
//     entry     as the default; 0x44 begins a continuation of it
//
// Spec: El Torito Bootable CD-ROM Format Specification 1.0 (1995), section 2.
#include "formats/iso/boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Reader;
using base::Result;

constexpr uint64_t kBootEntry = 32;
// Limit: entries of a catalog; the ones of real images fit into a sector.
constexpr int kMaxBootEntries = 256;
constexpr uint64_t kBootSector = 512;
constexpr uint8_t kEfi = 0xEF;

// Bytes of an emulated medium, or 0 when only so many sectors are loaded.
uint64_t MediumSize(uint8_t medium) {
  switch (medium & 0x0F) {
    case 1:
      return 1'228'800;
    case 2:
      return 1'474'560;
    case 3:
      return 2'949'120;
    default:
      return 0;
  }
}

class CatalogReader {
 public:
  CatalogReader(const IsoContext& context, uint64_t offset)
      : context_(context),
        offset_(offset),
        reader_(base::Input{context.image, 0}) {}

  Result<std::vector<IsoBootImage>> Run() {
    reader_.Seek(offset_, "Boot Catalog");
    ReadValidation();
    AddImage();
    while (!reader_.Failed() && entries_ < kMaxBootEntries) {
      CS_TRY_VOID(context_.budget.ChargeSteps(1, reader_.Offset()));
      ++entries_;
      const uint64_t at = reader_.Offset();
      const Bytes header = reader_.Take(kBootEntry, "section header");
      if (header.empty() || (header[0] != 0x90 && header[0] != 0x91)) {
        end_ = header.empty() ? end_ : at;
        break;
      }
      platform_ = header[1];
      end_ = at + kBootEntry;
      CS_TRY_VOID(ReadSection(header[2] | header[3] << 8));
      if (header[0] == 0x91) {
        break;
      }
    }
    if (reader_.Failed()) {
      context_.remarks.Note(RemarkKind::kOddity, ByteRange{end_, 0}, [] {
        return std::string("the boot catalog is cut off");
      });
    }
    return std::move(images_);
  }

  [[nodiscard]] ByteRange Claimed() const { return {offset_, end_ - offset_}; }

 private:
  void ReadValidation() {
    const Bytes entry = reader_.Take(kBootEntry, "validation entry");
    if (entry.empty()) {
      end_ = offset_ = std::min<uint64_t>(offset_, context_.image.size());
      return;
    }
    end_ = reader_.Offset();
    platform_ = entry[1];
    unsigned sum = 0;
    for (size_t i = 0; i < kBootEntry; i += 2) {
      sum += unsigned{entry[i]} | unsigned{entry[i + 1]} << 8;
    }
    if (entry[0] != 1 || entry[30] != 0x55 || entry[31] != 0xAA ||
        (sum & 0xFFFF) != 0) {
      context_.remarks.Note(RemarkKind::kChecksum, {offset_, kBootEntry}, [] {
        return std::string(
            "the validation entry of the boot catalog is not valid");
      });
    }
  }

  Result<void> ReadSection(int count) {
    while (count > 0 && !reader_.Failed() && entries_ < kMaxBootEntries) {
      CS_TRY_VOID(context_.budget.ChargeSteps(1, reader_.Offset()));
      ++entries_;
      count -= AddImage() ? 1 : 0;
    }
    return {};
  }

  // Reads an entry; false when it only continues the one before.
  bool AddImage() {
    IsoBootImage image;
    image.entry = {reader_.Offset(), kBootEntry};
    const uint8_t mark = reader_.U8("boot entry");
    const uint8_t medium = reader_.U8("boot entry");
    reader_.Skip(4, "boot entry");
    const uint64_t sectors = reader_.U16("boot entry");
    image.offset = reader_.U32("boot entry") * kIsoSector;
    reader_.Skip(20, "boot entry");
    if (reader_.Failed()) {
      return true;
    }
    end_ = reader_.Offset();
    if (mark == 0x44) {
      return false;
    }
    image.is_bootable = mark == 0x88;
    image.size = MediumSize(medium);
    image.has_medium = image.size > 0;
    if (!image.has_medium) {
      image.size = sectors * kBootSector;
    }
    image.is_efi = platform_ == kEfi;
    if (image.offset != 0) {
      images_.push_back(image);
    }
    return true;
  }

  const IsoContext& context_;
  uint64_t offset_;
  uint64_t end_ = 0;
  Reader reader_;
  uint8_t platform_ = 0;
  int entries_ = 0;
  std::vector<IsoBootImage> images_;
};

// An entry tells how much to load, which is often only the beginning; the rest
// is found from the file at the same place.
uint64_t BootImageSize(const IsoContext& context, const IsoVolumes& volumes,
                       const std::vector<IsoContent>& files,
                       const IsoBootImage& image) {
  constexpr uint64_t kLoadsAll = 512;
  if (image.has_medium) {
    return image.size;
  }
  const auto file =
      std::ranges::upper_bound(files, IsoContent{image.offset, UINT64_MAX});
  if (file != files.begin() && std::prev(file)->offset == image.offset) {
    return std::max(image.size, std::prev(file)->size);
  }
  // Quirk: EFI takes 0 and 1 sectors for all that follows in the volume.
  // Spec: UEFI 2.10, 13.3.2.1.
  const uint64_t end =
      std::min<uint64_t>(volumes.primary->size, context.image.size());
  if (image.is_efi && image.size <= kLoadsAll && image.offset < end) {
    return end - image.offset;
  }
  return image.size;
}

}  // namespace

Result<std::vector<IsoBootImage>> ReadBootCatalog(
    const IsoContext& context, uint64_t offset,
    std::vector<ByteRange>& claimed) {
  CatalogReader reader(context, offset);
  auto images = reader.Run();
  claimed.push_back(reader.Claimed());
  return images;
}

Result<IsoBootImages> ReadIsoBootImages(const IsoContext& context,
                                        const IsoVolumes& volumes,
                                        const std::vector<IsoContent>& files) {
  IsoBootImages found;
  for (const uint64_t offset : volumes.boot_catalogs) {
    const auto images =
        CS_TRY(ReadBootCatalog(context, offset, found.catalogs));
    for (const IsoBootImage& image : images) {
      IsoBootFile& file = found.images.emplace_back();
      file.content = {image.offset,
                      BootImageSize(context, volumes, files, image)};
      file.member.name = fmt::format("[boot]/{}", found.images.size());
      file.member.size = file.content.size;
      file.member.stored = image.entry;
    }
  }
  return found;
}

}  // namespace countersign::formats
