// Text that is safe to show, and hexadecimal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace countersign::base {

// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string ToHex(Bytes bytes);

// The bytes of an even number of hexadecimal digits of either case, or
// nothing.
[[nodiscard]] std::optional<std::vector<uint8_t>> FromHex(
    std::string_view text);

// `text` as valid UTF-8 that cannot move a cursor, hide, or reorder what is
// around it: each byte of an invalid sequence becomes "\x{XX}"; C0 and C1
// controls, and invisible or bidirectional formatting characters (Unicode "Cf",
// the tag characters included) become "\u{XXXX}".
[[nodiscard]] std::string DisplaySafe(std::string_view text);

// ASCII letters in lower case, the rest as it is: how Windows and the formats
// from it compare names, as far as they are ASCII.
[[nodiscard]] constexpr char AsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string AsciiLower(std::string_view text);
[[nodiscard]] bool EqualIgnoringAsciiCase(std::string_view a,
                                          std::string_view b);

// UTF-8 of big-endian UTF-16 (as in ASN.1 BMPString); an unpaired surrogate
// becomes U+FFFD, an odd last byte is dropped.
[[nodiscard]] std::string FromUtf16BigEndian(Bytes bytes);

// The same of little-endian UTF-16 (as Windows stores names).
[[nodiscard]] std::string FromUtf16LittleEndian(Bytes bytes);

// UTF-8 of ISO 8859-1 (what real T61String values hold).
[[nodiscard]] std::string FromLatin1(Bytes bytes);

// Appends the UTF-8 of one code point; an invalid one becomes U+FFFD.
void AppendUtf8(std::string& out, char32_t code_point);

}  // namespace countersign::base
