#include "install/vsix/vsix.h"

#include <gtest/gtest.h>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::ActionKind;
using model::Format;

TEST(VsixManifest, AssetsAreRead) {
  const Reading reading =
      Read({Format::kUnknown, Format::kVsix, "extension.vsixmanifest"},
           R"(<PackageManifest
 xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Assets>
 <Asset Type="Microsoft.VisualStudio.VsPackage" Path="a.pkgdef"/></Assets>
</PackageManifest>)");
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRegisterExtension);
  EXPECT_EQ(reading.actions[0].name, "Microsoft.VisualStudio.VsPackage");
  EXPECT_EQ(reading.actions[0].target, "a.pkgdef");
}

}  // namespace
}  // namespace countersign::install
