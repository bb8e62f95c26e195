// What the properties of a database stand for. Private to msi/.
//
// Spec: "Property Table", "Custom Action Type 51" (Windows Installer
// reference).
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/result.h"
#include "formats/msi_actions.h"
#include "install/msi/paths.h"

namespace countersign::install {

// Views of the database. Limit: 128 KiB of a text; actions keep 32 of it.
class MsiValues {
 public:
  // Charges a step for every 256 bytes that are compared. Fails when the budget
  // is spent.
  [[nodiscard]] static base::Result<MsiValues> Of(
      const formats::MsiActions& read, base::Budget& budget);

  // The properties that are given one text only.
  [[nodiscard]] const MsiTextMap& Certain() const { return certain_; }

  // What custom actions take from properties.
  struct Use {
    std::vector<std::string_view> names;
    std::vector<std::string_view> texts;  // with names in brackets
  };
  // Those among the properties in `use`, and those that the texts of these name
  // in turn, which are given several texts: by conditions, which nobody
  // evaluates here. Limit: 16, and 100 looked at. Charges as above.
  [[nodiscard]] base::Result<std::vector<std::string_view>> Uncertain(
      Use use, base::Budget& budget) const;

  // The different texts that property `name` is given, as far as they are
  // several. Limit: 9.
  [[nodiscard]] const std::vector<std::string_view>& TextsOf(
      std::string_view name) const;

 private:
  base::Result<void> Add(std::string_view name, std::string_view text,
                         base::Budget& budget);

  MsiTextMap certain_;
  std::map<std::string_view, std::vector<std::string_view>, std::less<>> texts_;
};

}  // namespace countersign::install
