#include <fmt/format.h>

#include "model/trust.h"
#include "signing/checks/check.h"
#include "signing/revocation/revocation.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Trust;

std::string SignerName(const SignatureFacts& signature) {
  return signature.signer ? signature.signer->subject : "unknown";
}

// Calls `give` for every readable signature in this state.
template <typename Give>
void ForEach(const SigningFacts& facts, Trust trust, Give give) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.trust == trust) {
      give(signature);
    }
  }
}

std::vector<model::Parameter> SignerParameters(
    const SignatureFacts& signature) {
  return {{"signature", static_cast<int64_t>(signature.index)},
          {"signer", SignerName(signature)}};
}

// A SHA-1 certificate of its time is history; anything else that is weak
// could be forged today, be it the signature or its chain.
bool IsWeakItself(const SignatureFacts& signature) {
  return std::ranges::any_of(signature.weak, [](const std::string& word) {
    return word != "chain-sha1";
  });
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

}  // namespace

void CheckRevoked(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kRevoked, [&](const SignatureFacts& signature) {
    sink.Give(fmt::format("The chain of {} rests on a certificate that was "
                          "revoked before the signature is proven to have "
                          "existed: {}.",
                          Which(facts, signature), signature.trust_reason),
              signature.range, SignerParameters(signature));
  });
}

void CheckRevokedAfterSigning(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (!signature.revoked || signature.revoked->before_signing) {
      continue;
    }
    const std::string& reason = signature.revoked->reason;
    const bool harmless = IsHarmlessReason(reason);
    sink.Give(harmless ? model::Severity::kLow : model::Severity::kMedium,
              fmt::format("\"{}\" was revoked {} ({}), after the time that "
                          "the timestamp of {} proves.",
                          signature.revoked->certificate,
                          base::ToRfc3339(signature.revoked->revoked_at),
                          reason, Which(facts, signature)),
              signature.range, SignerParameters(signature));
  }
}

void CheckRevocationUnknown(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.revocation == model::Revocation::kUnknown) {
      sink.Give(fmt::format("Whether a certificate of {} was revoked is not "
                            "known: the given CRLs and OCSP responses do not "
                            "cover all of its chain.",
                            Which(facts, signature)),
                signature.range, SignerParameters(signature));
    }
  }
}

void CheckCodeSigningUsage(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kNotCodeSigning, [&](const SignatureFacts& signature) {
    sink.Give(fmt::format("The signer of {} may not sign code: {}.",
                          Which(facts, signature), signature.trust_reason),
              signature.range, SignerParameters(signature));
  });
}

// True when a timestamp would have carried the signature past the end of its
// certificate, but for the certificate's usage.
bool EndsWithItsCertificate(const SignatureFacts& signature) {
  return signature.lifetime_signing &&
         std::ranges::any_of(signature.timestamps, [](const auto& stamp) {
           return stamp.trust == Trust::kTrusted;
         });
}

void CheckDistrusted(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kDistrusted, [&](const SignatureFacts& signature) {
    sink.Give(fmt::format("The chain of {} is distrusted: {}{}.",
                          Which(facts, signature), signature.trust_reason,
                          EndsWithItsCertificate(signature)
                              ? "; its timestamp does not count, because the "
                                "certificate is for lifetime signing"
                              : ""),
              signature.range, SignerParameters(signature));
  });
}

void CheckUntrusted(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kUntrusted, [&](const SignatureFacts& signature) {
    sink.Give(fmt::format("The chain of {}, issued in the name of \"{}\", is "
                          "not trusted: {}.",
                          Which(facts, signature), SignerName(signature),
                          signature.trust_reason),
              signature.range, SignerParameters(signature));
  });
}

void CheckIncompleteChain(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kIncompleteChain, [&](const SignatureFacts& signature) {
    sink.Give(fmt::format("The chain of {} could not be completed: {}.",
                          Which(facts, signature), signature.trust_reason),
              signature.range, SignerParameters(signature));
  });
}

void CheckExpired(const SigningFacts& facts, Sink& sink) {
  ForEach(facts, Trust::kExpired, [&](const SignatureFacts& signature) {
    const bool stamped = std::ranges::any_of(
        signature.timestamps, [](const auto& stamp) { return stamp.used; });
    std::string why = "and no usable timestamp proves when it was made";
    if (EndsWithItsCertificate(signature)) {
      why =
          "and the certificate is for lifetime signing, which a timestamp "
          "does not extend";
    } else if (stamped) {
      why = "at the time that its timestamp proves";
    }
    sink.Give(fmt::format("The chain of {} was not valid at {}: {}, {}.",
                          Which(facts, signature),
                          signature.evaluated_at
                              ? base::ToRfc3339(*signature.evaluated_at)
                              : base::ToRfc3339(sink.At()),
                          signature.trust_reason, why),
              signature.range, SignerParameters(signature));
  });
}

void CheckTrustDisagrees(const SigningFacts& facts, Sink& sink) {
  const SignatureFacts* trusted = nullptr;
  const SignatureFacts* other = nullptr;
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.integrity != Integrity::kValid) {
      continue;
    }
    auto& slot = signature.trust == Trust::kTrusted ? trusted : other;
    slot = slot == nullptr ? &signature : slot;
  }
  if (trusted != nullptr && other != nullptr) {
    sink.Give(fmt::format("The signatures hold but are not all trusted: {} "
                          "is, {} is {}.",
                          Which(facts, *trusted), Which(facts, *other),
                          model::Name(other->trust)),
              other->range, SignerParameters(*other));
  }
}

void CheckTlsFallback(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    if (signature.trust_purpose == model::Name(model::Purpose::kTls)) {
      sink.Give(fmt::format("The chain of {} ends in a store of roots for "
                            "TLS, which were never vetted for code signing.",
                            Which(facts, signature)),
                signature.range, SignerParameters(signature));
    }
  }
}

// SHA-1, and roots of 1024 bits, are what nearly every legacy timestamp rests
// on, so they only inform. MD5 in the chain of a time that is used weighs more:
// an authority could be forged, and with it any time.
void CheckWeakTimestamps(const SigningFacts& facts,
                         const SignatureFacts& signature, Sink& sink) {
  for (const model::TimestampFacts& stamp : signature.timestamps) {
    if (stamp.weak.empty()) {
      continue;
    }
    const bool of_its_time =
        std::ranges::all_of(stamp.weak, [](const std::string& word) {
          return word == "sha1" || word == "chain-sha1" ||
                 word == "bare-digest" || word.starts_with("root-");
        });
    const bool is_forgeable =
        stamp.used &&
        std::ranges::find(stamp.weak, "chain-md5") != stamp.weak.end();
    const auto severity =
        of_its_time ? model::Severity::kInfo : model::Severity::kLow;
    sink.Give(is_forgeable ? model::Severity::kMedium : severity,
              fmt::format("A timestamp of {} rests on weak algorithms: {}.",
                          Which(facts, signature), Join(stamp.weak)),
              stamp.range, {{"weak", Join(stamp.weak)}});
  }
}

void CheckWeakAlgorithm(const SigningFacts& facts, Sink& sink) {
  const bool strong_exists = std::ranges::any_of(
      facts.signatures, [](const SignatureFacts& signature) {
        return signature.integrity == Integrity::kValid &&
               signature.trust == Trust::kTrusted && !IsWeakItself(signature);
      });
  for (const SignatureFacts& signature : facts.signatures) {
    CheckWeakTimestamps(facts, signature, sink);
    if (signature.weak.empty()) {
      continue;
    }
    model::Severity severity = model::Severity::kMedium;
    if (!IsWeakItself(signature)) {
      severity = model::Severity::kInfo;
    } else if (strong_exists) {
      severity = model::Severity::kLow;
    }
    sink.Give(
        severity,
        fmt::format("{} rests on weak algorithms: {}.",
                    facts.signatures.size() == 1 ? "The signature"
                                                 : Which(facts, signature),
                    Join(signature.weak)),
        signature.range, {{"weak", Join(signature.weak)}});
  }
}

}  // namespace countersign::signing
