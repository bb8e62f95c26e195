#include "install/windows/encoded.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "install/action_list.h"

namespace countersign::install {
namespace {

using model::Action;

// "dir"
constexpr std::string_view kDir = "ZABpAHIA";
// "powershell -e ZABpAHIA"
constexpr std::string_view kTwice =
    "cABvAHcAZQByAHMAaABlAGwAbAAgAC0AZQAgAFoAQQBCAHAAQQBIAEkAQQA=";

std::vector<std::string> DecodedOf(const Action& action) {
  std::vector<std::string> texts;
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == kDecodedCommand) {
      texts.push_back(std::get<std::string>(parameter.value));
    }
  }
  return texts;
}

TEST(DecodeCommand, IsBase64OfUtf16) {
  EXPECT_EQ(DecodeCommand(kDir), "dir");
  EXPECT_EQ(DecodeCommand("5AA="), "\xC3\xA4");
  // Quirk: PowerShell takes blanks in it, and does not mind an odd byte behind.
  EXPECT_EQ(DecodeCommand("ZABp AHIA"), "dir");
  EXPECT_EQ(DecodeCommand("ZABpAHIAIw=="), "dir");
  for (const std::string_view word : {"", "ZABp!HIA", "Z", "ZA=="}) {
    EXPECT_FALSE(DecodeCommand(word)) << word;
  }
}

TEST(FindEncodedCommands, KeepsTheCaseOfWhatIsEncoded) {
  using Words = std::vector<std::string>;
  const std::string word(kDir);
  for (const std::string prefix :
       {"powershell -e ", "PowerShell.EXE -NoP -W Hidden -EncodedCommand ",
        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe /eNc ",
        "\"$SYSDIR\\powershell.exe\" -ep bypass -ec ",
        "cmd /c \"powers^hell -e ", "a.exe & pwsh -en ", "powershell --e ",
        "powershell \xE2\x80\x93"
        "enc ",
        "[SystemFolder]powershell \xE2\x80\x95"
        "e ",
        "pwsh -wd \"C:\\Program Files\" -e ", "cmd /c powershell/e ",
        "\"powershell.exe\"-e ", "cmd /c\"powershell -e ", "#%powershell -e ",
        "%ComSpec% /c start powershell -e ", "it's 1 & powershell -e "}) {
    EXPECT_EQ(FindEncodedCommands(prefix + word), Words{word}) << prefix;
  }
  for (const std::string prefix :
       {"powershell -c dir -e ", "powershell -f a.ps1 -e ",
        "powershell a.ps1 b -e ", "a.exe -e ", "powershell2 -e "}) {
    EXPECT_TRUE(FindEncodedCommands(prefix + word).empty()) << prefix;
  }
  EXPECT_TRUE(FindEncodedCommands("powershell -e").empty());
  EXPECT_EQ(FindEncodedCommands("powershell -e \"ZABp AHIA\""),
            Words{"ZABp AHIA"});
  EXPECT_EQ(FindEncodedCommands("pwsh -e AAA; powershell -e ZABpAHIA"),
            (Words{"AAA", "ZABpAHIA"}));
}

TEST(FindEncodedCommands, ManyNamesOfShellsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 500'000; ++i) {
    text += "pwsh -a ";
  }
  EXPECT_TRUE(FindEncodedCommands(text).empty());
}

TEST(DecodedCommands, AreOnesInOnesToo) {
  Action action;
  action.target = "powershell.exe";
  action.arguments = "-enc " + std::string(kTwice);
  AddDecodedCommands(action);
  EXPECT_EQ(DecodedOf(action),
            (std::vector<std::string>{"powershell -e ZABpAHIA", "dir"}));
  // In a Run key, and in a script.
  for (std::string Action::* const text : {&Action::value, &Action::name}) {
    Action other;
    other.*text = "powershell -e " + std::string(kDir);
    AddDecodedCommands(other);
    EXPECT_EQ(DecodedOf(other), std::vector<std::string>{"dir"});
  }
  Action plain;
  plain.target = "powershell.exe";
  plain.arguments = "-enc AAA!";
  AddDecodedCommands(plain);
  EXPECT_TRUE(plain.parameters.empty());
}

TEST(DecodedCommands, ThereIsAnEndAndItIsSaid) {
  // Each layer is 8/3 of what is in it.
  Action deep;
  deep.value =
      "powershell -e "
      "cABvAHcAZQByAHMAaABlAGwAbAAgAC0AZQAgAGMAQQBCAHYAQQBIAGMAQQBaAFEAQgB5AEEA"
      "SABNAEEAYQBBAEIAbABBAEcAdwBBAGIAQQBBAGcAQQBDADAAQQBaAFEAQQBnAEEARwBNAEEA"
      "UQBRAEIAQwBBAEgAWQBBAFEAUQBCAEkAQQBHAE0AQQBRAFEAQgBhAEEARgBFAEEAUQBnAEIA"
      "NQBBAEUARQBBAFMAQQBCAE4AQQBFAEUAQQBZAFEAQgBCAEEARQBJAEEAYgBBAEIAQgBBAEUA"
      "YwBBAGQAdwBCAEIAQQBHAEkAQQBRAFEAQgBCAEEARwBjAEEAUQBRAEIARABBAEQAQQBBAFEA"
      "UQBCAGEAQQBGAEUAQQBRAFEAQgBuAEEARQBFAEEAUgB3AEIATgBBAEUARQBBAFUAUQBCAFIA"
      "QQBFAEkAQQBRAHcAQgBCAEEARQBnAEEAVwBRAEIAQgBBAEYARQBBAFUAUQBCAEMAQQBFAGsA"
      "QQBRAFEAQgBIAEEARQAwAEEAUQBRAEIAUgBBAEYARQBBAFEAZwBCAGgAQQBFAEUAQQBSAGcA"
      "QgBGAEEARQBFAEEAVQBRAEIAbgBBAEUASQBBAE4AUQBCAEIAQQBFAFUAQQBSAFEAQgBCAEEA"
      "RgBNAEEAUQBRAEIAQwBBAEUANABBAFEAUQBCAEYAQQBFAFUAQQBRAFEAQgBaAEEARgBFAEEA"
      "UQBnAEIAQwBBAEUARQBBAFIAUQBCAEoAQQBFAEUAQQBZAGcAQgBCAEEARQBJAEEAUQBnAEIA"
      "QgBBAEUAVQBBAFkAdwBCAEIAQQBHAFEAQQBkAHcAQgBDAEEARQBJAEEAUQBRAEIASABBAEUA"
      "awBBAFEAUQBCAFIAQQBGAEUAQQBRAGcAQgBDAEEARQBFAEEAUgB3AEIAagBBAEUARQBBAFUA"
      "UQBCAFIAQQBFAEkAQQBSAEEAQgBCAEEARQBRAEEAUQBRAEIAQgBBAEYARQBBAFUAUQBCAEMA"
      "QQBHAEUAQQBRAFEAQgBHAEEARQBVAEEAUQBRAEIAUgBBAEYARQBBAFEAZwBCAHUAQQBFAEUA"
      "QQBSAFEAQgBGAEEARQBFAEEAVQBnAEIAMwBBAEUASQBBAFQAZwBCAEIAQQBFAFUAQQBSAFEA"
      "QgBCAEEARgBVAEEAVQBRAEIAQwBBAEYASQBBAFEAUQBCAEYAQQBFAGsAQQBRAFEAQgBSAEEA"
      "SABjAEEAUQBnAEIAQwBBAEUARQBBAFIAUQBCAG4AQQBFAEUAQQBWAHcAQgBSAEEARQBJAEEA"
      "UQBnAEIAQgBBAEUAWQBBAFIAUQBCAEIAQQBGAFUAQQBVAFEAQgBDAEEARQBNAEEAUQBRAEIA"
      "RgBBAEcAcwBBAFEAUQBCAFIAQQBGAEUAQQBRAGcAQgBJAEEARQBFAEEAUgBRAEEAdwBBAEUA"
      "RQBBAFUAUQBCAFIAQQBFAEkAQQBVAGcAQgBCAEEARQBZAEEAUgBRAEIAQgBBAEYARQBBAFoA"
      "dwBCAEMAQQBHAGcAQQBRAFEAQgBGAEEARQBVAEEAUQBRAEIAUwBBAEcAYwBBAFEAZwBCAEcA"
      "QQBFAEUAQQBSAFEAQgBGAEEARQBFAEEAVgBRAEIAUgBBAEUASQBBAGIAZwBCAEIAQQBFAFUA"
      "QQBTAFEAQgBCAEEARQA0AEEAVQBRAEIAQwBBAEUASQBBAFEAUQBCAEYAQQBGAFUAQQBRAFEA"
      "QgBTAEEARgBFAEEAUQBnAEIAQwBBAEUARQBBAFIAZwBCAE4AQQBFAEUAQQBVAFEAQgBSAEEA"
      "RQBJAEEAUQB3AEIAQgBBAEUAVQBBAE4AQQBCAEIAQQBGAEUAQQBVAFEAQgBDAEEARQBZAEEA"
      "UQBRAEIARgBBAEYAVQBBAFEAUQBCAFIAQQBGAEUAQQBRAGcAQgBhAEEARQBFAEEAUgBnAEIA"
      "RgBBAEUARQBBAFUAUQBCAG4AQQBFAEkAQQBRAHcAQgBCAEEARQBVAEEAUgBRAEIAQgBBAEYA"
      "SQBBAFUAUQBCAEMAQQBFAG8AQQBRAFEAQgBGAEEARQBVAEEAUQBRAEIAWgBBAEcAYwBBAFEA"
      "ZwBCAEMAQQBFAEUAQQBSAFEAQgBKAEEARQBFAEEAVQBRAEIAbgBBAEUASQBBAFEAZwBCAEIA"
      "QQBFAFUAQQBWAFEAQgBCAEEARgBrAEEAZAB3AEIAQwBBAEUASQBBAFEAUQBCAEgAQQBGAEUA"
      "QQBRAFEAQgBrAEEASABjAEEAUQBnAEIARABBAEUARQBBAFIAUQBCAEoAQQBFAEUAQQBVAFEA"
      "QgBSAEEARQBJAEEAUwBBAEIAQgBBAEUAVQBBAGEAdwBCAEIAQQBGAEUAQQBVAFEAQgBDAEEA"
      "RgBJAEEAUQBRAEIARwBBAEUAVQBBAFEAUQBCAFIAQQBHAGMAQQBRAGcAQgBEAEEARQBFAEEA"
      "UgBRAEIARgBBAEUARQBBAFUAZwBCADMAQQBFAEkAQQBhAGcAQgBCAEEARQBVAEEAUgBRAEIA"
      "QgBBAEYAVQBBAFUAUQBCAEMAQQBGAEkAQQBRAFEAQgBGAEEARQBrAEEAUQBRAEIAUwBBAEUA"
      "RQBBAFEAZwBCAEMAQQBFAEUAQQBSAFEAQgBSAEEARQBFAEEAVQBRAEIAUgBBAEUASQBBAFEA"
      "ZwBCAEIAQQBFAFkAQQBSAFEAQgBCAEEARgBVAEEAVQBRAEIAQwBBAEUATQBBAFEAUQBCAEgA"
      "QQBFAFUAQQBRAFEAQgBSAEEARgBFAEEAUQBnAEIASABBAEUARQBBAFIAUQBCAFYAQQBFAEUA"
      "QQBVAFEAQgBSAEEARQBJAEEAVQBnAEIAQgBBAEUAWQBBAFIAUQBCAEIAQQBGAEUAQQBaAHcA"
      "QgBDAEEASABVAEEAUQBRAEIARgBBAEUAVQBBAFEAUQBCAFMAQQBGAEUAQQBRAGcAQgBHAEEA"
      "RQBFAEEAUgBRAEIARgBBAEUARQBBAFYAUQBCAG4AQQBFAEkAQQBiAGcAQgBCAEEARQBVAEEA"
      "UwBRAEIAQgBBAEcAUQBBAFoAdwBCAEMAQQBFAEkAQQBRAFEAQgBGAEEARgBVAEEAUQBRAEIA"
      "UwBBAEYARQBBAFEAZwBCAEMAQQBFAEUAQQBSAGcAQgBWAEEARQBFAEEAVgBRAEIAUgBBAEUA"
      "SQBBAFEAdwBCAEIAQQBFAFkAQQBTAFEAQgBCAEEARgBFAEEAVQBRAEIAQwBBAEUAWQBBAFEA"
      "UQBCAEYAQQBHAHMAQQBRAFEAQgBSAEEARgBFAEEAUQBnAEIAUwBBAEUARQBBAFMAQQBCAGoA"
      "QQBFAEUAQQBVAFEAQgBuAEEARQBJAEEAUQB3AEIAQgBBAEUAVQBBAFIAUQBCAEIAQQBGAEkA"
      "QQBVAFEAQgBDAEEARwA0AEEAUQBRAEIARgBBAEUAVQBBAFEAUQBCAFYAQQBGAEUAQQBRAGcA"
      "QgBTAEEARQBFAEEAUgBRAEIASgBBAEUARQBBAFUAUQBCAG4AQQBFAEkAQQBRAGcAQgBCAEEA"
      "RQBVAEEAVwBRAEIAQgBBAEYASQBBAFUAUQBCAEMAQQBFAEkAQQBRAFEAQgBHAEEARgBVAEEA"
      "UQBRAEIAVgBBAEYARQBBAFEAZwBCAEQAQQBFAEUAQQBSAFEAQgBOAEEARQBFAEEAVQBRAEIA"
      "UgBBAEUASQBBAFIAZwBCAEIAQQBFAGMAQQBjAHcAQgBCAEEARgBFAEEAVQBRAEIAQwBBAEYA"
      "SQBBAFEAUQBCAEcAQQBFAFUAQQBRAFEAQgBSAEEARwBjAEEAUQBnAEIASABBAEUARQBBAFIA"
      "UQBCAEYAQQBFAEUAQQBVAGcAQgAzAEEARQBJAEEAZQBnAEIAQgBBAEUAVQBBAFIAUQBCAEIA"
      "QQBGAFUAQQBVAFEAQgBDAEEARgBJAEEAUQBRAEIARgBBAEUAawBBAFEAUQBCAFYAQQBHAGMA"
      "QQBRAGcAQgBDAEEARQBFAEEAUgBRAEIAWgBBAEUARQBBAFUAZwBCAFIAQQBFAEkAQQBRAGcA"
      "QgBCAEEARQBZAEEAUgBRAEIAQgBBAEYAVQBBAFUAUQBCAEMAQQBFAEkAQQBRAFEAQgBFAEEA"
      "RwBzAEEAUQBRAEIAUgBBAEYARQBBAFEAZwBCAEMAQQBFAEUAQQBSAEEAQQB3AEEARQBFAEEA"
      "VQBBAEIAUgBBAEUARQBBAFAAUQBBAD0A";
  AddDecodedCommands(deep);
  EXPECT_EQ(DecodedOf(deep).size(), 4U);
  EXPECT_EQ(deep.parameters.back().name, "more_decoded");
  Action wide;
  for (int i = 0; i < 20; ++i) {
    wide.value += "powershell -e " + std::string(kDir) + "\n";
  }
  AddDecodedCommands(wide);
  EXPECT_EQ(DecodedOf(wide).size(), 8U);
  EXPECT_EQ(wide.parameters.back().name, "more_decoded");
}

TEST(DecodedCommands, ComeWithEveryActionOfAStatement) {
  std::vector<Action> actions;
  base::Budget budget(base::Limits{});
  ActionList list(actions, budget);
  Action& action = list.Open();
  action.target = "cmd.exe";
  action.arguments = "/c a.exe & powershell -w hidden -e " + std::string(kDir);
  list.Close();
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(DecodedOf(actions[1]), std::vector<std::string>{"dir"});
}

}  // namespace
}  // namespace countersign::install
