// The path table: all directories of a volume once more, as a list. Private to
// the formats.
#pragma once

#include "base/result.h"
#include "formats/iso/tree.h"
#include "formats/iso/volume.h"

namespace countersign::formats {

// Remarks on directories that are in the path table of `volume` and not in
// `tree`: some systems find files through the table alone. Fails only when the
// budget is spent.
[[nodiscard]] base::Result<void> ComparePathTable(const IsoContext& context,
                                                  const IsoVolume& volume,
                                                  const IsoTree& tree);

}  // namespace countersign::formats
