// The directories of a UDF volume. Private to udf/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/udf/entry.h"
#include "formats/udf/volume.h"
#include "formats/unpack.h"

namespace countersign::formats {

constexpr uint32_t kUdfRoot = UINT32_MAX;

// A file, directory, link, device or stream.
struct UdfNode {
  uint32_t parent = kUdfRoot;  // index of its directory, or of its file
  MemberKind kind = MemberKind::kFile;
  bool is_stream = false;
  bool is_deleted = false;
  base::ByteRange stored;  // what names it
  std::string name;
  std::string link_target;
  std::optional<base::Error> damage;  // why `entry` could not be read
  UdfFileEntry entry;
};

struct UdfTree {
  std::vector<UdfNode> nodes;            // directories before what is in them
  std::vector<base::ByteRange> claimed;  // structures of the tree
  std::vector<base::ByteRange> copies;   // that may belong to others as well
  std::optional<base::Error> damage;     // why nodes are missing

  // The path of `node`: its parts divided by slashes, streams by a colon; those
  // of the volume and of its root are in "[streams]".
  [[nodiscard]] std::string Path(const UdfNode& node) const;
};

// Every node of `volume`. Fails only when the budget is spent.
[[nodiscard]] base::Result<UdfTree> ReadUdfTree(const UdfContext& context,
                                                const UdfVolume& volume);

}  // namespace countersign::formats
