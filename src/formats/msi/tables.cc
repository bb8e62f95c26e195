// The lists of tables and columns, and the tables.
//
//   _Tables    Name (string)
//   _Columns   Table (string), Number (i2, from 1), Name (string), Type (i2)
//
//   Type: 0x00FF  bytes of a number, or characters of a string
//         0x0400  no stream      0x0800  string or stream
//         0x0200  localizable    0x1000  nullable           0x2000  key
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/checked.h"
#include "base/reader.h"
#include "formats/msi/database.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Error;
using base::Fault;

constexpr uint16_t kColumnSizeMask = 0x00FF;
constexpr uint16_t kColumnLocalizable = 0x0200;
constexpr uint16_t kColumnNotStream = 0x0400;
constexpr uint16_t kColumnString = 0x0800;
constexpr uint16_t kColumnNullable = 0x1000;
constexpr uint16_t kColumnKey = 0x2000;
// Limit: columns of a table. The installer allows 31 or 32.
constexpr size_t kMaxMsiColumns = 255;

struct MsiColumnRow {
  int32_t number = 0;
  MsiColumn column;
};
using MsiColumnRows =
    std::map<std::string, std::vector<MsiColumnRow>, std::less<>>;

}  // namespace

bool SetMsiColumnType(MsiColumn& column, uint32_t reference_bytes) {
  const uint16_t size = column.type & kColumnSizeMask;
  column.is_localizable = (column.type & kColumnLocalizable) != 0;
  column.is_nullable = (column.type & kColumnNullable) != 0;
  column.is_key = (column.type & kColumnKey) != 0;
  if ((column.type & kColumnString) != 0) {
    const bool binary = (column.type & kColumnNotStream) == 0 && size == 0;
    column.kind = binary ? MsiColumnKind::kBinary : MsiColumnKind::kString;
    column.bytes = binary ? 2 : reference_bytes;
    column.max_length = static_cast<uint8_t>(size);
    return true;
  }
  column.kind = size == 4 ? MsiColumnKind::kInt32 : MsiColumnKind::kInt16;
  column.bytes = size == 4 ? 4 : 2;
  return size == 4 || size <= 2;
}

namespace {

MsiColumn MsiListColumn(std::string name, uint16_t type,
                        uint32_t reference_bytes) {
  MsiColumn column;
  column.name = std::move(name);
  column.type = type;
  (void)SetMsiColumnType(column, reference_bytes);
  return column;
}

// Every reference to a string that there is not.
base::Result<void> CheckMsiReferences(MsiState& state, const MsiTable& table) {
  CS_TRY_VOID(
      state.budget.ChargeSteps(table.row_count * table.columns.size() / 8 + 1,
                               LocateInRanges(table.ranges, 0)));
  for (size_t column = 0; column < table.columns.size(); ++column) {
    const MsiColumn& what = table.columns[column];
    if (what.kind != MsiColumnKind::kString) {
      continue;
    }
    base::Reader reader({table.bytes, 0});
    reader.Seek(table.column_starts[column], "cell");
    for (size_t row = 0; row < table.row_count; ++row) {
      const uint64_t at = reader.Offset();
      const uint32_t low = reader.U16("cell");
      const uint32_t high = what.bytes == 3 ? reader.U8("cell") : 0;
      if ((high << 16 | low) >= table.strings->ends.size()) {
        const ByteRange where{LocateInRanges(table.ranges, at), 1};
        state.remarks.Note(RemarkKind::kOddity, where, [&] {
          return fmt::format("{}.{} of row {} names string {} of {}",
                             ShownMsiName(table.name), ShownMsiName(what.name),
                             row + 1, high << 16 | low,
                             table.strings->ends.size() - 1);
        });
      }
    }
  }
  return {};
}

// Reads the stream of `table`, whose name and columns are set. Damage is kept
// in the table; fails only when the budget is spent.
base::Result<void> ReadMsiRows(MsiState& state, MsiTable& table) {
  table.strings = state.out.strings;
  auto opened = state.Open("!" + table.name);
  if (!opened) {
    table.damage = opened.error();
    return {};
  }
  // A table without rows has no stream.
  uint64_t row_bytes = 0;
  for (const MsiColumn& column : table.columns) {
    row_bytes += column.bytes;
  }
  MsiStream none;
  MsiStream& stream = *opened ? **opened : none;
  table.bytes = std::move(stream.bytes);
  table.row_count = table.bytes.size() / row_bytes;
  uint64_t start = 0;
  for (const MsiColumn& column : table.columns) {
    table.column_starts.push_back(start);
    start += uint64_t{column.bytes} * table.row_count;
  }
  if (stream.entry != nullptr) {
    table.ranges = stream.entry->ranges;
    if (start != table.bytes.size()) {
      const uint64_t rest = table.bytes.size() - start;
      const ByteRange where{LocateInRanges(table.ranges, start), 1};
      state.remarks.Note(RemarkKind::kHiddenData, where, [&] {
        return fmt::format("table {} has {} bytes behind its {} rows",
                           ShownMsiName(table.name), rest, table.row_count);
      });
    }
  }
  return CheckMsiReferences(state, table);
}

// One of the two lists, as a table like any other.
base::Result<MsiTable> ReadMsiList(MsiState& state, const char* name,
                                   std::vector<MsiColumn> columns) {
  MsiTable list;
  list.name = name;
  list.columns = std::move(columns);
  CS_TRY_VOID(ReadMsiRows(state, list));
  if (list.damage) {
    return std::unexpected(*list.damage);
  }
  CS_TRY_VOID(state.budget.ChargeSteps(
      list.row_count, state.compound.entries[0].stored.offset));
  return list;
}

base::Result<MsiColumnRows> ReadMsiColumnList(MsiState& state) {
  const uint32_t bytes = state.out.strings->reference_bytes;
  std::vector<MsiColumn> columns;
  columns.push_back(
      MsiListColumn("Table", kColumnString | kColumnKey | 64, bytes));
  columns.push_back(MsiListColumn("Number", kColumnKey | 2, bytes));
  columns.push_back(MsiListColumn("Name", kColumnString | 64, bytes));
  columns.push_back(MsiListColumn("Type", 2, bytes));
  const MsiTable list =
      CS_TRY(ReadMsiList(state, "_Columns", std::move(columns)));
  MsiColumnRows rows;
  for (size_t row = 0; row < list.row_count; ++row) {
    const std::string_view table = list.Text(row, "Table");
    const std::string_view name = list.Text(row, "Name");
    if (table.size() > kMaxMsiNameBytes || name.size() > kMaxMsiNameBytes) {
      state.remarks.Note(RemarkKind::kOddity, list.Evidence(row), [] {
        return std::string("a row of _Columns has a name that is too long");
      });
      continue;
    }
    MsiColumnRow read;
    read.number = list.Number(row, "Number").value_or(0);
    read.column.name = name;
    read.column.type =
        static_cast<uint16_t>(list.Number(row, "Type").value_or(0));
    auto& of_table = rows[std::string(table)];
    // One more than the limit, so that it shows.
    if (of_table.size() <= kMaxMsiColumns) {
      of_table.push_back(std::move(read));
    }
  }
  return rows;
}

// The columns of a table in their order; damage when they are not numbered from
// 1 on or one has an unknown type.
std::optional<Error> SetMsiColumns(MsiTable& table,
                                   std::vector<MsiColumnRow> rows,
                                   uint32_t reference_bytes, uint64_t at) {
  if (rows.empty()) {
    return Error{Fault::kMalformed, at, "_Columns"};
  }
  if (rows.size() > kMaxMsiColumns) {
    return Error{Fault::kLimit, at, "_Columns"};
  }
  std::ranges::stable_sort(rows, {}, &MsiColumnRow::number);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].number != static_cast<int32_t>(i) + 1) {
      return Error{Fault::kMalformed, at, "_Columns.Number"};
    }
    if (!SetMsiColumnType(rows[i].column, reference_bytes)) {
      return Error{Fault::kUnsupported, at, "_Columns.Type"};
    }
    table.columns.push_back(std::move(rows[i].column));
  }
  return std::nullopt;
}

void NoteDamagedMsiTable(MsiState& state, MsiTable& table) {
  table.row_count = 0;
  const uint64_t at =
      std::min<uint64_t>(table.damage->offset, state.file.size());
  state.remarks.Note(RemarkKind::kOddity, {at, 0}, [&] {
    return fmt::format("table {} is not read: {} {}", ShownMsiName(table.name),
                       table.damage->field,
                       base::Describe(table.damage->fault));
  });
}

// Streams of tables that no list names.
void NoteUnlistedMsiTables(MsiState& state, const std::set<std::string>& listed,
                           const MsiColumnRows& columns) {
  static constexpr std::string_view kSystem[] = {"!_StringPool", "!_StringData",
                                                 "!_Tables", "!_Columns"};
  for (const auto& [name, id] : state.out.streams) {
    if (name.starts_with('!') && !listed.contains(name.substr(1)) &&
        std::ranges::find(kSystem, name) == std::end(kSystem)) {
      state.remarks.Note(RemarkKind::kHiddenMember,
                         state.compound.entries[id].stored, [&] {
                           return fmt::format("_Tables does not list table {}",
                                              ShownMsiName(name.substr(1)));
                         });
    }
  }
  for (const auto& [name, rows] : columns) {
    if (!listed.contains(name) && name != "_Tables" && name != "_Columns") {
      state.remarks.Note(
          RemarkKind::kDisagreement, state.compound.entries[0].stored, [&] {
            return fmt::format("_Columns has table {}, _Tables has not",
                               ShownMsiName(name));
          });
    }
  }
}

}  // namespace

base::Result<void> ReadMsiTables(MsiState& state) {
  const uint32_t bytes = state.out.strings->reference_bytes;
  std::vector<MsiColumn> columns;
  columns.push_back(
      MsiListColumn("Name", kColumnString | kColumnKey | 64, bytes));
  const MsiTable list =
      CS_TRY(ReadMsiList(state, "_Tables", std::move(columns)));
  MsiColumnRows all = CS_TRY(ReadMsiColumnList(state));
  std::set<std::string> listed;
  for (size_t row = 0; row < list.row_count; ++row) {
    MsiTable table;
    table.name = list.Text(row, "Name").substr(0, kMaxMsiNameBytes);
    const ByteRange where = list.Evidence(row);
    if (!listed.insert(table.name).second) {
      state.remarks.Note(RemarkKind::kDuplicateName, where, [&] {
        return fmt::format("_Tables lists table {} twice",
                           ShownMsiName(table.name));
      });
      continue;
    }
    const auto found = all.find(table.name);
    table.damage = SetMsiColumns(
        table, found == all.end() ? std::vector<MsiColumnRow>() : found->second,
        bytes, where.offset);
    if (!table.damage) {
      CS_TRY_VOID(ReadMsiRows(state, table));
    }
    if (table.damage) {
      NoteDamagedMsiTable(state, table);
    }
    state.out.tables.push_back(std::move(table));
  }
  NoteUnlistedMsiTables(state, listed, all);
  return {};
}

}  // namespace countersign::formats
