// Attribute ::= SEQUENCE { OBJECT IDENTIFIER, SET { OCTET STRING } }
//
// An attribute of type 1.3.6.1.4.1.311.10.11.N holds, in one OCTET STRING,
// certificate property N.
//
// Spec: CERT_..._PROP_ID in wincrypt.h; meaning of the dates: Microsoft
// Trusted Root Program, "Deprecation Definitions" (docs/trust-stores.md).
// Quirk: a property with a value of no bytes withdraws it. In August 2023
// Microsoft disabled the VeriSign G5 root (4eb6d578...) and rolled that back
// within two days; since then its disallow date is there and empty, and
// Windows reports "NotBefore" for it, not "Disabled".
#include "signing/trust/list_entry.h"

#include <algorithm>
#include <bitset>
#include <optional>

#include "base/text.h"
#include "signing/asn1/oid.h"
#include "signing/trust_list.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;

constexpr Oid kPropertyZero{"1.3.6.1.4.1.311.10.11.0"};

// wincrypt.h, CERT_..._PROP_ID.
enum Property : uint32_t {
  kEnhancedKeyUsage = 9,
  kFriendlyName = 11,
  kNameConstraints = 84,
  kRootSha256 = 98,
  kDisallowedFileTime = 104,
  kDisallowedUsages = 122,
  kNotBeforeFileTime = 126,
  kNotBeforeUsages = 127,
  kDisallowedCaFileTime = 128,
  kEndOfProperties = 256,
};

// The number at the end of a property's OBJECT IDENTIFIER.
std::optional<uint32_t> PropertyOf(Bytes oid) {
  const Bytes prefix = kPropertyZero.View().first(kPropertyZero.size - 1U);
  if (oid.size() <= prefix.size() || oid.size() > prefix.size() + 2 ||
      !base::Equal(oid.first(prefix.size()), prefix)) {
    return std::nullopt;
  }
  uint32_t number = 0;
  for (const uint8_t byte : oid.subspan(prefix.size())) {
    number = number << 7 | (byte & 0x7FU);
  }
  return number;
}

// The properties of one entry, as found.
class EntryReader {
 public:
  EntryReader(DerReader& errors, model::TrustEntry& entry)
      : errors_(errors), entry_(entry) {}

  void ReadAttributes(Input set) {
    DerReader reader(set, errors_.SharedBudget());
    while (!reader.AtEnd()) {
      ReadAttribute(reader.Expect(tag::kSequence, "Attribute").value);
    }
    Adopt(reader);
  }

  // Turns conditions without a date into ones that hold since ever. False when
  // the entry cannot be used.
  [[nodiscard]] bool Conclude() {
    if (!entry_.disallowed_usages.empty() && !entry_.disallowed_after) {
      entry_.disallowed_after = kSinceEver;
    }
    if (!entry_.not_before_usages.empty() && !entry_.not_before) {
      entry_.not_before = kSinceEver;
    }
    if (!usable_) {
      entry_.anchor = false;
    }
    return usable_;
  }

 private:
  void Adopt(const DerReader& reader) {
    if (reader.Failed()) {
      errors_.Fail(reader.Finish(0).error());
    }
  }

  void ReadAttribute(Input attribute) {
    DerReader reader(attribute, errors_.SharedBudget());
    const Element type = reader.Expect(tag::kOid, "attrType");
    DerReader values(reader.Expect(tag::kSet, "attrValues").value,
                     errors_.SharedBudget());
    Adopt(reader);
    const auto property = PropertyOf(type.value.bytes);
    if (errors_.Failed() || !property || *property >= kEndOfProperties) {
      return;  // Not a property: says nothing about trust.
    }
    const Element value = values.Expect(tag::kOctetString, "attrValue");
    // Why: of two values either could be the one that counts elsewhere.
    values.ExpectEnd("attrValues");
    Adopt(values);
    if (seen_.test(*property)) {
      errors_.Fail({Fault::kMalformed, type.whole.offset, "attrType"});
    }
    seen_.set(*property);
    if (!errors_.Failed()) {
      Apply(*property, value.value);
    }
  }

  void Apply(uint32_t property, Input value) {
    switch (property) {
      case kEnhancedKeyUsage:
        entry_.usages = Usages(value);
        // An empty list, as opposed to none, allows nothing at all.
        usable_ &= value.bytes.empty() || !entry_.usages.empty();
        return;
      case kFriendlyName:
        entry_.name = ListText(value.bytes);
        return;
      case kRootSha256:
        if (value.bytes.size() != 32) {
          errors_.Fail({Fault::kMalformed, value.offset, "SHA-256"});
        }
        entry_.sha256 = base::ToHex(value.bytes);
        return;
      case kDisallowedFileTime:
        entry_.disallowed_after = FileTime(value);
        return;
      case kDisallowedUsages:
        entry_.disallowed_usages = Usages(value);
        return;
      case kNotBeforeFileTime:
        entry_.not_before = FileTime(value);
        return;
      case kNotBeforeUsages:
        entry_.not_before_usages = Usages(value);
        return;
      case kNameConstraints:
      case kDisallowedCaFileTime:
        usable_ &= value.bytes.empty();
        return;
      default:
        // Key identifier (20), MD5 of the name (29), policies of extended
        // validation (83), revocation details (105): no condition for us.
        return;
    }
  }

  std::optional<base::Instant> FileTime(Input value) {
    if (value.bytes.empty()) {
      return std::nullopt;
    }
    if (value.bytes.size() != 8) {
      errors_.Fail({Fault::kMalformed, value.offset, "FILETIME"});
      return std::nullopt;
    }
    uint64_t filetime = 0;
    for (size_t i = 8; i > 0; --i) {
      filetime = filetime << 8 | value.bytes[i - 1];
    }
    const auto instant = base::FromFileTime(filetime);
    if (!instant) {
      errors_.Fail({Fault::kMalformed, value.offset, "FILETIME"});
      return std::nullopt;
    }
    return std::max(*instant, kSinceEver);
  }

  std::vector<std::string> Usages(Input value) {
    std::vector<std::string> usages;
    if (value.bytes.empty()) {
      return usages;
    }
    DerReader outer(value, errors_.SharedBudget());
    DerReader list(outer.Expect(tag::kSequence, "CTL_USAGE").value,
                   errors_.SharedBudget());
    outer.ExpectEnd("CTL_USAGE");
    Adopt(outer);
    while (!list.AtEnd()) {
      const Element usage = list.Expect(tag::kOid, "usageIdentifier");
      if (!list.Failed()) {
        usages.push_back(DottedOid(usage.value.bytes));
      }
    }
    Adopt(list);
    return usages;
  }

  DerReader& errors_;
  model::TrustEntry& entry_;
  std::bitset<kEndOfProperties> seen_;
  bool usable_ = true;
};

}  // namespace

bool ReadProperties(Input set, DerReader& errors, model::TrustEntry& entry) {
  EntryReader reader(errors, entry);
  reader.ReadAttributes(set);
  return reader.Conclude();
}

std::string ListText(Bytes utf16) {
  std::vector<uint8_t> swapped;
  swapped.reserve(utf16.size());
  for (size_t i = 0; i + 1 < utf16.size(); i += 2) {
    if (utf16[i] == 0 && utf16[i + 1] == 0) {
      break;
    }
    swapped.push_back(utf16[i + 1]);
    swapped.push_back(utf16[i]);
  }
  std::string text = base::DisplaySafe(base::FromUtf16BigEndian(swapped));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace countersign::signing
