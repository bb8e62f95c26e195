// Which files a command line is about, for finding them among the members.
// Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace countersign::install {

// What `program` (its lower-case name) is given to run, load or open by
// `arguments`, likeliest first.
//
// Spec: about_PowerShell_exe, rundll32, regsvr32, msiexec (Windows Commands,
// Microsoft); the java command (Oracle).
[[nodiscard]] std::vector<std::string> SubjectsOf(std::string_view program,
                                                  std::string_view arguments);

// All names of files in the arguments of a launcher, for where SubjectsOf leads
// nowhere; none where a shell only copies, deletes or shows files. Limit: 1,000
// words.
[[nodiscard]] std::vector<std::string> FileNamesIn(std::string_view program,
                                                   std::string_view arguments);

// Whether `path` begins with the folder of Windows, as users and installers
// write it, and stays in it. What is put in its "Temp" is no part of it.
[[nodiscard]] bool IsInSystemFolder(std::string_view path);

// Whether a program that is called as one of Windows may be that: where no
// folder is named, or one of the system.
[[nodiscard]] bool MayBeOfWindows(std::string_view program);

}  // namespace countersign::install
