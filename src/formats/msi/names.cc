// Names and text of a Windows Installer database.
//
// A unit of a stream's name in 0x3800..0x47FF is two characters, the lower six
// bits first; in 0x4800..0x483F one; 0x4840 is the mark of a table. The digits
// are 0-9 A-Z a-z . _
#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "formats/msi.h"

namespace countersign::formats {
namespace {

using base::Bytes;

constexpr std::string_view kNameDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
static_assert(kNameDigits.size() == 64);

// Windows code page 1252 from 0x80 to 0x9F; those it does not define stay
// controls.
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

constexpr uint32_t kCodePageNeutral = 0;
constexpr uint32_t kCodePage1252 = 1252;
constexpr uint32_t kCodePageLatin1 = 28591;
constexpr uint32_t kCodePageUtf8 = 65001;

constexpr char32_t kReplacementCharacter = 0xFFFD;

// The bytes of a UTF-8 sequence by its first, 0 if none begins with that.
size_t MsiUtf8Length(uint8_t lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// True when the second byte may follow the first. The Unicode Standard, table
// 3-7: no overlong form, no surrogate, nothing above U+10FFFF.
bool MayFollowLead(uint8_t lead, uint8_t second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return second >= 0x80 && second <= 0xBF;
  }
}

// The bytes of the UTF-8 sequence that `text` begins with, 0 if it is none.
size_t MsiUtf8Sequence(Bytes text) {
  const size_t length = MsiUtf8Length(text[0]);
  if (length == 0 || length > text.size() ||
      (length > 1 && !MayFollowLead(text[0], text[1]))) {
    return 0;
  }
  const bool rest = std::ranges::all_of(
      text.first(length).subspan(std::min<size_t>(length, 2)),
      [](uint8_t byte) { return byte >= 0x80 && byte <= 0xBF; });
  return rest ? length : 0;
}

std::string DecodeUtf8Text(Bytes text, bool& exact) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = MsiUtf8Sequence(text);
    if (length == 0) {
      exact = false;
      base::AppendUtf8(out, kReplacementCharacter);
    } else {
      out += base::AsText(text.first(length));
    }
    text = text.subspan(std::max<size_t>(length, 1));
  }
  return out;
}

// One byte above 0x7F. Why: "neutral" is to hold ASCII only; what else is in
// it is shown as most Windows systems would.
char32_t DecodeHighByte(uint8_t byte, uint32_t code_page) {
  switch (code_page) {
    case kCodePageNeutral:
    case kCodePage1252:
      return byte < 0xA0 ? kWindows1252[byte - 0x80] : byte;
    case kCodePageLatin1:
      return byte;
    default:
      return kReplacementCharacter;
  }
}

}  // namespace

std::string DecodeMsiName(Bytes raw_name) {
  std::string name;
  std::string plain;  // UTF-16LE of a run of units that are not packed
  const auto flush = [&] {
    name += base::FromUtf16LittleEndian(base::AsBytes(plain));
    plain.clear();
  };
  for (size_t i = 0; i + 1 < raw_name.size(); i += 2) {
    const uint32_t unit = raw_name[i] | uint32_t{raw_name[i + 1]} << 8;
    if (unit < 0x3800 || unit > 0x4840) {
      plain += static_cast<char>(raw_name[i]);
      plain += static_cast<char>(raw_name[i + 1]);
      continue;
    }
    flush();
    if (unit == 0x4840) {
      name += '!';
    } else if (unit >= 0x4800) {
      name += kNameDigits[unit - 0x4800];
    } else {
      name += kNameDigits[(unit - 0x3800) & 0x3F];
      name += kNameDigits[(unit - 0x3800) >> 6];
    }
  }
  flush();
  return name;
}

std::string DecodeCodePage(Bytes text, uint32_t code_page, bool& exact) {
  if (code_page == kCodePageUtf8) {
    return DecodeUtf8Text(text, exact);
  }
  std::string out;
  out.reserve(text.size());
  for (const uint8_t byte : text) {
    const char32_t c = byte < 0x80 ? byte : DecodeHighByte(byte, code_page);
    exact = exact && c != kReplacementCharacter;
    base::AppendUtf8(out, c);
  }
  return out;
}

MsiFileName SplitMsiFileName(std::string_view name) {
  const size_t bar = name.find('|');
  return bar == std::string_view::npos
             ? MsiFileName{"", name}
             : MsiFileName{name.substr(0, bar), name.substr(bar + 1)};
}

}  // namespace countersign::formats
