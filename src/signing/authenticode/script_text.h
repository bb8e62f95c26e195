// The text of a script as its host hashes it: as UTF-16, whatever it is stored
// as. Private to the Authenticode folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/script.h"
#include "signing/authenticode/subject.h"

namespace countersign::signing {

enum class Charset : uint8_t { kUtf8, kUtf16, kWindows1252, kLatin1 };
enum class LineBreaks : uint8_t { kAsTheyAre, kReturnAndFeed, kFeed };

// One way to turn the bytes of a script into what is hashed.
struct TextReading {
  Charset charset = Charset::kUtf8;
  bool with_mark = false;  // a byte order mark is hashed in front
  LineBreaks line_breaks = LineBreaks::kAsTheyAre;

  friend bool operator==(const TextReading&, const TextReading&) = default;
};

// The way that the host of such a script reads `file`.
[[nodiscard]] TextReading ReadingOf(const formats::SignedScript& script,
                                    base::Bytes file);

// Other ways in which the same text may have been stored when it was signed;
// those with the fewest differences come first.
[[nodiscard]] std::vector<TextReading> OtherReadings(
    const formats::SignedScript& script, base::Bytes file,
    const TextReading& reading);

// What differs between the ways, as a clause: "the line endings (signed with CR
// LF)".
[[nodiscard]] std::string DescribeChange(const TextReading& now,
                                         const TextReading& then);

// The digest of all of the text but the block.
[[nodiscard]] ContentDigests HashText(
    const formats::SignedScript& script, base::Bytes file,
    const TextReading& reading,
    std::span<const base::DigestAlgorithm> algorithms);

// Where the text has a byte that its encoding has no character for, if it has:
// hosts replace all such bytes by the same character, or fill half a character
// up, so that a digest does not tell them apart.
[[nodiscard]] std::optional<uint64_t> FindReplaced(
    const formats::SignedScript& script, base::Bytes file,
    const TextReading& reading);

}  // namespace countersign::signing
