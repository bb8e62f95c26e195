// A finding: what we think of a fact, with the bytes that show it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "model/enumeration.h"

namespace countersign::model {

enum class Severity : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
template <>
inline constexpr std::array kNames<Severity> = {
    std::string_view("info"), std::string_view("low"),
    std::string_view("medium"), std::string_view("high"),
    std::string_view("critical")};

// A named value inside a finding, for scripts.
struct Parameter {
  std::string name;
  std::variant<std::string, int64_t> value;
};

struct Finding {
  std::string id;  // dotted name, never renamed or reused
  Severity severity = Severity::kInfo;
  uint32_t artifact = 0;
  std::string message;                    // one sentence with the values in it
  std::vector<base::ByteRange> evidence;  // inside the artifact
  std::vector<std::string> attack;        // MITRE ATT&CK technique ids
  std::vector<Parameter> parameters;
  std::string clears_if;  // what would make it go away

  static void Fields(auto& self, auto&& visit) {
    visit("id", self.id);
    visit("severity", self.severity);
    visit("artifact", self.artifact);
    visit("message", self.message);
    visit("evidence", self.evidence);
    visit("attack", self.attack);
    visit("parameters", self.parameters);
    visit("clears_if", self.clears_if);
  }
};

}  // namespace countersign::model
