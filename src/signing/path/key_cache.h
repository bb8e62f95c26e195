// Keys that were made ready and links that were verified, so that neither is
// done twice. A cache changes speed, never an answer.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/budget.h"
#include "signing/crypto.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

class KeyCache {
 public:
  // The key of `certificate`, or nothing when it cannot be used.
  std::optional<PublicKey> KeyOf(const Certificate& certificate);

  // Whether `subject` is signed with the key of `issuer`. Charges one
  // public-key operation when the answer is not known yet; kUnsupported when
  // the budget is spent.
  SignatureCheck IsSignedBy(const Certificate& subject,
                            const Certificate& issuer, base::Budget& budget);

 private:
  // Limit: entries kept, by the digests of certificates; beyond it everything
  // is forgotten. 4096 keys of 2048 bits are about 8 MiB.
  static constexpr size_t kMaxEntries = 4096;

  std::unordered_map<std::string, std::optional<PublicKey>> keys_;
  std::unordered_map<std::string, SignatureCheck> links_;
};

}  // namespace countersign::signing
