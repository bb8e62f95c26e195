#include "signing/path/chain_trust.h"

#include <fmt/format.h>

#include "signing/path/path.h"

namespace countersign::signing {
namespace {

using model::Revocation;
using model::Trust;

// Why the signer's own certificate is not for this usage; empty when it is.
std::string UsageProblem(const Certificate& signer, const Oid& usage) {
  if (!signer.AllowsUsage(usage)) {
    return fmt::format("its extended key usages do not include {}",
                       DottedOid(usage.View()));
  }
  // Quirk: a time-stamping or signing key that may only give non-repudiation
  // is accepted as on Windows.
  constexpr uint16_t kSigns =
      key_usage::kDigitalSignature | key_usage::kNonRepudiation;
  if (signer.usage && (*signer.usage & kSigns) == 0) {
    return "its key usage does not allow digital signatures";
  }
  // RFC 3161 section 2.3: the authority's certificate must have the usage;
  // neither an absent extension nor "any" is enough, or a code-signing key
  // could back-date.
  if (usage == oid::kTimeStamping.View() && !signer.ListsUsage(usage)) {
    return "it is not marked for time stamping";
  }
  return "";
}

PathAnswer BestPath(const ChainQuestion& question, const Context& context) {
  std::optional<PathAnswer> best;
  for (const model::Purpose purpose : question.purposes) {
    PathAnswer answer = BuildPath(
        {question.signer, question.pool, purpose, question.usage, question.at},
        context.trust, context.keys, context.budget);
    if (answer.trust == Trust::kTrusted) {
      return answer;
    }
    if (!best || (best->store.empty() && !answer.store.empty())) {
      best = std::move(answer);
    }
  }
  return std::move(*best);
}

// From the user's lists and those inside the signature: "revoked" by either
// counts, then "good" by either.
RevocationStatus StatusOf(const Certificate& certificate,
                          const Certificate& issuer, base::Instant signed_at,
                          const Context& context) {
  const auto ask = [&](const RevocationSet& set) {
    return set.StatusOf(certificate, issuer, signed_at, context.at,
                        context.keys, context.budget);
  };
  RevocationStatus status = ask(context.revocation);
  if (context.embedded != nullptr && status.state != Revocation::kRevoked) {
    const RevocationStatus embedded = ask(*context.embedded);
    if (embedded.state == Revocation::kRevoked ||
        status.state != Revocation::kGood) {
      status = embedded;
    }
  }
  return status;
}

void CheckRevocation(const ChainQuestion& question, const PathAnswer& path,
                     ChainAnswer& answer, const Context& context) {
  if (context.revocation.Empty() &&
      (context.embedded == nullptr || context.embedded->Empty())) {
    return;
  }
  // Why: below a root that nobody vouches for, a list proves nothing, and a
  // forged one would make its victim look revoked.
  if (path.chain.size() < 2 || path.store.empty()) {
    answer.revocation = Revocation::kUnknown;
    return;
  }
  answer.revocation = Revocation::kGood;
  for (size_t i = 0; i + 1 < path.chain.size(); ++i) {
    const RevocationStatus status = StatusOf(*path.chain[i], *path.chain[i + 1],
                                             question.signed_at, context);
    if (status.state == Revocation::kRevoked) {
      answer.revocation = Revocation::kRevoked;
      const bool before =
          !question.timestamped || status.revoked_at <= question.signed_at;
      // The first one stays, unless it was harmless and this one is not.
      const std::string_view reason = ReasonName(status.reason);
      if (before || !answer.revoked ||
          (IsHarmlessReason(answer.revoked->reason) &&
           !IsHarmlessReason(reason))) {
        answer.revoked = model::RevocationFacts{SubjectText(*path.chain[i]),
                                                status.revoked_at,
                                                std::string(reason), before};
      }
      if (before) {
        answer.trust = Trust::kRevoked;
        answer.reason = fmt::format(
            "\"{}\" was revoked {} ({})", answer.revoked->certificate,
            base::ToRfc3339(status.revoked_at), answer.revoked->reason);
        return;
      }
    } else if (status.state != Revocation::kGood &&
               answer.revocation == Revocation::kGood) {
      answer.revocation = Revocation::kUnknown;
    }
  }
}

}  // namespace

ChainAnswer JudgeChain(const ChainQuestion& question, const Context& context) {
  ChainAnswer answer;
  const PathAnswer path = BestPath(question, context);
  answer.certificates = path.chain;
  for (const Certificate* certificate : path.chain) {
    answer.chain.push_back(
        {SubjectText(*certificate), certificate->sha256.Hex(), ""});
  }
  answer.chain.back().store = path.store;
  if (!path.store.empty()) {
    answer.store_purpose = model::Name(path.purpose);
  }
  answer.trust = path.trust;
  answer.reason = path.reason;
  if (const std::string why = UsageProblem(*question.signer, question.usage);
      !why.empty()) {
    answer.trust = Trust::kNotCodeSigning;
    answer.reason = fmt::format(
        "the certificate \"{}\" is not for this use: "
        "{}",
        SubjectText(*question.signer), why);
  }
  CheckRevocation(question, path, answer, context);
  return answer;
}

}  // namespace countersign::signing
