// Files that Windows starts something from at logon. Private to the module.
#pragma once

#include <string_view>

namespace countersign::install {

// True for a path in the folder whose files are started at logon, as NSIS, Inno
// Setup and Windows name it ("$SMSTARTUP\a.lnk", "{userstartup}\a.lnk",
// "C:\...\Start Menu\Programs\Startup\a.lnk"). Case does not matter.
[[nodiscard]] bool IsStartupPath(std::string_view path);

// True for the value `name` of a file of settings whose programs are started at
// logon: run and load in [windows] of win.ini.
//
// Spec: "Win.ini" in IniFileMapping (Microsoft).
[[nodiscard]] bool IsStartupSetting(std::string_view file,
                                    std::string_view section,
                                    std::string_view name);

}  // namespace countersign::install
