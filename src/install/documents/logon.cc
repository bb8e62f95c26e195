#include "install/documents/logon.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace countersign::install {
namespace {

// Of placeholders only at the start, since they are whole paths.
constexpr std::array<std::string_view, 4> kStartupPlaceholders = {
    "$smstartup", "{userstartup}", "{commonstartup}", "{autostartup}"};
constexpr std::array<std::string_view, 5> kStartupFolders = {
    R"(start menu\programs\startup)",  // what it is called on disk
    R"(startmenu\programs\startup)",   // $STARTMENU, $COMMONSTARTMENU, ...
    R"(startmenu}\programs\startup)",  // {userstartmenu}, ...
    R"(smprograms\startup)",           // $SMPROGRAMS, ...
    R"(programs}\startup)"};           // {userprograms}, ...

// Whether the name that ends at `end` is all of a name.
bool IsNameEnd(std::string_view path, size_t end) {
  return end >= path.size() || path[end] == '\\';
}

}  // namespace

bool IsStartupPath(std::string_view path) {
  std::string lower = base::AsciiLower(path);
  std::ranges::replace(lower, '/', '\\');
  lower.erase(0, lower.find_first_not_of(" \""));
  for (const std::string_view placeholder : kStartupPlaceholders) {
    if (lower.starts_with(placeholder) &&
        IsNameEnd(lower, placeholder.size())) {
      return true;
    }
  }
  return std::ranges::any_of(kStartupFolders, [&](std::string_view folder) {
    const size_t at = lower.find(folder);
    return at != std::string::npos && IsNameEnd(lower, at + folder.size());
  });
}

bool IsStartupSetting(std::string_view file, std::string_view section,
                      std::string_view name) {
  std::string lower = base::AsciiLower(file);
  std::ranges::replace(lower, '/', '\\');
  const std::string setting = base::AsciiLower(name);
  return lower.substr(lower.rfind('\\') + 1) == "win.ini" &&
         base::AsciiLower(section) == "windows" &&
         (setting == "run" || setting == "load");
}

}  // namespace countersign::install
