// What is left to do once the signatures of a file are collected:
//   1. hash: every digest algorithm that some signature names, in one pass
//      over the content;
//   2. answer: content, signature value, timestamps, chain, revocation and
//      weakness for each signature by itself.
#include "signing/authenticode/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "signing/authenticode/superfluous.h"
#include "signing/cms/signer_check.h"
#include "signing/path/chain_trust.h"
#include "signing/timestamp/timestamp.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using model::Integrity;
using model::SignatureFacts;
using model::Trust;

// Every digest that some signature of the collection compares.
base::Result<ContentDigests> HashContent(const Subject& subject,
                                         const Collection& collection) {
  std::vector<DigestAlgorithm> algorithms;
  for (const ParsedSignature& signature : collection.signatures) {
    if (signature.container == nullptr || !signature.container->content) {
      continue;
    }
    const auto& algorithm = signature.container->content->algorithm;
    if (algorithm &&
        std::ranges::find(algorithms, *algorithm) == algorithms.end()) {
      algorithms.push_back(*algorithm);
    }
  }
  return algorithms.empty() ? ContentDigests() : subject.Hash(algorithms);
}

void DescribeAttributes(const SignerInfo& signer, SignatureFacts& facts,
                        base::Budget& budget) {
  const auto add = [&](const std::vector<CmsAttribute>& list, bool is_signed) {
    for (const CmsAttribute& attribute : list) {
      facts.attributes.push_back({DottedOid(attribute.oid),
                                  std::string(AttributeName(attribute.oid)),
                                  is_signed, attribute.whole.Range()});
    }
  };
  add(signer.signed_attributes, true);
  add(signer.unsigned_attributes, false);
  const OpusInfo opus = ParseOpusInfo(signer, budget);
  facts.program_name = opus.program_name;
  facts.program_url = opus.url;
  facts.statement_type = StatementType(signer, budget);
  if (const auto time =
          FirstValue(signer.signed_attributes, oid::kSigningTime, budget)) {
    const auto instant = TimeContent(*time);
    facts.signing_time = instant ? std::optional(*instant) : std::nullopt;
  }
}

void Refuse(SignatureFacts& facts, Integrity integrity, std::string reason) {
  // The first reason stays: damage before mismatch before support.
  if (facts.integrity_reason.empty()) {
    facts.integrity_reason = std::move(reason);
  }
  if (facts.integrity == Integrity::kValid ||
      (facts.integrity == Integrity::kUnsupported &&
       integrity == Integrity::kInvalid)) {
    facts.integrity = integrity;
  }
}

// Does the digest that was signed match the file?
void CheckContent(const IndirectData& content, const ContentDigests& digests,
                  const Subject& subject, bool holds, SignatureFacts& facts) {
  facts.digest = base::ToHex(content.digest.bytes);
  facts.content_type = DottedOid(content.type);
  if (!content.algorithm) {
    Refuse(facts, Integrity::kUnsupported,
           fmt::format("the digest algorithm {} is not supported",
                       DottedOid(content.algorithm_oid)));
    return;
  }
  facts.digest_algorithm = base::Name(*content.algorithm);
  const auto computed = digests.find(*content.algorithm);
  if (computed == digests.end()) {
    Refuse(facts, Integrity::kUnsupported,
           "the file could not be read to its end");
    return;
  }
  facts.computed = computed->second.Hex();
  if (!base::Equal(computed->second.View(), content.digest.bytes)) {
    facts.content_mismatch = true;
    Refuse(facts, Integrity::kInvalid,
           "the file does not have the digest that was signed");
  }
  facts.page_hashes =
      subject.CheckParts(content, holds && !facts.content_mismatch);
  if (facts.page_hashes == model::PageHashes::kInvalid) {
    facts.content_mismatch = true;
    Refuse(facts, Integrity::kInvalid,
           "a page does not have the digest that was signed");
  }
}

// The content itself is what is signed, a list for example.
void DescribeOwnContent(const ParsedSignature& signature,
                        const SignerCheck& check, SignatureFacts& facts,
                        base::Budget& budget) {
  const SignedData& data = signature.container->data;
  facts.integrity = Integrity::kValid;
  facts.content_type = DottedOid(data.content_type);
  if (check.digest) {
    facts.digest_algorithm = base::Name(*check.digest);
    facts.computed = base::Hash(*check.digest, data.content.bytes).Hex();
    const auto value = FirstValue(signature.signer->signed_attributes,
                                  oid::kMessageDigest, budget);
    facts.digest = value ? base::ToHex(value->value.bytes) : facts.computed;
  }
  facts.content_mismatch = check.content_mismatch;
}

void AddWeak(std::vector<std::string>& weak, std::string word) {
  if (std::ranges::find(weak, word) == weak.end()) {
    weak.push_back(std::move(word));
  }
}

// Limit: RSA below 2048 bits, MD5 and SHA-1 are what NIST SP 800-131A
// disallows for signatures.
void NoteWeakness(const ParsedSignature& signature, const SignerCheck& check,
                  const std::vector<const Certificate*>& chain,
                  SignatureFacts& facts) {
  const auto note = [&](std::optional<DigestAlgorithm> digest,
                        std::string_view prefix) {
    if (digest && *digest <= DigestAlgorithm::kSha1) {
      AddWeak(facts.weak, fmt::format("{}{}", prefix, base::Name(*digest)));
    }
  };
  if (signature.container->content) {
    note(signature.container->content->algorithm, "");
  }
  note(check.digest, "");
  note(check.scheme.digest, "");
  for (size_t i = 0; i < chain.size(); ++i) {
    const Certificate& certificate = *chain[i];
    if (certificate.key.type == KeyType::kRsa && certificate.key.bits < 2048) {
      AddWeak(facts.weak, fmt::format("{}{}", i == 0 ? "" : "chain-",
                                      KeyName(certificate.key)));
    }
    // A root's own signature proves nothing, so its digest does not matter.
    if (!certificate.IsSelfIssued()) {
      note(certificate.scheme.digest, "chain-");
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

void JudgeSigner(const ParsedSignature& signature, const SignerCheck& check,
                 const Subject& subject, const Context& context,
                 SignatureFacts& facts) {
  const auto& pool = signature.container->certificates;
  if (check.certificate == nullptr) {
    facts.trust = Trust::kIncompleteChain;
    facts.trust_reason = "the signer's certificate is not in the signature";
    NoteWeakness(signature, check, {}, facts);
    return;
  }
  facts.signer = Describe(*check.certificate);
  const auto& usages = check.certificate->extended_usages;
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
      {check.certificate, pool, subject.Purposes(), oid::kCodeSigning,
       *facts.evaluated_at, *facts.evaluated_at, carried},
      context);
  facts.trust = answer.trust;
  facts.trust_reason = answer.reason;
  facts.trust_purpose = answer.store_purpose;
  facts.chain = answer.chain;
  facts.revocation = answer.revocation;
  facts.revoked = answer.revoked;
  NoteWeakness(signature, check, answer.certificates, facts);
}

// What is known before anything is verified.
SignatureFacts Unanswered(const ParsedSignature& signature, uint32_t index) {
  SignatureFacts facts;
  facts.index = index;
  facts.nested_in = signature.nested_in;
  facts.entry = signature.entry;
  facts.range = signature.range;
  if (signature.error) {
    const base::Error& error = *signature.error;
    facts.integrity = error.fault == base::Fault::kUnsupported ||
                              error.fault == base::Fault::kLimit
                          ? Integrity::kUnsupported
                          : Integrity::kMalformed;
    facts.integrity_reason =
        fmt::format("{} {} at offset {}", error.field,
                    base::Describe(error.fault), error.offset);
    facts.trust_reason = "nothing that could be verified";
  }
  return facts;
}

SignatureFacts Answer(const ParsedSignature& signature, uint32_t index,
                      const ContentDigests& digests, const Subject& subject,
                      Timestamps stamps, const Context& context) {
  SignatureFacts facts = Unanswered(signature, index);
  DescribeAttributes(*signature.signer, facts, context.budget);
  const SignerCheck check =
      CheckSigner({.signer = signature.signer,
                   .content = signature.container->data.content.bytes,
                   .pool = signature.container->certificates,
                   .content_type = &subject.EncapsulatedContentType()},
                  context.keys, context.budget);
  facts.signature_algorithm = Describe(check.scheme);
  const bool own_content =
      !(subject.EncapsulatedContentType() == oid::kSpcIndirectData.View());
  if (own_content && !signature.container->content_error) {
    DescribeOwnContent(signature, check, facts, context.budget);
  }
  if (signature.container->content) {
    facts.integrity = Integrity::kValid;
    CheckContent(*signature.container->content, digests, subject,
                 check.integrity == Integrity::kValid, facts);
  }
  const auto& error = signature.container->content_error;
  if (error && error->fault == base::Fault::kUnsupported) {
    // What it is over is not known, so nothing is known to be wrong with it.
  } else if (check.integrity != Integrity::kValid) {
    facts.signature_mismatch =
        check.signature_mismatch || (check.content_mismatch && !own_content);
    Refuse(facts, check.integrity, check.reason);
  }
  facts.timestamps = std::move(stamps.facts);
  JudgeSigner(signature, check, subject, context, facts);
  return facts;
}

// The timestamps of one signature. What they carry besides is noted.
Timestamps TakeTimestamps(const ParsedSignature& signature, uint32_t index,
                          const Context& context, std::vector<Bag>& bags,
                          SigningFacts& facts) {
  Timestamps stamps = ExamineTimestamps(
      *signature.signer, signature.container->certificates, context);
  for (const base::Input rest : stamps.rest) {
    facts.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry, rest));
    facts.unsigned_data.back().signature = index;
  }
  std::ranges::move(stamps.bags, std::back_inserter(bags));
  return stamps;
}

}  // namespace

std::vector<model::Purpose> Subject::Purposes() const {
  // The system's TLS roots, when the user asked for them, come last.
  return {model::Purpose::kCodeSigning, model::Purpose::kTls};
}

model::PageHashes Subject::CheckParts(const IndirectData& /*content*/,
                                      bool /*holds*/) const {
  return model::PageHashes::kAbsent;
}

base::Result<ContentDigests> HashParts(
    const base::Blob& file, std::span<const base::ByteRange> ranges,
    std::span<const DigestAlgorithm> algorithms) {
  std::vector<base::Hasher> hashers;
  for (const DigestAlgorithm algorithm : algorithms) {
    hashers.emplace_back(algorithm);
  }
  CS_TRY_VOID(base::HashRanges(file, ranges, hashers));
  ContentDigests digests;
  for (size_t i = 0; i < algorithms.size(); ++i) {
    digests[algorithms[i]] = hashers[i].Finish();
  }
  return digests;
}

void ExamineSignatures(const Subject& subject, const Collection& collection,
                       const Context& context, SigningFacts& facts) {
  const Oid& type = subject.ContentType();
  facts.expected_content_type = DottedOid({type.data.data(), type.size});
  const auto hashed = HashContent(subject, collection);
  const ContentDigests digests = hashed.value_or(ContentDigests());
  if (!hashed) {
    facts.faults.push_back({hashed.error(),
                            {hashed.error().offset, 0},
                            {},
                            StructureFault::Part::kImage});
  }
  bool readable = false;
  std::vector<Bag> bags;
  for (const ParsedContainer& container : collection.containers) {
    bags.push_back(BagOf(container.data, container.certificates));
  }
  for (const ParsedSignature& signature : collection.signatures) {
    const auto index = static_cast<uint32_t>(facts.signatures.size());
    if (signature.signer == nullptr) {
      facts.signatures.push_back(Unanswered(signature, index));
      continue;
    }
    readable = true;
    Context with_embedded = context;
    with_embedded.embedded = &signature.container->revocation;
    Timestamps stamps =
        TakeTimestamps(signature, index, with_embedded, bags, facts);
    facts.signatures.push_back(Answer(signature, index, digests, subject,
                                      std::move(stamps), with_embedded));
  }
  NoteSuperfluous(bags, context, facts);
  facts.limit = context.budget.Reached();
  facts.is_signed =
      readable ? model::Signed::kPresent : model::Signed::kMalformed;
}

}  // namespace countersign::signing
