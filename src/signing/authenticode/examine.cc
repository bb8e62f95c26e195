// What is left to do once the signatures of a file are collected:
//   1. hash: every digest algorithm that some signature names, in one pass
//      over the content;
//   2. answer: content, signature value, timestamps, chain, revocation and
//      weakness for each signature by itself.
#include "signing/authenticode/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "signing/cms/signer_check.h"
#include "signing/signer/answer.h"
#include "signing/signer/superfluous.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using model::Integrity;
using model::SignatureFacts;

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
  DescribeSigner(signer, budget, facts);
  const OpusInfo opus = ParseOpusInfo(signer, budget);
  facts.program_name = opus.program_name;
  facts.program_url = opus.url;
  facts.statement_type = StatementType(signer, budget);
}

// What is known before anything is verified.
SignatureFacts Unanswered(const ParsedSignature& signature, uint32_t index,
                          const Subject& subject) {
  SignatureFacts facts;
  facts.scheme = subject.Scheme();
  facts.index = index;
  facts.nested_in = signature.nested_in;
  facts.entry = signature.entry;
  facts.range = signature.range;
  if (signature.error) {
    facts.integrity = IntegrityOf(*signature.error);
    facts.integrity_reason = FaultClause(*signature.error);
    facts.trust_reason = "nothing that could be verified";
  }
  return facts;
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
    facts.computed =
        base::Hash(*check.digest, signature.container->covered.bytes).Hex();
    const auto value = FirstValue(signature.signer->signed_attributes,
                                  oid::kMessageDigest, budget);
    facts.digest = value ? base::ToHex(value->value.bytes) : facts.computed;
  }
  facts.content_mismatch = check.content_mismatch;
}

SignatureFacts Answer(const ParsedSignature& signature, uint32_t index,
                      const ContentDigests& digests, const Subject& subject,
                      std::vector<model::TimestampFacts> stamps,
                      const Context& context) {
  SignatureFacts facts = Unanswered(signature, index, subject);
  DescribeAttributes(*signature.signer, facts, context.budget);
  const SignerCheck check =
      CheckSigner({.signer = signature.signer,
                   .content = signature.container->covered.bytes,
                   .pool = signature.container->certificates,
                   .content_type = signature.container->is_detached
                                       ? &oid::kData
                                       : &subject.EncapsulatedContentType()},
                  context.keys, context.budget);
  facts.signature_algorithm = Describe(check.scheme);
  const bool own_content =
      !(subject.EncapsulatedContentType() == oid::kSpcIndirectData.View());
  if (own_content && !signature.container->content_error) {
    DescribeOwnContent(signature, check, facts, context.budget);
  }
  if (signature.container->content) {
    const IndirectData& content = *signature.container->content;
    facts.integrity = Integrity::kValid;
    subject.CheckContent(content, digests, check.integrity == Integrity::kValid,
                         facts);
    NoteWeakDigest(content.algorithm, "", facts);
  }
  const auto& error = signature.container->content_error;
  if (error && error->fault == base::Fault::kUnsupported) {
    // What it is over is not known, so nothing is known to be wrong with it.
  } else if (check.integrity != Integrity::kValid) {
    facts.signature_mismatch =
        check.signature_mismatch || (check.content_mismatch && !own_content);
    RefuseSignature(facts, check.integrity, check.reason);
  }
  NoteWeakDigest(check.digest, "", facts);
  NoteWeakDigest(check.scheme.digest, "", facts);
  facts.timestamps = std::move(stamps);
  JudgePublisher({check.certificate, signature.container->certificates,
                  subject.Purposes()},
                 context, facts);
  return facts;
}

}  // namespace

model::Scheme Subject::Scheme() const { return model::Scheme::kAuthenticode; }

std::vector<model::Purpose> Subject::Purposes() const {
  return CodeSigningPurposes();
}

void Subject::CheckContent(const IndirectData& content,
                           const ContentDigests& digests, bool holds,
                           SignatureFacts& facts) const {
  facts.digest = base::ToHex(content.digest.bytes);
  facts.content_type = DottedOid(content.type);
  if (!content.algorithm) {
    RefuseSignature(facts, Integrity::kUnsupported,
                    fmt::format("the digest algorithm {} is not supported",
                                DottedOid(content.algorithm_oid)));
    return;
  }
  facts.digest_algorithm = base::Name(*content.algorithm);
  const auto computed = digests.find(*content.algorithm);
  if (computed == digests.end()) {
    RefuseSignature(facts, Integrity::kUnsupported,
                    "the file could not be read to its end");
    return;
  }
  facts.computed = computed->second.Hex();
  if (!base::Equal(computed->second.View(), content.digest.bytes)) {
    facts.content_mismatch = true;
    RefuseSignature(facts, Integrity::kInvalid,
                    "the file does not have the digest that was signed");
  }
  facts.page_hashes = CheckParts(content, holds && !facts.content_mismatch);
  if (facts.page_hashes == model::PageHashes::kInvalid) {
    facts.content_mismatch = true;
    RefuseSignature(facts, Integrity::kInvalid,
                    "a page does not have the digest that was signed");
  }
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
      facts.signatures.push_back(Unanswered(signature, index, subject));
      continue;
    }
    readable = true;
    Context with_embedded = context;
    with_embedded.embedded = &signature.container->revocation;
    auto stamps = TakeTimestamps(*signature.signer, *signature.container, index,
                                 StampSource::kTokensAndCountersignatures,
                                 with_embedded, bags, facts);
    facts.signatures.push_back(Answer(signature, index, digests, subject,
                                      std::move(stamps), with_embedded));
  }
  NoteSuperfluous(bags, context, facts);
  facts.limit = context.budget.Reached();
  facts.is_signed =
      readable ? model::Signed::kPresent : model::Signed::kMalformed;
}

}  // namespace countersign::signing
