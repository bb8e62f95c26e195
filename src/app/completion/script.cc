#include "app/completion/script.h"

#include <fmt/format.h>

#include <functional>

namespace countersign::app {
namespace {

// The command that prints the names of the trust stores, a line each.
constexpr std::string_view kStoreNames = "trust list --names";

using Visit =
    std::function<void(const CompletedCommand&, const std::string& path)>;

// Calls `visit` for `command` and all below it, with the words that lead
// there: "countersign trust import".
void Walk(const CompletedCommand& command, const std::string& path,
          const Visit& visit) {
  visit(command, path);
  for (const CompletedCommand& nested : command.commands) {
    Walk(nested, path + " " + nested.name, visit);
  }
}

std::string Replace(std::string_view text, char what, std::string_view by) {
  std::string out;
  for (const char c : text) {
    if (c == what) {
      out += by;
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

// The shell patterns of every path below the program: 'a b'|'a c'.
std::string NestedPaths(const CompletedCommand& program,
                        std::string_view separator) {
  std::vector<std::string> paths;
  Walk(program, program.name,
       [&](const CompletedCommand&, const std::string& path) {
         if (path != program.name) {
           paths.push_back("'" + path + "'");
         }
       });
  return fmt::format("{}", fmt::join(paths, separator));
}

// ---------------------------------------------------------------- bash

std::string BashValueCases(const CompletedCommand& program) {
  std::string cases;
  Walk(program, program.name,
       [&](const CompletedCommand& command, const std::string& path) {
         for (const CompletedOption& option : command.options) {
           if (!option.takes_value) {
             continue;
           }
           std::vector<std::string> patterns;
           for (const std::string& name : option.names) {
             patterns.push_back(fmt::format("'{} {}'", path, name));
           }
           cases += fmt::format(
               "    {}) words='{}' paths={} stores={} ;;\n",
               fmt::join(patterns, "|"), fmt::join(option.words, " "),
               option.wants_path ? "yes" : "", option.wants_store ? "yes" : "");
         }
       });
  return cases;
}

std::string BashCommandCases(const CompletedCommand& program) {
  std::string cases;
  Walk(program, program.name,
       [&](const CompletedCommand& command, const std::string& path) {
         std::vector<std::string> options;
         for (const CompletedOption& option : command.options) {
           options.insert(options.end(), option.names.begin(),
                          option.names.end());
         }
         std::vector<std::string> words = command.words;
         for (const CompletedCommand& nested : command.commands) {
           words.push_back(nested.name);
         }
         cases += fmt::format(
             "      '{}') options='{}' words='{}' paths={} stores={} ;;\n",
             path, fmt::join(options, " "), fmt::join(words, " "),
             command.takes_paths ? "yes" : "",
             command.takes_stores ? "yes" : "");
       });
  return cases;
}

// ----------------------------------------------------------------- zsh

std::string ZshText(const std::string& text) {
  std::string out = Replace(text, '\'', "'\\''");
  out = Replace(out, '[', "\\[");
  out = Replace(out, ']', "\\]");
  return Replace(out, ':', "\\:");
}

std::string ZshFunctionName(const std::string& path) {
  return "_" + Replace(path, ' ', "_");
}

std::string ZshOption(const CompletedOption& option) {
  std::string value;
  if (option.takes_value) {
    value = option.wants_store
                ? fmt::format(":store: __countersign_trust \"{}\"",
                              fmt::join(option.words, " "))
            : option.wants_path ? ":file:_files"
            : option.words.empty()
                ? ":value: "
                : fmt::format(":value:({})", fmt::join(option.words, " "));
  }
  const std::string exclusion =
      option.repeats || option.names.size() < 2
          ? (option.repeats ? "*" : "")
          : fmt::format("({})", fmt::join(option.names, " "));
  std::string lines;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    lines += fmt::format("    '{}{}{}[{}]{}' \\\n", exclusion, name,
                         option.takes_value ? (is_long ? "=" : "+") : "",
                         ZshText(option.help), value);
  }
  return lines;
}

std::string ZshFunction(const CompletedCommand& command,
                        const std::string& path) {
  std::string text = fmt::format("{}() {{\n", ZshFunctionName(path));
  if (!command.commands.empty()) {
    text += "  local context state line\n  local -a commands=(\n";
    for (const CompletedCommand& nested : command.commands) {
      text += fmt::format("    '{}:{}'\n", nested.name, ZshText(nested.help));
    }
    text += "  )\n";
  }
  text += fmt::format("  _arguments {}\\\n",
                      command.commands.empty() ? "-s -S " : "-C ");
  for (const CompletedOption& option : command.options) {
    text += ZshOption(option);
  }
  if (!command.commands.empty()) {
    text += "    '1:command:->command' \\\n    '*::argument:->argument'\n";
    text += "  case $state in\n    command) _describe command commands ;;\n";
    text += "    argument)\n      case $words[1] in\n";
    for (const CompletedCommand& nested : command.commands) {
      text += fmt::format("        {}) {} ;;\n", nested.name,
                          ZshFunctionName(path + " " + nested.name));
    }
    return text + "      esac ;;\n  esac\n}\n\n";
  }
  if (!command.words.empty()) {
    text += fmt::format("    '*:value:({})'\n", fmt::join(command.words, " "));
  } else if (command.takes_stores) {
    text += "    '*:store:__countersign_stores'\n";
  } else {
    text += command.takes_paths ? "    '*:file:_files'\n" : "    && return\n";
  }
  return text + "}\n\n";
}

// ---------------------------------------------------------------- fish

std::string FishText(const std::string& text) {
  return Replace(Replace(text, '\\', "\\\\"), '\'', "\\'");
}

std::string FishOption(const CompletedOption& option,
                       const std::string& condition) {
  std::string line = condition;
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2)
                                   : " -s " + name.substr(1);
  }
  if (option.takes_value) {
    line += option.wants_path ? " -r -F" : " -x";
  }
  std::vector<std::string> words = option.words;
  if (option.wants_store) {
    words.push_back(fmt::format("(countersign {} 2>/dev/null)", kStoreNames));
  }
  if (!words.empty()) {
    line += fmt::format(" -a '{}'", fmt::join(words, " "));
  }
  return line + fmt::format(" -d '{}'\n", FishText(option.help));
}

std::string FishLines(const CompletedCommand& command,
                      const std::string& path) {
  const std::string condition =
      fmt::format("complete -c countersign -n \"__countersign_at '{}'\"", path);
  std::string lines;
  for (const CompletedCommand& nested : command.commands) {
    lines += fmt::format("{} -a {} -d '{}'\n", condition, nested.name,
                         FishText(nested.help));
  }
  for (const CompletedOption& option : command.options) {
    lines += FishOption(option, condition);
  }
  if (!command.words.empty()) {
    lines +=
        fmt::format("{} -a '{}'\n", condition, fmt::join(command.words, " "));
  }
  if (command.takes_paths) {
    lines += condition + " -F\n";
  }
  if (command.takes_stores) {
    lines += fmt::format("{} -a '(countersign {} 2>/dev/null)'\n", condition,
                         kStoreNames);
  }
  return lines;
}

}  // namespace

std::string BashCompletion(const CompletedCommand& program) {
  return fmt::format(
      "# bash completion for {0}; printed by \"{0} completion bash\"\n"
      "_{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  local previous=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  local at='{0}' options='' words='' paths='' stores='' i\n"
      "  if [[ $current == '=' ]]; then\n"
      "    current=''\n"
      "  elif [[ $previous == '=' ]]; then\n"
      "    previous=${{COMP_WORDS[COMP_CWORD - 2]}}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$at ${{COMP_WORDS[i]}}\" in\n"
      "      {1}) at+=\" ${{COMP_WORDS[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$at $previous\" in\n{2}"
      "    *)\n"
      "      case $at in\n{3}      esac\n"
      "      if [[ $current == -* ]]; then\n"
      "        words=$options paths='' stores=''\n"
      "      fi ;;\n"
      "  esac\n"
      "  [[ -n $stores ]] && words+=\" $({0} {4} 2>/dev/null)\"\n"
      "  mapfile -t COMPREPLY < <(\n"
      "    compgen -W \"$words\" -- \"$current\"\n"
      "    [[ -n $paths ]] && compgen -f -- \"$current\"\n"
      "  )\n"
      "  [[ -n $paths ]] && compopt -o filenames 2>/dev/null\n"
      "  return 0\n"
      "}}\n"
      "complete -F _{0} {0}\n",
      program.name, NestedPaths(program, "|"), BashValueCases(program),
      BashCommandCases(program), kStoreNames);
}

std::string ZshCompletion(const CompletedCommand& program) {
  std::string text = fmt::format(
      "#compdef {0}\n# zsh completion; printed by \"{0} completion zsh\"\n\n"
      "__{0}_stores() {{\n"
      "  compadd \"$@\" -- ${{(f)\"$({0} {1} 2>/dev/null)\"}}\n}}\n\n"
      "__{0}_trust() {{\n"
      "  _alternative \"words:word:($1)\" 'stores:store:__{0}_stores' "
      "'files:file:_files'\n}}\n\n",
      program.name, kStoreNames);
  Walk(program, program.name,
       [&](const CompletedCommand& command, const std::string& path) {
         text += ZshFunction(command, path);
       });
  return text + fmt::format(
                    "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
                    "  _{0} \"$@\"\nelse\n  compdef _{0} {0}\nfi\n",
                    program.name);
}

std::string FishCompletion(const CompletedCommand& program) {
  std::string text = fmt::format(
      "# fish completion; printed by \"{0} completion fish\"\n"
      "function __{0}_at\n"
      "  set -l at {0}\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$at $word\"\n"
      "      case {1}\n"
      "        set at \"$at $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c {0} -f\n",
      program.name, NestedPaths(program, " "));
  Walk(program, program.name,
       [&](const CompletedCommand& command, const std::string& path) {
         text += FishLines(command, path);
       });
  return text;
}

}  // namespace countersign::app
