#include "forge/script.h"

#include <array>

#include "forge/recipes.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

// The lines of a block and the class of its signer, as in a GUID structure.
struct Style {
  std::string_view begin;
  std::string_view open;
  std::string_view close;
  std::string_view end;
  bool script_host;
  std::array<uint8_t, 16> class_id;
};

constexpr std::array<uint8_t, 16> kPowershellClass = {
    0x1F, 0xCC, 0x3B, 0x60, 0x59, 0x4B, 0x08, 0x4E,
    0xB7, 0x24, 0xD2, 0xC6, 0x29, 0x7E, 0xF3, 0x51};

const Style& StyleOf(ScriptForm form) {
  static const std::array<Style, 6> kStyles = {
      Style{"# SIG # Begin signature block", "# ", "",
            "# SIG # End signature block", false, kPowershellClass},
      Style{"<!-- SIG # Begin signature block -->", "<!-- ", " -->",
            "<!-- SIG # End signature block -->", false, kPowershellClass},
      Style{"/* SIG # Begin signature block */", "/* ", " */",
            "/* SIG # End signature block */", false, kPowershellClass},
      Style{"'' SIG '' Begin signature block",
            "'' SIG '' ",
            "",
            "'' SIG '' End signature block",
            true,
            {0x4E, 0xF0, 0x29, 0x16, 0x99, 0x27, 0xB5, 0x4D, 0x8F, 0xE5, 0xAC,
             0xE1, 0x0F, 0x17, 0xEB, 0xAB}},
      Style{"// SIG // Begin signature block",
            "// SIG // ",
            "",
            "// SIG // End signature block",
            true,
            {0x10, 0xE0, 0xC9, 0x06, 0xCE, 0x38, 0xD4, 0x11, 0xA2, 0xA3, 0x00,
             0x10, 0x4B, 0xD3, 0x50, 0x90}},
      Style{"<signature>",
            "** SIG ** ",
            "",
            "</signature>",
            true,
            {0x70, 0x05, 0x61, 0x1A, 0xCE, 0x38, 0xD4, 0x11, 0xA2, 0xA3, 0x00,
             0x10, 0x4B, 0xD3, 0x50, 0x90}}};
  return kStyles[static_cast<size_t>(form)];
}

bool IsMarked(TextForm form) {
  return form == TextForm::kUtf8Marked || form == TextForm::kUtf16Marked ||
         form == TextForm::kUtf16BigMarked;
}

void AppendUtf16(ByteVector& out, const std::u16string& text) {
  for (const char16_t unit : text) {
    out.push_back(static_cast<uint8_t>(unit));
    out.push_back(static_cast<uint8_t>(unit >> 8));
  }
}

void AppendUtf8(ByteVector& out, char16_t unit) {
  Require(unit < 0xD800 || unit > 0xDFFF, "no surrogates in forged scripts");
  if (unit < 0x80) {
    out.push_back(static_cast<uint8_t>(unit));
    return;
  }
  if (unit < 0x800) {
    out.push_back(static_cast<uint8_t>(0xC0 | unit >> 6));
  } else {
    out.push_back(static_cast<uint8_t>(0xE0 | unit >> 12));
    out.push_back(static_cast<uint8_t>(0x80 | (unit >> 6 & 0x3F)));
  }
  out.push_back(static_cast<uint8_t>(0x80 | (unit & 0x3F)));
}

std::u16string Ascii(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string Base64(ByteSpan bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (i + j < bytes.size() ? bytes[i + j] : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

}  // namespace

ByteVector StoredText(const std::u16string& text, TextForm form) {
  ByteVector out;
  for (const char16_t unit : text) {
    switch (form) {
      case TextForm::kUtf16:
      case TextForm::kUtf16Marked:
        AppendUtf16(out, std::u16string(1, unit));
        break;
      case TextForm::kUtf16BigMarked:
        out.push_back(static_cast<uint8_t>(unit >> 8));
        out.push_back(static_cast<uint8_t>(unit));
        break;
      case TextForm::kWindows1252:
        Require(unit < 0x100, "U+00FF is the last character here");
        out.push_back(static_cast<uint8_t>(unit));
        break;
      default:
        AppendUtf8(out, unit);
    }
  }
  return out;
}

ByteVector SignScript(const ScriptRecipe& recipe, ImageSignature signature) {
  const Style& style = StyleOf(recipe.form);
  ByteVector hashed;
  if (!style.script_host && IsMarked(recipe.stored)) {
    AppendUtf16(hashed, u"\uFEFF");
  }
  AppendUtf16(hashed, recipe.text);
  AppendUtf16(hashed, recipe.behind);
  if (style.script_host) {
    for (int shift = 0; shift < 32; shift += 8) {
      hashed.push_back(static_cast<uint8_t>(recipe.text.size() >> shift));
    }
  }
  signature.sip = SipInfo{style.script_host ? 1 : 0x10000,
                          {style.class_id.begin(), style.class_id.end()}};
  return SignImageDigest(Hash(signature.content_digest, hashed), signature);
}

std::u16string SignatureBlock(ScriptForm form, ByteSpan signature) {
  constexpr size_t kLine = 64;
  const Style& style = StyleOf(form);
  const std::string text = Base64(signature);
  std::u16string block = u"\r\n" + Ascii(style.begin) + u"\r\n";
  for (size_t at = 0; at < text.size(); at += kLine) {
    block += Ascii(style.open) + Ascii(text.substr(at, kLine)) +
             Ascii(style.close) + u"\r\n";
  }
  return block + Ascii(style.end) + u"\r\n";
}

ByteVector SignedScript(const ScriptRecipe& recipe,
                        const ImageSignature& signature) {
  ByteVector file;
  if (IsMarked(recipe.stored)) {
    file = StoredText(u"\uFEFF", recipe.stored);
  }
  const ByteVector signed_data = SignScript(recipe, signature);
  Append(file, StoredText(recipe.text, recipe.stored));
  Append(file,
         StoredText(SignatureBlock(recipe.form, signed_data), recipe.stored));
  Append(file, StoredText(recipe.behind, recipe.stored));
  return file;
}

ByteVector SignedScript(const ScriptRecipe& recipe) {
  return SignedScript(recipe, Stamped(SignatureBy(TestAuthorities().publisher),
                                      StampAt(kSigningTime)));
}

}  // namespace countersign::forge
