// Installers of others, where they are.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "formats/nsis.h"
#include "formats/pe.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

constexpr const char* kCorpus = "../shared/corpora/signature/";

// The overlay of a program of the corpus, or "" where there is none.
std::string OverlayOfReal(const std::string& path) {
  std::ifstream file(kCorpus + path, std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(file), {}};
  const auto image = ParsePe(base::AsBytes(program));
  if (!image) {
    return "";
  }
  const base::ByteRange overlay = Overlay(*image);
  return program.substr(overlay.offset, overlay.size);
}

std::string Sha256Of(const std::string& text) {
  return base::ToHex(
      base::Hash(base::DigestAlgorithm::kSha256, base::AsBytes(text)).View());
}

TEST(NsisRealFiles, AnInstallerOfNsis2) {
  const std::string container = OverlayOfReal(
      "google__omaha/omaha/testing/unittest_support/"
      "sha2_2a9c21acaaa63a3c58a7b9322bee948d.exe");
  if (container.empty()) {
    GTEST_SKIP() << "needs " << kCorpus << "google__omaha";
  }
  MemberRecorder recorder;
  ASSERT_TRUE(recorder.Run(UnpackNsis, base::AsBytes(container)));
  EXPECT_EQ(recorder.detail, "NSIS 2 installer, ANSI, zlib");
  EXPECT_EQ(recorder.members.size(), 13U);
  EXPECT_TRUE(recorder.remarks.empty());
  // As another program unpacks it.
  EXPECT_EQ(Sha256Of(recorder.ContentOf(
                "$OUTDIR/google-cloud-sdk/install_google_cloud_sdk.py")),
            "95297c3825484e641304c4bdac361566fafa43730e189e3a7f1240e6b4d655d2");
  EXPECT_EQ(Sha256Of(recorder.ContentOf("$INSTDIR/uninstaller.exe/data")),
            "28f10203ceeba0a8bdb62b3cfa2996d1f6cd63e13035ae31b0af0b71ebf7c8c6");
  base::Budget budget;
  const auto installer = ParseNsis(base::AsBytes(container), budget);
  ASSERT_TRUE(installer);
  EXPECT_TRUE(installer->opcodes_certain);
  const std::string script = NsisScript(*installer);
  EXPECT_NE(script.find("ExecWait \"msiexec /i $\\\"$R3$\\\" /passive"),
            std::string::npos);
  EXPECT_NE(script.find("System::Call \"kernel32::GetCurrentProcess()i.s\""),
            std::string::npos);
}

TEST(NsisRealFiles, AnInstallerThatIsNotCompressed) {
  const std::string container =
      OverlayOfReal("mozilla-releng__winsign/tests/data/signed.exe");
  if (container.empty()) {
    GTEST_SKIP() << "needs " << kCorpus << "mozilla-releng__winsign";
  }
  MemberRecorder recorder;
  ASSERT_TRUE(recorder.Run(UnpackNsis, base::AsBytes(container)));
  EXPECT_EQ(recorder.detail, "NSIS 3 installer, Unicode, not compressed");
  EXPECT_EQ(recorder.members.size(), 16U);
  EXPECT_TRUE(recorder.remarks.empty());
  EXPECT_EQ(Sha256Of(recorder.ContentOf("$PLUGINSDIR/nsExec.dll")),
            "c4c6fe032f3cd8b31528d7b99661f85ee22cb78746aee98ec568431d4f5043f7");
}

}  // namespace
}  // namespace countersign::formats
