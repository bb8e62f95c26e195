#include "signing/signer/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "signing/asn1/oid.h"
#include "signing/path/chain_trust.h"
#include "signing/signer/unsigned_data.h"
#include "signing/timestamp/timestamp.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using model::Integrity;
using model::SignatureFacts;
using model::Trust;

void AddWeak(std::vector<std::string>& weak, std::string word) {
  if (std::ranges::find(weak, word) == weak.end()) {
    weak.push_back(std::move(word));
  }
}

// Limit: RSA below 2048 bits is what NIST SP 800-131A disallows.
void NoteWeakChain(const std::vector<const Certificate*>& chain,
                   SignatureFacts& facts) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const Certificate& certificate = *chain[i];
    if (certificate.key.type == KeyType::kRsa && certificate.key.bits < 2048) {
      AddWeak(facts.weak, fmt::format("{}{}", i == 0 ? "" : "chain-",
                                      KeyName(certificate.key)));
    }
    // A root's own signature proves nothing, so its digest does not matter.
    if (!certificate.IsSelfIssued()) {
      NoteWeakDigest(certificate.scheme.digest, "chain-", facts);
    }
  }
}

bool IsUsable(const model::TimestampFacts& stamp) {
  return stamp.integrity == Integrity::kValid &&
         stamp.trust == Trust::kTrusted && stamp.time.has_value();
}

// Why: every trusted timestamp proves that the signature existed at its time;
// the earliest one proves the most.
model::TimestampFacts* ChooseTimestamp(
    std::vector<model::TimestampFacts>& stamps) {
  model::TimestampFacts* best = nullptr;
  for (model::TimestampFacts& stamp : stamps) {
    if (IsUsable(stamp) && (best == nullptr || *stamp.time < *best->time)) {
      best = &stamp;
    }
  }
  return best;
}

}  // namespace

void RefuseSignature(SignatureFacts& facts, Integrity integrity,
                     std::string reason) {
  if (facts.integrity_reason.empty()) {
    facts.integrity_reason = std::move(reason);
  }
  if (facts.integrity == Integrity::kValid ||
      (facts.integrity == Integrity::kUnsupported &&
       integrity == Integrity::kInvalid)) {
    facts.integrity = integrity;
  }
}

std::string FaultClause(const base::Error& error) {
  return fmt::format("{} {} at offset {}", error.field,
                     base::Describe(error.fault), error.offset);
}

Integrity IntegrityOf(const base::Error& error) {
  return error.fault == base::Fault::kUnsupported ||
                 error.fault == base::Fault::kLimit
             ? Integrity::kUnsupported
             : Integrity::kMalformed;
}

void AddUnreadableSignature(model::Scheme scheme, base::ByteRange range,
                            const base::Error& error, base::Budget& budget,
                            SigningFacts& facts) {
  if (error.fault == base::Fault::kLimit) {
    budget.NoteReached(error.offset, error.field);
  }
  const auto index = static_cast<uint32_t>(facts.signatures.size());
  facts.faults.push_back({error, range, index});
  SignatureFacts& signature = facts.signatures.emplace_back();
  signature.scheme = scheme;
  signature.index = index;
  signature.range = range;
  signature.integrity = IntegrityOf(error);
  signature.integrity_reason = FaultClause(error);
  signature.trust_reason = "nothing that could be verified";
}

void NoteWeakDigest(std::optional<DigestAlgorithm> digest,
                    std::string_view prefix, SignatureFacts& facts) {
  if (digest && *digest <= DigestAlgorithm::kSha1) {
    AddWeak(facts.weak, fmt::format("{}{}", prefix, base::Name(*digest)));
  }
}

void DescribeSigner(const SignerInfo& signer, base::Budget& budget,
                    SignatureFacts& facts) {
  const auto add = [&](const std::vector<CmsAttribute>& list, bool is_signed) {
    for (const CmsAttribute& attribute : list) {
      facts.attributes.push_back({DottedOid(attribute.oid),
                                  std::string(AttributeName(attribute.oid)),
                                  is_signed, attribute.whole.Range()});
    }
  };
  add(signer.signed_attributes, true);
  add(signer.unsigned_attributes, false);
  if (const auto time =
          FirstValue(signer.signed_attributes, oid::kSigningTime, budget)) {
    const auto instant = TimeContent(*time);
    facts.signing_time = instant ? std::optional(*instant) : std::nullopt;
  }
}

void JudgePublisher(const PublisherQuestion& question, const Context& context,
                    SignatureFacts& facts) {
  if (question.certificate == nullptr) {
    facts.trust = Trust::kIncompleteChain;
    facts.trust_reason = "the signer's certificate is not in the signature";
    return;
  }
  facts.signer = Describe(*question.certificate);
  const auto& usages = question.certificate->extended_usages;
  facts.lifetime_signing =
      usages && std::ranges::any_of(*usages, [](base::Bytes usage) {
        return oid::kLifetimeSigning == usage;
      });
  model::TimestampFacts* stamp = ChooseTimestamp(facts.timestamps);
  const base::Instant signed_at = stamp != nullptr ? *stamp->time : context.at;
  // Lifetime signing (1.3.6.1.4.1.311.10.3.13): a timestamp does not carry
  // the signature past the end of its certificate.
  const bool carried = stamp != nullptr && !facts.lifetime_signing;
  if (carried) {
    stamp->used = true;
  }
  facts.evaluated_at = carried ? signed_at : context.at;
  const ChainAnswer answer = JudgeChain(
      {question.certificate, question.pool, question.purposes,
       oid::kCodeSigning, *facts.evaluated_at, *facts.evaluated_at, carried},
      context);
  facts.trust = answer.trust;
  facts.trust_reason = answer.reason;
  facts.trust_purpose = answer.store_purpose;
  facts.chain = answer.chain;
  facts.revocation = answer.revocation;
  facts.revoked = answer.revoked;
  NoteWeakChain(answer.certificates, facts);
}

std::vector<model::Purpose> CodeSigningPurposes() {
  // The system's TLS roots, when the user asked for them, come last.
  return {model::Purpose::kCodeSigning, model::Purpose::kTls};
}

std::vector<model::TimestampFacts> TakeTimestamps(
    const SignerInfo& signer, const CmsContainer& container, uint32_t index,
    StampSource source, const Context& context, std::vector<Bag>& bags,
    SigningFacts& facts) {
  Timestamps stamps =
      ExamineTimestamps(signer, container.certificates, context,
                        source == StampSource::kTokensAndCountersignatures);
  for (const base::Input rest : stamps.rest) {
    facts.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry, rest));
    facts.unsigned_data.back().signature = index;
  }
  std::ranges::move(stamps.bags, std::back_inserter(bags));
  return std::move(stamps.facts);
}

SignatureFacts AnswerCms(const CmsQuestion& question, uint32_t index,
                         const Context& context, std::vector<Bag>& bags,
                         SigningFacts& facts) {
  const CmsContainer& container = *question.container;
  const SignerInfo& signer = *question.signer;
  Context with_embedded = context;
  with_embedded.embedded = &container.revocation;
  SignatureFacts answer;
  answer.index = index;
  answer.range = container.data.whole.Range();
  DescribeSigner(signer, context.budget, answer);
  const SignerCheck check = CheckSigner({.signer = &signer,
                                         .content = question.content,
                                         .pool = container.certificates,
                                         .content_type = question.content_type},
                                        context.keys, context.budget);
  answer.signature_algorithm = Describe(check.scheme);
  answer.integrity = Integrity::kValid;
  if (check.integrity != Integrity::kValid) {
    answer.signature_mismatch =
        check.signature_mismatch || check.content_mismatch;
    RefuseSignature(answer, check.integrity, check.reason);
  }
  answer.timestamps =
      TakeTimestamps(signer, container, index, StampSource::kTokens,
                     with_embedded, bags, facts);
  NoteWeakDigest(check.digest, "", answer);
  NoteWeakDigest(check.scheme.digest, "", answer);
  JudgePublisher(
      {check.certificate, container.certificates, CodeSigningPurposes()},
      with_embedded, answer);
  return answer;
}

}  // namespace countersign::signing
