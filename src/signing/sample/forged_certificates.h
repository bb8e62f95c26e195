// Certificates and stores of the forge in this module's types. For tests.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "forge/authorities.h"
#include "signing/sample/forged_stores.h"
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

// A CA of that name and key, certified by `issuer`.
inline forge::Certificate AuthorityBy(std::string_view common_name,
                                      const forge::Certificate& issuer) {
  forge::CertificateRecipe recipe = forge::RootRecipe(common_name);
  recipe.issuer = &issuer;
  return forge::MakeCertificate(recipe);
}

}  // namespace countersign::signing
