#include "install/burn/burn.h"

#include <gtest/gtest.h>

#include <string>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Format;
using model::RunsAs;

constexpr Place kBurnManifest{Format::kUnknown, Format::kCab, "0"};

TEST(BurnManifest, PackagesOfTheChainAreRead) {
  const Reading reading = Read(kBurnManifest, R"(<?xml version="1.0"?>
<BurnManifest xmlns="http://schemas.microsoft.com/wix/2008/Burn">
 <UX><Payload Id="u0" FilePath="wixstdba.dll" SourcePath="u0"/></UX>
 <Payload Id="runtime" FilePath="vcredist.exe" Packaging="external"
  SourcePath="a1" DownloadUrl="https://example.com/vc.exe" Hash="AB"/>
 <Payload Id="product" FilePath="trade.msi" Packaging="embedded"
  SourcePath="a0" Container="WixAttachedContainer"/>
 <Chain>
  <ExePackage Id="Runtime" PerMachine="yes" InstallArguments="/quiet /x"
    UninstallArguments="/remove" InstallCondition="VersionNT64"
    DetectCondition="Installed"><PayloadRef Id="runtime"/></ExePackage>
  <MsiPackage Id="Product" PerMachine="no" ProductCode="{1}">
   <MsiProperty Id="A" Value="1"/><MsiProperty Id="B" Value="2"/>
   <PayloadRef Id="product"/></MsiPackage>
 </Chain>
</BurnManifest>)");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 4U);
  const Action& install = reading.actions[0];
  EXPECT_EQ(install.kind, ActionKind::kRunProgram);
  EXPECT_EQ(install.target, "vcredist.exe");
  EXPECT_EQ(install.arguments, "/quiet /x");
  EXPECT_EQ(install.condition, "VersionNT64");
  EXPECT_EQ(install.runs_as, RunsAs::kAdministrator);
  EXPECT_EQ(Parameter(install, "stored_as"), "a1");
  EXPECT_EQ(reading.actions[1].phase, ActionPhase::kUninstall);
  EXPECT_EQ(reading.actions[1].arguments, "/remove");
  EXPECT_EQ(reading.actions[2].kind, ActionKind::kDownload);
  EXPECT_EQ(reading.actions[2].target, "https://example.com/vc.exe");
  const Action& product = reading.actions[3];
  EXPECT_EQ(product.kind, ActionKind::kInstallPackage);
  EXPECT_EQ(product.arguments, "A=1 B=2");
  EXPECT_EQ(product.runs_as, RunsAs::kUser);
}

TEST(BurnManifest, OtherMembersOfThatNameSayNothing) {
  const Reading reading = Read(kBurnManifest, "MZ no manifest");
  EXPECT_FALSE(reading.failed);
  EXPECT_TRUE(reading.actions.empty());
  EXPECT_TRUE(Read(kBurnManifest, "<BurnManifest><Chain>").failed);
}

// What may stand in front of the outermost element, in every encoding.
TEST(BurnManifest, IsKnownByItsOutermostElement) {
  const std::string comment = "<!--" + std::string(10'000, 'x') + "-->";
  const std::string manifest =
      "<b:BurnManifest xmlns:b='u'><b:Chain><b:MsiPackage Id='a'/></b:Chain>"
      "</b:BurnManifest>";
  std::string wide = "\xFF\xFE";
  for (const char letter : comment + manifest) {
    wide += letter;
    wide += '\0';
  }
  for (const std::string& text :
       {manifest, comment + manifest, "\xEF\xBB\xBF" + manifest,
        "<?xml version='1.0'?>" + comment + manifest, wide}) {
    const Reading reading = Read(kBurnManifest, text);
    EXPECT_FALSE(reading.failed);
    ASSERT_EQ(reading.actions.size(), 1U);
    EXPECT_EQ(reading.actions[0].name, "a");
  }
  // No document type is read, and none hides the manifest.
  EXPECT_TRUE(
      Read(kBurnManifest, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + manifest).failed);
}

}  // namespace
}  // namespace countersign::install
