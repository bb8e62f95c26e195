// A transform has its own strings, and a stream for each table it changes, with
// the name of the table, of rows one after the other (not column after column):
//
//   u16 mask
//     bit 0 set    the row is added: it has its first (mask >> 8) columns
//     0            the row is removed: it has its key
//     else         the row is changed: it has its key, and of the others the
//                  columns of which bit n (column n, from 0) is set
//   the cells, as in a database; references count in the transform's strings
//
// Columns that the transform adds are rows of _Columns in the same form.
#include "formats/msi_transform.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/reader.h"
#include "formats/msi/database.h"
#include "formats/msi/known_tables.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;

// What has one column or more, each null in a row that says nothing of it.
using MsiCells = std::vector<uint32_t>;

struct MsiChange {
  MsiCells cells;  // raw, by column
  bool is_added = false;
  ByteRange evidence;
};

MsiColumn KnownMsiColumn(std::string_view word, uint32_t reference_bytes) {
  MsiColumn column;
  const char letter = word[0];
  column.is_key = letter >= 'A' && letter <= 'Z';
  column.name = word.substr(1);
  switch (column.is_key ? letter - 'A' + 'a' : letter) {
    case 's':
      column.kind = MsiColumnKind::kString;
      column.bytes = reference_bytes;
      break;
    case 'l':
      column.kind = MsiColumnKind::kInt32;
      column.bytes = 4;
      break;
    case 'v':
      column.kind = MsiColumnKind::kBinary;
      break;
    default:
      break;
  }
  return column;
}

// Of the `variant`-th row of that table; none when there are not as many.
std::vector<MsiColumn> KnownMsiColumns(std::string_view table, size_t variant,
                                       uint32_t reference_bytes) {
  std::vector<MsiColumn> columns;
  for (const KnownMsiTable& known : kKnownMsiTables) {
    if (known.name != table || variant-- != 0) {
      continue;
    }
    std::string_view left = known.columns;
    while (!left.empty()) {
      const size_t end = std::min(left.find(' '), left.size());
      columns.push_back(KnownMsiColumn(left.substr(0, end), reference_bytes));
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    break;
  }
  return columns;
}

// The rows of the stream of a table that are added or changed, up to the first
// that is damaged.
struct MsiChanges {
  std::vector<MsiChange> rows;
  uint64_t removed = 0;
  std::optional<base::Error> damage;
};

class TransformReader {
 public:
  TransformReader(MsiState& state, const MsiDatabase* changed,
                  MsiTransform& out)
      : state_(state), changed_(changed), out_(out) {}

  base::Result<void> Read() {
    CS_TRY_VOID(ReadMsiStrings(state_));
    strings_ = std::make_shared<MsiStrings>(*state_.out.strings);
    CS_TRY_VOID(ReadAddedColumns());
    std::vector<std::string> names;
    for (const auto& [name, id] : state_.out.streams) {
      if (name.starts_with('!') && name != "!_StringPool" &&
          name != "!_StringData" && name != "!_Tables" && name != "!_Columns") {
        names.push_back(name.substr(1, kMaxMsiNameBytes));
      }
    }
    for (const std::string& name : names) {
      CS_TRY_VOID(ReadTable(name));
    }
    state_.out.strings = strings_;
    for (MsiTable& table : state_.out.tables) {
      table.strings = strings_;
    }
    return {};
  }

 private:
  // The columns of tables and what is added to them, by its _Columns.
  base::Result<void> ReadAddedColumns() {
    const auto columns = KnownMsiColumns("_Columns", 0, Width());
    const MsiChanges changes = CS_TRY(ReadChanges("_Columns", columns));
    out_.damage = changes.damage;
    std::map<std::string, std::map<uint32_t, MsiColumn>, std::less<>> added;
    for (const MsiChange& row : changes.rows) {
      if (!row.is_added) {
        continue;
      }
      MsiColumn column;
      column.name = strings_->At(row.cells[2]).substr(0, kMaxMsiNameBytes);
      column.type = static_cast<uint16_t>(row.cells[3] ^ 0x8000);
      const std::string table(
          strings_->At(row.cells[0]).substr(0, kMaxMsiNameBytes));
      if (!SetMsiColumnType(column, Width())) {
        out_.damage = base::Error{base::Fault::kUnsupported,
                                  row.evidence.offset, "_Columns.Type"};
        continue;
      }
      added[table].emplace(row.cells[1] ^ 0x8000, std::move(column));
    }
    for (auto& [table, columns_of] : added) {
      std::vector<MsiColumn>& all = added_[table];
      for (auto& [number, column] : columns_of) {
        all.push_back(std::move(column));
      }
    }
    return {};
  }

  [[nodiscard]] uint32_t Width() const {
    return state_.out.strings->reference_bytes;
  }

  // As the database has them, or else as the `variant`-th that is known.
  [[nodiscard]] std::vector<MsiColumn> ColumnsOf(const std::string& table,
                                                 size_t variant) const {
    std::vector<MsiColumn> columns;
    const MsiTable* known =
        changed_ == nullptr ? nullptr : changed_->Find(table);
    if (known != nullptr) {
      columns = known->columns;
      for (MsiColumn& column : columns) {
        if (column.kind == MsiColumnKind::kString) {
          column.bytes = Width();
        }
      }
    }
    const auto added = added_.find(table);
    const bool is_new_table =
        added != added_.end() && known == nullptr &&
        std::ranges::any_of(added->second, &MsiColumn::is_key);
    if (known == nullptr && !is_new_table) {
      columns = KnownMsiColumns(table, variant, Width());
    } else if (variant > 0) {
      return {};
    }
    if (added != added_.end() && (is_new_table || !columns.empty())) {
      for (const MsiColumn& column : added->second) {
        if (std::ranges::find(columns, column.name, &MsiColumn::name) ==
            columns.end()) {
          columns.push_back(column);
        }
      }
    }
    return columns;
  }

  base::Result<void> ReadTable(const std::string& name) {
    MsiTable table;
    table.name = name;
    table.columns = ColumnsOf(name, 0);
    if (table.columns.empty()) {
      out_.unknown_tables.push_back(name);
      return {};
    }
    MsiChanges changes = CS_TRY(ReadChanges(name, table.columns));
    for (size_t variant = 1; changes.damage; ++variant) {
      std::vector<MsiColumn> others = ColumnsOf(name, variant);
      if (others.empty()) {
        break;
      }
      MsiChanges other = CS_TRY(ReadChanges(name, others));
      if (!other.damage) {
        changes = std::move(other);
        table.columns = std::move(others);
      }
    }
    out_.damage = out_.damage ? out_.damage : changes.damage;
    out_.removed_rows += changes.removed;
    for (const MsiChange& change : changes.rows) {
      CS_TRY_VOID(AddRow(change, table));
    }
    Finish(table);
    state_.out.tables.push_back(std::move(table));
    return {};
  }

  // Fails when the budget is spent.
  base::Result<MsiChanges> ReadChanges(const std::string& name,
                                       const std::vector<MsiColumn>& columns) {
    MsiChanges changes;
    const auto stream = state_.Open("!" + name);
    if (!stream) {
      changes.damage = stream.error();
    }
    if (!stream || !*stream) {
      return changes;
    }
    const std::vector<ByteRange>& ranges = (*stream)->entry->ranges;
    base::Reader reader({(*stream)->bytes, 0});
    while (reader.Remaining() > 0) {
      const uint64_t at = LocateInRanges(ranges, reader.Offset());
      CS_TRY_VOID(state_.budget.ChargeSteps(1 + columns.size(), at));
      MsiChange change;
      change.cells.resize(columns.size());
      const uint32_t mask = reader.U16("row of a transform");
      const bool is_read = ReadCells(reader, columns, mask, change.cells);
      if (!is_read || !reader.Finish(true)) {
        changes.damage =
            base::Error{base::Fault::kMalformed, at, "row of a transform"};
        return changes;
      }
      change.is_added = (mask & 1) != 0;
      change.evidence = {at, 1};
      if (mask == 0) {
        ++changes.removed;
      } else {
        changes.rows.push_back(std::move(change));
      }
    }
    return changes;
  }

  // False when the row has columns that the table has not.
  static bool ReadCells(base::Reader& reader,
                        const std::vector<MsiColumn>& columns, uint32_t mask,
                        MsiCells& cells) {
    const bool is_added = (mask & 1) != 0;
    // Limit: 16 columns of a changed row, the bits of a mask.
    constexpr size_t kMaskBits = 16;
    if ((is_added && (mask >> 8) > columns.size()) ||
        (!is_added && mask >> std::min(columns.size(), kMaskBits) != 0)) {
      return false;
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_there =
          is_added
              ? i < mask >> 8
              : columns[i].is_key || (i < kMaskBits && (mask >> i & 1) != 0);
      if (!is_there) {
        continue;
      }
      switch (columns[i].bytes) {
        case 2:
          cells[i] = reader.U16("cell");
          break;
        case 3: {
          const uint32_t low = reader.U16("cell");
          cells[i] = low | uint32_t{reader.U8("cell")} << 16;
          break;
        }
        default:
          cells[i] = reader.U32("cell");
          break;
      }
    }
    return true;
  }

  base::Result<void> AddRow(const MsiChange& change, MsiTable& table) {
    rows_.push_back(change.cells);
    // The first cell stands for the row, as in a database.
    const uint64_t size = table.columns[0].bytes;
    table.ranges.push_back(
        {std::min(change.evidence.offset, state_.file.size() - size), size});
    return change.is_added ? base::Result<void>()
                           : Complete(table, rows_.back());
  }

  // Takes what does not change from the row of the database.
  base::Result<void> Complete(const MsiTable& table, MsiCells& cells) {
    const MsiTable* base =
        changed_ == nullptr ? nullptr : changed_->Find(table.name);
    if (base == nullptr) {
      return {};
    }
    for (size_t row = 0; row < base->row_count; ++row) {
      CS_TRY_VOID(state_.budget.ChargeSteps(1, base->Evidence(row).offset));
      if (!HasKey(*base, row, table, cells)) {
        continue;
      }
      for (size_t i = 0; i < base->columns.size(); ++i) {
        if (cells[i] == 0) {
          cells[i] = Translated(base->Cell(row, i), base->columns[i]);
        }
      }
      break;
    }
    return {};
  }

  [[nodiscard]] bool HasKey(const MsiTable& base, size_t row,
                            const MsiTable& table, const MsiCells& cells) {
    for (size_t i = 0; i < base.columns.size(); ++i) {
      if (!base.columns[i].is_key) {
        continue;
      }
      const MsiValue value = base.Cell(row, i);
      const auto* text = std::get_if<std::string_view>(&value);
      if (table.columns[i].kind == MsiColumnKind::kString
              ? (text != nullptr ? *text : "") != strings_->At(cells[i])
              : Translated(value, base.columns[i]) != cells[i]) {
        return false;
      }
    }
    return true;
  }

  // The raw cell of a value of the database, in the transform's strings.
  uint32_t Translated(const MsiValue& value, const MsiColumn& column) {
    if (const auto* number = std::get_if<int32_t>(&value)) {
      return column.kind == MsiColumnKind::kInt32
                 ? static_cast<uint32_t>(*number) ^ 0x80000000
                 : static_cast<uint32_t>(*number + 0x8000) & 0xFFFF;
    }
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr || text->empty()) {
      return std::holds_alternative<MsiBinary>(value) ? 1 : 0;
    }
    // Why once: many changed rows may be completed from one long string.
    const auto [taken, is_new] = taken_.emplace(text->data(), 0);
    const uint64_t most = Width() == 2 ? 0xFFFF : 0xFFFFFF;
    if (is_new && strings_->ends.size() <= most) {
      strings_->text += *text;
      strings_->ends.push_back(strings_->text.size());
      taken->second = static_cast<uint32_t>(strings_->ends.size() - 1);
    }
    return taken->second;
  }

  // Writes the rows column after column, as tables have them.
  void Finish(MsiTable& table) {
    table.row_count = rows_.size();
    for (size_t column = 0; column < table.columns.size(); ++column) {
      table.column_starts.push_back(table.bytes.size());
      for (const MsiCells& row : rows_) {
        for (uint32_t i = 0; i < table.columns[column].bytes; ++i) {
          table.bytes.push_back(static_cast<uint8_t>(row[column] >> (8 * i)));
        }
      }
    }
    rows_.clear();
  }

  MsiState& state_;
  const MsiDatabase* changed_;
  MsiTransform& out_;
  std::shared_ptr<MsiStrings> strings_;
  std::map<const char*, uint32_t> taken_;  // strings of the database, by place
  std::map<std::string, std::vector<MsiColumn>, std::less<>> added_;
  std::vector<MsiCells> rows_;  // of the table at hand
};

}  // namespace

base::Result<MsiTransform> ReadMsiTransform(const CompoundFile& compound,
                                            Bytes file, uint32_t storage,
                                            const MsiDatabase* changed,
                                            base::Budget& budget) {
  CS_CHECK(storage < compound.entries.size());
  MsiTransform out;
  MsiState state{compound, file, budget, out.rows, {}};
  for (const uint32_t id : compound.entries[storage].children) {
    const CompoundEntry& entry = compound.entries[id];
    CS_TRY_VOID(budget.ChargeSteps(1, entry.stored.offset));
    if (entry.type == CompoundType::kStream) {
      out.rows.streams.emplace(DecodeMsiName(entry.raw_name), id);
    }
  }
  CS_TRY_VOID(TransformReader(state, changed, out).Read());
  out.rows.remarks = std::move(state.remarks).Finish();
  return out;
}

std::vector<uint32_t> FindMsiTransforms(const CompoundFile& compound) {
  constexpr std::array<uint8_t, 16> kClass = {
      0x82, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
  std::vector<uint32_t> found;
  for (const uint32_t id : compound.entries[0].children) {
    const CompoundEntry& entry = compound.entries[id];
    if (entry.type == CompoundType::kStorage && entry.class_id == kClass) {
      found.push_back(id);
    }
  }
  return found;
}

}  // namespace countersign::formats
