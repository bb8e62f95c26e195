// Writes ASN.1: each function returns one complete encoded node, so nesting
// calls draws the tree. DER unless a function says otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace countersign::forge {

using ByteVector = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;

// Tag octets of the types the forge writes.
inline constexpr uint8_t kTagInteger = 0x02;
inline constexpr uint8_t kTagBitString = 0x03;
inline constexpr uint8_t kTagOctetString = 0x04;
inline constexpr uint8_t kTagUtf8String = 0x0C;
inline constexpr uint8_t kTagNumericString = 0x12;
inline constexpr uint8_t kTagPrintableString = 0x13;
inline constexpr uint8_t kTagTeletexString = 0x14;
inline constexpr uint8_t kTagIa5String = 0x16;
inline constexpr uint8_t kTagVisibleString = 0x1A;
inline constexpr uint8_t kTagUniversalString = 0x1C;
inline constexpr uint8_t kTagBmpString = 0x1E;
inline constexpr uint8_t kTagSequence = 0x30;
inline constexpr uint8_t kTagSet = 0x31;

// The character string types a name can be written in.
enum class StringType : uint8_t {
  kUtf8,
  kPrintable,
  kIa5,
  kTeletex,
  kNumeric,
  kVisible,
  kBmp,
  kUniversal,
};

// Adds bytes to the end of a vector.
void Append(ByteVector& out, ByteSpan bytes);

// The bytes of a text, unchanged.
ByteVector BytesOf(std::string_view text);

// One node: tag octet, shortest definite length, content.
ByteVector Tlv(uint8_t tag, ByteSpan content);

// One node of indefinite length (BER): tag, 0x80, content, end-of-contents.
ByteVector IndefiniteTlv(uint8_t tag, ByteSpan content);

// The content octets of the first node in `node`.
ByteSpan ContentOf(ByteSpan node);

// The nodes one after another, without a header.
ByteVector Join(const std::vector<ByteVector>& nodes);

ByteVector Sequence(const std::vector<ByteVector>& members);

// A SET in the order given; `SetOf` sorts its members as DER wants.
ByteVector Set(const std::vector<ByteVector>& members);
ByteVector SetOf(std::vector<ByteVector> members);

// [number] EXPLICIT node.
ByteVector Explicit(uint8_t number, ByteSpan node);

// [number] IMPLICIT: `node` with its tag replaced, primitive or constructed as
// it was.
ByteVector Implicit(uint8_t number, ByteSpan node);

// OBJECT IDENTIFIER from dotted text.
ByteVector Oid(std::string_view dotted);

ByteVector Integer(int64_t value);

// INTEGER from an unsigned big-endian number of any size.
ByteVector UnsignedInteger(ByteSpan big_endian);

ByteVector Enumerated(uint8_t value);
ByteVector Boolean(bool value);
ByteVector Null();
ByteVector OctetString(ByteSpan bytes);
ByteVector BitString(ByteSpan bytes, uint8_t unused_bits = 0);

// A BIT STRING whose named bits are given with bit 0 as the lowest bit of
// `bits`; trailing zero bits are dropped as DER wants.
ByteVector NamedBits(uint16_t bits);

// A character string of the given type from UTF-8 text.
ByteVector String(StringType type, std::string_view utf8);

// The text as UTF-16, big or little endian, without byte order mark.
ByteVector Utf16BigEndian(std::string_view utf8);
ByteVector Utf16LittleEndian(std::string_view utf8);

// Times from unix seconds.
ByteVector UtcTime(int64_t unix_seconds);
ByteVector GeneralizedTime(int64_t unix_seconds);

// X.509 Time: UTCTime until 2049, GeneralizedTime from 2050.
ByteVector X509Time(int64_t unix_seconds);

}  // namespace countersign::forge
