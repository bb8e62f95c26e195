// Signed scripts of every form, from the first byte to the findings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/blob.h"
#include "base/result.h"
#include "base/text.h"
#include "formats/script.h"
#include "formats/sniff.h"
#include "signing/judge.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
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
                         model::Format::kPowershell, Options());
}

bool IsValid(const SignatureFacts& signature) {
  return signature.integrity == Integrity::kValid;
}

void CheckSignature(const SignatureFacts& facts, base::Bytes file) {
  CS_CHECK(facts.range.Inside(file.size()));
  CS_CHECK(IsValid(facts) == facts.integrity_reason.empty());
  CS_CHECK(facts.trust != model::Trust::kTrusted);
  CS_CHECK(!IsValid(facts) || facts.digest == facts.computed);
  for (const model::AttributeFacts& attribute : facts.attributes) {
    CS_CHECK(attribute.range.Inside(file.size()));
  }
}

void CheckFindings(const SigningFacts& facts, base::Bytes file) {
  for (const model::Finding& finding :
       Judge(facts, 0, file.size(), Options().at)) {
    CS_CHECK(!finding.evidence.empty() && !finding.message.empty());
    for (const base::ByteRange& range : finding.evidence) {
      CS_CHECK(range.Inside(file.size()));
    }
    CS_CHECK(base::DisplaySafe(finding.message) == finding.message);
  }
  for (const EncodingChange& change : facts.encoding_changes) {
    const SignatureFacts& signature = facts.signatures.at(change.signature);
    CS_CHECK(signature.content_mismatch && !change.what.empty());
  }
}

// With a byte of the text changed no signature holds.
void CheckTampered(base::Bytes file, const SigningFacts& facts) {
  if (std::ranges::none_of(facts.signatures, IsValid)) {
    return;
  }
  base::Budget budget;
  const auto script = formats::FindScriptBlock(file, budget);
  CS_CHECK(script.has_value() && script->has_value());
  for (const base::ByteRange range : {(*script)->before, (*script)->after}) {
    for (uint64_t i = 0; i < std::min<uint64_t>(range.size, 8); ++i) {
      std::vector<uint8_t> changed(file.begin(), file.end());
      changed[range.offset + (range.size - 1) * i / 8] ^= 0x01;
      CS_CHECK(std::ranges::none_of(Look(changed).signatures, IsValid));
    }
  }
}

void Check(base::Bytes file) {
  const SigningFacts facts = Look(file);
  CS_CHECK((facts.is_signed == Signed::kAbsent) <= facts.signatures.empty());
  CS_CHECK(facts.is_signed != Signed::kPresent || !facts.signatures.empty());
  for (const StructureFault& fault : facts.faults) {
    CS_CHECK(fault.error.offset <= file.size());
    CS_CHECK(fault.range.Inside(file.size()));
  }
  for (const UnsignedData& data : facts.unsigned_data) {
    CS_CHECK(data.range.Inside(file.size()));
  }
  for (const SignatureFacts& signature : facts.signatures) {
    CheckSignature(signature, file);
  }
  CheckFindings(facts, file);
  CheckTampered(file, facts);
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
