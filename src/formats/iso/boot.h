// What an image boots: the boot catalog. Private to the formats.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/iso/tree.h"
#include "formats/iso/volume.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct IsoBootImage {
  base::ByteRange entry;    // in the catalog
  uint64_t offset = 0;      // of the image
  uint64_t size = 0;        // bytes that are loaded, or of the medium
  bool has_medium = false;  // a floppy disk is emulated, of `size` bytes
  bool is_efi = false;
  bool is_bootable = false;
};

// The images that the catalog at `offset` lists; what it takes is appended to
// `claimed`. Damage is remarked and ends the list. Fails only when the budget
// is spent.
[[nodiscard]] base::Result<std::vector<IsoBootImage>> ReadBootCatalog(
    const IsoContext& context, uint64_t offset,
    std::vector<base::ByteRange>& claimed);

// A boot image as it is handed over: "[boot]/N".
struct IsoBootFile {
  Member member;
  base::ByteRange content;
};

struct IsoBootImages {
  std::vector<IsoBootFile> images;
  std::vector<base::ByteRange> catalogs;
};

// Those of every catalog of `volumes`. `files` says, ascending, how long the
// files are that begin where an image does.
[[nodiscard]] base::Result<IsoBootImages> ReadIsoBootImages(
    const IsoContext& context, const IsoVolumes& volumes,
    const std::vector<IsoContent>& files);

}  // namespace countersign::formats
