// What a command of the program is, and how it joins the table in
// main_command.cc.
//
// To add a command: write `void AddXCommand(CLI::App& program, Action&
// action)` in x_command.{h,cc} and add one row to kCommands in
// main_command.cc. Help texts, completion scripts and the manual's synopsis
// test follow from the table.
#pragma once

#include <functional>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace countersign::app {

// Exit codes of the program (docs/manual/countersign.1.scd, "EXIT STATUS").
// A number is never reused for another meaning.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFound = 1;       // something at or above --fail-on
inline constexpr int kExitError = 2;       // bad usage, unreadable input, ...
inline constexpr int kExitIncomplete = 3;  // not everything was inspected

// What to do once the command line has been understood; yields the exit code.
// Options are parsed completely before anything runs, so a usage error never
// leaves half of the work done.
using Action = std::function<int()>;

// One command. `add` makes its subcommand in `program`, with nested ones if
// it has any, and has the chosen one set `action` from its CLI11 callback:
//
//   void AddShowCommand(CLI::App& program, Action& action) {
//     auto request = std::make_shared<ShowRequest>();
//     CLI::App* show = program.add_subcommand("show", "Show ...");
//     show->add_option("NAME", request->name, "...")->required();
//     show->footer("Examples:\n  ...");
//     show->callback([&action, request] {
//       action = [request] { return RunShow(*request); };
//     });
//   }
//
// Rules that keep the completion scripts right: the type name of an option
// that takes a path contains FILE, PATH or DIRECTORY; one that takes fixed
// words has these as its type name, "auto|always|never", or is checked with
// CLI::IsMember. Why not greedy: an option that may be repeated is declared
// with ->allow_extra_args(false), or it would eat the paths behind it.
struct Command {
  std::string_view name;
  void (*add)(CLI::App& program, Action& action);
};

// Prints "countersign: <sentence>" on standard error, safe to display in the
// user's locale, in one write. Every message to the user goes through here.
void Complain(std::string_view sentence);

}  // namespace countersign::app
