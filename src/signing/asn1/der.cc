// +------------+-----------------+--------------------------+
// | identifier | length          | content                  |
// | 1..n bytes | 1, or 1+k bytes | length bytes, or up to   |
// |            | 0x80=indefinite | 00 00 when indefinite    |
// +------------+-----------------+--------------------------+
#include "signing/asn1/der.h"

#include "base/text.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;
using base::Result;

// Limit: indefinite lengths inside each other. Time-stamping services nest
// about ten; each level is scanned once more by its parent.
constexpr int kMaxIndefiniteDepth = 24;

struct Header {
  uint8_t identifier = 0;
  size_t size = 0;      // bytes of identifier and length
  uint64_t length = 0;  // bytes of content; unset when indefinite
  bool indefinite = false;
};

Result<Header> ParseHeader(Bytes bytes, uint64_t offset, const char* field) {
  Header header;
  if (bytes.size() < 2) {
    return base::Fail(Fault::kTruncated, offset, field);
  }
  header.identifier = bytes[0];
  size_t at = 1;
  if ((bytes[0] & 0x1F) == 0x1F) {
    // A tag number of 31 or more; nothing we look for has one.
    // Limit: 32 bits, five octets; what is longer is no number of a type.
    while (at < bytes.size() && (bytes[at] & 0x80) != 0) {
      if (++at > 5) {
        return base::Fail(Fault::kMalformed, offset, field);
      }
    }
    ++at;
  }
  if (at >= bytes.size()) {
    return base::Fail(Fault::kTruncated, offset, field);
  }
  const uint8_t first = bytes[at++];
  if (first == 0x80) {
    header.indefinite = true;
  } else if (first < 0x80) {
    header.length = first;
  } else {
    const size_t count = first & 0x7F;
    if (count > 8) {
      return base::Fail(Fault::kMalformed, offset, field);
    }
    if (bytes.size() - at < count) {
      return base::Fail(Fault::kTruncated, offset, field);
    }
    for (size_t i = 0; i < count; ++i) {
      header.length = header.length << 8 | bytes[at++];
    }
  }
  header.size = at;
  if (!header.indefinite && header.length > bytes.size() - at) {
    return base::Fail(Fault::kTruncated, offset, field);
  }
  if (header.indefinite && (header.identifier & 0x20) == 0) {
    return base::Fail(Fault::kMalformed, offset, field);
  }
  return header;
}

// Bytes of content before the end-of-contents marker that closes `bytes`.
Result<uint64_t> IndefiniteLength(Bytes bytes, uint64_t offset,
                                  base::Budget& budget, const char* field) {
  int open = 1;
  size_t at = 0;
  while (true) {
    CS_TRY_VOID(budget.ChargeSteps(1, offset + at));
    if (bytes.size() - at >= 2 && bytes[at] == 0 && bytes[at + 1] == 0) {
      if (--open == 0) {
        return at;
      }
      at += 2;
      continue;
    }
    const Header header =
        CS_TRY(ParseHeader(bytes.subspan(at), offset + at, field));
    at += header.size;
    if (!header.indefinite) {
      at += static_cast<size_t>(header.length);
    } else if (++open > kMaxIndefiniteDepth) {
      return base::Fail(Fault::kLimit, offset + at, field);
    }
  }
}

std::optional<int> Number(std::string_view& text, size_t digits) {
  if (text.size() < digits) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

// Microseconds of ".123" or ",123"; consumes nothing without a separator.
int TakeFraction(std::string_view& text) {
  if (text.empty() || (text[0] != '.' && text[0] != ',')) {
    return 0;
  }
  text.remove_prefix(1);
  int value = 0;
  int scale = 100'000;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    value += (text[0] - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return value;
}

// Minutes east of UTC of "Z", "+0100" or nothing (taken as UTC).
std::optional<int> TakeZone(std::string_view text) {
  if (text.empty() || text == "Z") {
    return 0;
  }
  const int sign = text[0] == '+' ? 1 : text[0] == '-' ? -1 : 0;
  text.remove_prefix(1);
  const auto hours = Number(text, 2);
  const auto minutes = Number(text, 2);
  if (sign == 0 || !hours || !minutes || !text.empty()) {
    return std::nullopt;
  }
  return sign * (*hours * 60 + *minutes);
}

std::optional<base::Instant> ParseTime(std::string_view text, bool utc_time) {
  base::CivilTime civil;
  const auto year = Number(text, utc_time ? 2 : 4);
  const auto month = Number(text, 2);
  const auto day = Number(text, 2);
  const auto hour = Number(text, 2);
  const auto minute = Number(text, 2);
  if (!year || !month || !day || !hour || !minute) {
    return std::nullopt;
  }
  civil.year = !utc_time ? *year : *year < 50 ? 2000 + *year : 1900 + *year;
  civil.month = *month;
  civil.day = *day;
  civil.hour = *hour;
  civil.minute = *minute;
  civil.second = Number(text, 2).value_or(0);
  civil.microsecond = TakeFraction(text);
  const auto zone = TakeZone(text);
  const auto instant = base::FromCivil(civil);
  if (!zone || !instant) {
    return std::nullopt;
  }
  const base::Instant utc{instant->unix_microseconds -
                          int64_t{*zone} * 60'000'000};
  const int year_utc = base::ToCivil(utc).year;
  return year_utc >= 1 && year_utc <= 9999 ? std::optional(utc) : std::nullopt;
}

}  // namespace

void DerReader::Fail(Fault fault, const char* field) {
  Fail(base::Error{fault, Offset(), field});
}

void DerReader::Fail(const base::Error& error) {
  if (!failed_) {
    failed_ = true;
    error_ = error;
  }
}

Input DerReader::Rest() const {
  if (failed_) {
    return {{}, Offset()};
  }
  return {input_.bytes.subspan(position_), Offset()};
}

Element DerReader::Any(const char* field) {
  // Why: what is read out of an element that is not there fails as well, and
  // its complaint must name a place.
  Element element;
  element.whole.offset = element.value.offset = Offset();
  if (failed_) {
    return element;
  }
  if (const auto paid = budget_->ChargeSteps(1, Offset()); !paid) {
    Fail(paid.error());
    return element;
  }
  const Bytes rest = input_.bytes.subspan(position_);
  const auto header = ParseHeader(rest, Offset(), field);
  if (!header) {
    Fail(header.error());
    return element;
  }
  uint64_t length = header->length;
  size_t closing = 0;
  if (header->indefinite) {
    const auto found = IndefiniteLength(
        rest.subspan(header->size), Offset() + header->size, *budget_, field);
    if (!found) {
      Fail(found.error());
      return element;
    }
    length = *found;
    closing = 2;
  }
  const size_t total = header->size + static_cast<size_t>(length) + closing;
  element.identifier = header->identifier;
  element.indefinite = header->indefinite;
  element.whole = {rest.first(total), Offset()};
  element.value = {rest.subspan(header->size, static_cast<size_t>(length)),
                   Offset() + header->size};
  position_ += total;
  return element;
}

Element DerReader::Expect(uint8_t identifier, const char* field) {
  if (!failed_ && AtEnd()) {
    Fail(Fault::kTruncated, field);
  } else if (!failed_ && !NextIs(identifier)) {
    Fail(Fault::kMalformed, field);
  }
  return Any(field);
}

std::optional<Element> DerReader::Optional(uint8_t identifier,
                                           const char* field) {
  if (!NextIs(identifier)) {
    return std::nullopt;
  }
  return Any(field);
}

void DerReader::ExpectEnd(const char* field) {
  if (!AtEnd()) {
    Fail(Fault::kMalformed, field);
  }
}

Result<Input> OctetStringContent(const Element& element, base::Budget& budget,
                                 std::vector<uint8_t>& storage) {
  if (!element.IsConstructed()) {
    return element.value;
  }
  storage.clear();
  DerReader reader(element.value, budget);
  while (!reader.AtEnd()) {
    const Element segment = reader.Any("OCTET STRING segment");
    if (reader.Failed()) {
      break;
    }
    if (segment.identifier != tag::kOctetString) {
      // Quirk: segments in segments are legal BER that nobody produces.
      return base::Fail(Fault::kUnsupported, segment.whole.offset,
                        "OCTET STRING segment");
    }
    storage.insert(storage.end(), segment.value.bytes.begin(),
                   segment.value.bytes.end());
  }
  return reader.Finish(Input{storage, element.value.offset});
}

Result<Input> BitStringContent(const Element& element) {
  const Bytes bytes = element.value.bytes;
  if (element.IsConstructed()) {
    return base::Fail(Fault::kUnsupported, element.whole.offset, "BIT STRING");
  }
  if (bytes.empty() || bytes[0] > 7) {
    return base::Fail(Fault::kMalformed, element.whole.offset, "BIT STRING");
  }
  return Input{bytes.subspan(1), element.value.offset + 1};
}

Result<base::Instant> TimeContent(const Element& element) {
  const bool utc = element.identifier == tag::kUtcTime;
  if (!utc && element.identifier != tag::kGeneralizedTime) {
    return base::Fail(Fault::kMalformed, element.whole.offset, "Time");
  }
  const auto time = ParseTime(base::AsText(element.value.bytes), utc);
  if (!time) {
    return base::Fail(Fault::kMalformed, element.value.offset, "Time");
  }
  return *time;
}

Bytes ShortestInteger(Bytes content) {
  const auto is_redundant = [](Bytes octets) {
    return octets.size() > 1 &&
           ((octets[0] == 0x00 && (octets[1] & 0x80) == 0) ||
            (octets[0] == 0xFF && (octets[1] & 0x80) != 0));
  };
  while (is_redundant(content)) {
    content = content.subspan(1);
  }
  return content;
}

Result<uint64_t> IntegerContent(const Element& element) {
  const Bytes bytes = element.value.bytes;
  if (bytes.empty() || (bytes[0] & 0x80) != 0 || bytes.size() > 9 ||
      (bytes.size() == 9 && bytes[0] != 0)) {
    return base::Fail(Fault::kMalformed, element.whole.offset, "INTEGER");
  }
  uint64_t value = 0;
  for (const uint8_t byte : bytes) {
    value = value << 8 | byte;
  }
  return value;
}

std::string StringContent(const Element& element) {
  const Bytes bytes = element.value.bytes;
  switch (element.identifier) {
    case tag::kBmpString:
      return base::FromUtf16BigEndian(bytes);
    case tag::kT61String:
    case tag::kVisibleString:
    case tag::kIa5String:
    case tag::kPrintableString:
      return base::FromLatin1(bytes);
    case tag::kUniversalString: {
      std::string text;
      for (size_t i = 0; i + 3 < bytes.size(); i += 4) {
        base::AppendUtf8(text, static_cast<char32_t>(bytes[i]) << 24 |
                                   static_cast<char32_t>(bytes[i + 1]) << 16 |
                                   static_cast<char32_t>(bytes[i + 2]) << 8 |
                                   bytes[i + 3]);
      }
      return text;
    }
    default:
      return std::string(base::AsText(bytes));
  }
}

}  // namespace countersign::signing
