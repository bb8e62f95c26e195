// Who a certificate is issued to, as a key that survives renewal.
//
// Why: certificates of managed signing services live three days, so serial
// numbers, thumbprints and even public keys identify nobody. What stays is the
// identity usage of the service, the registration number of an EV subject, or
// the organisation's name.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "signing/asn1/oid.h"
#include "signing/x509/certificate.h"
#include "signing/x509/name.h"

namespace countersign::signing {
namespace {

using base::Bytes;

// Content octets of 1.3.6.1.4.1.311.97.
constexpr Oid kMicrosoftIdentity{"1.3.6.1.4.1.311.97"};
// Why: 97.1.0 (public trust) and 97.1.4.1 (policy) mark every certificate of
// the service; an identity has four arcs or more.
constexpr size_t kIdentityArcs = 4;

// Quirk: Certum issues to individuals under this organisation, the person
// being the common name.
constexpr std::string_view kSharedOrganization = "open source developer";

std::string IdentityUsage(const Certificate& certificate) {
  if (!certificate.extended_usages) {
    return "";
  }
  const Bytes prefix = kMicrosoftIdentity.View();
  for (const Bytes usage : *certificate.extended_usages) {
    if (usage.size() <= prefix.size() ||
        !base::Equal(usage.first(prefix.size()), prefix)) {
      continue;
    }
    const Bytes rest = usage.subspan(prefix.size());
    const auto arcs =
        std::ranges::count_if(rest, [](uint8_t b) { return (b & 0x80) == 0; });
    if (static_cast<size_t>(arcs) >= kIdentityArcs) {
      return DottedOid(usage);
    }
  }
  return "";
}

// Legal forms that come and go between certificates of one organisation.
constexpr std::array<std::string_view, 24> kLegalForms = {
    "inc",         "incorporated", "llc",     "ltd",  "limited", "corp",
    "corporation", "co",           "company", "gmbh", "ag",      "sa",
    "sas",         "sarl",         "bv",      "nv",   "oy",      "ab",
    "as",          "srl",          "spa",     "plc",  "pbc",     "ev"};

// Lower case (ASCII), punctuation dropped, spaces folded, trailing legal
// forms dropped: "Node.js, Inc." and "NODE.JS INC" are one.
std::string Normalise(std::string_view name) {
  std::vector<std::string> words = {""};
  for (const char c : name) {
    if (c == ' ' || c == ',' || c == '\t') {
      words.emplace_back();
    } else if (std::string_view(".\"'()").find(c) == std::string_view::npos) {
      words.back() += base::AsciiLower(c);
    }
  }
  std::erase(words, "");
  while (words.size() > 1 &&
         std::ranges::find(kLegalForms, words.back()) != kLegalForms.end()) {
    words.pop_back();
  }
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string EvRegistration(const NameAttributes& subject) {
  const std::string number = First(subject, oid::kSerialNumber);
  const std::string country = First(subject, oid::kJurisdictionCountry);
  if (number.empty() || country.empty()) {
    return "";
  }
  std::string jurisdiction = Normalise(country);
  for (const Oid& part :
       {oid::kJurisdictionState, oid::kJurisdictionLocality}) {
    if (const std::string value = First(subject, part); !value.empty()) {
      jurisdiction += "/" + Normalise(value);
    }
  }
  return jurisdiction + ":" + Normalise(number);
}

bool HasPolicy(const Certificate& certificate, const Oid& policy) {
  return std::ranges::any_of(certificate.policies,
                             [&](Bytes listed) { return policy == listed; });
}

model::Validation ValidationOf(const Certificate& certificate,
                               const NameAttributes& subject) {
  if (HasPolicy(certificate, oid::kPolicyEv) ||
      (!First(subject, oid::kJurisdictionCountry).empty() &&
       !First(subject, oid::kBusinessCategory).empty())) {
    return model::Validation::kEv;
  }
  if (HasPolicy(certificate, oid::kPolicyIv)) {
    return model::Validation::kIv;
  }
  if (HasPolicy(certificate, oid::kPolicyCodeSigningOv) ||
      HasPolicy(certificate, oid::kPolicyOv)) {
    return model::Validation::kOv;
  }
  return model::Validation::kUnknown;
}

}  // namespace

std::string PublisherKey(const Certificate& certificate) {
  if (const std::string usage = IdentityUsage(certificate); !usage.empty()) {
    return "eku:" + usage;
  }
  base::Budget budget;
  const NameAttributes subject = ParseName(certificate.subject, budget);
  if (const std::string number = EvRegistration(subject); !number.empty()) {
    return "ev:" + number;
  }
  if (const std::string name = Normalise(First(subject, oid::kOrganization));
      !name.empty() && name != kSharedOrganization) {
    return "org:" + name;
  }
  if (const std::string name = Normalise(First(subject, oid::kCommonName));
      !name.empty()) {
    return "cn:" + name;
  }
  return "spki:" +
         base::Hash(base::DigestAlgorithm::kSha256, certificate.spki.bytes)
             .Hex();
}

model::CertificateFacts Describe(const Certificate& certificate) {
  base::Budget budget;
  const NameAttributes subject = ParseName(certificate.subject, budget);
  model::CertificateFacts facts;
  facts.subject = ToText(subject);
  facts.common_name = First(subject, oid::kCommonName);
  facts.organization = First(subject, oid::kOrganization);
  facts.issuer = ToText(ParseName(certificate.issuer, budget));
  facts.serial = SerialText(certificate.serial);
  facts.sha256 = certificate.sha256.Hex();
  facts.sha1 = certificate.sha1.Hex();
  facts.not_before = certificate.not_before;
  facts.not_after = certificate.not_after;
  facts.validation = ValidationOf(certificate, subject);
  facts.publisher_key = PublisherKey(certificate);
  facts.public_key = KeyName(certificate.key);
  return facts;
}

}  // namespace countersign::signing
