#include "vet/tree/member_name.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace countersign::vet {
namespace {

constexpr std::string_view kEscapes = "vet.member_escapes";
constexpr std::string_view kDeceptive = "vet.member_name_deceptive";

bool IsSeparator(char c) { return c == '/' || c == '\\'; }

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::vector<std::string_view> PartsOf(std::string_view name) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || IsSeparator(name[i])) {
      parts.push_back(name.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return parts;
}

// True of a device of Windows, whatever extension follows: "nul", "COM1.txt".
bool IsDevice(std::string_view part) {
  std::string stem(part.substr(0, part.find('.')));
  while (!stem.empty() && stem.back() == ' ') {
    stem.pop_back();
  }
  stem = base::AsciiLower(stem);
  constexpr std::array<std::string_view, 6> kDevices = {
      "con", "prn", "aux", "nul", "conin$", "conout$"};
  return std::ranges::find(kDevices, stem) != kDevices.end() ||
         (stem.size() == 4 && stem[3] >= '0' && stem[3] <= '9' &&
          (stem.starts_with("com") || stem.starts_with("lpt")));
}

std::optional<NameProblem> FindEscape(std::string_view name) {
  if (!name.empty() && IsSeparator(name[0])) {
    return NameProblem{kEscapes, "is an absolute path"};
  }
  if (name.size() >= 2 && IsLetter(name[0]) && name[1] == ':') {
    return NameProblem{kEscapes, "names a drive"};
  }
  const auto parts = PartsOf(name);
  if (std::ranges::find(parts, "..") != parts.end()) {
    return NameProblem{kEscapes, "leads out of its folder"};
  }
  return std::nullopt;
}

// Why one control is let pass: the names of an OLE file's own streams begin
// with it ("\5SummaryInformation").
bool HasUnsafeCharacter(std::string_view name) {
  constexpr std::string_view kOwnStreams = "\1\3\5";
  if (!name.empty() && kOwnStreams.find(name[0]) != std::string_view::npos) {
    name.remove_prefix(1);
  }
  // Bytes that are no UTF-8 are old encodings, and shown as "\x{XX}".
  const std::string safe = base::DisplaySafe(name);
  const auto escapes = [](std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find("\\u{", at)) != text.npos; ++at) {
      ++count;
    }
    return count;
  };
  return escapes(safe) > escapes(name);
}

std::optional<NameProblem> FindPartProblem(std::string_view part) {
  if (IsDevice(part)) {
    return NameProblem{kDeceptive, "names a device of Windows"};
  }
  // Why only one: "Module::Name" is how manual pages of Perl are called.
  if (std::ranges::count(part, ':') == 1) {
    return NameProblem{kDeceptive, "names a hidden stream of a file"};
  }
  if (part != "." && (part.ends_with('.') || part.ends_with(' '))) {
    return NameProblem{kDeceptive,
                       "ends in a dot or space, which Windows leaves out"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<NameProblem> FindNameProblem(std::string_view name) {
  if (auto escape = FindEscape(name)) {
    return escape;
  }
  if (HasUnsafeCharacter(name)) {
    return NameProblem{kDeceptive,
                       "holds invisible, reordering or control characters"};
  }
  for (const std::string_view part : PartsOf(name)) {
    if (auto problem = FindPartProblem(part)) {
      return problem;
    }
  }
  return std::nullopt;
}

std::string CollisionKey(std::string_view name) {
  std::string key;
  key.reserve(name.size());
  for (std::string_view part : PartsOf(name)) {
    while (part.ends_with('.') || part.ends_with(' ')) {
      part.remove_suffix(1);
    }
    if (part.empty()) {
      continue;
    }
    key += '/';
    key += base::AsciiLower(part);
  }
  return key;
}

}  // namespace countersign::vet
