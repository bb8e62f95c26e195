// Strings of an NSIS script.
//
// A string ends at a zero. In it, a code is followed by two bytes (in Unicode
// installers, by one unit of 16 bits):
//
//            NSIS 2   NSIS 3   Park     the two bytes
//   skip     252      4        0xE000   the next unit is a character (no bytes)
//   variable 253      3        0xE001   its number, 7 bits a byte
//   shell    254      2        0xE002   folder of the user, of all users
//   language 255      1        0xE003   number of a string, 7 bits a byte
//
// Spec: NSIS 2.46 and 3.08, Source/exehead/util.c, GetNSISString;
// Source/build.cpp for the names.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/reader.h"
#include "base/text.h"
#include "formats/nsis/header.h"

namespace countersign::formats {
namespace {

constexpr size_t kMaxUnits = 8192;

constexpr std::array<std::string_view, 12> kNsisVariables = {
    "CMDLINE",    "INSTDIR", "OUTDIR",  "EXEDIR",     "LANGUAGE", "TEMP",
    "PLUGINSDIR", "EXEPATH", "EXEFILE", "HWNDPARENT", "_CLICK",   "_OUTDIR"};
constexpr unsigned kFirstNamed = 20;
constexpr unsigned kExePath = 27;

// Spec: NSIS 3.08, Source/lang.h and lang.cpp; the order is that of the
// language table.
constexpr std::array<std::string_view, 36> kLanguageStrings = {
    "Branding",
    "Caption",
    "Name",
    "SpaceAvailable",
    "SpaceRequired",
    "CantWrite",
    "CopyFailed",
    "CopyTo",
    "SymbolNotFound",
    "CouldNotLoad",
    "CreateFolder",
    "CreateShortcut",
    "CreatedUninst",
    "Delete",
    "DeleteOnReboot",
    "ErrorCreatingShortcut",
    "ErrorCreating",
    "ErrorDecompressing",
    "ErrorRegistering",
    "ExecShell",
    "Exec",
    "Extract",
    "ErrorWriting",
    "InvalidOpcode",
    "NoOLE",
    "OutputFolder",
    "RemoveFolder",
    "RenameOnReboot",
    "Rename",
    "Skipped",
    "CopyDetails",
    "LogInstall",
    "Byte",
    "Kilo",
    "Mega",
    "Giga",
};

// Folders by CSIDL of the user and of all users.
struct ShellFolder {
  uint8_t user;
  uint8_t all;
  std::string_view name;
};
constexpr auto kShellFolders = std::to_array<ShellFolder>({
    {0x02, 0x17, "SMPROGRAMS"},
    {0x02, 0x02, "USERSMPROGRAMS"},
    {0x05, 0x2E, "DOCUMENTS"},
    {0x06, 0x1F, "FAVORITES"},
    {0x07, 0x18, "SMSTARTUP"},
    {0x08, 0x08, "RECENT"},
    {0x09, 0x09, "SENDTO"},
    {0x0B, 0x16, "STARTMENU"},
    {0x0B, 0x0B, "USERSTARTMENU"},
    {0x0D, 0x35, "MUSIC"},
    {0x0E, 0x37, "VIDEOS"},
    {0x10, 0x19, "DESKTOP"},
    {0x10, 0x10, "USERDESKTOP"},
    {0x13, 0x13, "NETHOOD"},
    {0x14, 0x14, "FONTS"},
    {0x15, 0x2D, "TEMPLATES"},
    {0x15, 0x15, "USERTEMPLATES"},
    {0x16, 0x16, "COMMONSTARTMENU"},
    {0x17, 0x17, "COMMONSMPROGRAMS"},
    {0x19, 0x19, "COMMONDESKTOP"},
    {0x1A, 0x23, "APPDATA"},
    {0x1A, 0x1A, "QUICKLAUNCH"},
    {0x1A, 0x04, "QUICKLAUNCH"},
    {0x1A, 0x5A, "USERAPPDATA"},
    {0x1B, 0x1B, "PRINTHOOD"},
    {0x1C, 0x1C, "LOCALAPPDATA"},
    {0x1C, 0x23, "LOCALAPPDATA"},
    {0x20, 0x20, "INTERNET_CACHE"},
    {0x21, 0x21, "COOKIES"},
    {0x22, 0x22, "HISTORY"},
    {0x23, 0x23, "COMMONPROGRAMDATA"},
    {0x24, 0x24, "WINDIR"},
    {0x25, 0x25, "SYSDIR"},
    {0x26, 0x26, "PROGRAMFILES"},
    {0x27, 0x36, "PICTURES"},
    {0x28, 0x28, "PROFILE"},
    {0x2B, 0x2B, "COMMONFILES"},
    {0x2D, 0x2D, "COMMONTEMPLATES"},
    {0x30, 0x2F, "ADMINTOOLS"},
    {0x38, 0x38, "RESOURCES"},
    {0x39, 0x39, "RESOURCES_LOCALIZED"},
    {0x3B, 0x3B, "CDBURN_AREA"},
});

// Characters between two codes.
class NsisCharacters {
 public:
  NsisCharacters(bool unicode, std::string& out)
      : unicode_(unicode), out_(out) {}

  void Add(uint32_t unit) {
    held_.push_back(static_cast<uint8_t>(unit));
    if (unicode_) {
      held_.push_back(static_cast<uint8_t>(unit >> 8));
    }
    if (unit == '$') {
      Add2('$');
    }
  }
  void Flush() {
    out_ += unicode_ ? base::FromUtf16LittleEndian(held_)
                     : std::string(base::AsText(held_));
    held_.clear();
  }

 private:
  void Add2(uint8_t character) {
    held_.push_back(character);
    if (unicode_) {
      held_.push_back(0);
    }
  }

  bool unicode_;
  std::string& out_;
  std::vector<uint8_t> held_;
};

std::string LanguageString(uint32_t number) {
  return number < kLanguageStrings.size()
             ? fmt::format("$(^{})", kLanguageStrings[number])
             : fmt::format("$(LSTR_{})", number);
}

}  // namespace

uint32_t NsisStrings::Unit(size_t index) const {
  if (index >= Units()) {
    return 0;
  }
  const base::Bytes& bytes = table_.strings;
  return table_.unicode
             ? uint32_t{bytes[2 * index]} | uint32_t{bytes[2 * index + 1]} << 8
             : bytes[index];
}

NsisStrings::Code NsisStrings::CodeOf(uint32_t unit) const {
  constexpr std::array kUp = {Code::kSkip, Code::kVariable, Code::kShell,
                              Code::kLanguage};
  switch (table_.version) {
    case NsisVersion::k2:
      return unit >= 252 && unit <= 255 ? kUp[unit - 252] : Code::kNone;
    case NsisVersion::k3:
      return unit >= 1 && unit <= 4 ? kUp[4 - unit] : Code::kNone;
    case NsisVersion::kPark:
      return unit >= 0xE000 && unit <= 0xE003 ? kUp[unit - 0xE000]
                                              : Code::kNone;
  }
  return Code::kNone;
}

std::array<uint8_t, 2> NsisStrings::Operand(size_t index) const {
  if (table_.unicode) {
    const uint32_t unit = Unit(index);
    return {static_cast<uint8_t>(unit), static_cast<uint8_t>(unit >> 8)};
  }
  return {static_cast<uint8_t>(Unit(index)),
          static_cast<uint8_t>(Unit(index + 1))};
}

uint32_t NsisStrings::NumberOf(std::array<uint8_t, 2> operand) const {
  const uint32_t low = operand[0];
  const uint32_t high = operand[1] & 0x7F;
  return table_.version == NsisVersion::kPark ? high << 8 | low
                                              : high << 7 | (low & 0x7F);
}

std::string NsisStrings::Variable(uint32_t index) const {
  if (index < 10) {
    return fmt::format("${}", index);
  }
  if (index < kFirstNamed) {
    return fmt::format("$R{}", index - 10);
  }
  // Quirk: NSIS up to 2.25 has no $EXEPATH and $EXEFILE.
  const uint32_t number =
      index + (table_.old_variables && index >= kExePath ? 2 : 0) - kFirstNamed;
  return number < kNsisVariables.size()
             ? fmt::format("${}", kNsisVariables[number])
             : fmt::format("$_{}_", index);
}

bool NsisStrings::StartsWith(size_t index, std::string_view text) const {
  return std::ranges::all_of(
      text, [&](char c) { return Unit(index++) == static_cast<uint8_t>(c); });
}

std::string NsisStrings::Shell(std::array<uint8_t, 2> folder) const {
  constexpr uint8_t kFromRegistry = 0x80;
  constexpr uint8_t k64 = 0x40;
  if ((folder[0] & kFromRegistry) != 0) {
    // The rest is where the name of a registry value is.
    const size_t name = folder[0] & 0x3F;
    const std::string_view bits = (folder[0] & k64) != 0 ? "64" : "";
    if (StartsWith(name, "ProgramFilesDir")) {
      return fmt::format("$PROGRAMFILES{}", bits);
    }
    if (StartsWith(name, "CommonFilesDir")) {
      return fmt::format("$COMMONFILES{}", bits);
    }
  } else {
    for (const ShellFolder& row : kShellFolders) {
      if (row.user == folder[0] && row.all == folder[1]) {
        return fmt::format("${}", row.name);
      }
    }
  }
  return fmt::format("$SHELL[{:02x},{:02x}]", folder[0], folder[1]);
}

std::optional<size_t> NsisStrings::Resolve(int32_t reference) const {
  int64_t at = reference;
  if (reference < 0) {
    base::Reader reader(base::Input{table_.language, 0});
    reader.Seek(static_cast<uint64_t>(-(at + 1)) * 4, "langtables");
    at = static_cast<int32_t>(reader.U32("langtables"));
    if (reader.Failed()) {
      return std::nullopt;
    }
  }
  if (at < 0 || static_cast<uint64_t>(at) >= Units()) {
    return std::nullopt;
  }
  return static_cast<size_t>(at);
}

bool NsisStrings::Has(int32_t reference) const {
  return Resolve(reference).has_value();
}

std::optional<uint32_t> NsisStrings::OnlyVariable(int32_t reference) const {
  const auto start = Resolve(reference);
  const size_t width = table_.unicode ? 2 : 3;
  if (!start || CodeOf(Unit(*start)) != Code::kVariable ||
      Unit(*start + width) != 0) {
    return std::nullopt;
  }
  return NumberOf(Operand(*start + 1));
}

std::string NsisStrings::Expand(int32_t reference) const {
  std::string text;
  const auto start = Resolve(reference);
  if (!start) {
    return reference < 0 ? LanguageString(
                               static_cast<uint32_t>(-(int64_t{reference} + 1)))
                         : text;
  }
  NsisCharacters characters(table_.unicode, text);
  const size_t end = std::min(Units(), *start + kMaxUnits);
  for (size_t i = *start; i < end; ++i) {
    const uint32_t unit = Unit(i);
    if (unit == 0) {
      break;
    }
    const Code code = CodeOf(unit);
    if (code == Code::kNone) {
      characters.Add(unit);
      continue;
    }
    if (code == Code::kSkip) {
      if (Unit(++i) == 0) {
        break;
      }
      characters.Add(Unit(i));
      continue;
    }
    characters.Flush();
    const auto operand = Operand(i + 1);
    i += table_.unicode ? 1 : 2;
    text += code == Code::kShell      ? Shell(operand)
            : code == Code::kVariable ? Variable(NumberOf(operand))
                                      : LanguageString(NumberOf(operand));
  }
  characters.Flush();
  return text;
}

}  // namespace countersign::formats
