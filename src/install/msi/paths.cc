#include "install/msi/paths.h"

namespace countersign::install {

using formats::MsiDatabase;
using formats::MsiFile;
using formats::MsiTable;

base::Result<MsiTextMap> MsiMapOf(const MsiDatabase& database,
                                  std::string_view table, std::string_view from,
                                  std::string_view to, base::Budget& budget) {
  MsiTextMap map;
  if (const MsiTable* rows = database.Find(table)) {
    for (size_t row = 0; row < rows->row_count; ++row) {
      CS_TRY_VOID(budget.ChargeSteps(1, rows->Evidence(row).offset));
      map.emplace(rows->Text(row, from), rows->Text(row, to));
    }
  }
  return map;
}

base::Result<MsiPaths> MsiPaths::Of(const MsiDatabase& database,
                                    const MsiPaths* base,
                                    base::Budget& budget) {
  MsiPaths paths;
  paths.base_ = base;
  paths.files_ = CS_TRY(formats::MsiFiles(database, budget));
  for (const MsiFile& file : paths.files_) {
    paths.by_key_.emplace(file.key, &file);
  }
  paths.key_files_ =
      CS_TRY(MsiMapOf(database, "Component", "Component", "KeyPath", budget));
  return paths;
}

std::string MsiPaths::OfFile(std::string_view key) const {
  const auto file = by_key_.find(key);
  if (file == by_key_.end()) {
    return base_ == nullptr ? std::string(key) : base_->OfFile(key);
  }
  return file->second->path;
}

std::string MsiPaths::OfComponent(std::string_view component) const {
  const auto key = key_files_.find(component);
  if (key == key_files_.end() && base_ != nullptr) {
    return base_->OfComponent(component);
  }
  return key == key_files_.end() || key->second.empty() ? ""
                                                        : OfFile(key->second);
}

std::string MsiPaths::Formatted(std::string_view text,
                                const MsiTextMap& values) const {
  std::string out;
  int replaced = 0;
  Format(text, values, nullptr, replaced, out);
  return out;
}

void MsiPaths::Format(std::string_view text, const MsiTextMap& values,
                      const Within* within, int& replaced,
                      std::string& out) const {
  // Limit: what is longer than a command line, or has more names in it, stays
  // as it is written from there on.
  constexpr size_t kLongestFormatted = size_t{32} << 10;
  constexpr int kMostReplaced = 100;
  // Limit: of a name; those of a database have up to 72 letters.
  constexpr size_t kLongestName = 256;
  // Limit: properties in properties in properties.
  constexpr int kMostDepth = 4;
  for (size_t close = text.find(']');
       close != std::string_view::npos && out.size() < kLongestFormatted &&
       replaced < kMostReplaced;
       close = text.find(']')) {
    const size_t open = text.substr(0, close).rfind('[');
    std::string_view name;
    if (open != std::string_view::npos && close - open <= kLongestName) {
      name = text.substr(open + 1, close - open - 1);
    }
    const auto value = values.find(name);
    const bool is_file = name.size() > 1 && (name[0] == '#' || name[0] == '!');
    int depth = 0;
    bool is_own = false;  // a text that names its own property
    for (const Within* each = within; each != nullptr; each = each->outer) {
      ++depth;
      is_own = is_own || each->name == name;
    }
    const bool is_property =
        value != values.end() && !name.empty() && !is_own && depth < kMostDepth;
    out += text.substr(0, is_file || is_property ? open : close + 1);
    replaced += is_file || is_property ? 1 : 0;
    if (is_file) {
      out += OfFile(name.substr(1));
    } else if (is_property) {
      const Within inner{name, within};
      Format(value->second, values, &inner, replaced, out);
    }
    text.remove_prefix(close + 1);
  }
  out += text;
}

}  // namespace countersign::install
