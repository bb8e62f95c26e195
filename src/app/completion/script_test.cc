#include "app/completion/script.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>

#include "app/file/scratch_directory.h"

namespace countersign::app {
namespace {

CompletedCommand Sample() {
  CompletedOption color;
  color.names = {"--color", "-c"};
  color.help = "It's [the] colour: now";
  color.takes_value = true;
  color.words = {"auto", "never"};
  CompletedOption output;
  output.names = {"--output"};
  output.help = "Where to";
  output.takes_value = true;
  output.wants_path = true;
  CompletedOption stores;
  stores.names = {"--trust"};
  stores.help = "Whom to trust";
  stores.takes_value = true;
  stores.wants_store = true;
  CompletedCommand vet = {"vet", "Vet", {color, output, stores}, {}, true, {}};
  CompletedCommand list = {"list", "List", {}, {}, false, {}};
  CompletedCommand show = {"show", "Show", {}, {}, false, {}, true};
  CompletedCommand trust = {"trust", "Trust", {}, {list, show}, false, {}};
  return {"countersign", "", {}, {vet, trust}, false, {}};
}

// True unless the shell is there and refuses the script.
bool Parses(const char* shell, const std::string& script) {
  const ScratchDirectory scratch;
  const std::string path = scratch.Write("script", script);
  const std::string command = std::string("command -v ") + shell +
                              " >/dev/null || exit 0; " + shell + " -n " + path;
  return std::system(command.c_str()) == 0;
}

TEST(CompletionScript, IsAcceptedByItsShell) {
  EXPECT_TRUE(Parses("bash", BashCompletion(Sample())));
  EXPECT_TRUE(Parses("zsh", ZshCompletion(Sample())));
  EXPECT_TRUE(Parses("fish", FishCompletion(Sample())));
}

TEST(CompletionScript, BashCompletesCommandsOptionsAndWords) {
  const ScratchDirectory scratch;
  const std::string test =
      BashCompletion(Sample()) +
      "t() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _countersign; "
      "echo \"${COMPREPLY[*]}\"; }\n"
      "countersign() { [[ $* == 'trust list --names' ]] && echo one two; }\n"
      "t countersign ''; t countersign trust ''; t countersign vet --c; "
      "t countersign vet --color ''; t countersign vet --color = n; "
      "t countersign vet --trust ''; t countersign trust show t\n";
  const std::string path = scratch.Write("script", test);
  const std::string command =
      "bash " + path + " > " + scratch.Path("out") + " 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(scratch.Read("out"),
            "vet trust\nlist show\n--color\nauto never\nnever\none two\ntwo\n");
}

// Two functions of one name would be one function.
TEST(CompletionScript, ZshFunctionsHaveNamesOfTheirOwn) {
  const std::string script = ZshCompletion(Sample());
  std::set<std::string> names;
  for (size_t at = script.find("() {"); at != std::string::npos;
       at = script.find("() {", at + 1)) {
    const size_t start = script.rfind('\n', at) + 1;
    EXPECT_TRUE(names.insert(script.substr(start, at - start)).second)
        << script.substr(start, at - start);
  }
  EXPECT_TRUE(names.contains("_countersign_trust"));
}

TEST(CompletionScript, QuotesHelpTexts) {
  EXPECT_NE(ZshCompletion(Sample()).find("[It'\\''s \\[the\\] colour\\: now]"),
            std::string::npos);
  EXPECT_NE(FishCompletion(Sample()).find("'It\\'s [the] colour: now'"),
            std::string::npos);
}

}  // namespace
}  // namespace countersign::app
