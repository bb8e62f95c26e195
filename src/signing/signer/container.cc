#include "signing/signer/container.h"

#include <utility>

#include "signing/asn1/oid.h"
#include "signing/cms/signer_check.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

// The content of the attribute's first value, or all of them when it has
// none of a known form.
base::Input ValueOf(const CmsAttribute& attribute, base::Budget& budget) {
  DerReader values(attribute.values, budget);
  const base::Input content = values.Any("attribute value").value;
  return values.Failed() || !values.AtEnd() ? attribute.values : content;
}

}  // namespace

void ReadBag(CmsContainer& container, uint32_t signature, base::Budget& budget,
             SigningFacts& facts) {
  for (const base::Input rest : container.data.rest) {
    facts.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kInsideEntry, rest));
    facts.unsigned_data.back().signature = signature;
  }
  std::vector<base::Error> errors;
  container.certificates = ParseCertificates(container.data, errors, budget);
  for (const base::Error& error : errors) {
    facts.faults.push_back({error,
                            {error.offset, 0},
                            signature,
                            StructureFault::Part::kCertificate});
  }
  for (const base::Input list : container.data.crls) {
    // One that is none is reported with those that nobody vouches for.
    [[maybe_unused]] const auto added = container.revocation.Add(list, budget);
  }
}

void NoteUnsignedAttribute(const CmsAttribute& attribute, uint32_t signature,
                           base::Budget& budget, SigningFacts& facts) {
  UnsignedData data =
      DescribeData(UnsignedData::Place::kAttribute, ValueOf(attribute, budget));
  data.range = attribute.values.Range();
  data.oid = DottedOid(attribute.oid);
  data.signature = signature;
  facts.unsigned_data.push_back(std::move(data));
}

}  // namespace countersign::signing
