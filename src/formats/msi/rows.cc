// Cells of a table. Column-major: all cells of the first column, then all of
// the second, ... Integers are stored with their sign bit turned, so that 0 is
// null; strings as their number; a binary cell only says that there is one.
#include "base/reader.h"
#include "formats/msi.h"

namespace countersign::formats {
namespace {

constexpr size_t kMaxStreamNameBytes = 255;

}  // namespace

uint32_t MsiTable::RawCell(size_t row, size_t column) const {
  const uint32_t size = columns[column].bytes;
  const uint64_t at = column_starts[column] + uint64_t{row} * size;
  base::Reader reader({base::Bytes(bytes).subspan(at, size), at});
  switch (size) {
    case 2:
      return reader.U16("cell");
    case 3: {
      const uint32_t low = reader.U16("cell");
      return low | uint32_t{reader.U8("cell")} << 16;
    }
    default:
      return reader.U32("cell");
  }
}

MsiValue MsiTable::Cell(size_t row, size_t column) const {
  const uint32_t raw = RawCell(row, column);
  if (raw == 0) {
    return std::monostate{};
  }
  switch (columns[column].kind) {
    case MsiColumnKind::kInt16:
      return static_cast<int32_t>(raw) - 0x8000;
    case MsiColumnKind::kInt32:
      return static_cast<int32_t>(raw ^ 0x80000000);
    case MsiColumnKind::kString:
      return raw < strings->ends.size() ? MsiValue(strings->At(raw))
                                        : MsiValue();
    case MsiColumnKind::kBinary:
      break;
  }
  // The stream is named by the table and the key of the row.
  MsiBinary binary{name};
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].is_key || columns[i].kind == MsiColumnKind::kBinary) {
      continue;
    }
    const MsiValue key = Cell(row, i);
    binary.stream += '.';
    if (const auto* text = std::get_if<std::string_view>(&key)) {
      binary.stream += text->substr(0, kMaxStreamNameBytes);
    } else if (const auto* number = std::get_if<int32_t>(&key)) {
      binary.stream += std::to_string(*number);
    }
    if (binary.stream.size() > kMaxStreamNameBytes) {
      break;
    }
  }
  return binary;
}

std::optional<size_t> MsiTable::Column(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) {
      return i;
    }
  }
  return std::nullopt;
}

std::string_view MsiTable::Text(size_t row, std::string_view column) const {
  const auto index = Column(column);
  if (!index || columns[*index].kind != MsiColumnKind::kString) {
    return {};
  }
  return strings->At(RawCell(row, *index));
}

std::optional<int32_t> MsiTable::Number(size_t row,
                                        std::string_view column) const {
  const auto index = Column(column);
  if (!index) {
    return std::nullopt;
  }
  const MsiValue value = Cell(row, *index);
  const auto* number = std::get_if<int32_t>(&value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

base::ByteRange MsiTable::Evidence(size_t row) const {
  const uint32_t size = columns[0].bytes;
  const uint64_t first = LocateInRanges(ranges, uint64_t{row} * size);
  const uint64_t last = LocateInRanges(ranges, uint64_t{row} * size + size - 1);
  // Why: a cell of three bytes may be split between two sectors.
  return last - first == size - 1 ? base::ByteRange{first, size}
                                  : base::ByteRange{first, 1};
}

}  // namespace countersign::formats
