#include "signing/path/trust_set.h"

#include <algorithm>

#include "signing/trust_list.h"

namespace countersign::signing {

bool StoredCertificate::Serves(model::Purpose purpose) const {
  return std::ranges::find(store->purposes, purpose) != store->purposes.end();
}

TrustSet::TrustSet(std::shared_ptr<const std::vector<model::TrustStore>> stores)
    : stores_(std::move(stores)) {
  for (const model::TrustStore& store : *stores_) {
    for (const model::TrustEntry& entry : store.entries) {
      if (!entry.sha1.empty()) {
        by_sha1_[entry.sha1].push_back(&entry);
      }
      if (!entry.sha256.empty()) {
        by_sha256_[entry.sha256].push_back(&entry);
      }
      if (!entry.disallowed_hash.empty()) {
        by_disallowed_hash_[entry.disallowed_hash].push_back(&entry);
      }
      if (entry.certificate.empty()) {
        continue;
      }
      base::Budget budget;
      auto certificate = ParseCertificate({entry.certificate, 0}, budget);
      if (!certificate) {
        ++unreadable_;
        continue;
      }
      certificates_.push_back(std::make_unique<StoredCertificate>(
          StoredCertificate{*std::move(certificate), &entry, &store}));
      const StoredCertificate* stored = certificates_.back().get();
      by_subject_[base::AsText(stored->certificate.subject.bytes)].push_back(
          stored);
    }
  }
}

const std::vector<const StoredCertificate*>& TrustSet::BySubject(
    base::Bytes subject) const {
  const auto found = by_subject_.find(base::AsText(subject));
  return found != by_subject_.end() ? found->second : none_;
}

std::vector<const model::TrustEntry*> TrustSet::Listings(
    const Certificate& certificate) const {
  std::vector<const model::TrustEntry*> entries;
  for (const StoredCertificate* stored : BySubject(certificate.subject.bytes)) {
    if (base::Equal(stored->certificate.spki.bytes, certificate.spki.bytes)) {
      entries.push_back(stored->entry);
    }
  }
  const auto add = [&entries](const auto& index, const std::string& digest) {
    if (const auto found = index.find(std::string_view(digest));
        found != index.end()) {
      for (const model::TrustEntry* entry : found->second) {
        if (std::ranges::find(entries, entry) == entries.end()) {
          entries.push_back(entry);
        }
      }
    }
  };
  add(by_sha256_, certificate.sha256.Hex());
  add(by_sha1_, certificate.sha1.Hex());
  for (const std::vector<uint8_t>& twin : Twins(certificate)) {
    add(by_sha256_, base::Hash(base::DigestAlgorithm::kSha256, twin).Hex());
    add(by_sha1_, base::Hash(base::DigestAlgorithm::kSha1, twin).Hex());
  }
  if (!by_disallowed_hash_.empty()) {
    for (const std::string& hash : DisallowedHashes(certificate.der.bytes)) {
      add(by_disallowed_hash_, hash);
    }
  }
  return entries;
}

}  // namespace countersign::signing
