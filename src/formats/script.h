// Scripts that carry a signature in comments: where it lies, and what else is
// there. docs/formats/powershell.md, docs/formats/script.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/report.h"

namespace countersign::formats {

// By the form of the signature's lines; the host that runs the file goes by
// its name.
enum class ScriptKind : uint8_t {
  kPowershell,     // .ps1 .psm1 .psd1
  kPowershellXml,  // .ps1xml .psc1 .cdxml
  kMof,            // .mof
  kVbscript,       // .vbs
  kJscript,        // .js
  kWindowsScript,  // .wsf
};

// "PowerShell script", "VBScript", ...
[[nodiscard]] std::string_view NameOf(ScriptKind kind);
// kPowershell for what PowerShell's signer signs, else kScript.
[[nodiscard]] model::Format FormatOf(ScriptKind kind);

// How characters are stored, as far as the file tells.
enum class TextUnit : uint8_t { kByte, kUtf16Little, kUtf16Big };

struct SignedScript {
  ScriptKind kind = ScriptKind::kPowershell;
  TextUnit unit = TextUnit::kByte;
  base::ByteRange mark;  // the byte order mark at the start; may be empty
  // The text in front of the block, without the byte order mark and without
  // the line break that separates it from the block.
  base::ByteRange before;
  base::ByteRange block;  // from that line break to the end of the last line
  // What follows. Up to two line break characters behind a PowerShell block
  // belong to the block.
  base::ByteRange after;
  std::vector<uint8_t> signature;  // what the lines of the block hold
  uint64_t signature_offset = 0;   // of the first such line
  // Why `signature` is not all that the block should hold.
  std::optional<base::Error> damage;
  // Where another block begins in what follows.
  std::optional<uint64_t> second_block;
};

// Limit: 16 MiB; hosts read scripts as a whole, and the largest signed ones
// seen have 3.
inline constexpr uint64_t kLargestScript = uint64_t{16} << 20;

// The block of the signed script `file`, or nothing when it has none. Fails
// with kLimit when the file is larger than kLargestScript or the budget ends,
// with kMalformed when a block ends that never began.
[[nodiscard]] base::Result<std::optional<SignedScript>> FindScriptBlock(
    base::Bytes file, base::Budget& budget);

// Whether a line of `part` begins or ends a signature block of that format,
// kPowershell or kScript. `part` is a piece of a text.
[[nodiscard]] bool HasScriptBlock(base::Bytes part, model::Format format);

}  // namespace countersign::formats
