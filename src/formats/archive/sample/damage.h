// For tests: what holds for every damaged container.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats::sample {

// What a reader made of a container.
struct Outcome {
  MemberRecorder recorder;
  base::Result<void> result;

  // Whether the reader says that everything is there and as declared.
  [[nodiscard]] bool Complete() const {
    return result && std::ranges::none_of(recorder.members, [](const auto& m) {
             return m.damage.has_value();
           });
  }
  // Complete, and without any remark.
  [[nodiscard]] bool Clean() const {
    return Complete() && recorder.remarks.empty();
  }
};

inline Outcome Read(Unpack unpack, std::string_view container,
                    const base::Limits& limits = {}) {
  Outcome outcome;
  outcome.result =
      outcome.recorder.Run(unpack, base::AsBytes(container), limits);
  return outcome;
}

// The remarks, one a line, for messages of tests.
inline std::string Said(const Outcome& outcome) {
  std::string text;
  for (const Remark& remark : outcome.recorder.remarks) {
    text += remark.what + "\n";
  }
  for (const auto& member : outcome.recorder.members) {
    text += member.member.name +
            (member.damage ? std::string(": ") + member.damage->field : "") +
            "\n";
  }
  return text + (outcome.result ? "" : outcome.result.error().field);
}

// No beginning of `container` passes for the whole; and whatever one changed
// byte does, the rules of MemberSink hold.
inline void ExpectDamageIsSeen(Unpack unpack, const std::string& container) {
  for (size_t size = 0; size < container.size(); ++size) {
    EXPECT_FALSE(Read(unpack, container.substr(0, size)).Complete()) << size;
  }
  for (size_t at = 0; at < container.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      std::string changed = container;
      changed[at] = static_cast<char>(changed[at] ^ change);
      (void)Read(unpack, changed);
    }
  }
}

}  // namespace countersign::formats::sample
