// Reads what no central directory names. Private to zip/.
#pragma once

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"
#include "formats/zip/member.h"

namespace countersign::formats {

// Hands over each member whose local header is in `range`, as a streaming
// reader sees it, and notes what else is there. Fails as ZipMembers does.
class ZipWalk {
 public:
  // `is_hidden` is false when the archive has no central directory, so that
  // there is nothing to hide from.
  ZipWalk(base::Bytes archive, bool is_hidden, ZipMembers& members,
          base::Budget& budget, BoundedRemarks& notes)
      : archive_(archive),
        is_hidden_(is_hidden),
        members_(members),
        budget_(budget),
        notes_(notes) {}

  base::Result<void> Run(base::ByteRange range);

 private:
  // The next local header in `range`, or its end. One that stands at its start
  // is where a streaming reader looks; others must be plausible.
  base::Result<uint64_t> NextHeader(base::ByteRange range);
  void NoteRest(base::ByteRange range);

  base::Bytes archive_;
  bool is_hidden_;
  ZipMembers& members_;
  base::Budget& budget_;
  BoundedRemarks& notes_;
};

}  // namespace countersign::formats
