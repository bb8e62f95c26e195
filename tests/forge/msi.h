// Writes Windows Installer databases, as streams of a compound file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "forge/cfb.h"

namespace countersign::forge {

// Null, number, or text in the code page of the database. A cell that is a
// stream has text, which is the content of the stream.
using MsiCell = std::variant<std::monostate, int32_t, std::string>;

// The type is as in an archive of tables: a letter for the kind (s text, l text
// that is translated, i number, v stream; in upper case where null is allowed)
// and a number: "s72", "L0", "i2", "I4", "v0".
struct MsiColumnRecipe {
  std::string name;
  std::string type;
  bool is_key = false;
};

struct MsiTableRecipe {
  std::string name;
  std::vector<MsiColumnRecipe> columns;
  std::vector<std::vector<MsiCell>> rows;
};

// A property of the summary: text, i32, or FILETIME.
using MsiProperty = std::variant<std::string, int32_t, uint64_t>;

struct MsiRecipe {
  uint16_t code_page = 1252;
  bool long_references = false;  // 3 bytes
  std::vector<MsiTableRecipe> tables;
  std::vector<std::pair<std::string, ByteVector>> streams;  // cabinets
  std::vector<std::pair<uint32_t, MsiProperty>> summary;
};

// The root storage of the database, class id included.
[[nodiscard]] CompoundNode MakeMsi(const MsiRecipe& recipe);

// A row that a transform adds, changes or removes. Of a changed row the cells
// that are not null are written, of a removed one the key.
enum class MsiRowFate { kAdded, kChanged, kRemoved };
struct MsiRowRecipe {
  MsiRowFate fate = MsiRowFate::kAdded;
  std::vector<MsiCell> cells;
};

struct MsiTransformTable {
  std::string name;
  std::vector<MsiColumnRecipe> columns;  // all of the table
  std::vector<MsiRowRecipe> rows;
  size_t added_columns = 0;  // the last of them, which the transform adds
};

// A storage named `name`, or a root: the transform with these changes.
[[nodiscard]] CompoundNode MakeMsiTransform(
    std::u16string name, const std::vector<MsiTransformTable>& tables,
    bool long_references = false);

// The name of a stream as the installer packs it.
[[nodiscard]] std::u16string PackMsiName(std::string_view name, bool is_table);

// The class id of an installer database (0x84), patch (0x86), transform (0x82).
[[nodiscard]] std::array<uint8_t, 16> InstallerClassId(uint8_t number);

}  // namespace countersign::forge
