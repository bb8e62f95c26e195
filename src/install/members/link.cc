#include "install/members/link.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "install/windows/command_line.h"
#include "install/windows/subjects.h"

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

// What the action starts, loads or points at; "" when it is about no file.
std::string SubjectOf(const Action& action) {
  switch (action.kind) {
    case ActionKind::kWriteRegistry:
    case ActionKind::kControlService:
    case ActionKind::kRemoveRegistry:
    case ActionKind::kSetEnvironment:
    case ActionKind::kDownload:
    case ActionKind::kUpdateFeed:
    case ActionKind::kRequestCapability:
    case ActionKind::kChangeAccount:
      return "";
    case ActionKind::kChangeFile:
      return action.persistence == model::Persistence::kNone ? ""
                                                             : action.target;
    default:
      return action.target;
  }
}

// The letter that is `number` letters before the last, in lower case and all
// separators alike; a text begins behind one.
char LetterFromEnd(std::string_view text, size_t number) {
  if (number >= text.size()) {
    return '/';
  }
  const char letter = text[text.size() - 1 - number];
  return letter == '\\' || letter == '!' ? '/' : base::AsciiLower(letter);
}

// How many names from the end on are the same; `compared` grows by the letters
// that were looked at.
size_t CommonTail(std::string_view a, std::string_view b, uint64_t& compared) {
  size_t count = 0;
  const size_t most = std::min(a.size(), b.size());
  for (size_t i = 0; i <= most; ++i) {
    ++compared;
    const char letter = LetterFromEnd(a, i);
    if (letter != LetterFromEnd(b, i)) {
      return count;
    }
    count += letter == '/' ? 1 : 0;
  }
  return count;
}

std::string_view WithoutQuotes(std::string_view text) {
  constexpr std::string_view kAround = " \t\"";
  const size_t first = std::min(text.find_first_not_of(kAround), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(kAround) + 1);
}

// Where the name of an artifact in its container begins in its path.
size_t OwnName(const Artifact& artifact,
               const std::vector<Artifact>& artifacts) {
  const std::string& container = artifacts[*artifact.parent].path;
  const std::string_view path = artifact.path;
  return path.starts_with(container) && path.size() > container.size() &&
                 path[container.size()] == '!'
             ? container.size() + 1
             : path.find_last_of('!') + 1;  // 0 without one
}

class MemberIndex {
 public:
  // Limit: 64 MiB of names compared for one input.
  static constexpr uint64_t kMostCompared = uint64_t{64} << 20;

  explicit MemberIndex(const std::vector<Artifact>& artifacts)
      : artifacts_(artifacts), own_names_(artifacts.size()) {
    for (const Artifact& artifact : artifacts) {
      if (artifact.parent) {
        own_names_[artifact.id] = OwnName(artifact, artifacts);
        const std::string_view name = NameOf(artifact.id);
        const size_t folders = name.find_last_of("/\\") + 1;
        by_name_[base::AsciiLower(name.substr(folders))].push_back(artifact.id);
      }
    }
  }

  // Whether the limit was reached, so that nothing more is found.
  [[nodiscard]] bool IsSpent() const { return compared_ >= kMostCompared; }

  // The member that `written` names, seen from artifact `from`.
  [[nodiscard]] std::optional<uint32_t> Find(std::string_view written,
                                             uint32_t from) {
    const std::string subject = base::AsciiLower(WithoutQuotes(written));
    compared_ += subject.size() + 1;
    const std::vector<uint32_t>* candidates = Named(subject);
    if (IsSpent() || candidates == nullptr) {
      return std::nullopt;
    }
    if (candidates->size() == 1) {
      return Best(subject, from, *candidates);
    }
    const auto [answer, is_new] = answers_.try_emplace({from, subject});
    if (is_new) {
      compared_ += kBytesOfAnswer;
      answer->second = Best(subject, from, *candidates);
    }
    return answer->second;
  }

  [[nodiscard]] bool AreTheSame(uint32_t a, uint32_t b) const {
    const std::string& digest = artifacts_[a].sha256;
    return a == b || (!digest.empty() && digest == artifacts_[b].sha256);
  }

 private:
  // Why: what is remembered takes memory, which the same limit bounds.
  static constexpr uint64_t kBytesOfAnswer = 64;

  // In its container.
  [[nodiscard]] std::string_view NameOf(uint32_t artifact) const {
    return std::string_view(artifacts_[artifact].path)
        .substr(own_names_[artifact]);
  }

  [[nodiscard]] const std::vector<uint32_t>* Named(
      std::string_view subject) const {
    auto named = by_name_.find(ProgramName(subject));
    if (named == by_name_.end()) {  // without an extension
      named = by_name_.find(subject.substr(subject.find_last_of("/\\]}") + 1));
    }
    return subject.empty() || named == by_name_.end() ? nullptr
                                                      : &named->second;
  }

  // Members of the package itself come before all others; then folders decide.
  // What lies in a folder of the system is only what is put there.
  [[nodiscard]] std::optional<uint32_t> Best(
      std::string_view subject, uint32_t from,
      const std::vector<uint32_t>& candidates) {
    const bool is_of_system = IsInSystemFolder(subject);
    std::pair<bool, size_t> best;
    std::optional<uint32_t> found;
    bool is_doubtful = false;
    for (const uint32_t candidate : candidates) {
      if (IsSpent()) {
        return std::nullopt;
      }
      compared_ += is_of_system ? NameOf(candidate).size() : 0;
      if (is_of_system && !IsInSystemFolder(NameOf(candidate))) {
        continue;
      }
      const size_t tail =
          CommonTail(subject, artifacts_[candidate].path, compared_);
      const std::pair score = {IsBelow(candidate, from), tail};
      if (!found || score > best) {
        best = score;
        found = candidate;
        is_doubtful = false;
      } else if (score == best) {
        is_doubtful = is_doubtful || !AreTheSame(*found, candidate);
      }
    }
    return is_doubtful ? std::nullopt : found;
  }

  [[nodiscard]] bool IsBelow(uint32_t artifact, uint32_t ancestor) {
    // Members stand behind their container, so this ends.
    while (artifact > ancestor) {
      ++compared_;
      artifact = artifacts_[artifact].parent.value_or(0);
    }
    return artifact == ancestor;
  }

  const std::vector<Artifact>& artifacts_;
  std::vector<size_t> own_names_;  // where they begin in paths
  std::map<std::string, std::vector<uint32_t>, std::less<>> by_name_;
  // Where there are several of a name.
  std::map<std::pair<uint32_t, std::string>, std::optional<uint32_t>> answers_;
  uint64_t compared_ = 0;
};

// Of what a program is given: the likeliest that is a member, or else the only
// one.
std::optional<uint32_t> FindInArguments(const std::string& program,
                                        const std::string& arguments,
                                        uint32_t from, MemberIndex& index) {
  for (const std::string& subject : SubjectsOf(program, arguments)) {
    if (const auto member = index.Find(subject, from)) {
      return member;
    }
  }
  std::optional<uint32_t> only;
  for (const std::string& name : FileNamesIn(program, arguments)) {
    const auto member = index.Find(name, from);
    if (member && only && !index.AreTheSame(*only, *member)) {
      return std::nullopt;
    }
    only = only ? only : member;
  }
  return only;
}

// What a program with such arguments starts. Why launchers last: a member that
// is called as one of the system's is not what the system starts.
std::optional<uint32_t> FindStarted(const std::string& program,
                                    const std::string& arguments, uint32_t from,
                                    MemberIndex& index) {
  if (program.empty()) {
    return std::nullopt;
  }
  const std::string name = ProgramName(program);
  const bool is_looked_through = IsLauncher(name) && MayBeOfWindows(program);
  std::optional<uint32_t> member;
  if (!is_looked_through) {
    member = index.Find(program, from);
  }
  if (!member) {
    member = FindInArguments(name, arguments, from, index);
  }
  return !member && is_looked_through ? index.Find(program, from) : member;
}

// What a value of the registry starts: "program" is it where the value has a
// key of a file in an installer's database, "resolved_value" all of it.
std::optional<uint32_t> FindInValue(const Action& action, uint32_t from,
                                    MemberIndex& index) {
  const std::string program = TextOfParameter(action, "program");
  if (!program.empty()) {
    if (const auto member = index.Find(program, from)) {
      return member;
    }
  }
  const std::string resolved = TextOfParameter(action, "resolved_value");
  Action started;
  TakeCommandLine(resolved.empty() ? action.value : resolved, started);
  std::vector<Action> commands = CommandsOf(started);
  if (commands.empty()) {
    commands.push_back(std::move(started));
  }
  for (const Action& command : commands) {
    const bool is_registry = command.kind == ActionKind::kWriteRegistry;
    if (const auto member =
            FindStarted(is_registry ? command.value : command.target,
                        command.arguments, from, index)) {
      return member;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> FindMember(const Action& action, uint32_t from,
                                   MemberIndex& index) {
  // The name in a container that calls its members otherwise.
  const std::string stored = TextOfParameter(action, "stored_as");
  if (!stored.empty()) {
    return index.Find(stored, from);
  }
  if (action.kind == ActionKind::kWriteRegistry) {
    return action.persistence == model::Persistence::kNone
               ? std::nullopt
               : FindInValue(action, from, index);
  }
  return FindStarted(SubjectOf(action), action.arguments, from, index);
}

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
  MemberIndex index(inspection.artifacts);
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
    action.member = FindMember(action, from, index);
    if (index.IsSpent()) {
      action.member = std::nullopt;
      inspection.complete = false;
      inspection.limits.push_back({"links", MemberIndex::kMostCompared, 0});
      return;
    }
  }
}

}  // namespace countersign::install
