// What the variables of an NSIS script hold, as far as it is written there.
// Private to the module.
//
// Nothing is run: operations are taken in the order in which they are stored,
// whatever jumps and calls do.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "formats/nsis.h"

namespace countersign::install {

// Of "$0" to "$9", "$R0" to "$R9" and those of the script ("$_32_"): what the
// last StrCpy before an operation gave them, or, where nothing before it writes
// them, the only StrCpy anywhere. What anything else wrote is not known.
class NsisVariables {
 public:
  // `operations` are looked at here only; `budget` must outlive this.
  NsisVariables(const std::vector<formats::NsisOperation>& operations,
                base::Budget& budget);

  // What `operation` does to variables, which comes behind it.
  void Pass(const formats::NsisOperation& operation);

  // `text` with what is known in place of its variables; nothing where that
  // gets too long. Charges a step for every 256 bytes. "$$" stays.
  [[nodiscard]] std::optional<std::string> Expand(std::string_view text) const;

 private:
  // By variable; nothing where it is not known.
  using Texts = std::map<std::string, std::optional<std::string>, std::less<>>;

  void Put(const std::string& variable, std::optional<std::string> text);
  // Null where it is not known.
  [[nodiscard]] const std::string* Find(std::string_view variable) const;

  base::Budget& budget_;
  Texts texts_;      // at this place of the script
  Texts only_;       // of those that are written once
  size_t held_ = 0;  // bytes in `texts_`
};

// The name of the variable of a script that `text`, from a "$" on, begins with;
// "" where it is another one or none.
[[nodiscard]] std::string_view NsisVariableAt(std::string_view text);

}  // namespace countersign::install
