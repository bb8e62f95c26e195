// What a file is, by its content and never by its name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "formats/unpack.h"
#include "model/report.h"

namespace countersign::formats {

// Whether a format is read, or only recognised so that it can be answered
// with "not inspected" instead of "unsigned".
enum class Support : uint8_t { kRecognised, kParsed };

// One row of the format table.
struct FormatRow {
  model::Format format;
  std::string_view name;  // as people call it
  Support support;
  // True when `start`, the first bytes of a file (up to 64 KiB), has the mark.
  bool (*matches)(base::Bytes start);
  // Hands out its members; null for a format that has none or is not opened.
  Unpack unpack = nullptr;
  // For a format whose mark may stand at the end: true when `start` or `end`,
  // the last bytes (up to 64 KiB), has it. `matches` only says then that it is
  // worth asking. Else null.
  bool (*confirms)(base::Bytes start, base::Bytes end) = nullptr;
};

// Limit: 64 KiB at the start and as many at the end, which hold the mark of
// every row.
inline constexpr size_t kSniffedBytes = size_t{64} << 10;

// The row of the format of `file`; the last row matches all.
[[nodiscard]] const FormatRow& Sniff(base::Bytes file);

// The same, of a file with that start and that end (each all of it or
// kSniffedBytes).
[[nodiscard]] const FormatRow& Sniff(base::Bytes start, base::Bytes end);

// The row of a file with that start, whatever follows; null when only the end
// can tell.
[[nodiscard]] const FormatRow* SniffStart(base::Bytes start);

// Every row, in the order they are tried.
[[nodiscard]] std::span<const FormatRow> Formats();

}  // namespace countersign::formats
