// Transforms of Windows Installer databases: what they add and change, row by
// row. A transform is a file of its own (MST), or a storage in a database or a
// patch.
//
// Spec: none is published; docs/formats/msi.md says what is known. Columns of
// tables: Windows Installer reference, "Database Tables" (Microsoft).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cfb.h"
#include "formats/msi.h"

namespace countersign::formats {

struct MsiTransform {
  // The rows that are added, and of those that are changed the key and what
  // changes, with the rest as in the database where that is known, else null.
  MsiDatabase rows;
  uint64_t removed_rows = 0;
  // Tables whose changes are not read, because nobody says what columns they
  // have. Names are not safe to display.
  std::vector<std::string> unknown_tables;
  // Why rows of another table are missing.
  std::optional<base::Error> damage;
};

// The transform in storage `storage` (0: the root) of `compound`, which was
// parsed from `file`. `changed` is the database it is made for, or null. Fails
// when it has no strings, or when `budget` is spent.
[[nodiscard]] base::Result<MsiTransform> ReadMsiTransform(
    const CompoundFile& compound, base::Bytes file, uint32_t storage,
    const MsiDatabase* changed, base::Budget& budget);

// The storages below the root of `compound` that are transforms, by their
// class: {000C1082-0000-0000-C000-000000000046}.
[[nodiscard]] std::vector<uint32_t> FindMsiTransforms(
    const CompoundFile& compound);

}  // namespace countersign::formats
