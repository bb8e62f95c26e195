#include "signing/revocation/revocation.h"

#include <algorithm>
#include <array>

#include "signing/asn1/oid.h"
#include "signing/asn1/pem.h"
#include "signing/x509/name.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using model::Revocation;

constexpr uint8_t kRemoveFromCrl = 8;

bool HoldsUnder(const Certificate& signer, base::Input tbs,
                const AlgorithmIdentifier& algorithm, base::Input signature,
                KeyCache& keys, base::Budget& budget) {
  const auto key = keys.KeyOf(signer);
  const SignatureScheme scheme = SchemeOf(algorithm, std::nullopt, budget);
  if (!key || !scheme.digest || !budget.ChargePublicKeyOperation(tbs.offset)) {
    return false;
  }
  return VerifyDigest(*key, scheme, base::Hash(*scheme.digest, tbs.bytes),
                      signature.bytes) == SignatureCheck::kValid;
}

// The key bits that OCSP and key identifiers hash (RFC 6960 section 4.1.1).
Bytes KeyBits(const Certificate& certificate, base::Budget& budget) {
  DerReader outer(certificate.spki, budget);
  DerReader reader(outer.Expect(tag::kSequence, "SubjectPublicKeyInfo").value,
                   budget);
  (void)reader.Any("algorithm");
  const auto bits =
      BitStringContent(reader.Expect(tag::kBitString, "subjectPublicKey"));
  return bits ? bits->bytes : Bytes{};
}

bool IsAbout(const OcspAnswer& answer, const Certificate& certificate,
             const Certificate& issuer, base::Budget& budget) {
  return answer.digest && base::Equal(answer.serial, certificate.serial) &&
         base::Equal(answer.issuer_name_hash,
                     base::Hash(*answer.digest, issuer.subject.bytes).View()) &&
         base::Equal(
             answer.issuer_key_hash,
             base::Hash(*answer.digest, KeyBits(issuer, budget)).View());
}

// The issuer itself, or one it delegated to (RFC 6960 section 4.2.2.2).
bool IsAuthorised(const OcspResponse& response, const Certificate& issuer,
                  base::Instant at, KeyCache& keys, base::Budget& budget) {
  const auto signs = [&](const Certificate& signer) {
    return HoldsUnder(signer, response.tbs, response.signature_algorithm,
                      response.signature, keys, budget);
  };
  if (signs(issuer)) {
    return true;
  }
  return std::ranges::any_of(
      response.certificates, [&](const Certificate& delegate) {
        return delegate.ListsUsage(oid::kOcspSigning) &&
               at >= delegate.not_before && at <= delegate.not_after &&
               keys.IsSignedBy(delegate, issuer, budget) ==
                   SignatureCheck::kValid &&
               signs(delegate);
      });
}

bool IsCurrent(base::Instant this_update,
               const std::optional<base::Instant>& next_update,
               base::Instant signed_at, base::Instant at) {
  return this_update >= signed_at || (next_update && *next_update >= at);
}

// The entry that revokes this serial number, or null.
const RevokedEntry* FindEntry(const RevocationList& list, Bytes serial) {
  const auto before = [](Bytes a, Bytes b) {
    return std::ranges::lexicographical_compare(a, b);
  };
  const auto [first, last] = std::ranges::equal_range(
      list.entries, serial, before, &RevokedEntry::serial);
  const auto found = std::ranges::find_if(
      first, last,
      [](const RevokedEntry& entry) { return entry.reason != kRemoveFromCrl; });
  return found != last ? &*found : nullptr;
}

// Limit: what is said of one file; every report repeats it.
constexpr size_t kMostSources = 32;
constexpr size_t kLongestIssuer = 512;

// The text, cut where a character begins.
std::string Cut(std::string text) {
  if (text.size() > kLongestIssuer) {
    size_t end = kLongestIssuer;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) {
      --end;
    }
    text.resize(end);
    text += "...";
  }
  return text;
}

model::RevocationSource Describe(const RevocationList& list,
                                 base::Budget& budget) {
  model::RevocationSource source;
  source.kind = model::RevocationEvidence::kCrl;
  source.issuer = Cut(ToText(ParseName(list.issuer, budget)));
  source.certificates = list.entries.size();
  source.this_update = list.this_update;
  source.next_update = list.next_update;
  return source;
}

// All of a file's sources as one, without an issuer.
model::RevocationSource Sum(
    const std::vector<model::RevocationSource>& sources) {
  model::RevocationSource sum = sources[0];
  sum.issuer.clear();
  sum.certificates = 0;
  for (const model::RevocationSource& source : sources) {
    sum.certificates += source.certificates;
    if (source.this_update) {
      sum.this_update = std::min(sum.this_update.value_or(*source.this_update),
                                 *source.this_update);
    }
    if (source.next_update) {
      sum.next_update = std::min(sum.next_update.value_or(*source.next_update),
                                 *source.next_update);
    }
  }
  return sum;
}

// The time from which all answers were current, and until when they are.
model::RevocationSource Describe(const OcspResponse& response) {
  model::RevocationSource source;
  source.kind = model::RevocationEvidence::kOcsp;
  source.certificates = response.answers.size();
  for (const OcspAnswer& answer : response.answers) {
    source.this_update = std::max(
        source.this_update.value_or(answer.this_update), answer.this_update);
    if (answer.next_update) {
      source.next_update =
          std::min(source.next_update.value_or(*answer.next_update),
                   *answer.next_update);
    }
  }
  return source;
}

}  // namespace

std::string_view ReasonName(uint8_t reason) {
  constexpr std::array<std::string_view, 11> kReasons = {
      "unspecified",        "keyCompromise", "cACompromise",
      "affiliationChanged", "superseded",    "cessationOfOperation",
      "certificateHold",    "unspecified",   "removeFromCRL",
      "privilegeWithdrawn", "aACompromise"};
  return reason < kReasons.size() ? kReasons[reason] : kReasons[0];
}

bool IsHarmlessReason(std::string_view reason) {
  return reason == "superseded" || reason == "cessationOfOperation" ||
         reason == "affiliationChanged";
}

bool IsSignedBy(const RevocationList& list, const Certificate& issuer,
                KeyCache& keys, base::Budget& budget) {
  return HoldsUnder(issuer, list.tbs, list.signature_algorithm, list.signature,
                    keys, budget);
}

base::Result<void> RevocationSet::Add(base::Input der, base::Budget& budget) {
  if (auto list = ParseRevocationList(der, budget)) {
    lists_.push_back(*std::move(list));
    return {};
  }
  responses_.push_back(CS_TRY(ParseOcspResponse(der, budget)));
  return {};
}

base::Result<std::vector<model::RevocationSource>> RevocationSet::AddFile(
    std::vector<uint8_t> file) {
  // Limit: 50 million elements, about 10 million revoked certificates; the
  // largest public CRLs have one million.
  base::Budget budget(base::Limits{.steps = 50'000'000});
  std::vector<std::vector<uint8_t>> ders = DecodePem(base::AsText(file));
  if (ders.empty()) {
    ders.push_back(std::move(file));
  }
  std::vector<model::RevocationSource> sources;
  for (std::vector<uint8_t>& der : ders) {
    owned_.push_back(std::make_unique<std::vector<uint8_t>>(std::move(der)));
    const size_t lists = lists_.size();
    CS_TRY_VOID(Add({*owned_.back(), 0}, budget));
    sources.push_back(lists < lists_.size() ? Describe(lists_.back(), budget)
                                            : Describe(responses_.back()));
  }
  return sources.size() <= kMostSources ? sources : std::vector{Sum(sources)};
}

bool RevocationSet::IsSigned(const RevocationList& list,
                             const Certificate& issuer, KeyCache& keys,
                             base::Budget& budget) const {
  const std::pair name(&list, std::string(base::AsText(issuer.sha256.View())));
  if (const auto known = verified_.find(name); known != verified_.end()) {
    return known->second;
  }
  const bool holds = IsSignedBy(list, issuer, keys, budget);
  // Why: an answer that a spent budget forced must not outlive its file.
  if (holds || !budget.Reached()) {
    if (verified_.size() >= kMaxVerified) {
      verified_.clear();
    }
    verified_.emplace(name, holds);
  }
  return holds;
}

RevocationStatus RevocationSet::StatusOf(const Certificate& certificate,
                                         const Certificate& issuer,
                                         base::Instant signed_at,
                                         base::Instant at, KeyCache& keys,
                                         base::Budget& budget) const {
  RevocationStatus status;
  if (Empty()) {
    return status;
  }
  status.state = Revocation::kUnknown;
  for (const RevocationList& list : lists_) {
    if (list.scope.indirect ||
        !base::Equal(list.issuer.bytes, certificate.issuer.bytes) ||
        (issuer.usage && (*issuer.usage & key_usage::kCrlSign) == 0) ||
        !IsSigned(list, issuer, keys, budget)) {
      continue;
    }
    if (const RevokedEntry* entry = FindEntry(list, certificate.serial)) {
      return {Revocation::kRevoked,
              std::min(entry->date, entry->invalidity.value_or(entry->date)),
              entry->reason};
    }
    // Why: authorities may drop expired certificates from their lists, so a
    // list newer than the certificate's end does not clear it.
    if (!list.partial && Covers(list.scope, certificate, budget) &&
        list.this_update <= certificate.not_after &&
        IsCurrent(list.this_update, list.next_update, signed_at, at)) {
      status.state = Revocation::kGood;
    }
  }
  for (const OcspResponse& response : responses_) {
    for (const OcspAnswer& answer : response.answers) {
      if (!IsAbout(answer, certificate, issuer, budget) ||
          !IsAuthorised(response, issuer, answer.this_update, keys, budget)) {
        continue;
      }
      if (answer.status == Revocation::kRevoked) {
        return {Revocation::kRevoked, answer.revoked_at, answer.reason};
      }
      if (answer.status == Revocation::kGood &&
          answer.this_update <= certificate.not_after &&
          IsCurrent(answer.this_update, answer.next_update, signed_at, at)) {
        status.state = Revocation::kGood;
      }
    }
  }
  return status;
}

}  // namespace countersign::signing
