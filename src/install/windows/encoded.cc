#include "install/windows/encoded.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"

namespace countersign::install {
namespace {

constexpr size_t kMostEncoded = 8;
constexpr int kMostEncodings = 4;
constexpr size_t kLongestDecoded = size_t{32} << 10;

constexpr std::string_view kBetween = " \t\r\n,;|&()@";

// The words of `text` with their quotes as they are: what is quoted is part of
// its word, but for what follows the option of a shell, and what follows the
// quoted name of a program.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  std::vector<std::string> Read() {
    char quote = 0;
    for (const char c : text_) {
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
          has_quotes_ = true;
          if (IsProgram(word_)) {
            End();
          }
        } else {
          word_ += c;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        if (IsShellOption(word_)) {
          End();
        }
      } else if (kBetween.contains(c)) {
        End();
      } else if (c != '^') {
        word_ += c;
      }
    }
    End();
    return std::move(words_);
  }

 private:
  static bool IsShellOption(std::string_view word) {
    return word == "/c" || word == "/C" || word == "/k" || word == "/K";
  }
  static bool IsProgram(std::string_view word) {
    return base::AsciiLower(word).ends_with(".exe") ||
           word.ends_with("powershell") || word.ends_with("pwsh");
  }

  void End() {
    if (!word_.empty() || has_quotes_) {
      words_.push_back(std::exchange(word_, ""));
    }
    has_quotes_ = false;
  }

  std::string_view text_;
  std::vector<std::string> words_;
  std::string word_;
  bool has_quotes_ = false;
};

// The same where quotes mean nothing, as for who is told to run what is in
// them.
std::vector<std::string> WordsWithoutQuotes(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (kBetween.contains(c)) {
      if (!word.empty()) {
        words.push_back(std::exchange(word, ""));
      }
    } else if (c != '"' && c != '\'' && c != '^') {
      word += c;
    }
  }
  if (!word.empty()) {
    words.push_back(std::move(word));
  }
  return words;
}

bool IsPowershell(std::string_view word) {
  constexpr std::array<std::string_view, 3> kNames = {"powershell", "pwsh",
                                                      "powershell_ise"};
  std::string name =
      base::AsciiLower(word.substr(word.find_last_of("\\/]}%") + 1));
  if (name.ends_with(".exe")) {
    name.resize(name.size() - 4);
  }
  return std::ranges::find(kNames, name) != kNames.end();
}

// Quirk: cmd takes "powershell/e" for the program and an option.
void SplitAtOptions(std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t slash = words[i].find('/');
    if (slash != std::string::npos && slash > 0 &&
        IsPowershell(std::string_view(words[i]).substr(0, slash))) {
      std::string option = words[i].substr(slash);
      words[i].resize(slash);
      words.insert(words.begin() + static_cast<ptrdiff_t>(i) + 1,
                   std::move(option));
      return;  // Limit: one; nobody writes several
    }
  }
}

// The name of an option in lower case, without what marks it as one; empty for
// other words.
std::string OptionName(std::string_view word) {
  // Quirk: PowerShell takes the dashes of typography, and two of them.
  constexpr std::array<std::string_view, 5> kMarks = {
      "-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};
  bool is_option = false;
  for (int i = 0; i < 2; ++i) {
    for (const std::string_view mark : kMarks) {
      if (word.starts_with(mark)) {
        word.remove_prefix(mark.size());
        is_option = true;
        break;
      }
    }
  }
  return is_option ? base::AsciiLower(word) : "";
}

// Where the word behind the option for an encoded command is among the options
// that begin at `at`, or where they end: at two words that are none, or where a
// file or a command is given.
struct OptionWalk {
  std::optional<size_t> encoded;
  size_t end = 0;
};

OptionWalk WalkOptions(const std::vector<std::string>& words, size_t at) {
  bool is_value = false;
  for (; at + 1 < words.size(); ++at) {
    const std::string option = OptionName(words[at]);
    if (option.empty()) {
      if (std::exchange(is_value, true)) {
        break;
      }
      continue;
    }
    is_value = false;
    if (std::string_view("encodedcommand").starts_with(option) ||
        option == "ec") {
      return {at + 1, at + 2};
    }
    if (std::string_view("command").starts_with(option) ||
        std::string_view("file").starts_with(option)) {
      break;
    }
  }
  return {std::nullopt, at};
}

void FindIn(std::vector<std::string> words, std::vector<std::string>& found) {
  SplitAtOptions(words);
  for (size_t at = 0; at < words.size() && found.size() <= kMostEncoded;) {
    if (!IsPowershell(words[at])) {
      ++at;
      continue;
    }
    const OptionWalk walk = WalkOptions(words, at + 1);
    if (walk.encoded) {
      found.push_back(words[*walk.encoded]);
    }
    at = std::max(walk.end, at + 1);
  }
}

void DecodeInto(std::string_view text, int layer, DecodedCommands& decoded) {
  for (const std::string& word : FindEncodedCommands(text)) {
    auto command = DecodeCommand(word);
    if (!command) {
      continue;
    }
    if (layer == kMostEncodings || decoded.texts.size() == kMostEncoded) {
      decoded.left_out = true;
      return;
    }
    if (command->size() > kLongestDecoded) {
      command->resize(kLongestDecoded);
      decoded.left_out = true;
    }
    decoded.texts.push_back(*command);
    DecodeInto(*command, layer + 1, decoded);
  }
}

}  // namespace

std::optional<std::string> DecodeCommand(std::string_view word) {
  const auto bytes = base::DecodeBase64(word);
  if (!bytes || bytes->size() < 2) {
    return std::nullopt;
  }
  return base::FromUtf16LittleEndian(*bytes);
}

std::vector<std::string> FindEncodedCommands(std::string_view text) {
  std::vector<std::string> found;
  std::vector<std::string> words = WordReader(text).Read();
  // Why both: blanks in quotes are part of what is encoded, and a command in
  // quotes may be for another shell. There only its beginning may be found
  // again.
  std::vector<std::string> without;
  for (const std::string& word : words) {
    if (word.contains(' ')) {
      FindIn(WordsWithoutQuotes(word), without);
    }
  }
  FindIn(std::move(words), found);
  FindIn(WordsWithoutQuotes(text), without);
  for (std::string& word : without) {
    const bool is_known = std::ranges::any_of(
        found,
        [&](const std::string& known) { return known.starts_with(word); });
    if (!is_known && found.size() <= kMostEncoded) {
      found.push_back(std::move(word));
    }
  }
  return found;
}

DecodedCommands DecodeAll(std::string_view text) {
  DecodedCommands decoded;
  DecodeInto(text, 0, decoded);
  return decoded;
}

std::string CommandTextOf(const model::Action& action) {
  std::string text = action.target + ' ' + action.arguments + ' ' +
                     action.value + ' ' + action.name;
  for (const model::Parameter& parameter : action.parameters) {
    const auto* resolved = std::get_if<std::string>(&parameter.value);
    if (parameter.name == "resolved_value" && resolved != nullptr) {
      text += ' ' + *resolved;
    }
  }
  return text;
}

void AddDecodedCommands(model::Action& action) {
  DecodedCommands decoded = DecodeAll(CommandTextOf(action));
  for (std::string& text : decoded.texts) {
    action.parameters.push_back({std::string(kDecodedCommand), text});
  }
  if (decoded.left_out) {
    action.parameters.push_back({"more_decoded", int64_t{1}});
  }
}

std::vector<std::string_view> DecodedCommandsOf(const model::Action& action) {
  std::vector<std::string_view> texts;
  for (const model::Parameter& parameter : action.parameters) {
    const auto* text = std::get_if<std::string>(&parameter.value);
    if (parameter.name == kDecodedCommand && text != nullptr) {
      texts.push_back(*text);
    }
  }
  return texts;
}

}  // namespace countersign::install
