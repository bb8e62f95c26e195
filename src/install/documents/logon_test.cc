#include "install/documents/logon.h"

#include <gtest/gtest.h>

namespace countersign::install {
namespace {

TEST(Logon, FilesInTheStartupFolderAreKnown) {
  for (const char* path :
       {R"($SMSTARTUP)", R"($SMSTARTUP\a.lnk)", R"($SMStartup/a.exe)",
        R"({userstartup}\a)", R"({commonstartup}\a)", R"({autostartup}\a.lnk)",
        R"(C:\x\Start Menu\Programs\StartUp\a.exe)",
        R"($APPDATA\Microsoft\Windows\Start Menu\Programs\Startup)",
        R"($SMPROGRAMS\Startup\a.lnk)", R"($STARTMENU\Programs\Startup\a)",
        R"({userprograms}\startup\a)", R"("$SMSTARTUP\a.exe")"}) {
    EXPECT_TRUE(IsStartupPath(path)) << path;
  }
  for (const char* path :
       {"", R"($INSTDIR\startup\a.exe)", R"($SMPROGRAMS\Startup tools\a.lnk)",
        R"($SMSTARTUPS\a)", R"($INSTDIR\$SMSTARTUP)", R"($$SMSTARTUP\a)",
        R"({app}\startup.exe)"}) {
    EXPECT_FALSE(IsStartupPath(path)) << path;
  }
}

TEST(Logon, SettingsThatStartProgramsAreKnown) {
  EXPECT_TRUE(IsStartupSetting(R"($WINDIR\Win.ini)", "Windows", "Run"));
  EXPECT_TRUE(IsStartupSetting("{win}/win.ini", "windows", "LOAD"));
  EXPECT_TRUE(IsStartupSetting("win.ini", "windows", "load"));
  EXPECT_FALSE(IsStartupSetting(R"($WINDIR\win.ini)", "windows", "device"));
  EXPECT_FALSE(IsStartupSetting(R"($WINDIR\win.ini)", "fonts", "run"));
  EXPECT_FALSE(IsStartupSetting(R"($INSTDIR\mywin.ini)", "windows", "run"));
}

}  // namespace
}  // namespace countersign::install
