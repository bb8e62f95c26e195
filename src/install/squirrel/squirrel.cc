#include "install/squirrel/squirrel.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "formats/zip.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;

constexpr size_t kSha1Digits = 40;

// The next word of `line`, which loses it.
std::string_view TakeWord(std::string_view& line) {
  const size_t start = std::min(line.find_first_not_of(" \t\r"), line.size());
  line.remove_prefix(start);
  const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool AreAll(std::string_view text, std::string_view letters) {
  return !text.empty() &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

}  // namespace

base::Result<void> ReadSquirrelReleases(const Place& /*place*/,
                                        const base::Blob& file,
                                        base::Budget& budget,
                                        ActionList& actions) {
  std::string_view text = base::AsText(file.View());
  CS_TRY_VOID(budget.ChargeSteps(1 + text.size() / 64, 0));
  size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < text.size() && !actions.IsFull()) {
    CS_TRY_VOID(budget.ChargeSteps(1, at));
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    const std::string_view digest = TakeWord(line);
    const std::string_view name = TakeWord(line);
    const std::string_view size = TakeWord(line);
    if (digest.size() == kSha1Digits &&
        AreAll(digest, "0123456789abcdefABCDEF") &&
        AreAll(size, "0123456789") &&
        base::AsciiLower(name).ends_with(".nupkg")) {
      Action action;
      action.kind = ActionKind::kInstallPackage;
      // Quirk: the program that updates installs for the user who runs it.
      action.runs_as = model::RunsAs::kUser;
      action.statement = "RELEASES";
      action.target = name;
      action.evidence = {at, end - at};
      action.parameters = {{"sha1", base::AsciiLower(digest)},
                           {"bytes", std::string(size)}};
      actions.Add(std::move(action));
    }
    at = end + 1;
  }
  return {};
}

bool IsSquirrelArchive(std::string_view name) {
  return base::AsciiLower(name).starts_with("[resources]/data/131/");
}

base::Result<void> ReadSquirrelArchive(const Place& /*place*/,
                                       const base::Blob& file,
                                       base::Budget& budget,
                                       ActionList& actions) {
  const auto archive = formats::ParseZip(file.View(), budget);
  if (!archive) {
    return budget.Reached()
               ? base::Result<void>(std::unexpected(archive.error()))
               : base::Result<void>();
  }
  for (const formats::ZipEntry& entry : archive->entries) {
    if (base::AsciiLower(entry.name) == "update.exe") {
      Action& action = actions.Open();
      action.runs_as = model::RunsAs::kInstaller;
      action.statement = "Squirrel Setup";
      action.target = entry.name;
      action.arguments = "--install .";
      action.evidence = entry.central_header;
      break;
    }
  }
  return {};
}

}  // namespace countersign::install
