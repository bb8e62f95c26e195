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
};

// Limit: 64 KiB, which holds the mark of every row.
inline constexpr size_t kSniffedBytes = size_t{64} << 10;

// The row of the format that `file` starts as; the last row matches all.
[[nodiscard]] const FormatRow& Sniff(base::Bytes file);

// Every row, in the order they are tried.
[[nodiscard]] std::span<const FormatRow> Formats();

}  // namespace countersign::formats
