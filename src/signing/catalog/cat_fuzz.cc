// Catalogs, and whatever lies in a PKCS #7, to the findings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/blob.h"
#include "base/result.h"
#include "base/text.h"
#include "signing/catalog/catalog.h"
#include "signing/judge.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::Signed;

const VerifyOptions& Options() {
  static const VerifyOptions kOptions = {
      base::FromUnixSeconds(1'768'478'400),
      {.steps = 200'000, .signatures = 16, .public_key_operations = 40}};
  return kOptions;
}

SigningFacts Look(base::Bytes file) {
  Verifier verifier(std::vector<model::TrustStore>{}, {});
  return verifier.Verify(*base::Blob::Own({file.begin(), file.end()}),
                         model::Format::kCat, Options());
}

void CheckListed(const SigningFacts& facts) {
  for (const ListedDigest& listed : facts.listed) {
    CS_CHECK(listed.digest.size == base::DigestSize(listed.algorithm));
    CS_CHECK(listed.signature < facts.signatures.size());
    const Integrity integrity = facts.signatures[listed.signature].integrity;
    CS_CHECK(integrity != Integrity::kMalformed ||
             !facts.signatures[listed.signature].integrity_reason.empty());
  }
  CS_CHECK(facts.listed.empty() || facts.is_signed == Signed::kPresent);
}

// The content of a catalog by itself.
void CheckContent(base::Bytes content) {
  base::Budget budget;
  const auto catalog = ParseCatalog({content, 0}, budget);
  if (!catalog) {
    CS_CHECK(catalog.error().offset <= content.size());
    return;
  }
  for (const CatalogMember& member : catalog->members) {
    CS_CHECK(member.range.Inside(content.size()));
    CS_CHECK(member.digest.size == base::DigestSize(member.algorithm));
    for (const CatalogAttribute& attribute : member.attributes) {
      CS_CHECK(base::DisplaySafe(attribute.name) == attribute.name);
      CS_CHECK(base::DisplaySafe(attribute.value) == attribute.value);
    }
  }
}

void Check(base::Bytes file) {
  CheckContent(file);
  const SigningFacts facts = Look(file);
  CheckListed(facts);
  CS_CHECK((facts.is_signed == Signed::kAbsent) <= facts.signatures.empty());
  CS_CHECK(facts.is_signed != Signed::kPresent || !facts.signatures.empty());
  for (const model::SignatureFacts& signature : facts.signatures) {
    CS_CHECK(signature.range.Inside(file.size()));
    const bool valid = signature.integrity == Integrity::kValid;
    CS_CHECK(valid == signature.integrity_reason.empty());
    CS_CHECK(signature.trust != model::Trust::kTrusted);
    CS_CHECK(!valid || signature.digest == signature.computed);
    CS_CHECK(signature.scheme == model::Scheme::kCatalog);
  }
  for (const model::Finding& finding :
       Judge(facts, 0, file.size(), Options().at)) {
    CS_CHECK(!finding.evidence.empty() && !finding.message.empty());
    for (const base::ByteRange& range : finding.evidence) {
      CS_CHECK(range.Inside(file.size()));
    }
    CS_CHECK(base::DisplaySafe(finding.message) == finding.message);
  }
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
