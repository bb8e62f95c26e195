#include "install/members/link.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "install/windows/command_line.h"
#include "install/windows/launched.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Artifact;

constexpr std::string_view kSeparators = "/\\!";

// The parameter of that name; "" without it.
std::string TextOfParameter(const Action& action, std::string_view name) {
  for (const model::Parameter& parameter : action.parameters) {
    const auto* text = std::get_if<std::string>(&parameter.value);
    if (parameter.name == name && text != nullptr) {
      return *text;
    }
  }
  return "";
}

// What the value of a registry key starts: a key of a file in an installer's
// database is a path there.
std::string ProgramOfValue(const Action& action) {
  std::string program = TextOfParameter(action, "program");
  return program.empty() ? SplitCommandLine(action.value).program : program;
}

// What the action starts, loads or points at; "" when it is about no file.
std::string SubjectOf(const Action& action) {
  switch (action.kind) {
    case ActionKind::kWriteRegistry:
      return action.persistence == model::Persistence::kNone
                 ? ""
                 : ProgramOfValue(action);
    case ActionKind::kControlService:
    case ActionKind::kRemoveRegistry:
    case ActionKind::kChangeFile:
    case ActionKind::kSetEnvironment:
    case ActionKind::kDownload:
    case ActionKind::kUpdateFeed:
    case ActionKind::kRequestCapability:
    case ActionKind::kChangeAccount:
      return "";
    default:
      return action.target;
  }
}

// What a program that does nothing by itself is given to run: the word behind
// an option that says so, or the first that is no option ("rundll32
// a.dll,Start", "msiexec /i b.msi", "powershell -ep bypass -file c.ps1").
std::string SubjectOfArguments(const Action& action) {
  constexpr std::array<std::string_view, 8> kOptions = {
      "-file", "-f", "/i", "-i", "/package", "/p", "/update", "/s"};
  const std::vector<std::string> words = SplitWords(action.arguments);
  const auto is_option = [](const std::string& word) {
    return word.starts_with('/') || word.starts_with('-');
  };
  auto subject = std::ranges::find_if_not(words, is_option);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::ranges::find(kOptions, base::AsciiLower(words[i])) !=
        kOptions.end()) {
      subject = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      break;
    }
  }
  return subject == words.end() ? "" : subject->substr(0, subject->find(','));
}

// How many names from the end on are the same.
size_t CommonTail(std::string_view a, std::string_view b) {
  size_t count = 0;
  for (;;) {
    const size_t end_a = a.find_last_of(kSeparators);
    const size_t end_b = b.find_last_of(kSeparators);
    const auto tail = [](std::string_view text, size_t end) {
      return end == std::string_view::npos ? text : text.substr(end + 1);
    };
    if (tail(a, end_a) != tail(b, end_b)) {
      return count;
    }
    ++count;
    if (end_a == std::string_view::npos || end_b == std::string_view::npos) {
      return count;
    }
    a = a.substr(0, end_a);
    b = b.substr(0, end_b);
  }
}

class MemberIndex {
 public:
  explicit MemberIndex(const std::vector<Artifact>& artifacts)
      : artifacts_(artifacts) {
    for (const Artifact& artifact : artifacts) {
      if (artifact.parent) {
        by_name_[LowerName(artifact)].push_back(artifact.id);
      }
    }
  }

  // The member that `subject` names, seen from artifact `from`.
  [[nodiscard]] std::optional<uint32_t> Find(const std::string& subject,
                                             uint32_t from) const {
    auto named = by_name_.find(ProgramName(subject));
    if (named == by_name_.end()) {
      named = by_name_.find(base::AsciiLower(subject));  // without an extension
    }
    if (subject.empty() || named == by_name_.end()) {
      return std::nullopt;
    }
    // Limit: a name that 1,000 members have tells none of them.
    constexpr size_t kMostOfAName = 1000;
    if (named->second.size() > kMostOfAName) {
      return std::nullopt;
    }
    const std::string path = base::AsciiLower(subject);
    size_t best = 0;
    std::optional<uint32_t> found;
    bool doubtful = false;
    for (const uint32_t candidate : named->second) {
      const Artifact& artifact = artifacts_[candidate];
      const size_t score = CommonTail(path, base::AsciiLower(artifact.path)) +
                           (IsBelow(candidate, from) ? kBelow : 1);
      if (score > best) {
        best = score;
        found = candidate;
        doubtful = false;
      } else if (score == best) {
        doubtful = doubtful || artifacts_[*found].sha256 != artifact.sha256;
      }
    }
    return doubtful ? std::nullopt : found;
  }

 private:
  // Members of the package itself come before all others.
  static constexpr size_t kBelow = 1000;

  [[nodiscard]] bool IsBelow(uint32_t artifact, uint32_t ancestor) const {
    // Members stand behind their container, so this ends.
    while (artifact > ancestor) {
      artifact = artifacts_[artifact].parent.value_or(0);
    }
    return artifact == ancestor;
  }

  const std::vector<Artifact>& artifacts_;
  std::map<std::string, std::vector<uint32_t>, std::less<>> by_name_;
};

}  // namespace

std::string LowerName(const Artifact& artifact) {
  const size_t last = artifact.path.find_last_of(kSeparators);
  return base::AsciiLower(
      last == std::string::npos
          ? artifact.path
          : std::string_view(artifact.path).substr(last + 1));
}

void LinkMembers(model::Inspection& inspection) {
  if (inspection.actions.empty()) {
    return;
  }
  const MemberIndex index(inspection.artifacts);
  for (Action& action : inspection.actions) {
    if (action.member) {
      continue;  // the statement is the member itself
    }
    // A manifest speaks of its siblings.
    const Artifact& teller = inspection.artifacts[action.artifact];
    const uint32_t from =
        teller.contents == model::Contents::kNone && teller.parent
            ? *teller.parent
            : action.artifact;
    // The name in a container that calls its members otherwise.
    const std::string stored = TextOfParameter(action, "stored_as");
    if (!stored.empty()) {
      action.member = index.Find(stored, from);
      continue;
    }
    const std::string subject = SubjectOf(action);
    action.member = index.Find(subject, from);
    if (!action.member && !subject.empty()) {
      action.member = index.Find(SubjectOfArguments(action), from);
    }
  }
}

}  // namespace countersign::install
