// What is hashed of a script, each character as UTF-16, little-endian:
//
//   PowerShell     [U+FEFF] text in front, text behind
//   script host    text in front, text behind, and the number of UTF-16 units
//                  in front as 32 bits
//
// "Behind" is empty but in a Windows Script File, whose block stands in front
// of its last </job>. Rules and how they were confirmed:
// docs/formats/powershell.md, docs/formats/script.md.
#include "signing/authenticode/script_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace countersign::signing {
namespace {

using base::ByteRange;
using base::Bytes;
using formats::SignedScript;
using formats::TextUnit;

constexpr uint32_t kReplacement = 0xFFFD;

// Windows-1252 from 0x80 to 0x9F.
// Quirk: Windows maps the five bytes that have no character to the control
// characters of the same number.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

// One character of UTF-8: its code point and size, or kReplacement and 1 for
// a byte that begins none.
struct Utf8Character {
  uint32_t code_point = kReplacement;
  size_t size = 1;
  bool valid = false;
};

Utf8Character DecodeUtf8(Bytes bytes) {
  const uint8_t first = bytes[0];
  if (first < 0x80) {
    return {first, 1, true};
  }
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (first < 0xC2 || first > 0xF4 || bytes.size() < size) {
    return {};
  }
  uint32_t value = first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((bytes[i] & 0xC0) != 0x80) {
      return {};
    }
    value = value << 6 | (bytes[i] & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || surrogate) {
    return {};
  }
  return {value, size, true};
}

// Hashes UTF-16 units, in pieces.
class UnitHasher {
 public:
  UnitHasher(std::span<const base::DigestAlgorithm> algorithms,
             LineBreaks line_breaks)
      : algorithms_(algorithms.begin(), algorithms.end()),
        line_breaks_(line_breaks) {
    for (const base::DigestAlgorithm algorithm : algorithms) {
      hashers_.emplace_back(algorithm);
    }
    held_.reserve(kHeldBytes);
  }

  void Take(uint32_t unit) {
    if (unit == '\n' && line_breaks_ == LineBreaks::kReturnAndFeed &&
        last_ != '\r') {
      Put('\r');
    }
    // A carriage return waits for what follows it.
    if (pending_return_ && unit != '\n') {
      Put('\r');
    }
    pending_return_ = unit == '\r' && line_breaks_ == LineBreaks::kFeed;
    if (!pending_return_) {
      Put(unit);
    }
    last_ = unit;
  }

  // The end of a piece of text.
  void EndPiece() {
    if (pending_return_) {
      Put('\r');
      pending_return_ = false;
    }
    last_ = 0;
  }

  [[nodiscard]] uint64_t Units() const { return units_; }

  // A number that is no character.
  void Append32(uint64_t number) {
    for (int shift = 0; shift < 32; shift += 8) {
      held_.push_back(static_cast<uint8_t>(number >> shift));
    }
  }

  ContentDigests Finish() {
    Flush();
    ContentDigests digests;
    for (size_t i = 0; i < algorithms_.size(); ++i) {
      digests[algorithms_[i]] = hashers_[i].Finish();
    }
    return digests;
  }

 private:
  static constexpr size_t kHeldBytes = size_t{64} << 10;

  void Put(uint32_t unit) {
    held_.push_back(static_cast<uint8_t>(unit));
    held_.push_back(static_cast<uint8_t>(unit >> 8));
    ++units_;
    if (held_.size() >= kHeldBytes) {
      Flush();
    }
  }

  void Flush() {
    for (base::Hasher& hasher : hashers_) {
      hasher.Update(held_);
    }
    held_.clear();
  }

  std::vector<base::DigestAlgorithm> algorithms_;
  std::vector<base::Hasher> hashers_;
  std::vector<uint8_t> held_;
  LineBreaks line_breaks_;
  uint32_t last_ = 0;
  bool pending_return_ = false;
  uint64_t units_ = 0;
};

void TakeUtf8(Bytes bytes, UnitHasher& out) {
  while (!bytes.empty()) {
    const Utf8Character next = DecodeUtf8(bytes);
    if (next.code_point >= 0x10000) {
      const uint32_t rest = next.code_point - 0x10000;
      out.Take(0xD800 | rest >> 10);
      out.Take(0xDC00 | (rest & 0x3FF));
    } else {
      out.Take(next.code_point);
    }
    bytes = bytes.subspan(next.size);
  }
}

void TakeUtf16(Bytes bytes, TextUnit unit, UnitHasher& out) {
  const size_t low = unit == TextUnit::kUtf16Little ? 0 : 1;
  size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    out.Take(static_cast<uint32_t>(bytes[at + 1 - low]) << 8 | bytes[at + low]);
  }
  if (at < bytes.size()) {
    out.Take(bytes[at]);  // half a character
  }
}

void TakePiece(Bytes bytes, TextUnit unit, Charset charset, UnitHasher& out) {
  switch (charset) {
    case Charset::kUtf8:
      TakeUtf8(bytes, out);
      break;
    case Charset::kUtf16:
      TakeUtf16(bytes, unit, out);
      break;
    case Charset::kWindows1252:
      for (const uint8_t byte : bytes) {
        out.Take(byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80]
                                             : byte);
      }
      break;
    case Charset::kLatin1:
      for (const uint8_t byte : bytes) {
        out.Take(byte);
      }
      break;
  }
  out.EndPiece();
}

Bytes PieceOf(Bytes file, ByteRange range) {
  return file.subspan(range.offset, range.size);
}

// Whether PowerShell takes text without a byte order mark for UTF-8.
// Quirk: it looks at the first 32 bytes only. Where these are ASCII, or end
// inside a character, the text is read in the code page of the machine.
bool StartsAsUtf8(Bytes file) {
  constexpr size_t kLookedAt = 32;
  Bytes start = file.first(std::min(file.size(), kLookedAt));
  bool has_more_than_ascii = false;
  while (!start.empty()) {
    const uint8_t first = start[0];
    const size_t size = first < 0x80    ? 1
                        : first >= 0xF0 ? 4
                        : first >= 0xE0 ? 3
                                        : 2;
    if (first >= 0x80 && (first < 0xC0 || start.size() < size)) {
      return false;
    }
    for (size_t i = 1; i < size; ++i) {
      if ((start[i] & 0xC0) != 0x80) {
        return false;
      }
    }
    has_more_than_ascii |= size > 1;
    start = start.subspan(size);
  }
  return has_more_than_ascii;
}

bool IsAscii(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte < 0x80; });
}

std::string_view CharsetName(const TextReading& reading) {
  switch (reading.charset) {
    case Charset::kUtf8:
      return "UTF-8";
    case Charset::kUtf16:
      return "UTF-16";
    case Charset::kWindows1252:
      return "Windows-1252";
    default:
      return "ISO 8859-1";
  }
}

}  // namespace

TextReading ReadingOf(const SignedScript& script, Bytes file) {
  TextReading reading;
  const bool powershell =
      formats::FormatOf(script.kind) == model::Format::kPowershell;
  const bool marked = script.mark.size != 0;
  // Quirk: the script host leaves the mark out, PowerShell hashes it.
  reading.with_mark = marked && powershell;
  if (script.unit != TextUnit::kByte) {
    reading.charset = Charset::kUtf16;
  } else if (!marked && !(powershell && StartsAsUtf8(file))) {
    // The machine's code page; the most common one stands for all.
    reading.charset = Charset::kWindows1252;
  }
  return reading;
}

std::vector<TextReading> OtherReadings(const SignedScript& script, Bytes file,
                                       const TextReading& reading) {
  std::vector<Charset> charsets = {reading.charset};
  const bool ascii = IsAscii(PieceOf(file, script.before)) &&
                     IsAscii(PieceOf(file, script.after));
  for (const Charset charset :
       {Charset::kUtf8, Charset::kWindows1252, Charset::kLatin1}) {
    if (charset != reading.charset && !ascii &&
        reading.charset != Charset::kUtf16) {
      charsets.push_back(charset);
    }
  }
  std::vector<TextReading> others;
  for (const Charset charset : charsets) {
    for (const bool with_mark : {reading.with_mark, !reading.with_mark}) {
      for (const LineBreaks breaks :
           {LineBreaks::kAsTheyAre, LineBreaks::kReturnAndFeed,
            LineBreaks::kFeed}) {
        others.push_back({charset, with_mark, breaks});
      }
    }
  }
  std::erase(others, reading);
  std::ranges::stable_sort(others, {}, [&](const TextReading& other) {
    return (other.charset != reading.charset ? 1 : 0) +
           (other.with_mark != reading.with_mark ? 1 : 0) +
           (other.line_breaks != reading.line_breaks ? 1 : 0);
  });
  return others;
}

std::string DescribeChange(const TextReading& now, const TextReading& then) {
  std::string clause;
  const auto add = [&](std::string_view what) {
    clause += clause.empty() ? "" : " and ";
    clause += what;
  };
  if (now.line_breaks != then.line_breaks) {
    add(then.line_breaks == LineBreaks::kFeed
            ? "the line endings (signed with LF)"
            : "the line endings (signed with CR LF)");
  }
  if (now.charset != then.charset) {
    add("the character encoding (it holds when read as " +
        std::string(CharsetName(then)) + ")");
  }
  if (now.with_mark != then.with_mark) {
    add(then.with_mark ? "the byte order mark (signed with one)"
                       : "the byte order mark (signed without one)");
  }
  return clause;
}

ContentDigests HashText(const SignedScript& script, Bytes file,
                        const TextReading& reading,
                        std::span<const base::DigestAlgorithm> algorithms) {
  UnitHasher hasher(algorithms, reading.line_breaks);
  if (reading.with_mark) {
    hasher.Take(0xFEFF);
  }
  TakePiece(PieceOf(file, script.before), script.unit, reading.charset, hasher);
  const uint64_t position = hasher.Units();
  TakePiece(PieceOf(file, script.after), script.unit, reading.charset, hasher);
  if (formats::FormatOf(script.kind) == model::Format::kScript) {
    hasher.Append32(position);
  }
  return hasher.Finish();
}

std::optional<uint64_t> FindReplaced(const SignedScript& script, Bytes file,
                                     const TextReading& reading) {
  if (reading.charset == Charset::kUtf16 && script.after.size % 2 != 0) {
    return script.after.offset + script.after.size - 1;
  }
  if (reading.charset != Charset::kUtf8) {
    return std::nullopt;
  }
  for (const ByteRange range : {script.before, script.after}) {
    Bytes rest = PieceOf(file, range);
    while (!rest.empty()) {
      const Utf8Character next = DecodeUtf8(rest);
      if (!next.valid) {
        return range.offset + range.size - rest.size();
      }
      rest = rest.subspan(next.size);
    }
  }
  return std::nullopt;
}

}  // namespace countersign::signing
