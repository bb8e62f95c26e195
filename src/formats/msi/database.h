// What the parts of the reader of installer databases share. Private to the
// folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cfb.h"
#include "formats/msi.h"
#include "formats/remarks.h"

namespace countersign::formats {

// Limit: bytes of the name of a table, a column or a cabinet. The installer
// allows 31, 64 and 62 characters; a longer one names nothing.
inline constexpr size_t kMaxMsiNameBytes = 255;

// A name for a remark: its beginning, safe to show.
[[nodiscard]] std::string ShownMsiName(std::string_view name);

// A whole stream, joined, and where it came from.
struct MsiStream {
  std::vector<uint8_t> bytes;
  const CompoundEntry* entry = nullptr;

  // An error at an offset in the stream, at its offset in the file.
  [[nodiscard]] base::Error InFile(const base::Error& error) const;
};

// One run of ParseMsi.
struct MsiState {
  const CompoundFile& compound;
  base::Bytes file;
  base::Budget& budget;
  MsiDatabase& out;
  RemarkList remarks;

  // The stream of that decoded name, complete; damage when it is not. Nothing
  // when there is none.
  [[nodiscard]] base::Result<std::optional<MsiStream>> Open(
      std::string_view name) const;
};

// Sets kind and width of `column` by the bits of its type; false when they are
// unknown. tables.cc
[[nodiscard]] bool SetMsiColumnType(MsiColumn& column,
                                    uint32_t reference_bytes);
// _StringPool and _StringData. strings.cc
[[nodiscard]] base::Result<void> ReadMsiStrings(MsiState& state);
// _Tables, _Columns and the rows of every table. tables.cc
[[nodiscard]] base::Result<void> ReadMsiTables(MsiState& state);
// Streams that rows name and that are not there, and the reverse. streams.cc
[[nodiscard]] base::Result<void> CompareMsiStreams(MsiState& state);

}  // namespace countersign::formats
