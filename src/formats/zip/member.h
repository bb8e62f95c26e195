// Hands entries over as members. Private to zip/.
#pragma once

#include <cstdint>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"
#include "formats/unpack.h"
#include "formats/zip.h"
#include "formats/zip/record.h"

namespace countersign::formats {

class ZipMembers {
 public:
  ZipMembers(const base::Blob& container, base::Budget& budget,
             MemberSink& sink, BoundedRemarks& notes)
      : container_(container),
        archive_(container.View()),
        budget_(budget),
        sink_(sink),
        notes_(notes),
        free_(archive_.size()) {}

  // All of these fail with an error of the sink's Begin or End, or of the
  // budget; damage to a member does not make them fail.

  // The member that `entry` describes.
  base::Result<void> HandOver(const ZipEntry& entry, bool is_hidden = false);

  // The member that a streaming reader sees at a local header, which
  // `is_hidden` where there is a central directory that does not name it so.
  // Yields the offset at which such a reader goes on; behind the header when
  // the content is damaged so that its end is not known.
  base::Result<uint64_t> HandOverLocal(const ZipLocalHeader& local,
                                       bool is_hidden);

  // Pays for reading `size` bytes once more than the container has them.
  // Entries that share bytes could else keep us busy for long without output.
  base::Result<void> ChargeBytes(uint64_t size, uint64_t offset);

 private:
  base::Result<void> HandOverDamaged(const Member& member, base::Error damage);
  base::Result<void> HandOverContent(const Member& member,
                                     const ZipEntry& entry);
  base::Result<uint64_t> HandOverUnsized(const ZipLocalHeader& local,
                                         bool is_hidden);
  [[nodiscard]] bool IsPlaceable(const ZipEntry& entry) const;
  base::Result<uint64_t> StoredSize(const ZipLocalHeader& local);

  const base::Blob& container_;
  base::Bytes archive_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks& notes_;
  uint64_t free_;  // bytes of content that need not be paid for
};

}  // namespace countersign::formats
