#include "signing/path/key_cache.h"

namespace countersign::signing {

std::optional<PublicKey> KeyCache::KeyOf(const Certificate& certificate) {
  std::string name(base::AsText(certificate.sha256.View()));
  if (const auto known = keys_.find(name); known != keys_.end()) {
    return known->second;
  }
  if (keys_.size() >= kMaxEntries) {
    keys_.clear();
  }
  return keys_.emplace(std::move(name), PublicKey::Make(certificate.key))
      .first->second;
}

SignatureCheck KeyCache::IsSignedBy(const Certificate& subject,
                                    const Certificate& issuer,
                                    base::Budget& budget) {
  std::string name(base::AsText(subject.sha256.View()));
  name += base::AsText(issuer.sha256.View());
  if (const auto known = links_.find(name); known != links_.end()) {
    return known->second;
  }
  const auto key = KeyOf(issuer);
  if (!key || !subject.scheme.digest ||
      !budget.ChargePublicKeyOperation(subject.der.offset)) {
    return SignatureCheck::kUnsupported;
  }
  const SignatureCheck answer =
      VerifyDigest(*key, subject.scheme,
                   base::Hash(*subject.scheme.digest, subject.tbs.bytes),
                   subject.signature.bytes);
  if (links_.size() >= kMaxEntries) {
    links_.clear();
  }
  links_.emplace(std::move(name), answer);
  return answer;
}

}  // namespace countersign::signing
