// The unpacked header of an NSIS installer: its blocks and its strings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/nsis.h"

namespace countersign::formats {

// An instruction: EW_* and its parameters.
struct NsisEntry {
  uint32_t which = 0;
  std::array<int32_t, 6> parameters{};
};

inline constexpr uint32_t kNsisEntryBytes = 28;

// Strings as the script refers to them.
class NsisStrings {
 public:
  struct Table {
    base::Bytes strings;
    base::Bytes language;  // 32-bit references, of the language in use
    bool unicode = false;
    NsisVersion version = NsisVersion::k2;
    bool old_variables = false;  // NSIS up to 2.25
  };

  NsisStrings() = default;
  explicit NsisStrings(const Table& table) : table_(table) {}

  // The string at `reference`: characters from the start of the strings, or
  // below zero an index into the language. In readable form; empty where there
  // is none. One level: what a string of a language names is only named.
  // Limit: 8,192 characters, the most that any runtime expands.
  [[nodiscard]] std::string Expand(int32_t reference) const;

  // True when there is a string at `reference`.
  [[nodiscard]] bool Has(int32_t reference) const;

  // "$INSTDIR", "$0", "$_40_".
  [[nodiscard]] std::string Variable(uint32_t index) const;

  // The variable that the string at `reference` consists of, if it is one.
  [[nodiscard]] std::optional<uint32_t> OnlyVariable(int32_t reference) const;

 private:
  enum class Code : uint8_t { kNone, kLanguage, kShell, kVariable, kSkip };

  [[nodiscard]] size_t Units() const {
    return table_.strings.size() / (table_.unicode ? 2 : 1);
  }
  // Zero behind the last one.
  [[nodiscard]] uint32_t Unit(size_t index) const;
  [[nodiscard]] Code CodeOf(uint32_t unit) const;
  // The two bytes behind a code at `index`.
  [[nodiscard]] std::array<uint8_t, 2> Operand(size_t index) const;
  [[nodiscard]] uint32_t NumberOf(std::array<uint8_t, 2> operand) const;
  [[nodiscard]] std::string Shell(std::array<uint8_t, 2> folder) const;
  [[nodiscard]] bool StartsWith(size_t index, std::string_view text) const;
  // The place of a string in the table, or nothing.
  [[nodiscard]] std::optional<size_t> Resolve(int32_t reference) const;

  Table table_;
};

struct NsisHeader {
  bool is_64 = false;
  bool unicode = false;
  NsisVersion version = NsisVersion::k2;
  NsisStrings strings;
  std::vector<NsisSection> sections;
  // Named starts of code, by operation: callbacks and functions of pages.
  std::vector<NsisCode> named_code;
  uint32_t entries_offset = 0;
  std::vector<NsisEntry> entries;
  int32_t install_directory = 0;  // a string
};

// Reads the unpacked header. `offset` is where it lies in the container, packed
// or not: the offset of every failure. Charges a step for each section and for
// every 16 bytes of its name. Views of `header` are kept.
[[nodiscard]] base::Result<NsisHeader> ReadNsisHeader(base::Bytes header,
                                                      bool uninstaller,
                                                      uint64_t offset,
                                                      base::Budget& budget);

}  // namespace countersign::formats
