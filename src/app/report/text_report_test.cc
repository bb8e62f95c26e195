#include "app/report/text_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

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

// An installer with two members, of which nothing is said yet.
model::Report SampleInstaller() {
  model::Report report = SampleUnsigned();
  report.artifacts[0].contents = model::Contents::kComplete;
  for (const char* name : {"Trader.exe", "Updater.exe"}) {
    model::Artifact member = report.artifacts[0];
    member.id = static_cast<uint32_t>(report.artifacts.size());
    member.parent = 0;
    member.path = std::string("setup.exe!") + name;
    member.contents = model::Contents::kNone;
    report.artifacts.push_back(member);
    model::CoverageRow& row = report.coverage.emplace_back();
    row.artifact = member.id;
    row.is_signed = model::Signed::kPresent;
  }
  return report;
}

// The line of `text` that ends in `end`.
std::string LineThatEndsIn(const std::string& text, const std::string& end) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with(end)) {
      return line;
    }
  }
  return "";
}

// `text` without line breaks and the blanks around them.
std::string Unfolded(const std::string& text) {
  std::istringstream stream(text);
  std::string joined;
  for (std::string line; std::getline(stream, line);) {
    joined += line.substr(std::min(line.find_first_not_of(' '), line.size()));
  }
  return joined;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TextReport, SaysWhoSignedAProgramWhateverCameOfIt) {
  model::Report report = SampleInstaller();
  report.coverage[0].signatures = {
      {"pub LLC", model::Integrity::kInvalid, model::Trust::kTrusted}};
  report.coverage[1].signatures = {
      {"pub LLC", model::Integrity::kValid, model::Trust::kUntrusted},
      {"pub LLC", model::Integrity::kValid, model::Trust::kUntrusted}};
  std::string text = FullReport(report, {.columns = 100}, false);
  text.erase(0, text.find("\nPrograms"));
  EXPECT_TRUE(
      Contains(LineThatEndsIn(text, "  Trader.exe"), "  pub LLC (invalid)  "));
  EXPECT_TRUE(Contains(LineThatEndsIn(text, "  Updater.exe"),
                       "  pub LLC (not trusted)  "));
  EXPECT_FALSE(Contains(text, "not trusted), pub LLC"));

  report.coverage[0].signatures = {
      {"pub LLC", model::Integrity::kInvalid, model::Trust::kRevoked},
      {"Other", model::Integrity::kMalformed, model::Trust::kUnchecked},
      {"Good AG", model::Integrity::kValid, model::Trust::kTrusted}};
  report.coverage[0].signers = {"Good AG"};
  report.coverage[1].signatures.clear();
  text = FullReport(report, kNarrow, true);
  text.erase(0, text.find("\nPrograms"));
  EXPECT_TRUE(Contains(
      Unfolded(text),
      "signed by pub LLC (invalid, revoked), Other (malformed), Good AG"));
  EXPECT_TRUE(Contains(LineThatEndsIn(text, "  Updater.exe"), "  present  "));
}

TEST(TextReport, SaysThatItIsNotKnownWhatIsStarted) {
  model::Report report = SampleInstaller();
  report.coverage[1].actions = {0};
  model::Action action;
  action.target = "[SOME_PROPERTY]";
  report.actions = {action};
  const auto started = [&](const char* name) {
    std::string text = FullReport(report, {.columns = 100}, false);
    text.erase(0, text.find("\nPrograms"));
    const std::string line = LineThatEndsIn(text, std::string("  ") + name);
    return Contains(line, "  yes  ")        ? "yes"
           : Contains(line, "  not said  ") ? "not said"
                                            : "";
  };
  EXPECT_STREQ(started("Trader.exe"), "not said");
  EXPECT_STREQ(started("Updater.exe"), "yes");
  report.actions[0].target = "notepad.exe";
  EXPECT_STREQ(started("Trader.exe"), "");
  report.actions[0].target = "$SYSDIR\\cmd.exe";
  EXPECT_STREQ(started("Trader.exe"), "");
  report.actions[0].target = "$SYSDIR\\$0";
  EXPECT_STREQ(started("Trader.exe"), "not said");
  report.actions[0].member = 2;
  EXPECT_STREQ(started("Trader.exe"), "");
  // Where it is written does not start anything, what is written does.
  report.actions[0].member.reset();
  report.actions[0].kind = model::ActionKind::kWriteRegistry;
  report.actions[0].persistence = model::Persistence::kLogon;
  report.actions[0].target = "HKLM\\[KEY]";
  report.actions[0].value = "a.exe";
  EXPECT_STREQ(started("Trader.exe"), "");
  report.actions[0].value = "\"$0\" /x";
  EXPECT_STREQ(started("Trader.exe"), "not said");
}

model::Action SampleRunKey() {
  model::Action action;
  action.kind = model::ActionKind::kWriteRegistry;
  action.persistence = model::Persistence::kLogon;
  action.statement = "Registry";
  action.order = "InstallExecuteSequence 6601";
  action.condition = "NOT REMOVE";
  action.target = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run";
  action.name = "Update";
  action.value = "\"[#Key]\" /silent";
  action.parameters = {{"program", std::string("[INSTALLDIR]/Updater.exe")},
                       {"waits", int64_t{0}}};
  return action;
}

TEST(TextReport, ShowsWhatARunKeyStarts) {
  model::Report report = SampleInstaller();
  report.actions = {SampleRunKey()};
  const std::string text = FullReport(report, kNarrow, false);
  ExpectWellFormed(text, 80);
  EXPECT_TRUE(Contains(Unfolded(text), "[#Key]"));
  EXPECT_TRUE(Contains(Unfolded(text), "([INSTALLDIR]/Updater.exe)"));
  EXPECT_FALSE(Contains(text, "NOT REMOVE"));
}

TEST(TextReport, CutsLongArgumentsUnlessVerbose) {
  model::Report report = SampleInstaller();
  model::Action action;
  action.target = "Updater.exe";
  action.arguments = "first" + std::string(300, 'x') + "middle" +
                     std::string(300, 'y') + "last";
  report.actions = {action};
  const std::string brief = Unfolded(FullReport(report, kNarrow, false));
  EXPECT_TRUE(Contains(brief, "first" + std::string(40, 'x')));
  EXPECT_TRUE(Contains(brief, std::string(60, 'y') + "last"));
  EXPECT_FALSE(Contains(brief, "middle"));
  const std::string text = FullReport(report, kNarrow, true);
  ExpectWellFormed(text, 80);
  EXPECT_TRUE(Contains(Unfolded(text), "arguments = " + action.arguments));
}

TEST(TextReport, VerboseSaysAllOfAnAction) {
  model::Report report = SampleInstaller();
  report.actions = {SampleRunKey()};
  report.actions[0].artifact = 2;
  report.actions[0].member = 1;
  const std::string text = FullReport(report, kNarrow, true);
  ExpectWellFormed(text, 80);
  for (const char* line :
       {"said by Updater.exe", "said in Registry, InstallExecuteSequence 6601",
        "if NOT REMOVE", "program = [INSTALLDIR]/Updater.exe", "waits = 0",
        "member = Trader.exe"}) {
    EXPECT_TRUE(Contains(text, std::string("\n      ") + line + "\n")) << line;
  }
}

TEST(TextReport, VerboseShowsScriptsLineByLine) {
  model::Report report = SampleInstaller();
  model::Action action;
  action.kind = model::ActionKind::kRunScript;
  action.target = "install.ps1";
  action.value = "Get-Date\r\n\n  if (1) {\n\x1b[2J}\n\nALLOW  setup.exe\n" +
                 std::string(200, ' ');
  action.condition = std::string(500, ' ');
  report.actions = {action};
  for (const size_t columns : {80U, 100U}) {
    ExpectWellFormed(FullReport(report, {.columns = columns}, true), columns);
  }
  EXPECT_TRUE(Contains(FullReport(report, kNarrow, true), R"(
      value =
      | Get-Date
      |
      |   if (1) {
      | \u{001B}[2J}
      |
      | ALLOW  setup.exe
)"));
  EXPECT_FALSE(Contains(FullReport(report, kNarrow, false), "Get-Date"));
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
