// How a check is written. Private to the module.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "model/finding.h"
#include "signing/verify.h"

namespace countersign::signing {

class Sink;

// One row of the table in checks.cc.
struct Check {
  std::string_view id;
  model::Severity severity;
  std::string_view attack;  // MITRE ATT&CK technique, or ""
  std::string_view clears_if;
  void (*run)(const SigningFacts& facts, Sink& sink);
};

// Takes the findings of one row. A finding cannot be given without evidence.
class Sink {
 public:
  Sink(const Check& check, uint32_t artifact, uint64_t size_bytes,
       base::Instant at, std::vector<model::Finding>& out)
      : check_(check),
        artifact_(artifact),
        size_bytes_(size_bytes),
        at_(at),
        out_(out) {}

  // Gives a finding with the row's severity.
  void Give(std::string message, base::ByteRange evidence,
            std::vector<model::Parameter> parameters = {}) {
    Give(check_.severity, std::move(message), evidence, std::move(parameters));
  }
  // The same with another severity, where the facts call for it.
  void Give(model::Severity severity, std::string message,
            base::ByteRange evidence,
            std::vector<model::Parameter> parameters = {});

  [[nodiscard]] base::Instant At() const { return at_; }

 private:
  const Check& check_;
  uint32_t artifact_;
  uint64_t size_bytes_;
  base::Instant at_;
  std::vector<model::Finding>& out_;
};

// "the signature", or "signature 2 (nested in 1)" when there are several.
[[nodiscard]] std::string Which(const SigningFacts& facts,
                                const model::SignatureFacts& signature);

// Checks on content, structure and hidden data (structure_checks.cc).
void CheckDigestMismatch(const SigningFacts& facts, Sink& sink);
void CheckSignatureInvalid(const SigningFacts& facts, Sink& sink);
void CheckMalformed(const SigningFacts& facts, Sink& sink);
void CheckImageMalformed(const SigningFacts& facts, Sink& sink);
void CheckUnsupported(const SigningFacts& facts, Sink& sink);
void CheckMixed(const SigningFacts& facts, Sink& sink);
void CheckSeveralSigners(const SigningFacts& facts, Sink& sink);
void CheckUnsigned(const SigningFacts& facts, Sink& sink);
void CheckTableOverlap(const SigningFacts& facts, Sink& sink);
void CheckUnsignedData(const SigningFacts& facts, Sink& sink);
void CheckDataAfterSignature(const SigningFacts& facts, Sink& sink);
void CheckSuperfluousCertificate(const SigningFacts& facts, Sink& sink);
void CheckUnexpectedContentType(const SigningFacts& facts, Sink& sink);
void CheckOnlyEncodingDiffers(const SigningFacts& facts, Sink& sink);
void CheckUnauthenticatedAttribute(const SigningFacts& facts, Sink& sink);

// Checks on chains, revocation and weakness (trust_checks.cc).
void CheckRevoked(const SigningFacts& facts, Sink& sink);
void CheckRevokedAfterSigning(const SigningFacts& facts, Sink& sink);
void CheckRevocationUnknown(const SigningFacts& facts, Sink& sink);
void CheckCodeSigningUsage(const SigningFacts& facts, Sink& sink);
void CheckDistrusted(const SigningFacts& facts, Sink& sink);
void CheckUntrusted(const SigningFacts& facts, Sink& sink);
void CheckIncompleteChain(const SigningFacts& facts, Sink& sink);
void CheckExpired(const SigningFacts& facts, Sink& sink);
void CheckTrustDisagrees(const SigningFacts& facts, Sink& sink);
void CheckTlsFallback(const SigningFacts& facts, Sink& sink);
void CheckWeakAlgorithm(const SigningFacts& facts, Sink& sink);

// Checks on timestamps (timestamp_checks.cc).
void CheckTimestampInvalid(const SigningFacts& facts, Sink& sink);
void CheckTimestampUntrusted(const SigningFacts& facts, Sink& sink);
void CheckTimestampsDisagree(const SigningFacts& facts, Sink& sink);
void CheckTimestampBackdated(const SigningFacts& facts, Sink& sink);
void CheckTimestampBeforeBuild(const SigningFacts& facts, Sink& sink);

}  // namespace countersign::signing
