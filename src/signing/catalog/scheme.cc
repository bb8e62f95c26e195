// Catalogs: the list is the content of the SignedData, and so what is signed.
#include "signing/catalog/scheme.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/catalog/catalog.h"
#include "signing/signer/answer.h"

namespace countersign::signing {
namespace {

class CatalogSubject : public Subject {
 public:
  [[nodiscard]] model::Scheme Scheme() const override {
    return model::Scheme::kCatalog;
  }
  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const base::DigestAlgorithm> /*algorithms*/) const override {
    return ContentDigests();
  }
  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kCertificateTrustList;
  }
  [[nodiscard]] const Oid& EncapsulatedContentType() const override {
    return oid::kCertificateTrustList;
  }
  [[nodiscard]] std::vector<model::Purpose> Purposes() const override {
    return {model::Purpose::kCodeSigning, model::Purpose::kKernel,
            model::Purpose::kTls};
  }
};

std::string DescribeCatalog(const Catalog& catalog) {
  const uint64_t members =
      catalog.members.size() + catalog.members_without_digest;
  return fmt::format("security catalog, version {}, {} member{}, of {}",
                     catalog.version, members, members == 1 ? "" : "s",
                     base::ToRfc3339(catalog.effective).substr(0, 10));
}

// What each of the signatures lists. A list that cannot be read makes its
// signatures worthless.
class CatalogLists {
 public:
  CatalogLists(const Collection& collection, base::Budget& budget)
      : collection_(collection), budget_(budget) {}

  void Read(SigningFacts& facts) {
    for (size_t i = 0; i < collection_.signatures.size(); ++i) {
      const ParsedSignature& parsed = collection_.signatures[i];
      // Whether Windows takes a detached signature for one of the catalog is
      // not known: it is answered by itself and vouches for no member.
      if (parsed.container == nullptr || parsed.container->content_error ||
          parsed.container->is_detached) {
        continue;
      }
      model::SignatureFacts& signature = facts.signatures[i];
      const auto& catalog = CatalogOf(*parsed.container);
      if (!catalog) {
        signature.integrity = IntegrityOf(catalog.error());
        signature.integrity_reason = FaultClause(catalog.error());
        facts.faults.push_back(
            {catalog.error(), parsed.range, signature.index});
        continue;
      }
      if (facts.detail.empty()) {
        facts.detail = DescribeCatalog(*catalog);
      }
      for (const CatalogMember& member : catalog->members) {
        facts.listed.push_back({member.digest, member.algorithm,
                                signature.index, member.content_type});
      }
    }
  }

 private:
  const base::Result<Catalog>& CatalogOf(const ParsedContainer& container) {
    const auto known = read_.find(&container);
    if (known != read_.end()) {
      return known->second;
    }
    return read_
        .emplace(&container, ParseCatalog(container.data.content, budget_))
        .first->second;
  }

  const Collection& collection_;
  base::Budget& budget_;
  std::map<const ParsedContainer*, base::Result<Catalog>> read_;
};

// A list without a signature over it, or certificates only.
SigningFacts Unsigned(const SignedData& data, base::Budget& budget) {
  SigningFacts facts;
  facts.is_signed = model::Signed::kAbsent;
  facts.detail = "PKCS #7 without a signature";
  if (oid::kCertificateTrustList == data.content_type) {
    if (const auto catalog = ParseCatalog(data.content, budget)) {
      facts.detail = DescribeCatalog(*catalog);
    }
  }
  return facts;
}

}  // namespace

SigningFacts ExamineCatalog(const base::Blob& file, const Context& context) {
  const base::Input input{file.View(), 0};
  const auto data = ParseSignedData(input, context.budget);
  if (data && data->signers.empty()) {
    return Unsigned(*data, context.budget);
  }
  SigningFacts facts;
  facts.signed_place = "catalog";
  Collector collector(context.budget, facts, oid::kCertificateTrustList);
  collector.AddContainer(0, input);
  const Collection collection = collector.Finish();
  ExamineSignatures(CatalogSubject(), collection, context, facts);
  CatalogLists(collection, context.budget).Read(facts);
  facts.limit = context.budget.Reached();
  return facts;
}

}  // namespace countersign::signing
