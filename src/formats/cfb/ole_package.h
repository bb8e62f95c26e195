// Files that Office packs into streams. Private to the folder.
#pragma once

#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cfb.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over what is packed into `entry`, a stream of the compound file in
// `file` whose path is `path`: the file of an OLE package ("\1Ole10Native"), or
// the objects of a presentation ("PowerPoint Document"). A stream that is
// neither, or is not made like one, yields nothing. Fails as Unpack does.
[[nodiscard]] base::Result<void> UnpackOlePackages(const CompoundEntry& entry,
                                                   const std::string& path,
                                                   base::Bytes file,
                                                   base::Budget& budget,
                                                   MemberSink& sink);

// The part [offset, offset + size) of the stream that `ranges` hold.
[[nodiscard]] std::vector<base::ByteRange> PartOfRanges(
    const std::vector<base::ByteRange>& ranges, uint64_t offset, uint64_t size);

// Hands over a member whose content is `ranges`: in one piece as it lies, else
// piece by piece; `member.stored` is set to the piece where there is one.
[[nodiscard]] base::Result<void> HandOverRanges(
    Member member, const std::vector<base::ByteRange>& ranges,
    const std::optional<base::Error>& damage, base::Bytes file,
    MemberSink& sink);

}  // namespace countersign::formats
