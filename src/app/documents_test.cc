// The documents say everything that the program has.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "app/main_command.h"
#include "app/sample/reports.h"
#include "model/json.h"

namespace countersign::app {
namespace {

// The document at `path` in the source tree, where tests run.
std::string Document(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Every "name": in `json`.
std::set<std::string> Names(const std::string& json) {
  std::set<std::string> names;
  for (size_t colon = json.find("\":"); colon != std::string::npos;
       colon = json.find("\":", colon + 1)) {
    const size_t quote = json.rfind('"', colon - 1);
    names.insert(json.substr(quote + 1, colon - quote - 1));
  }
  return names;
}

TEST(Documents, SchemaNamesEveryField) {
  const std::string document = Document("docs/report-schema.md");
  if (document.empty()) {
    GTEST_SKIP() << "not run in the source tree";
  }
  model::Report report = SampleMixed();
  report.limits = SampleIncomplete().limits;
  model::SignatureFacts& signature = report.artifacts[0].signatures[0];
  signature.revoked.emplace();
  signature.chain.resize(1);
  signature.attributes.resize(1);
  for (const std::string& name : Names(model::WriteJson(report, 2))) {
    EXPECT_NE(document.find("`" + name + "`"), std::string::npos) << name;
  }
}

// Every option of `command` and of those below it is in the manual.
void ExpectInManual(const std::string& manual, const CLI::App& command,
                    const std::string& path) {
  SCOPED_TRACE(path);
  EXPECT_NE(manual.find(path), std::string::npos);
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      EXPECT_NE(manual.find("*--" + name + "*"), std::string::npos) << name;
    }
    for (const std::string& name : option->get_snames()) {
      EXPECT_TRUE(name == "h" ||
                  manual.find("*-" + name + "*,") != std::string::npos)
          << name;
    }
  }
  for (const CLI::App* nested :
       command.get_subcommands([](const CLI::App*) { return true; })) {
    ExpectInManual(manual, *nested, path + " " + nested->get_name());
  }
}

TEST(Documents, ManualNamesEveryCommandAndOption) {
  const std::string manual = Document("docs/manual/countersign.1.scd");
  if (manual.empty()) {
    GTEST_SKIP() << "not run in the source tree";
  }
  Action action;
  const auto program = MakeProgram(action);
  ExpectInManual(manual, *program, "countersign");
  for (const CLI::App* command :
       program->get_subcommands([](const CLI::App*) { return true; })) {
    const bool has_nested =
        !command->get_subcommands([](const CLI::App*) { return true; }).empty();
    EXPECT_TRUE(has_nested ||
                command->get_footer().find("Examples:") != std::string::npos)
        << command->get_name();
  }
}

TEST(Documents, NoTypicalMistakeRunsACommand) {
  for (std::vector<const char*> words :
       {std::vector<const char*>{"countersign"},
        {"countersign", "bogus"},
        {"countersign", "vet"},
        {"countersign", "vet", "--bogus", "x"},
        {"countersign", "vet", "--fail-on", "often", "x"},
        {"countersign", "vet", "--at", "yesterday", "x"},
        {"countersign", "vet", "--jobs", "0", "x"},
        {"countersign", "vet", "--at", "2025-01-01", "--at", "2025-01-02", "x"},
        {"countersign", "trust", "import", "--name", "", "x"},
        {"countersign", "completion", "ksh"}}) {
    std::vector<char*> arguments;
    for (const char* word : words) {
      arguments.push_back(const_cast<char*>(word));
    }
    EXPECT_EQ(Main(static_cast<int>(arguments.size()), arguments.data()),
              kExitError)
        << words.back();
  }
}

}  // namespace
}  // namespace countersign::app
