// Certificates and stores of the forge in this module's types. For tests.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "forge/authorities.h"
#include "model/trust.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// Parsed certificates together with the bytes they view.
class ForgedCertificates {
 public:
  ForgedCertificates() = default;
  explicit ForgedCertificates(
      const std::vector<forge::Certificate>& certificates) {
    for (const forge::Certificate& certificate : certificates) {
      Add(certificate);
    }
  }

  // Stays where it is while others are added.
  const Certificate& Add(const forge::Certificate& certificate) {
    const auto& der = ders_.emplace_back(certificate.der);
    base::Budget budget;
    auto parsed = ParseCertificate({der, 0}, budget);
    CS_CHECK(parsed.has_value());
    return parsed_.emplace_back(*std::move(parsed));
  }

  // All of them in the order added.
  [[nodiscard]] std::vector<Certificate> Pool() const {
    return {parsed_.begin(), parsed_.end()};
  }

 private:
  std::deque<forge::ByteVector> ders_;
  std::deque<Certificate> parsed_;
};

inline model::TrustEntry TrustEntryOf(const forge::Certificate& certificate) {
  model::TrustEntry entry;
  entry.sha256 =
      base::Hash(base::DigestAlgorithm::kSha256, certificate.der).Hex();
  entry.sha1 = base::Hash(base::DigestAlgorithm::kSha1, certificate.der).Hex();
  entry.certificate = certificate.der;
  return entry;
}

// A store of anchors for one purpose.
inline model::TrustStore StoreOf(
    model::Purpose purpose,
    const std::vector<forge::Certificate>& certificates) {
  model::TrustStore store;
  store.name = std::string(model::Name(purpose)) + " store";
  store.purposes = {purpose};
  for (const forge::Certificate& certificate : certificates) {
    store.entries.push_back(TrustEntryOf(certificate));
  }
  return store;
}

// A CA of that name and key, certified by `issuer`.
inline forge::Certificate AuthorityBy(std::string_view common_name,
                                      const forge::Certificate& issuer) {
  forge::CertificateRecipe recipe = forge::RootRecipe(common_name);
  recipe.issuer = &issuer;
  return forge::MakeCertificate(recipe);
}

}  // namespace countersign::signing
