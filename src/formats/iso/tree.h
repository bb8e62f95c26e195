// The directories of one tree of an image. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/iso/volume.h"
#include "formats/unpack.h"

namespace countersign::formats {

constexpr uint32_t kIsoRoot = UINT32_MAX;

// A file, directory, link or device. Its extents need not be inside the image.
struct IsoNode {
  uint32_t parent = kIsoRoot;  // index of its directory
  MemberKind kind = MemberKind::kFile;
  bool is_interleaved = false;
  base::ByteRange stored;  // its directory record, the first if it has many
  std::string name;
  std::string link_target;
  std::vector<base::ByteRange> extents;  // in order

  [[nodiscard]] uint64_t Size() const;  // bytes of content
};

struct IsoTree {
  std::vector<IsoNode> nodes;  // directories before what is in them
  bool has_rock_ridge = false;
  std::vector<base::ByteRange> claimed;  // records and system use areas
  std::vector<uint64_t> directories;     // offsets, ascending
  std::optional<base::Error> damage;     // why nodes are missing

  // The path of `node`, its parts divided by slashes.
  [[nodiscard]] std::string Path(const IsoNode& node) const;
};

// Where the content of a file begins, and how long it is.
struct IsoContent {
  uint64_t offset = 0;
  uint64_t size = 0;

  friend auto operator<=>(const IsoContent&, const IsoContent&) = default;
};

// Of every file that has some, ascending.
[[nodiscard]] std::vector<IsoContent> ContentsOf(const IsoTree& tree);

// Every node of the tree of `volume`. Fails only when the budget is spent.
[[nodiscard]] base::Result<IsoTree> ReadIsoTree(const IsoContext& context,
                                                const IsoVolume& volume);

}  // namespace countersign::formats
