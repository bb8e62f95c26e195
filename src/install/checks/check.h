// How a check of actions is written. Private to the module.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/report.h"

namespace countersign::install {

// What checks look at.
struct Facts {
  const model::Inspection& inspection;
  std::optional<uint32_t> main_program;

  // The name of an artifact for a sentence: its path without the input's.
  [[nodiscard]] std::string NameOf(uint32_t artifact) const;
};

class Sink;

// One row of the table in checks.cc. `run` is called for every action.
struct Check {
  std::string_view id;
  model::Severity severity;
  std::string_view attack;  // MITRE ATT&CK technique
  std::string_view clears_if;
  void (*run)(const model::Action& action, const Facts& facts, Sink& sink);
};

// Takes the findings of one row.
class Sink {
 public:
  Sink(const Check& check, std::vector<model::Finding>& out)
      : check_(check), out_(out) {}

  // Gives a finding on `action`, with what it starts as parameters.
  void Give(const model::Action& action, std::string message);

  // True the first time that it is asked for this artifact.
  [[nodiscard]] bool IsFirstOf(uint32_t artifact) {
    return artifacts_.insert(artifact).second;
  }

 private:
  const Check& check_;
  std::vector<model::Finding>& out_;
  std::set<uint32_t> artifacts_;
  size_t given_ = 0;
};

void CheckStartsHelper(const model::Action& action, const Facts& facts,
                       Sink& sink);
void CheckPersists(const model::Action& action, const Facts& facts, Sink& sink);
void CheckInjects(const model::Action& action, const Facts& facts, Sink& sink);
void CheckDownloads(const model::Action& action, const Facts& facts,
                    Sink& sink);
void CheckObscuredCommand(const model::Action& action, const Facts& facts,
                          Sink& sink);
void CheckWeakensProtection(const model::Action& action, const Facts& facts,
                            Sink& sink);

}  // namespace countersign::install
