#include "install/windows/registry.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Persistence;

// A key ends with `key`, or has it followed by more where `below` is true.
struct StartKey {
  std::string_view key;
  bool below;
  std::string_view value;  // in lower case; "" for any
  Persistence persistence;
};

// Spec: "Run and RunOnce Registry Keys", "Winlogon registry entries", "AppInit
// DLLs and Secure Boot", "Configuring Automatic Debugging", "Registering
// Network Providers and Credential Managers" (Microsoft); techniques T1547,
// T1546 and T1543.003 of MITRE ATT&CK.
constexpr std::array kStartKeys = {
    StartKey{R"(\currentversion\run)", false, "", Persistence::kLogon},
    StartKey{R"(\currentversion\runonce)", false, "", Persistence::kLogon},
    StartKey{R"(\currentversion\runonceex)", true, "", Persistence::kLogon},
    StartKey{R"(\currentversion\runservices)", false, "", Persistence::kLogon},
    StartKey{R"(\currentversion\policies\explorer\run)", false, "",
             Persistence::kLogon},
    StartKey{R"(\currentversion\winlogon)", false, "shell",
             Persistence::kLogon},
    StartKey{R"(\currentversion\winlogon)", false, "userinit",
             Persistence::kLogon},
    StartKey{R"(\currentversion\winlogon\notify)", true, "dllname",
             Persistence::kInjection},
    StartKey{R"(\active setup\installed components)", true, "stubpath",
             Persistence::kLogon},
    StartKey{R"(\environment)", false, "userinitmprlogonscript",
             Persistence::kLogon},
    StartKey{R"(\windows nt\currentversion\windows)", false, "load",
             Persistence::kLogon},
    StartKey{R"(\windows nt\currentversion\windows)", false, "run",
             Persistence::kLogon},
    StartKey{R"(\windows nt\currentversion\windows)", false, "appinit_dlls",
             Persistence::kInjection},
    StartKey{R"(\image file execution options)", true, "debugger",
             Persistence::kInjection},
    StartKey{R"(\silentprocessexit)", true, "monitorprocess",
             Persistence::kInjection},
    StartKey{R"(\control\session manager)", false, "bootexecute",
             Persistence::kInjection},
    StartKey{R"(\session manager\appcertdlls)", false, "",
             Persistence::kInjection},
    StartKey{R"(\control\lsa)", false, "security packages",
             Persistence::kInjection},
    StartKey{R"(\control\lsa)", false, "authentication packages",
             Persistence::kInjection},
    StartKey{R"(\control\lsa)", false, "notification packages",
             Persistence::kInjection},
    StartKey{R"(\lsa\osconfig)", false, "security packages",
             Persistence::kInjection},
    StartKey{R"(\control\print\monitors)", true, "driver",
             Persistence::kInjection},
    StartKey{R"(\w32time\timeproviders)", true, "dllname",
             Persistence::kInjection},
    StartKey{R"(\microsoft\netsh)", false, "", Persistence::kInjection},
    StartKey{R"(\explorer\shellexecutehooks)", false, "",
             Persistence::kInjection},
    StartKey{R"(\currentversion\shellserviceobjectdelayload)", false, "",
             Persistence::kInjection},
    StartKey{R"(\explorer\browser helper objects)", true, "",
             Persistence::kInjection},
    StartKey{R"(\services)", true, "imagepath", Persistence::kService},
    StartKey{R"(\services)", true, "servicedll", Persistence::kService},
};

bool IsThere(std::string_view key, const StartKey& row) {
  return key.ends_with(row.key) ||
         (row.below &&
          key.find(std::string(row.key) + '\\') != std::string_view::npos);
}

}  // namespace

Persistence PersistenceOf(std::string_view key, std::string_view name) {
  std::string lower = "\\" + base::AsciiLower(key);
  while (lower.ends_with('\\')) {
    lower.pop_back();
  }
  const std::string value = base::AsciiLower(name);
  const auto* row = std::ranges::find_if(kStartKeys, [&](const StartKey& r) {
    return (r.value.empty() || r.value == value) && IsThere(lower, r);
  });
  return row == kStartKeys.end() ? Persistence::kNone : row->persistence;
}

}  // namespace countersign::install
