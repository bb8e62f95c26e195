// Whole Windows programs, from the first byte to the findings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/text.h"
#include "formats/pe.h"
#include "model/wire.h"
#include "signing/judge.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Signed;

constexpr base::DigestAlgorithm kAlgorithms[] = {
    base::DigestAlgorithm::kMd5,    base::DigestAlgorithm::kSha1,
    base::DigestAlgorithm::kSha224, base::DigestAlgorithm::kSha256,
    base::DigestAlgorithm::kSha384, base::DigestAlgorithm::kSha512};

const VerifyOptions& Options() {
  static const VerifyOptions kOptions = {
      base::FromUnixSeconds(1'768'478'400),
      {.steps = 200'000, .signatures = 16, .public_key_operations = 40}};
  return kOptions;
}

SigningFacts Look(base::Bytes file) {
  Verifier verifier(std::vector<model::TrustStore>{}, {});
  return verifier.Verify(*base::Blob::Own({file.begin(), file.end()}),
                         model::Format::kPe, Options());
}

// The digest of the image by a walk of its own over single bytes.
std::string DigestOf(base::Bytes file, std::string_view algorithm) {
  const auto image = formats::ParsePe(file);
  CS_CHECK(image.has_value());
  const base::ByteRange table = image->certificate_table;
  std::vector<uint8_t> covered;
  for (uint64_t i = 0; i < file.size(); ++i) {
    const auto in = [i](uint64_t offset, uint64_t size) {
      return i >= offset && i - offset < size;
    };
    if (!in(image->checksum_offset, 4) &&
        !in(image->security_directory_offset.value_or(UINT64_MAX), 8) &&
        !in(table.offset, table.size)) {
      covered.push_back(file[i]);
    }
  }
  for (const base::DigestAlgorithm each : kAlgorithms) {
    if (base::Name(each) == algorithm) {
      return base::Hash(each, covered).Hex();
    }
  }
  return "";
}

void CheckSignature(const SignatureFacts& facts, base::Bytes file) {
  CS_CHECK(facts.range.Inside(file.size()));
  const bool valid = facts.integrity == Integrity::kValid;
  CS_CHECK(valid == facts.integrity_reason.empty());
  // Without stores nothing is trusted, and there is a reason.
  CS_CHECK(facts.trust != model::Trust::kTrusted);
  CS_CHECK(!facts.trust_reason.empty());
  CS_CHECK(!valid || (!facts.content_mismatch && !facts.signature_mismatch));
  CS_CHECK(!valid || facts.signer.has_value());
  CS_CHECK(!valid || facts.digest == facts.computed);
  CS_CHECK(!valid || facts.digest == DigestOf(file, facts.digest_algorithm));
  for (const model::AttributeFacts& attribute : facts.attributes) {
    CS_CHECK(attribute.range.Inside(file.size()));
  }
  for (const model::TimestampFacts& stamp : facts.timestamps) {
    CS_CHECK(stamp.range.Inside(file.size()) && !stamp.used);
  }
}

void CheckFindings(const SigningFacts& facts, base::Bytes file) {
  const auto findings = Judge(facts, 0, file.size(), Options().at);
  const auto ids = FindingIds();
  for (const model::Finding& finding : findings) {
    CS_CHECK(std::ranges::find(ids, finding.id) != ids.end());
    CS_CHECK(!finding.evidence.empty() && !finding.message.empty());
    for (const base::ByteRange& range : finding.evidence) {
      CS_CHECK(range.Inside(file.size()));
    }
    CS_CHECK(base::DisplaySafe(finding.message) == finding.message);
  }
  // Whatever is not plainly absent or valid is said.
  const bool all_valid = std::ranges::all_of(
      facts.signatures, [](const SignatureFacts& signature) {
        return signature.integrity == Integrity::kValid;
      });
  CS_CHECK(!findings.empty() || (all_valid && !facts.signatures.empty()) ||
           facts.limit);
}

// A file with one covered byte changed never has a valid signature.
void CheckTampered(base::Bytes file, const SigningFacts& facts) {
  const auto is_valid = [](const SignatureFacts& signature) {
    return signature.integrity == Integrity::kValid;
  };
  if (std::ranges::none_of(facts.signatures, is_valid)) {
    return;
  }
  const auto ranges = formats::DigestRanges(*formats::ParsePe(file));
  for (const base::ByteRange& range : ranges) {
    std::vector<uint8_t> changed(file.begin(), file.end());
    changed[range.offset + range.size / 2] ^= 0x01;
    CS_CHECK(std::ranges::none_of(Look(changed).signatures, is_valid));
  }
}

std::vector<uint8_t> Wire(const SigningFacts& facts) {
  model::Inspection inspection;
  model::Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.detail = facts.detail;
  artifact.is_signed = facts.is_signed;
  artifact.signatures = facts.signatures;
  auto wire = model::EncodeWire(inspection);
  CS_CHECK(model::DecodeWire<model::Inspection>(wire).has_value());
  return wire;
}

void Check(base::Bytes file) {
  const SigningFacts facts = Look(file);
  CS_CHECK(Wire(facts) == Wire(Look(file)));
  // "Absent" is said of images without a table only, and "present" of
  // nothing without a signature.
  const auto image = formats::ParsePe(file);
  CS_CHECK((facts.is_signed == Signed::kAbsent) ==
           (image && image->certificate_table == base::ByteRange{}));
  CS_CHECK((facts.is_signed == Signed::kAbsent) <= facts.signatures.empty());
  CS_CHECK(facts.is_signed != Signed::kPresent || !facts.signatures.empty());
  CS_CHECK(facts.signatures.size() <= 10'000);
  for (const StructureFault& fault : facts.faults) {
    CS_CHECK(fault.error.offset <= file.size());
    CS_CHECK(fault.range.Inside(file.size()));
  }
  for (const UnsignedData& data : facts.unsigned_data) {
    CS_CHECK(data.range.Inside(file.size()));
    CS_CHECK(data.entropy_bits >= 0 && data.entropy_bits <= 8);
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
