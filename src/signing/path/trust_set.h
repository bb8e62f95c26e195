// The trust stores of one run, indexed for path building.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/trust.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// A certificate of a store, with the conditions it is trusted under.
struct StoredCertificate {
  Certificate certificate;
  const model::TrustEntry* entry = nullptr;
  const model::TrustStore* store = nullptr;

  [[nodiscard]] bool Serves(model::Purpose purpose) const;
};

class TrustSet {
 public:
  // Parses the certificates of the stores, which it shares; one that cannot
  // be parsed is left out and counted.
  explicit TrustSet(
      std::shared_ptr<const std::vector<model::TrustStore>> stores);
  // The same with stores of its own.
  explicit TrustSet(std::vector<model::TrustStore> stores)
      : TrustSet(std::make_shared<const std::vector<model::TrustStore>>(
            std::move(stores))) {}

  ~TrustSet() = default;
  TrustSet(const TrustSet&) = delete;
  TrustSet& operator=(const TrustSet&) = delete;

  // Stored certificates whose subject is exactly this Name (whole element).
  [[nodiscard]] const std::vector<const StoredCertificate*>& BySubject(
      base::Bytes subject) const;

  // Entries, in whatever store, that list the certificate by the digest of
  // either of its encodings (Twins), or list another certificate of the same
  // subject and key.
  [[nodiscard]] std::vector<const model::TrustEntry*> Listings(
      const Certificate& certificate) const;

  [[nodiscard]] const std::vector<model::TrustStore>& Stores() const {
    return *stores_;
  }
  [[nodiscard]] size_t Unreadable() const { return unreadable_; }

 private:
  std::shared_ptr<const std::vector<model::TrustStore>> stores_;
  std::vector<std::unique_ptr<StoredCertificate>> certificates_;
  std::unordered_map<std::string_view, std::vector<const StoredCertificate*>>
      by_subject_;
  std::unordered_map<std::string_view, std::vector<const model::TrustEntry*>>
      by_sha1_;
  std::unordered_map<std::string_view, std::vector<const model::TrustEntry*>>
      by_sha256_;
  std::unordered_map<std::string_view, std::vector<const model::TrustEntry*>>
      by_disallowed_hash_;
  std::vector<const StoredCertificate*> none_;
  size_t unreadable_ = 0;
};

}  // namespace countersign::signing
