#include "formats/zip/name.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/reader.h"
#include "base/text.h"
#include "formats/codec/decompress.h"
#include "formats/zip/record.h"

namespace countersign::formats {
namespace {

using base::Bytes;

// The upper half of code page 437, the character set of the first PCs.
constexpr std::array<char16_t, 128> kCodePage437 = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA,
    0x00EB, 0x00E8, 0x00EF, 0x00EE, 0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6,
    0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6, 0x00DC,
    0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA,
    0x00F1, 0x00D1, 0x00AA, 0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC,
    0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561,
    0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B,
    0x2510, 0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F,
    0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568,
    0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518,
    0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1, 0x00DF, 0x0393,
    0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4, 0x03A6, 0x0398, 0x03A9, 0x03B4,
    0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320,
    0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2,
    0x25A0, 0x00A0,
};

bool IsAscii(Bytes text) {
  return std::ranges::all_of(text, [](uint8_t c) { return c < 0x80; });
}

std::string FromCodePage437(Bytes stored) {
  std::string text;
  text.reserve(stored.size());
  for (const uint8_t c : stored) {
    base::AppendUtf8(text, c < 0x80 ? c : kCodePage437[c - 0x80]);
  }
  return text;
}

// Spec: Unicode 15, table 3-7 (well-formed UTF-8).
bool IsUtf8(Bytes text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = text[i++];
    if (lead < 0x80) {
      continue;
    }
    if (lead < 0xC2 || lead > 0xF4) {
      return false;
    }
    const size_t extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (text.size() - i < extra) {
      return false;
    }
    const uint8_t next = text[i];
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) ||
        (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F) ||
        !std::ranges::all_of(text.subspan(i, extra),
                             [](uint8_t c) { return (c & 0xC0) == 0x80; })) {
      return false;
    }
    i += extra;
  }
  return true;
}

// What of a name every encoding has in common: ASCII, but for the characters
// that stand for those which an encoding lacks.
std::string Skeleton(std::string_view name) {
  std::string skeleton;
  std::ranges::copy_if(name, std::back_inserter(skeleton), [](char c) {
    return static_cast<uint8_t>(c) < 0x80 && c != '?' && c != '_';
  });
  return skeleton;
}

struct UnicodePath {
  uint32_t crc32 = 0;  // of the name that it stands for
  Bytes name;
};

std::optional<UnicodePath> ReadUnicodePath(Bytes extra) {
  const auto field = FindZipExtra(extra, kZipExtraUnicodePath);
  if (!field) {
    return std::nullopt;
  }
  base::Reader reader(base::Input{*field, 0});
  const uint8_t version = reader.U8("Unicode Path Version");
  UnicodePath path;
  path.crc32 = reader.U32("NameCRC32");
  path.name = reader.Take(reader.Remaining(), "UnicodeName");
  return reader.Failed() || version != 1 ? std::nullopt : std::optional(path);
}

}  // namespace

ZipName ReadZipName(Bytes stored, uint16_t flags, Bytes extra) {
  ZipName name;
  const std::string_view text = base::AsText(stored);
  if ((flags & kZipFlagUtf8) != 0) {
    name.is_broken = !IsUtf8(stored);
    name.text = text;
  } else {
    name.text = IsAscii(stored) ? std::string(text) : FromCodePage437(stored);
  }
  const auto path = ReadUnicodePath(extra);
  if (!path) {
    return name;
  }
  const std::string_view other = base::AsText(path->name);
  name.is_path_stale =
      path->crc32 != Crc32(0, stored) || other.empty() || !IsUtf8(path->name);
  if (!name.is_path_stale) {
    name.is_path_different = (flags & kZipFlagUtf8) != 0
                                 ? other != text
                                 : Skeleton(other) != Skeleton(text);
    name.text = other;
  }
  return name;
}

}  // namespace countersign::formats
