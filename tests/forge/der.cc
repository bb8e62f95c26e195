#include "forge/der.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>

#include "forge/require.h"

namespace countersign::forge {
namespace {

ByteVector LengthOctets(size_t length) {
  if (length < 0x80) {
    return {static_cast<uint8_t>(length)};
  }
  ByteVector octets;
  for (size_t rest = length; rest != 0; rest >>= 8) {
    octets.insert(octets.begin(), static_cast<uint8_t>(rest & 0xFF));
  }
  octets.insert(octets.begin(), static_cast<uint8_t>(0x80 | octets.size()));
  return octets;
}

size_t HeaderSize(ByteSpan node) {
  Require(node.size() >= 2, "a node needs a tag and a length");
  return node[1] < 0x80 ? 2 : 2 + size_t{static_cast<uint8_t>(node[1] & 0x7F)};
}

// Base-128 with continuation bits, as in an OBJECT IDENTIFIER.
void AppendBase128(ByteVector& out, uint64_t value) {
  ByteVector digits = {static_cast<uint8_t>(value & 0x7F)};
  for (value >>= 7; value != 0; value >>= 7) {
    digits.insert(digits.begin(), static_cast<uint8_t>(0x80 | (value & 0x7F)));
  }
  Append(out, digits);
}

std::u32string CodePoints(std::string_view utf8) {
  std::u32string points;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<uint8_t>(utf8[i]);
    const size_t extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0;
    constexpr std::array<uint8_t, 4> kMasks = {0x7F, 0x1F, 0x0F, 0x07};
    char32_t point = static_cast<char32_t>(lead & kMasks[extra]);
    Require(i + extra < utf8.size(), "text ends inside a UTF-8 sequence");
    for (size_t k = 1; k <= extra; ++k) {
      point = (point << 6) | (static_cast<uint8_t>(utf8[i + k]) & 0x3FU);
    }
    points.push_back(point);
    i += extra + 1;
  }
  return points;
}

std::u16string Utf16(std::string_view utf8) {
  std::u16string units;
  for (char32_t point : CodePoints(utf8)) {
    if (point >= 0x10000) {
      point -= 0x10000;
      units.push_back(static_cast<char16_t>(0xD800 + (point >> 10)));
      point = 0xDC00 + (point & 0x3FF);
    }
    units.push_back(static_cast<char16_t>(point));
  }
  return units;
}

ByteVector Utf32BigEndian(std::string_view utf8) {
  ByteVector out;
  for (const char32_t point : CodePoints(utf8)) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<uint8_t>((point >> shift) & 0xFF));
    }
  }
  return out;
}

// YYYYMMDDHHMMSSZ; UTCTime drops the century.
std::string TimeText(int64_t unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d%02d%02d%02d%02d%02dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

}  // namespace

void Append(ByteVector& out, ByteSpan bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

ByteVector BytesOf(std::string_view text) {
  return ByteVector(text.begin(), text.end());
}

ByteVector Tlv(uint8_t tag, ByteSpan content) {
  const ByteVector length = LengthOctets(content.size());
  ByteVector out;
  out.reserve(1 + length.size() + content.size());
  out.push_back(tag);
  Append(out, length);
  Append(out, content);
  return out;
}

ByteVector IndefiniteTlv(uint8_t tag, ByteSpan content) {
  ByteVector out = {tag, 0x80};
  Append(out, content);
  Append(out, std::array<uint8_t, 2>{0, 0});
  return out;
}

ByteSpan ContentOf(ByteSpan node) { return node.subspan(HeaderSize(node)); }

ByteVector Join(const std::vector<ByteVector>& nodes) {
  ByteVector out;
  for (const ByteVector& node : nodes) {
    Append(out, node);
  }
  return out;
}

ByteVector Sequence(const std::vector<ByteVector>& members) {
  return Tlv(kTagSequence, Join(members));
}

ByteVector Set(const std::vector<ByteVector>& members) {
  return Tlv(kTagSet, Join(members));
}

ByteVector SetOf(std::vector<ByteVector> members) {
  std::sort(members.begin(), members.end());
  return Set(members);
}

ByteVector Explicit(uint8_t number, ByteSpan node) {
  return Tlv(static_cast<uint8_t>(0xA0 | number), node);
}

ByteVector Implicit(uint8_t number, ByteSpan node) {
  Require(!node.empty(), "nothing to retag");
  ByteVector out(node.begin(), node.end());
  out[0] = static_cast<uint8_t>(0x80 | (node[0] & 0x20) | number);
  return out;
}

ByteVector Oid(std::string_view dotted) {
  std::vector<uint64_t> arcs(1, 0);
  for (const char c : dotted) {
    if (c == '.') {
      arcs.push_back(0);
      continue;
    }
    Require(c >= '0' && c <= '9', "an object identifier is digits and dots");
    arcs.back() = arcs.back() * 10 + static_cast<uint64_t>(c - '0');
  }
  Require(arcs.size() >= 2, "an object identifier needs two arcs");
  ByteVector content;
  AppendBase128(content, arcs[0] * 40 + arcs[1]);
  for (size_t i = 2; i < arcs.size(); ++i) {
    AppendBase128(content, arcs[i]);
  }
  return Tlv(0x06, content);
}

ByteVector Integer(int64_t value) {
  ByteVector content;
  for (int shift = 56; shift >= 0; shift -= 8) {
    content.push_back(static_cast<uint8_t>((value >> shift) & 0xFF));
  }
  while (content.size() > 1 && ((content[0] == 0x00 && content[1] < 0x80) ||
                                (content[0] == 0xFF && content[1] >= 0x80))) {
    content.erase(content.begin());
  }
  return Tlv(kTagInteger, content);
}

ByteVector UnsignedInteger(ByteSpan big_endian) {
  ByteVector content = {0};
  Append(content, big_endian);
  while (content.size() > 1 && content[0] == 0 && content[1] < 0x80) {
    content.erase(content.begin());
  }
  return Tlv(kTagInteger, content);
}

ByteVector Enumerated(uint8_t value) { return {0x0A, 0x01, value}; }

ByteVector Boolean(bool value) {
  return {0x01, 0x01, static_cast<uint8_t>(value ? 0xFF : 0x00)};
}

ByteVector Null() { return {0x05, 0x00}; }

ByteVector OctetString(ByteSpan bytes) { return Tlv(kTagOctetString, bytes); }

ByteVector BitString(ByteSpan bytes, uint8_t unused_bits) {
  ByteVector content = {unused_bits};
  Append(content, bytes);
  return Tlv(kTagBitString, content);
}

ByteVector NamedBits(uint16_t bits) {
  ByteVector octets;
  int highest = -1;
  for (int bit = 0; bit < 16; ++bit) {
    if (((bits >> bit) & 1) == 0) {
      continue;
    }
    highest = bit;
    octets.resize(static_cast<size_t>(bit / 8 + 1), 0);
    octets.back() = static_cast<uint8_t>(octets.back() | (0x80 >> (bit % 8)));
  }
  const int unused = highest < 0 ? 0 : 7 - highest % 8;
  return BitString(octets, static_cast<uint8_t>(unused));
}

ByteVector String(StringType type, std::string_view utf8) {
  switch (type) {
    case StringType::kUtf8:
      return Tlv(kTagUtf8String, BytesOf(utf8));
    case StringType::kPrintable:
      return Tlv(kTagPrintableString, BytesOf(utf8));
    case StringType::kIa5:
      return Tlv(kTagIa5String, BytesOf(utf8));
    case StringType::kTeletex:
      return Tlv(kTagTeletexString, BytesOf(utf8));
    case StringType::kNumeric:
      return Tlv(kTagNumericString, BytesOf(utf8));
    case StringType::kVisible:
      return Tlv(kTagVisibleString, BytesOf(utf8));
    case StringType::kBmp:
      return Tlv(kTagBmpString, Utf16BigEndian(utf8));
    case StringType::kUniversal:
      return Tlv(kTagUniversalString, Utf32BigEndian(utf8));
  }
  return {};
}

ByteVector Utf16BigEndian(std::string_view utf8) {
  ByteVector out;
  for (const char16_t unit : Utf16(utf8)) {
    out.push_back(static_cast<uint8_t>(unit >> 8));
    out.push_back(static_cast<uint8_t>(unit & 0xFF));
  }
  return out;
}

ByteVector Utf16LittleEndian(std::string_view utf8) {
  ByteVector out;
  for (const char16_t unit : Utf16(utf8)) {
    out.push_back(static_cast<uint8_t>(unit & 0xFF));
    out.push_back(static_cast<uint8_t>(unit >> 8));
  }
  return out;
}

ByteVector UtcTime(int64_t unix_seconds) {
  return Tlv(0x17, BytesOf(TimeText(unix_seconds).substr(2)));
}

ByteVector GeneralizedTime(int64_t unix_seconds) {
  return Tlv(0x18, BytesOf(TimeText(unix_seconds)));
}

ByteVector X509Time(int64_t unix_seconds) {
  constexpr int64_t kYear2050 = 2524608000;
  return unix_seconds < kYear2050 ? UtcTime(unix_seconds)
                                  : GeneralizedTime(unix_seconds);
}

}  // namespace countersign::forge
