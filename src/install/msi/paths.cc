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

std::string MsiPaths::Formatted(std::string_view text) const {
  if (text.size() > 3 && (text.starts_with("[#") || text.starts_with("[!")) &&
      text.find(']') == text.size() - 1) {
    return OfFile(text.substr(2, text.size() - 3));
  }
  return std::string(text);
}

}  // namespace countersign::install
