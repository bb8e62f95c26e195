// Windows Installer databases: tables inside a compound file.
//
// Spec: the format has no published specification. Tables, columns and their
// meaning: Windows Installer reference, "Database Tables" (Microsoft). The
// encoding: docs/formats/msi.md. Property sets: [MS-OLEPS] v20210625.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cfb.h"

namespace countersign::formats {

// The name of a stream or storage, UTF-16LE, as Windows Installer packs it: two
// characters of [0-9A-Za-z._] in one unit. A table's begins with "!" (U+4840).
// What is not packed stays as it is.
[[nodiscard]] std::string DecodeMsiName(base::Bytes raw_name);

// Text of a code page in UTF-8. Known are 0 (neutral), 1252, 20127, 28591 and
// 65001; of others, bytes above 0x7F become U+FFFD, and `exact` false, which is
// else left as it is. So do bytes that are no UTF-8.
[[nodiscard]] std::string DecodeCodePage(base::Bytes text, uint32_t code_page,
                                         bool& exact);

// All strings of a database; a cell holds the number of one.
struct MsiStrings {
  uint32_t code_page = 0;
  uint32_t reference_bytes = 2;  // of a reference in a cell: 2 or 3
  bool exact = true;             // no character had to be replaced
  std::string text;              // all of them, UTF-8
  std::vector<uint64_t> ends;    // of string n in `text`: ends[n]; 0 is null

  // String `reference`; "" for 0 and for what there is not.
  [[nodiscard]] std::string_view At(uint32_t reference) const;
};

enum class MsiColumnKind : uint8_t { kInt16, kInt32, kString, kBinary };

struct MsiColumn {
  std::string name;
  uint16_t type = 0;  // as stored
  MsiColumnKind kind = MsiColumnKind::kInt16;
  uint8_t max_length = 0;  // characters of a string, 0 for any
  bool is_key = false;
  bool is_nullable = false;
  bool is_localizable = false;
  uint32_t bytes = 2;  // of a cell
};

// A cell that is kept in a stream of its own, by the decoded name of that.
// Limit: the name ends with the first part that takes it over 255 bytes; no
// stream has a name of more than 62 characters.
struct MsiBinary {
  std::string stream;
  friend bool operator==(const MsiBinary&, const MsiBinary&) = default;
};

// Null, number, text (valid as long as the table), or stream.
using MsiValue =
    std::variant<std::monostate, int32_t, std::string_view, MsiBinary>;

// One table; its cells are decoded as they are asked for.
class MsiTable {
 public:
  std::string name;
  std::vector<MsiColumn> columns;
  size_t row_count = 0;
  // Why there are no rows, or not all.
  std::optional<base::Error> damage;
  std::vector<base::ByteRange> ranges;  // of its stream in the file
  std::vector<uint8_t> bytes;           // its stream: column after column
  std::shared_ptr<const MsiStrings> strings;

  // `row` and `column` must be in range. A reference to a string that there is
  // not yields null.
  [[nodiscard]] MsiValue Cell(size_t row, size_t column) const;
  // The column of that name, or nothing.
  [[nodiscard]] std::optional<size_t> Column(std::string_view column) const;
  // The text of a cell; "" when it is null, no text, or there is no such
  // column.
  [[nodiscard]] std::string_view Text(size_t row,
                                      std::string_view column) const;
  // The number of a cell, or nothing when it is null, no number, or there is
  // no such column.
  [[nodiscard]] std::optional<int32_t> Number(size_t row,
                                              std::string_view column) const;
  // Where the row lies in the file. A row is in as many places as it has
  // columns; this is its cell of the first one, the first part of its key.
  [[nodiscard]] base::ByteRange Evidence(size_t row) const;

  // Where cells begin in `bytes`, by column.
  std::vector<uint64_t> column_starts;

 private:
  [[nodiscard]] uint32_t RawCell(size_t row, size_t column) const;
};

// The property set of the stream "\5SummaryInformation".
struct MsiSummary {
  uint32_t code_page = 0;
  std::string title;
  std::string subject;
  std::string author;
  std::string keywords;
  std::string comments;
  std::string platform_and_languages;  // Template: "x64;1033"
  std::string last_author;
  std::string
      package_code;         // Revision Number; of a patch, its code and targets
  std::string application;  // that made the package
  uint64_t last_printed = 0;            // FILETIME: 100 ns since 1601, 0 none
  uint64_t created = 0;                 // FILETIME
  uint64_t last_saved = 0;              // FILETIME
  std::optional<int32_t> schema;        // Page Count: installer version * 100
  std::optional<int32_t> source_flags;  // Word Count: bit 1 compressed, ...
  std::optional<int32_t> character_count;
  std::optional<int32_t> security;  // 2: read-only recommended, 4 enforced
};

struct MsiDatabase {
  std::shared_ptr<const MsiStrings> strings;
  std::vector<MsiTable> tables;  // in the order of _Tables
  // The streams in the root storage by decoded name: ids of entries. Of two
  // with one name, the first in the order of the storage.
  std::map<std::string, uint32_t, std::less<>> streams;
  std::optional<MsiSummary> summary;
  std::vector<Remark> remarks;  // at most 33 of a kind

  // The table, or null.
  [[nodiscard]] const MsiTable* Find(std::string_view table) const;
};

// The database in `compound`, which was parsed from `file`. Fails when the
// strings or the lists of tables and columns cannot be read, or when `budget`
// is spent. Damage of one table is in that table and, like all that is odd, a
// remark. The result views nothing of `file`.
[[nodiscard]] base::Result<MsiDatabase> ParseMsi(const CompoundFile& compound,
                                                 base::Bytes file,
                                                 base::Budget& budget);

// The property set in `stream`, the whole of it. Offsets of errors are in the
// stream. Properties of unknown numbers and types are passed over.
[[nodiscard]] base::Result<MsiSummary> ParseMsiSummary(base::Bytes stream,
                                                       base::Budget& budget);

// A row of the table File, with what other tables say of it. Views are valid as
// long as the database.
struct MsiFile {
  std::string_view key;         // of the row; also its name in the cabinet
  std::string_view short_name;  // 8.3, or ""
  std::string_view long_name;
  // Where it is installed, "/" between names. It begins with the property that
  // decides where, "[ProgramFilesFolder]/Example/a.exe", and holds "?" where a
  // directory is not known. Not safe to display.
  std::string path;
  std::string_view component;
  // "#name" is a stream of this file; "" for a file that lies beside it.
  std::string_view cabinet;
  std::string_view version;  // "1.2.3.4", or the key of a companion file
  std::string_view language;
  std::optional<int32_t> disk;  // Media.DiskId
  int32_t size = 0;             // bytes, as declared
  int32_t sequence = 0;         // order in the cabinets, from 1
  int32_t attributes = 0;
  bool path_is_damaged = false;  // loop, too deep, too long or no such row
  base::ByteRange evidence;      // the row
};

// The files of the table File in its order; none when there is no such table.
// Fails only when `budget` is spent.
[[nodiscard]] base::Result<std::vector<MsiFile>> MsiFiles(
    const MsiDatabase& database, base::Budget& budget);

// What is to be unpacked from "short|long", the file names of the installer.
struct MsiFileName {
  std::string_view short_name;  // "" when there is only one
  std::string_view long_name;
};
[[nodiscard]] MsiFileName SplitMsiFileName(std::string_view name);

}  // namespace countersign::formats
