// Tables are written column after column; each text is kept once.
#include "forge/msi.h"

#include <cctype>
#include <map>

#include "forge/little_endian.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

class StringPool {
 public:
  uint32_t Add(const std::string& text) {
    if (text.empty()) {
      return 0;
    }
    const auto [found, added] =
        ids_.emplace(text, static_cast<uint32_t>(texts_.size()) + 1);
    if (added) {
      texts_.emplace_back(text, 0);
    }
    ++texts_[found->second - 1].second;
    return found->second;
  }

  [[nodiscard]] ByteVector Pool(const MsiRecipe& recipe) const {
    ByteVector bytes;
    Append32(bytes,
             recipe.code_page | (recipe.long_references ? 0x80000000 : 0));
    for (const auto& [text, uses] : texts_) {
      if (text.size() > 0xFFFF) {
        Append16(bytes, 0);
        Append16(bytes, static_cast<uint16_t>(text.size() >> 16));
      }
      Append16(bytes, static_cast<uint16_t>(text.size() & 0xFFFF));
      Append16(bytes, uses);
    }
    return bytes;
  }

  [[nodiscard]] ByteVector Data() const {
    ByteVector bytes;
    for (const auto& [text, uses] : texts_) {
      bytes.insert(bytes.end(), text.begin(), text.end());
    }
    return bytes;
  }

 private:
  std::map<std::string, uint32_t> ids_;
  std::vector<std::pair<std::string, uint16_t>> texts_;
};

bool IsStreamType(const std::string& type) {
  return type[0] == 'v' || type[0] == 'V';
}

uint16_t TypeBits(const MsiColumnRecipe& column) {
  const int letter = std::tolower(column.type[0]);
  const int size = std::stoi(column.type.substr(1));
  int bits = 0x100 | size;
  switch (letter) {
    case 's':
      bits |= 0xC00;
      break;
    case 'l':
      bits |= 0xE00;
      break;
    case 'v':
      bits |= 0x800;
      break;
    default:
      bits |= size == 2 ? 0x400 : 0;
      break;
  }
  if (std::isupper(column.type[0]) != 0) {
    bits |= 0x1000;
  }
  return static_cast<uint16_t>(bits | (column.is_key ? 0x2000 : 0));
}

void AppendReference(ByteVector& bytes, uint32_t reference, bool is_long) {
  Append16(bytes, static_cast<uint16_t>(reference & 0xFFFF));
  if (is_long) {
    bytes.push_back(static_cast<uint8_t>(reference >> 16));
  }
}

void AppendCell(ByteVector& bytes, const MsiCell& cell, const std::string& type,
                StringPool& pool, bool is_long) {
  const auto* text = std::get_if<std::string>(&cell);
  const auto* number = std::get_if<int32_t>(&cell);
  if (IsStreamType(type)) {
    Append16(bytes, text != nullptr ? 1 : 0);
  } else if (type[0] != 'i' && type[0] != 'I') {
    AppendReference(bytes, text != nullptr ? pool.Add(*text) : 0, is_long);
  } else if (type[1] == '4') {
    Append32(bytes, number != nullptr
                        ? static_cast<uint32_t>(*number) ^ 0x80000000
                        : 0);
  } else {
    Append16(bytes,
             number != nullptr ? static_cast<uint16_t>(*number ^ 0x8000) : 0);
  }
}

std::string KeyOf(const MsiTableRecipe& table,
                  const std::vector<MsiCell>& row) {
  std::string key;
  for (size_t i = 0; i < row.size(); ++i) {
    if (table.columns[i].is_key) {
      const auto* number = std::get_if<int32_t>(&row[i]);
      key += "." + (number != nullptr ? std::to_string(*number)
                                      : std::get<std::string>(row[i]));
    }
  }
  return key;
}

ByteVector TableBytes(const MsiTableRecipe& table, StringPool& pool,
                      bool is_long) {
  ByteVector bytes;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    for (const auto& row : table.rows) {
      Require(row.size() == table.columns.size(), "a row has all its cells");
      AppendCell(bytes, row[column], table.columns[column].type, pool, is_long);
    }
  }
  return bytes;
}

void AddTable(CompoundNode& root, const MsiTableRecipe& table, StringPool& pool,
              bool is_long) {
  ByteVector bytes = TableBytes(table, pool, is_long);
  if (!bytes.empty()) {
    root.children.push_back(
        Stream(PackMsiName(table.name, true), std::move(bytes)));
  }
  for (const auto& row : table.rows) {
    for (size_t column = 0; column < row.size(); ++column) {
      const auto* text = std::get_if<std::string>(&row[column]);
      if (IsStreamType(table.columns[column].type) && text != nullptr) {
        root.children.push_back(
            Stream(PackMsiName(table.name + KeyOf(table, row), false),
                   {text->begin(), text->end()}));
      }
    }
  }
}

MsiTableRecipe ListOfTables(const MsiRecipe& recipe) {
  MsiTableRecipe list{"_Tables", {{"Name", "s64", true}}, {}};
  for (const MsiTableRecipe& table : recipe.tables) {
    list.rows.push_back({table.name});
  }
  return list;
}

MsiTableRecipe ListOfColumns(const MsiRecipe& recipe) {
  MsiTableRecipe list{"_Columns",
                      {{"Table", "s64", true},
                       {"Number", "i2", true},
                       {"Name", "s64"},
                       {"Type", "i2"}},
                      {}};
  for (const MsiTableRecipe& table : recipe.tables) {
    int32_t number = 0;
    for (const MsiColumnRecipe& column : table.columns) {
      list.rows.push_back(
          {table.name, ++number, column.name, int32_t{TypeBits(column)}});
    }
  }
  return list;
}

// [MS-OLEPS]: one set; each value at a multiple of four.
ByteVector SummaryBytes(const MsiRecipe& recipe) {
  ByteVector values;
  ByteVector list;
  const auto first = static_cast<uint32_t>(8 + 8 * (recipe.summary.size() + 1));
  const auto begin = [&](uint32_t id, uint32_t type) {
    Append32(list, id);
    Append32(list, first + static_cast<uint32_t>(values.size()));
    Append32(values, type);
  };
  begin(1, 2);
  Append32(values, recipe.code_page);
  for (const auto& [id, value] : recipe.summary) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      begin(id, 30);
      Append32(values, static_cast<uint32_t>(text->size() + 1));
      values.insert(values.end(), text->begin(), text->end());
      values.resize(values.size() / 4 * 4 + 4);
    } else if (const auto* number = std::get_if<int32_t>(&value)) {
      begin(id, 3);
      Append32(values, static_cast<uint32_t>(*number));
    } else {
      begin(id, 64);
      const uint64_t time = std::get<uint64_t>(value);
      Append32(values, static_cast<uint32_t>(time));
      Append32(values, static_cast<uint32_t>(time >> 32));
    }
  }
  ByteVector bytes = {0xFE, 0xFF, 0, 0, 6, 0, 2, 0};
  bytes.resize(24);
  Append32(bytes, 1);
  const ByteVector format = {0xE0, 0x85, 0x9F, 0xF2, 0xF9, 0x4F, 0x68, 0x10,
                             0xAB, 0x91, 0x08, 0x00, 0x2B, 0x27, 0xB3, 0xD9};
  bytes.insert(bytes.end(), format.begin(), format.end());
  Append32(bytes, 48);
  Append32(bytes, first + static_cast<uint32_t>(values.size()));
  Append32(bytes, static_cast<uint32_t>(recipe.summary.size() + 1));
  bytes.insert(bytes.end(), list.begin(), list.end());
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

}  // namespace

std::u16string PackMsiName(std::string_view name, bool is_table) {
  std::u16string packed;
  if (is_table) {
    packed += char16_t{0x4840};
  }
  for (size_t i = 0; i < name.size(); ++i) {
    const size_t low = kDigits.find(name[i]);
    const size_t high =
        i + 1 < name.size() ? kDigits.find(name[i + 1]) : std::string::npos;
    if (low == std::string::npos) {
      packed += static_cast<char16_t>(static_cast<unsigned char>(name[i]));
    } else if (high == std::string::npos) {
      packed += static_cast<char16_t>(0x4800 + low);
    } else {
      packed += static_cast<char16_t>(0x3800 + low + (high << 6));
      ++i;
    }
  }
  return packed;
}

std::array<uint8_t, 16> InstallerClassId(uint8_t number) {
  return {number, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
}

CompoundNode MakeMsi(const MsiRecipe& recipe) {
  CompoundNode root = Storage(u"", {});
  root.class_id = InstallerClassId(0x84);
  StringPool pool;
  root.children.push_back(
      Stream(u"\5SummaryInformation", SummaryBytes(recipe)));
  for (const auto& [name, content] : recipe.streams) {
    root.children.push_back(Stream(PackMsiName(name, false), content));
  }
  for (const MsiTableRecipe& table : recipe.tables) {
    AddTable(root, table, pool, recipe.long_references);
  }
  AddTable(root, ListOfTables(recipe), pool, recipe.long_references);
  AddTable(root, ListOfColumns(recipe), pool, recipe.long_references);
  root.children.push_back(
      Stream(PackMsiName("_StringPool", true), pool.Pool(recipe)));
  root.children.push_back(
      Stream(PackMsiName("_StringData", true), pool.Data()));
  return root;
}

namespace {

ByteVector TransformBytes(const MsiTransformTable& table, StringPool& pool,
                          bool is_long) {
  ByteVector bytes;
  for (const MsiRowRecipe& row : table.rows) {
    const bool is_added = row.fate == MsiRowFate::kAdded;
    uint32_t mask =
        is_added ? 1U | static_cast<uint32_t>(row.cells.size()) << 8 : 0;
    const auto is_written = [&](size_t column) {
      return is_added || table.columns[column].is_key ||
             (row.fate == MsiRowFate::kChanged &&
              !std::holds_alternative<std::monostate>(row.cells[column]));
    };
    for (size_t i = 0; !is_added && i < row.cells.size(); ++i) {
      mask |= is_written(i) && !table.columns[i].is_key ? 1U << i : 0;
    }
    Append16(bytes, static_cast<uint16_t>(mask));
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (is_written(i)) {
        AppendCell(bytes, row.cells[i], table.columns[i].type, pool, is_long);
      }
    }
  }
  return bytes;
}

}  // namespace

CompoundNode MakeMsiTransform(std::u16string name,
                              const std::vector<MsiTransformTable>& tables,
                              bool long_references) {
  CompoundNode storage = Storage(std::move(name), {});
  storage.class_id = InstallerClassId(0x82);
  StringPool pool;
  MsiTransformTable columns{"_Columns",
                            {{"Table", "s64", true},
                             {"Number", "i2", true},
                             {"Name", "s64"},
                             {"Type", "i2"}},
                            {}};
  for (const MsiTransformTable& table : tables) {
    for (size_t i = table.columns.size() - table.added_columns;
         i < table.columns.size(); ++i) {
      columns.rows.push_back(
          {MsiRowFate::kAdded,
           {table.name, static_cast<int32_t>(i + 1), table.columns[i].name,
            int32_t{TypeBits(table.columns[i])}}});
    }
  }
  std::vector<MsiTransformTable> all = tables;
  if (!columns.rows.empty()) {
    all.push_back(columns);
  }
  for (const MsiTransformTable& table : all) {
    storage.children.push_back(
        Stream(PackMsiName(table.name, true),
               TransformBytes(table, pool, long_references)));
  }
  MsiRecipe recipe;
  recipe.long_references = long_references;
  storage.children.push_back(
      Stream(PackMsiName("_StringPool", true), pool.Pool(recipe)));
  storage.children.push_back(
      Stream(PackMsiName("_StringData", true), pool.Data()));
  return storage;
}

}  // namespace countersign::forge
