// What every scheme answers alike of a signature: who signed, whether that is
// trusted and when it was signed. Private to the module.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "model/signature.h"
#include "model/trust.h"
#include "signing/cms/signer_check.h"
#include "signing/context.h"
#include "signing/signer/container.h"
#include "signing/verify.h"

namespace countersign::signing {

// Lowers the integrity, with one clause of reason. The first reason stays:
// damage before mismatch before support.
void RefuseSignature(model::SignatureFacts& facts, model::Integrity integrity,
                     std::string reason);

// A clause: what is wrong, and where.
[[nodiscard]] std::string FaultClause(const base::Error& error);
// The integrity of what could not be read.
[[nodiscard]] model::Integrity IntegrityOf(const base::Error& error);

// Adds to `facts` a signature, in the bytes `range`, of which nothing could be
// verified because of `error`.
void AddUnreadableSignature(model::Scheme scheme, base::ByteRange range,
                            const base::Error& error, base::Budget& budget,
                            SigningFacts& facts);

// Adds the digest to what is weak, if it is. Limit: MD5 and SHA-1 are what
// NIST SP 800-131A disallows for signatures.
void NoteWeakDigest(std::optional<base::DigestAlgorithm> digest,
                    std::string_view prefix, model::SignatureFacts& facts);

// The attributes of a signer and the time that it claims.
void DescribeSigner(const SignerInfo& signer, base::Budget& budget,
                    model::SignatureFacts& facts);

struct PublisherQuestion {
  const Certificate* certificate = nullptr;  // null when it did not come along
  std::span<const Certificate> pool;
  std::vector<model::Purpose> purposes;  // stores to ask, in this order
};

// Fills in signer, trust, chain, revocation, the timestamp that is used and
// what is weak in the chain. `facts.timestamps` must be there.
void JudgePublisher(const PublisherQuestion& question, const Context& context,
                    model::SignatureFacts& facts);

// The stores to ask where the format says no more.
[[nodiscard]] std::vector<model::Purpose> CodeSigningPurposes();

// What holds the timestamps of a signature.
enum class StampSource : uint8_t { kTokens, kTokensAndCountersignatures };

// The timestamps of signature number `index`. What they carry besides is noted
// in `facts` and `bags`.
[[nodiscard]] std::vector<model::TimestampFacts> TakeTimestamps(
    const SignerInfo& signer, const CmsContainer& container, uint32_t index,
    StampSource source, const Context& context, std::vector<Bag>& bags,
    SigningFacts& facts);

struct CmsQuestion {
  const CmsContainer* container = nullptr;
  const SignerInfo* signer = nullptr;
  base::Bytes content;                // what the message digest covers
  const Oid* content_type = nullptr;  // see SignerQuestion
};

// The facts on one signer of a CMS whose content is known: attributes,
// timestamps (tokens only), whether the signature holds over the content, trust
// and weakness. Scheme, place and all that concerns what the content says are
// the caller's.
[[nodiscard]] model::SignatureFacts AnswerCms(const CmsQuestion& question,
                                              uint32_t index,
                                              const Context& context,
                                              std::vector<Bag>& bags,
                                              SigningFacts& facts);

}  // namespace countersign::signing
