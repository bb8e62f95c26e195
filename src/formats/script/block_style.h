// How each kind of script writes its signature block.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "formats/script.h"

namespace countersign::formats {

struct BlockStyle {
  ScriptKind kind;
  model::Format format;
  std::string_view name;   // as people call the script
  std::string_view begin;  // a line of its own
  std::string_view open;   // in front of the base64 of a line
  std::string_view close;  // behind it
  std::string_view end;    // a line of its own
};

inline constexpr std::array kBlockStyles = {
    BlockStyle{ScriptKind::kPowershell, model::Format::kPowershell,
               "PowerShell script", "# SIG # Begin signature block", "# ", "",
               "# SIG # End signature block"},
    BlockStyle{ScriptKind::kPowershellXml, model::Format::kPowershell,
               "PowerShell XML file", "<!-- SIG # Begin signature block -->",
               "<!-- ", " -->", "<!-- SIG # End signature block -->"},
    BlockStyle{ScriptKind::kMof, model::Format::kPowershell,
               "Managed Object Format file",
               "/* SIG # Begin signature block */", "/* ", " */",
               "/* SIG # End signature block */"},
    BlockStyle{ScriptKind::kVbscript, model::Format::kScript, "VBScript",
               "'' SIG '' Begin signature block", "'' SIG '' ", "",
               "'' SIG '' End signature block"},
    BlockStyle{ScriptKind::kJscript, model::Format::kScript, "JScript",
               "// SIG // Begin signature block", "// SIG // ", "",
               "// SIG // End signature block"},
    BlockStyle{ScriptKind::kWindowsScript, model::Format::kScript,
               "Windows Script File", "<signature>", "** SIG ** ", "",
               "</signature>"},
};

// A piece of text as units of one size, which are compared with ASCII.
class UnitView {
 public:
  UnitView(base::Bytes bytes, TextUnit unit) : bytes_(bytes), unit_(unit) {}

  // Bytes of one unit.
  [[nodiscard]] size_t Width() const {
    return unit_ == TextUnit::kByte ? 1 : 2;
  }
  [[nodiscard]] size_t SizeBytes() const {
    return bytes_.size() - bytes_.size() % Width();
  }
  // The unit at byte `offset`, which is below SizeBytes().
  [[nodiscard]] uint32_t At(size_t offset) const;
  // True when the units from `offset` on are `text`.
  [[nodiscard]] bool Has(size_t offset, std::string_view text) const;
  // Where the line that begins at `offset` ends: of its line feed, or of the
  // carriage return in front of it, or the end.
  [[nodiscard]] size_t LineEnd(size_t offset) const;
  // Where the next line begins, `line_end` being the end of this one.
  [[nodiscard]] size_t NextLine(size_t line_end) const;
  // The first whole line `text` from `from` on; npos when there is none.
  [[nodiscard]] size_t FindLine(std::string_view text, size_t from) const;
  // The first line that begins with `text`; the same.
  [[nodiscard]] size_t FindLineStart(std::string_view text, size_t from) const;

  static constexpr size_t kNone = std::string_view::npos;

 private:
  // `text` as it stands in the bytes.
  [[nodiscard]] std::string Encoded(std::string_view text) const;

  base::Bytes bytes_;
  TextUnit unit_;
};

}  // namespace countersign::formats
