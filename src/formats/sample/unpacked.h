// For tests: what a reader made of a container, and questions to that.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "formats/sample/member_recorder.h"

namespace countersign::formats {

struct Unpacked {
  Unpacked(Unpack unpack, base::Bytes bytes, const base::Limits& limits = {})
      : result(recorder.Run(unpack, bytes, limits)) {}

  MemberRecorder recorder;
  base::Result<void> result;

  // Everything was read, and nothing is to be said of it.
  [[nodiscard]] bool IsClean() const {
    return result && recorder.remarks.empty() &&
           std::ranges::none_of(recorder.members, [](const auto& member) {
             return member.damage.has_value();
           });
  }
  // What is wrong, for people.
  [[nodiscard]] std::string Trouble() const {
    std::string text = result ? "" : result.error().field;
    for (const Remark& remark : recorder.remarks) {
      text += "; " + remark.what;
    }
    return text;
  }
  [[nodiscard]] std::vector<std::string> NamesOfMembers() const {
    std::vector<std::string> names;
    for (const auto& member : recorder.members) {
      names.push_back(member.member.name);
    }
    return names;
  }
};

}  // namespace countersign::formats
