#include "app/report/text_report.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/report/summary.h"
#include "app/sample/reports.h"
#include "app/terminal/width.h"

namespace countersign::app {
namespace {

const TextStyle kNarrow = {.columns = 80};

// What every report must be, whatever it says.
void ExpectWellFormed(const std::string& text, size_t columns) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    EXPECT_FALSE(line.ends_with(' ')) << line;
    EXPECT_LE(Width(line), columns) << line;
  }
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_FALSE(text.ends_with("\n\n"));
  EXPECT_EQ(text.find("\n\n\n"), std::string::npos);
}

TEST(TextReport, Unsigned) {
  EXPECT_EQ(FullReport(SampleUnsigned(), kNarrow, false),
            R"(HOLD   setup.exe
       PE32+ x86-64 console program, 12.1 KiB (12,345 bytes)
       sha256 9999999999999999999999999999999999999999999999999999999999999999

Why
  1  The file carries no signature.
     Clears if: a signed release is vetted

Signatures
  None: the file carries no signature.

Findings
  medium    signing.unsigned  (reason 1)
            evidence: 64 bytes at offset 0

Trust  judged at 2023-11-14T22:13:20Z
  public: 515 certificates for code-signing
    from https://example.com/roots
    sha256  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    content bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

countersign 0.1.0, policy 1: 1 artifact, 12.1 KiB in 0.02 s
)");
}

TEST(TextReport, MixedDualSignatures) {
  const std::string text = FullReport(SampleMixed(), kNarrow, false);
  EXPECT_NE(text.find(R"(
Signatures
  #       integrity  trust      digest  timestamp
  0       valid      trusted    sha256  2022-04-15 trusted
          Certificate issued in the name of Example Software GmbH (Example
          Holding SE)
          by CN=Example Code Signing CA,O=Example Authority,C=US
          publisher key de:hrb 12345
  1 in 0  invalid    unchecked  sha1    none
          Certificate issued in the name of Example Software GmbH (Example
          Holding SE)
          by CN=Example Code Signing CA,O=Example Authority,C=US
          publisher key de:hrb 12345
          Weak: sha1
)"),
            std::string::npos)
      << text;
}

TEST(TextReport, SaysTheVerdictFirst) {
  EXPECT_TRUE(FullReport(SampleAllowed(), kNarrow, false)
                  .starts_with("ALLOW  setup.exe\n"));
  EXPECT_TRUE(FullReport(SampleTampered(), kNarrow, false)
                  .starts_with("BLOCK  setup.exe\n"));
}

TEST(TextReport, IncompleteIsSaidAtOnce) {
  const std::string text = FullReport(SampleIncomplete(), kNarrow, false);
  EXPECT_LT(text.find("Not everything was inspected."), text.find("Why"));
  EXPECT_NE(text.find("Limits reached\n  milliseconds            60,000\n"),
            std::string::npos);
}

TEST(TextReport, IsWellFormedInEveryWidthAndDetail) {
  for (const model::Report& report :
       {SampleAllowed(), SampleUnsigned(), SampleTampered(), SampleMixed(),
        SampleIncomplete()}) {
    for (const size_t columns : {80U, 100U}) {
      for (const bool verbose : {false, true}) {
        ExpectWellFormed(FullReport(report, {.columns = columns}, verbose),
                         columns);
      }
      ExpectWellFormed(CompactReport(report, {.columns = columns}), columns);
    }
  }
}

TEST(TextReport, HostileTextIsShownHarmless) {
  model::Report report = SampleTampered();
  const std::string evil = "a\x1b[2J\u202egpj.exe\r\nALLOW  b\u200b\xff\u0085";
  report.input = evil;
  report.reasons = {evil};
  report.findings[0].message = evil + "2";
  report.findings[0].id = evil;
  report.findings[0].clears_if = evil;
  report.artifacts[0].detail = evil;
  report.trust[0].store = evil;
  model::SignatureFacts& signature = report.artifacts[0].signatures[0];
  signature.signer->common_name = evil;
  signature.signer->issuer = evil;
  signature.signer->publisher_key = evil;
  signature.program_name = evil;
  signature.digest_algorithm = evil;
  signature.weak = {evil};
  for (const bool unicode : {false, true}) {
    const TextStyle style = {.columns = 80, .color = false, .unicode = unicode};
    for (const std::string& text :
         {FullReport(report, style, true), CompactReport(report, style),
          QuietLine(report, style)}) {
      EXPECT_EQ(text.find('\x1b'), std::string::npos);
      EXPECT_EQ(text.find('\r'), std::string::npos);
      EXPECT_EQ(text.find("\u202e"), std::string::npos);
      EXPECT_EQ(text.find("\u200b"), std::string::npos);
      EXPECT_EQ(text.find("\nALLOW"), std::string::npos);
      EXPECT_NE(text.find("a\\u{001B}[2J\\u{202E}gpj.exe"), std::string::npos);
    }
  }
}

TEST(TextReport, AsciiLocaleGetsAsciiOnly) {
  model::Report report = SampleMixed();
  report.input = "\u65e5\u672c.exe";
  report.artifacts.push_back(report.artifacts[0]);
  report.artifacts[1].parent = 0;
  report.artifacts[1].path = std::string(200, 'x') + "\u00e4";
  const TextStyle style = {.columns = 80, .color = false, .unicode = false};
  for (const char c : FullReport(report, style, true)) {
    EXPECT_GE(c, 0);
  }
}

TEST(TextReport, SaysWhatToDoWithoutACodeSigningStore) {
  model::Report report = SampleUnsigned();
  EXPECT_EQ(FullReport(report, kNarrow, false).find("trust update"),
            std::string::npos);
  report.trust[0].purposes = {"tls"};
  EXPECT_NE(FullReport(report, kNarrow, false).find("trust update"),
            std::string::npos);
}

TEST(TextReport, ListsMembersUpToALimit) {
  model::Report report = SampleUnsigned();
  for (uint32_t i = 1; i <= 30; ++i) {
    model::Artifact member = report.artifacts[0];
    member.id = i;
    member.parent = 0;
    member.path = "setup.exe!member-" + std::to_string(i);
    report.artifacts.push_back(member);
  }
  const std::string text = FullReport(report, kNarrow, false);
  EXPECT_NE(text.find("Contents  30 members"), std::string::npos);
  EXPECT_NE(text.find("and 10 more: --verbose"), std::string::npos);
  EXPECT_EQ(text.find("member-21"), std::string::npos);
  EXPECT_NE(FullReport(report, kNarrow, true).find("member-30"),
            std::string::npos);
}

TEST(TextReport, CountsInformationUnlessVerbose) {
  model::Report report = SampleAllowed();
  model::Finding finding;
  finding.id = "signing.note";
  finding.message = "A remark.";
  report.findings = {finding};
  EXPECT_NE(FullReport(report, kNarrow, false)
                .find("Findings\n  1 finding for information: --verbose\n"),
            std::string::npos);
  EXPECT_NE(FullReport(report, kNarrow, true).find("A remark."),
            std::string::npos);
}

TEST(TextReport, QuietIsOneLine) {
  EXPECT_EQ(QuietLine(SampleTampered(), kNarrow),
            "BLOCK  setup.exe: The content was changed after signing.\n");
}

TEST(Summary, CountsVerdictsAndWhatWasLeftOut) {
  Summary summary;
  summary.Add(SampleAllowed());
  summary.Add(SampleTampered());
  summary.Add(SampleIncomplete());
  summary.AddUnreadable();
  summary.AddLink();
  const std::string text = summary.Text(kNarrow, 2.0);
  EXPECT_EQ(text, R"(Summary  3 files
  allow       1
  hold        1
  block       1
  incomplete  1 file not inspected completely
  not read    1 path: see the messages above
  skipped     1 symbolic link
  formats     pe 3
  size        36.2 KiB
  time        2.00 s, 1.5 files/s, 18.1 KiB/s

Trust  judged at 2023-11-14T22:13:20Z
  public: 515 certificates for code-signing
    from https://example.com/roots
    sha256  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    content bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
)");
}

}  // namespace
}  // namespace countersign::app
