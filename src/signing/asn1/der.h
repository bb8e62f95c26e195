// A bounds-checked, linear-time reader for DER, and for the BER that real
// signers produce (indefinite lengths, constructed octet strings).
//
// Spec: ITU-T X.690 (2021) sections 8 (BER) and 10 (DER).
// Quirk: CryptoAPI accepts BER wherever DER is asked for; some time-stamping
// services (Bouncy Castle) send it. Lengths need not be minimal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/instant.h"
#include "base/result.h"

namespace countersign::signing {

// Identifier octets (class, constructed bit, tag number below 31).
namespace tag {
inline constexpr uint8_t kBoolean = 0x01;
inline constexpr uint8_t kInteger = 0x02;
inline constexpr uint8_t kBitString = 0x03;
inline constexpr uint8_t kOctetString = 0x04;
inline constexpr uint8_t kNull = 0x05;
inline constexpr uint8_t kOid = 0x06;
inline constexpr uint8_t kEnumerated = 0x0A;
inline constexpr uint8_t kUtf8String = 0x0C;
inline constexpr uint8_t kPrintableString = 0x13;
inline constexpr uint8_t kT61String = 0x14;
inline constexpr uint8_t kIa5String = 0x16;
inline constexpr uint8_t kUtcTime = 0x17;
inline constexpr uint8_t kGeneralizedTime = 0x18;
inline constexpr uint8_t kVisibleString = 0x1A;
inline constexpr uint8_t kUniversalString = 0x1C;
inline constexpr uint8_t kBmpString = 0x1E;
inline constexpr uint8_t kSequence = 0x30;
inline constexpr uint8_t kSet = 0x31;
// Context-specific, primitive and constructed.
constexpr uint8_t Context(uint8_t number) { return 0x80 | number; }
constexpr uint8_t Explicit(uint8_t number) { return 0xA0 | number; }
}  // namespace tag

// One type-length-value. Views into the bytes it was read from.
struct Element {
  uint8_t identifier = 0;
  base::Input value;  // content octets, without an end-of-contents marker
  base::Input whole;  // identifier, length and content
  bool indefinite = false;

  [[nodiscard]] bool IsConstructed() const { return (identifier & 0x20) != 0; }
};

// Reads the elements of `input` one after the other. Failure is sticky as in
// base::Reader; after one, elements are empty and AtEnd() is true, so loops
// end. Every element charges one step of the budget.
class [[nodiscard]] DerReader {
 public:
  // Views `input`; `budget` must outlive the reader.
  DerReader(base::Input input, base::Budget& budget)
      : input_(input), budget_(&budget) {}

  // True when nothing is left, and after a failure.
  [[nodiscard]] bool AtEnd() const {
    return failed_ || position_ >= input_.bytes.size();
  }
  // True when the next element has this identifier.
  [[nodiscard]] bool NextIs(uint8_t identifier) const {
    return !AtEnd() && input_.bytes[position_] == identifier;
  }

  // The next element whatever it is.
  Element Any(const char* field);
  // The next element, which must have this identifier.
  Element Expect(uint8_t identifier, const char* field);
  // The next element if it has this identifier; else nothing is consumed.
  std::optional<Element> Optional(uint8_t identifier, const char* field);
  // Fails unless nothing is left.
  void ExpectEnd(const char* field);

  // Records a failure at the current position; the first one wins.
  void Fail(base::Fault fault, const char* field);
  // Records the failure of something read elsewhere.
  void Fail(const base::Error& error);

  [[nodiscard]] bool Failed() const { return failed_; }
  // What is left, unread.
  [[nodiscard]] base::Input Rest() const;
  [[nodiscard]] uint64_t Offset() const { return input_.offset + position_; }
  [[nodiscard]] base::Budget& SharedBudget() const { return *budget_; }

  // `value` if nothing failed, else the first failure.
  template <typename T>
  [[nodiscard]] base::Result<T> Finish(T value) const {
    if (failed_) {
      return std::unexpected(error_);
    }
    return value;
  }

 private:
  base::Input input_;
  base::Budget* budget_;
  size_t position_ = 0;
  bool failed_ = false;
  base::Error error_;
};

// The content octets of an OCTET STRING. A constructed one (BER) is put
// together in `storage`, which must then outlive the result.
[[nodiscard]] base::Result<base::Input> OctetStringContent(
    const Element& element, base::Budget& budget,
    std::vector<uint8_t>& storage);

// The bytes of a BIT STRING without unused bits.
[[nodiscard]] base::Result<base::Input> BitStringContent(
    const Element& element);

// A UTCTime (years 1950-2049, RFC 5280 section 4.1.2.5.1) or GeneralizedTime,
// with or without seconds, fraction and offset (RFC 3161 genTime has them).
[[nodiscard]] base::Result<base::Instant> TimeContent(const Element& element);

// The content octets of an INTEGER without redundant leading 00 or FF octets.
// Quirk: authorities have issued serial numbers with them; CryptoAPI compares
// the numbers, not the octets.
[[nodiscard]] base::Bytes ShortestInteger(base::Bytes content);

// A non-negative INTEGER that fits in 64 bits.
[[nodiscard]] base::Result<uint64_t> IntegerContent(const Element& element);

// UTF-8 of a character string of any ASN.1 type, not yet safe to display.
[[nodiscard]] std::string StringContent(const Element& element);

}  // namespace countersign::signing
