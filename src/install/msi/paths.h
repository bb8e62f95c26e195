// Where the files of a database are installed. Private to msi/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/result.h"
#include "formats/msi.h"

namespace countersign::install {

using MsiTextMap = std::map<std::string_view, std::string_view, std::less<>>;

// Column `to` of every row of `table`, by column `from`; the first of several.
// Views are valid as long as the database.
[[nodiscard]] base::Result<MsiTextMap> MsiMapOf(
    const formats::MsiDatabase& database, std::string_view table,
    std::string_view from, std::string_view to, base::Budget& budget);

class MsiPaths {
 public:
  // Of `database`, and of what it does not know as `base` says, which may be
  // null. Both must outlive the paths. Fails when `budget` is spent.
  [[nodiscard]] static base::Result<MsiPaths> Of(
      const formats::MsiDatabase& database, const MsiPaths* base,
      base::Budget& budget);

  // The files that the database itself installs.
  [[nodiscard]] const std::vector<formats::MsiFile>& Files() const {
    return files_;
  }
  // Of a file by its key, the key itself when there is no such file.
  [[nodiscard]] std::string OfFile(std::string_view key) const;
  // Of the key file of a component, "" when it has none.
  [[nodiscard]] std::string OfComponent(std::string_view component) const;
  // `text` with the paths that each "[#key]" and "[!key]" in it stands for, and
  // with the texts of those properties that `values` has; all else stays.
  //
  // Spec: "Formatted" (Windows Installer reference).
  [[nodiscard]] std::string Formatted(std::string_view text,
                                      const MsiTextMap& values = {}) const;

 private:
  // The property whose text is being formatted, and the one that named it.
  struct Within {
    std::string_view name;
    const Within* outer = nullptr;
  };

  void Format(std::string_view text, const MsiTextMap& values,
              const Within* within, int& replaced, std::string& out) const;

  const MsiPaths* base_ = nullptr;
  std::vector<formats::MsiFile> files_;
  std::map<std::string_view, const formats::MsiFile*, std::less<>> by_key_;
  MsiTextMap key_files_;  // of components
};

}  // namespace countersign::install
