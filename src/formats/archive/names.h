// Members of one name.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/remarks.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Remembers the names of members in 32 bytes each.
class MemberNames {
 public:
  // Directories are passed over: archives name them as often as they like.
  void Add(const Member& member);
  // Notes kDuplicateName for every name that came before.
  // Quirk: names are told apart by 64 bits, which are no digest: whoever makes
  // two different names of one hash only adds a remark to his own archive.
  void Report(BoundedRemarks& remarks);

 private:
  struct Seen {
    uint64_t hash = 0;
    uint64_t order = 0;
    base::ByteRange stored;
  };
  std::vector<Seen> seen_;
};

}  // namespace countersign::formats
