// The ISO 9660 side of a disc that has both. Private to udf/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/iso/space.h"
#include "formats/iso/tree.h"
#include "formats/iso/volume.h"
#include "formats/udf/tree.h"
#include "formats/unpack.h"

namespace countersign::formats {

class UdfBridge {
 public:
  UdfBridge(const UdfContext& context, MemberSink& sink)
      : context_(context), sink_(sink) {}

  // Reads the volumes and trees of ISO 9660. Damage to them is kept for
  // `damage`; fails only when the budget is spent.
  [[nodiscard]] base::Result<void> Read();

  // Hands over what only ISO 9660 has, and boot images; remarks on that, and on
  // files that `tree` alone has. What belongs to something is claimed.
  [[nodiscard]] base::Result<void> HandOver(const UdfTree& tree,
                                            IsoSpace& space);

  // ", ISO 9660, Joliet, bootable", as it is.
  [[nodiscard]] std::string Describe() const;
  [[nodiscard]] uint64_t End() const;

  std::optional<base::Error> damage;

 private:
  void CompareWith(const UdfTree& tree);
  base::Result<void> HandOverTree(const IsoTree& tree, IsoSpace& space);
  base::Result<void> HandOverNode(const IsoTree& tree, const IsoNode& node);
  base::Result<void> HandOverBoot(IsoSpace& space);
  [[nodiscard]] bool IsOnlyANote() const;

  const UdfContext& context_;
  MemberSink& sink_;
  IsoVolumes volumes_;
  IsoTree plain_;
  IsoTree joliet_;
  bool is_note_ = false;
  std::vector<IsoContent> known_;  // contents that were handed over, ascending
};

// Where the content of every file of `tree` begins, ascending.
[[nodiscard]] std::vector<IsoContent> ContentsOf(const UdfTree& tree);

}  // namespace countersign::formats
