#include "app/completion_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "app/completion/script.h"
#include "app/file/atomic_file.h"

namespace countersign::app {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  countersign completion bash > ~/.local/share/bash-completion/"
    "completions/countersign\n"
    "  countersign completion zsh > \"${fpath[1]}/_countersign\"\n"
    "  countersign completion fish > ~/.config/fish/completions/"
    "countersign.fish";

// "auto|always|never" yields the three words, and so does "{auto,always,never}"
// (how the library's own check shows itself); the name of a type ("NAME|FILE",
// in capitals) yields none.
std::vector<std::string> WordsIn(std::string type) {
  const size_t open = type.find('{');
  if (open != std::string::npos) {
    type = type.substr(open + 1, type.find('}', open) - open - 1);
    std::ranges::replace(type, ',', '|');
  }
  std::vector<std::string> words;
  std::istringstream stream(type);
  for (std::string word; std::getline(stream, word, '|');) {
    const bool is_word = std::ranges::all_of(
        word, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
    if (!is_word || word.empty()) {
      return {};
    }
    words.push_back(word);
  }
  return words;
}

bool MeansPath(const std::string& text) {
  return text.find("FILE") != std::string::npos ||
         text.find("PATH") != std::string::npos ||
         text.find("DIRECTORY") != std::string::npos;
}

bool MeansStore(const std::string& text) {
  return text.find("STORE") != std::string::npos;
}

CompletedOption DescribeOption(const CLI::Option& option) {
  CompletedOption described;
  for (const std::string& name : option.get_lnames()) {
    described.names.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    described.names.push_back("-" + name);
  }
  described.help = option.get_description();
  described.takes_value = option.get_items_expected_max() > 0;
  described.wants_path = MeansPath(option.get_type_name());
  described.wants_store = MeansStore(option.get_type_name());
  described.repeats = option.get_items_expected_max() > 1;
  described.words = WordsIn(option.get_type_name());
  if (described.wants_store) {
    described.words = {"default", "none", "system"};
  }
  return described;
}

CompletedCommand DescribeCommand(const CLI::App& command) {
  CompletedCommand described;
  described.name = command.get_name();
  described.help = command.get_description();
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) {
      described.options.push_back(DescribeOption(*option));
      continue;
    }
    described.takes_paths = described.takes_paths ||
                            MeansPath(option->get_name(true)) ||
                            MeansPath(option->get_type_name());
    described.takes_stores =
        described.takes_stores || MeansStore(option->get_name(true));
    described.words = WordsIn(option->get_type_name());
  }
  for (const CLI::App* nested :
       command.get_subcommands([](const CLI::App*) { return true; })) {
    described.commands.push_back(DescribeCommand(*nested));
  }
  return described;
}

int PrintCompletion(const CLI::App& program, const std::string& shell) {
  const CompletedCommand described = DescribeCommand(program);
  const std::string script = shell == "bash"  ? BashCompletion(described)
                             : shell == "zsh" ? ZshCompletion(described)
                                              : FishCompletion(described);
  const int error = WriteAll(STDOUT_FILENO, script);
  if (error != 0) {
    Complain(fmt::format("Cannot write standard output: {}", Explain(error)));
    return kExitError;
  }
  return kExitSuccess;
}

}  // namespace

void AddCompletionCommand(CLI::App& program, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = program.add_subcommand(
      "completion", "Print a completion script for a shell");
  completion->add_option("SHELL", *shell, "Which shell")
      ->required()
      ->check([](const std::string& text) -> std::string {
        const bool known = text == "bash" || text == "zsh" || text == "fish";
        return known ? "" : "there is no script for " + text;
      })
      ->type_name("bash|zsh|fish");
  completion->footer(kFooter);
  completion->callback([&action, &program, shell] {
    action = [&program, shell] { return PrintCompletion(program, *shell); };
  });
}

}  // namespace countersign::app
