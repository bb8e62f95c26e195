#include "vet/tree/member_name.h"

#include <gtest/gtest.h>

#include <string>

namespace countersign::vet {
namespace {

std::string FindingOf(std::string_view name) {
  const auto problem = FindNameProblem(name);
  return problem ? std::string(problem->finding) : "";
}

TEST(MemberName, OrdinaryNamesHaveNoProblem) {
  for (const char* name :
       {"setup.exe", "bin/Qt5Core.dll", "$INSTDIR\\updater.exe", "",
        "a b/c.d.e", "\5SummaryInformation", "\5DigitalSignature", ".hidden",
        "./usr/bin/x", "File::Spec.3pm.gz", "console.log", "nullable.txt",
        "Gr\xC3\xBC\xC3\x9F"
        "e.txt",
        "com10", "lpt", "caf\xE9.txt", "..data/..x", "\\u{202E}.txt"}) {
    if (std::string_view(name) == "\\u{202E}.txt") {
      // A backslash is a separator, so this one is absolute.
      EXPECT_EQ(FindingOf(name), "vet.member_escapes");
      continue;
    }
    EXPECT_EQ(FindingOf(name), "") << name;
  }
}

TEST(MemberName, WaysOutOfTheFolderAreSeen) {
  for (const char* name :
       {"/etc/passwd", "\\Windows\\x", "\\\\server\\share", "C:\\x", "c:x",
        "../x", "a/../../x", "a\\..\\x", "x/..", ".."}) {
    EXPECT_EQ(FindingOf(name), "vet.member_escapes") << name;
  }
}

TEST(MemberName, DeceptiveNamesAreSeen) {
  for (const char* name : {"invoice\xE2\x80\xAE"
                           "fdp.exe",
                           "a\xE2\x80\x8B"
                           "b",
                           "a\nb", "a\x7F", "CON", "nul.txt", "x/aux .c",
                           "COM1", "lpt9.dat", "conin$", "file.txt:stream",
                           "setup.exe ", "setup.exe.", "dir./x", "x\5y"}) {
    EXPECT_EQ(FindingOf(name), "vet.member_name_deceptive") << name;
  }
}

TEST(MemberName, NamesThatOverwriteEachOtherHaveOneKey) {
  EXPECT_EQ(CollisionKey("Dir\\File.TXT"), CollisionKey("dir/file.txt"));
  EXPECT_EQ(CollisionKey("a/b. "), CollisionKey("./A//B"));
  EXPECT_NE(CollisionKey("a/b"), CollisionKey("a b"));
  EXPECT_NE(CollisionKey("ab"), CollisionKey("a/b"));
}

}  // namespace
}  // namespace countersign::vet
