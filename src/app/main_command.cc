#include "app/main_command.h"

#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/completion_command.h"
#include "app/file/atomic_file.h"
#include "app/trust_command.h"
#include "app/vet_command.h"

namespace countersign::app {
namespace {

// Every command there is, in the order of the help text.
constexpr std::array kCommands = {
    Command{"vet", AddVetCommand},
    Command{"trust", AddTrustCommand},
    Command{"completion", AddCompletionCommand},
};

constexpr const char* kFooter =
    "Examples:\n"
    "  countersign trust update           fetch the public trust stores\n"
    "  countersign vet setup.exe          one file, in words\n"
    "  countersign vet --json downloads/  a directory, as JSON Lines\n"
    "\n"
    "\"countersign COMMAND --help\" explains a command; the manual is\n"
    "countersign(1).";

// The library's help without its runs of empty lines and ends in blanks.
std::string Tidy(const std::string& help) {
  std::string tidy;
  for (const char c : help) {
    if (c == '\n') {
      while (tidy.ends_with(' ')) {
        tidy.pop_back();
      }
    }
    if (c != '\n' || !tidy.ends_with("\n\n")) {
      tidy += c;
    }
  }
  return tidy;
}

int PrintOnOutput(const std::string& text) {
  const int error = WriteAll(STDOUT_FILENO, text);
  if (error == 0) {
    return kExitSuccess;
  }
  Complain(fmt::format("Cannot write standard output: {}", Explain(error)));
  return kExitError;
}

// The commands that were understood, as the user would type them.
std::string PathOf(const CLI::App& program) {
  std::string path = program.get_name();
  const CLI::App* at = &program;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  return path;
}

// The arguments, last first, as the library wants them.
std::vector<std::string> Arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    const std::string_view argument = argv[i];
    // Quirk: the library would take "[a,b]" for a list of two values. As a
    // path, "./[a,b]" means the same.
    const bool is_list = argument.starts_with('[') && argument.ends_with(']');
    arguments.push_back((is_list ? "./" : "") + std::string(argument));
  }
  return arguments;
}

int Misused(const CLI::App& program, const CLI::ParseError& error) {
  std::string what = error.what();
  while (what.ends_with('\n') || what.ends_with('.')) {
    what.pop_back();
  }
  // The library's words for an option that was repeated.
  constexpr std::string_view kRepeated = ": At Most 1 required but received ";
  if (const size_t at = what.find(kRepeated); at != std::string::npos) {
    what = fmt::format("{} was given {} times, and only once makes sense",
                       what.substr(0, at), what.substr(at + kRepeated.size()));
  }
  Complain(fmt::format("{}. \"{} --help\" shows what is possible.", what,
                       PathOf(program)));
  return kExitError;
}

}  // namespace

std::unique_ptr<CLI::App> MakeProgram(Action& action) {
  auto program = std::make_unique<CLI::App>(
      "A second opinion on signed software: a valid signature is evidence,\n"
      "not a verdict.",
      "countersign");
  program->set_version_flag("--version", "countersign " COUNTERSIGN_VERSION,
                            "Print the version and exit");
  program->set_help_flag("-h,--help", "Print this help and exit");
  program->require_subcommand(1);
  program->get_formatter()->column_width(32);
  program->get_formatter()->label("REQUIRED", "");
  for (const Command& command : kCommands) {
    command.add(*program, action);
  }
  // Why last: a command would inherit it.
  program->footer(kFooter);
  return program;
}

int Main(int argc, char** argv) {
  Action action;
  const std::unique_ptr<CLI::App> program = MakeProgram(action);
  std::vector<std::string> arguments = Arguments(argc, argv);
  if (!arguments.empty() && !arguments.back().starts_with('-') &&
      std::ranges::find(kCommands, arguments.back(), &Command::name) ==
          kCommands.end()) {
    Complain(
        fmt::format("There is no command \"{}\". \"countersign --help\" "
                    "shows those there are.",
                    arguments.back()));
    return kExitError;
  }
  // Why a catch: this library reports even --help by an exception.
  try {
    program->parse(std::move(arguments));
  } catch (const CLI::Success& request) {
    std::ostringstream text;
    program->exit(request, text, text);
    return PrintOnOutput(Tidy(text.str()));
  } catch (const CLI::ParseError& error) {
    return Misused(*program, error);
  }
  if (!action) {
    return kExitError;
  }
  // The last resort: an exception that gets here is an error of the program or
  // a lack of memory, and still deserves a sentence.
  try {
    return action();
  } catch (const std::bad_alloc&) {
    Complain("Out of memory. Free some memory, or lower --jobs.");
  } catch (const std::exception& error) {
    Complain(
        fmt::format("Internal error: {}. Please report it.", error.what()));
  }
  return kExitError;
}

}  // namespace countersign::app
