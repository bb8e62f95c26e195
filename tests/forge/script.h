// Signs scripts as PowerShell and the script host of Windows do: the signature
// in comments, the digest over the text as UTF-16.
#pragma once

#include <string>

#include "forge/sign.h"

namespace countersign::forge {

enum class ScriptForm : uint8_t {
  kPowershell,     // # SIG # ...
  kPowershellXml,  // <!-- SIG # ... -->
  kMof,            // /* SIG # ... */
  kVbscript,       // '' SIG '' ...
  kJscript,        // // SIG // ...
  kWindowsScript,  // <signature> ** SIG ** ...
};

// How a text is stored. "Marked": with a byte order mark.
enum class TextForm : uint8_t {
  kUtf8,
  kUtf8Marked,
  kUtf16,
  kUtf16Marked,
  kUtf16BigMarked,
  kWindows1252,  // up to U+00FF only
};

struct ScriptRecipe {
  ScriptForm form = ScriptForm::kPowershell;
  TextForm stored = TextForm::kUtf8;
  std::u16string text;    // in front of the signature
  std::u16string behind;  // behind it; only the script host signs that
};

// `text` as it is stored, without a byte order mark.
ByteVector StoredText(const std::u16string& text, TextForm form);

// ContentInfo of the signature of the script.
ByteVector SignScript(const ScriptRecipe& recipe, ImageSignature signature);

// The lines that hold `signature`, with the line break in front of them.
std::u16string SignatureBlock(ScriptForm form, ByteSpan signature);

// The whole file.
ByteVector SignedScript(const ScriptRecipe& recipe,
                        const ImageSignature& signature);

// The same with a signature of the usual publisher.
ByteVector SignedScript(const ScriptRecipe& recipe);

}  // namespace countersign::forge
