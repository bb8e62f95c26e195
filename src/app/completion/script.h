// Completion scripts for bash, zsh and fish from a description of the command
// line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace countersign::app {

struct CompletedOption {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  bool takes_value = false;
  bool wants_path = false;   // the value is a file or directory
  bool wants_store = false;  // the value is a trust store, asked for by name
  bool repeats = false;
  std::vector<std::string> words;  // the values there are
};

struct CompletedCommand {
  std::string name;
  std::string help;
  std::vector<CompletedOption> options;
  std::vector<CompletedCommand> commands;
  bool takes_paths = false;        // as positional arguments
  std::vector<std::string> words;  // positional arguments there are
  bool takes_stores = false;       // trust stores as positional arguments
};

[[nodiscard]] std::string BashCompletion(const CompletedCommand& program);
[[nodiscard]] std::string ZshCompletion(const CompletedCommand& program);
[[nodiscard]] std::string FishCompletion(const CompletedCommand& program);

}  // namespace countersign::app
