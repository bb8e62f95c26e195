// From the blocks of a folder to its members. Private to the formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cab/blocks.h"
#include "formats/cab/directory.h"
#include "formats/codec/cab_block.h"
#include "formats/remarks.h"
#include "formats/unpack.h"

namespace countersign::formats {

// What a folder is unpacked with.
struct CabContext {
  base::Bytes cabinet;
  const CabDirectory& directory;
  base::Budget& budget;
  MemberSink& sink;
  BoundedRemarks& remarks;
};

// `file` as it is handed over.
[[nodiscard]] Member CabMember(const CabFile& file);

// Hands over `file` without content.
[[nodiscard]] base::Result<void> HandOverDamaged(const CabFile& file,
                                                 const base::Error& damage,
                                                 MemberSink& sink);

class CabSplitter;

// A folder: checks each block once, before its content is used.
class CabFolderReader : public CabBlockVisitor {
 public:
  // All of them must outlive it.
  CabFolderReader(const CabContext& context, const CabFolder& folder,
                  const CabBlocks& blocks)
      : context_(context), folder_(folder), blocks_(blocks) {}

  // Hands over `files`, which are indexes of files of this folder, sorted by
  // where they start. Fails only with what ends the whole cabinet.
  [[nodiscard]] base::Result<void> HandOver(std::span<const uint32_t> files);

  // Pays for the block, and checks it the first time.
  base::Result<void> Enter(size_t index) override;

  // Why the bytes of `file` are not those that were stored, if that is known.
  [[nodiscard]] std::optional<base::Error> DamageOf(const CabFile& file) const;
  // Why what is behind the blocks is missing.
  [[nodiscard]] base::Error EndOf(const CabFile& file) const;

 private:
  base::Result<void> EnterUpTo(size_t index);
  base::Result<void> HandOverStored(const CabFile& file);
  base::Result<void> HandOverSolid(std::span<const uint32_t> files);
  base::Result<void> Pass(std::vector<uint32_t> files);
  base::Result<void> DecompressMszip(CabSplitter& splitter);
  void NoteUnused(std::span<const uint32_t> files);

  const CabContext& context_;
  const CabFolder& folder_;
  const CabBlocks& blocks_;
  size_t checked_ = 0;           // blocks
  std::vector<size_t> corrupt_;  // blocks, ascending
};

}  // namespace countersign::formats
