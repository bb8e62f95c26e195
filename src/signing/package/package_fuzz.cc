// Packages in ZIP archives, from the first byte to the findings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/text.h"
#include "formats/zip.h"
#include "model/wire.h"
#include "signing/judge.h"
#include "signing/package/archive.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using model::Format;
using model::Integrity;
using model::SignatureFacts;

constexpr Format kPackages[] = {Format::kMsix, Format::kNupkg, Format::kJar,
                                Format::kVsix};

const VerifyOptions& Options() {
  static const VerifyOptions kOptions = {
      base::FromUnixSeconds(1'768'478'400),
      {.steps = 100'000, .signatures = 16, .public_key_operations = 40}};
  return kOptions;
}

SigningFacts Look(base::Bytes file, Format format) {
  Verifier verifier(std::vector<model::TrustStore>{}, {});
  return verifier.Verify(*base::Blob::Own({file.begin(), file.end()}), format,
                         Options());
}

bool AnyValid(const SigningFacts& facts) {
  return std::ranges::any_of(facts.signatures, [](const SignatureFacts& s) {
    return s.integrity == Integrity::kValid;
  });
}

void CheckSignature(const SignatureFacts& facts, uint64_t size) {
  CS_CHECK(facts.range.Inside(size));
  const bool valid = facts.integrity == Integrity::kValid;
  CS_CHECK(valid == facts.integrity_reason.empty());
  CS_CHECK(facts.trust != model::Trust::kTrusted);
  CS_CHECK(!facts.trust_reason.empty());
  CS_CHECK(!valid || (!facts.content_mismatch && !facts.signature_mismatch));
  CS_CHECK(!valid || facts.signer.has_value());
  CS_CHECK(!valid || facts.digest == facts.computed);
  for (const model::AttributeFacts& attribute : facts.attributes) {
    CS_CHECK(attribute.range.Inside(size));
  }
  for (const model::TimestampFacts& stamp : facts.timestamps) {
    CS_CHECK(stamp.range.Inside(size) && !stamp.used);
  }
}

void CheckFindings(const SigningFacts& facts, uint64_t size) {
  for (const StructureFault& fault : facts.faults) {
    CS_CHECK(fault.error.offset <= size && fault.range.offset <= size);
  }
  for (const UnsignedData& data : facts.unsigned_data) {
    CS_CHECK(data.range.Inside(size));
  }
  for (const PackageFault& fault : facts.package_faults) {
    CS_CHECK(!fault.what.empty() && fault.range.Inside(size));
  }
  const auto findings = Judge(facts, 0, size, Options().at);
  for (const model::Finding& finding : findings) {
    CS_CHECK(!finding.evidence.empty() && !finding.message.empty());
    CS_CHECK(finding.evidence[0].Inside(size));
    CS_CHECK(base::DisplaySafe(finding.message) == finding.message);
  }
  CS_CHECK(!findings.empty() || AnyValid(facts) || facts.limit);
}

// What is said to be covered is there, with that content.
void CheckCovered(const SigningFacts& facts, base::Bytes file) {
  if (!facts.covered_members) {
    return;
  }
  CS_CHECK(AnyValid(facts) || facts.covered_members->empty());
  CS_CHECK(std::ranges::is_sorted(*facts.covered_members));
  base::Budget budget;
  const auto blob = base::Blob::Own({file.begin(), file.end()});
  const auto archive = PackageArchive::Open(*blob, budget);
  CS_CHECK(archive.has_value());
  constexpr base::DigestAlgorithm kSha256[] = {base::DigestAlgorithm::kSha256};
  for (const CoveredMember& member : *facts.covered_members) {
    const formats::ZipEntry* entry = archive->Single(member.name);
    CS_CHECK(entry != nullptr);
    const auto digests = archive->Hash(*entry, kSha256, budget);
    CS_CHECK(digests && digests->begin()->second == member.sha256);
  }
}

// Signatures over the whole file do not survive a change of its first entry.
void CheckTampered(const SigningFacts& facts, base::Bytes file, Format format) {
  if (!AnyValid(facts) || facts.covered_members) {
    return;
  }
  base::Budget budget;
  const auto zip = formats::ParseZip(file, budget);
  CS_CHECK(zip.has_value());
  for (const formats::ZipEntry& entry : zip->entries) {
    const bool is_signature =
        entry.name == "AppxSignature.p7x" || entry.name == ".signature.p7s";
    if (!is_signature && entry.local_header.size > 0) {
      std::vector<uint8_t> changed(file.begin(), file.end());
      changed[entry.local_header.offset + entry.local_header.size / 2] ^= 0x01;
      CS_CHECK(!AnyValid(Look(changed, format)));
      return;
    }
  }
}

std::vector<uint8_t> Wire(const SigningFacts& facts) {
  model::Inspection inspection;
  model::Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.is_signed = facts.is_signed;
  artifact.signatures = facts.signatures;
  auto wire = model::EncodeWire(inspection);
  CS_CHECK(model::DecodeWire<model::Inspection>(wire).has_value());
  return wire;
}

void Check(base::Bytes file) {
  for (const Format format : kPackages) {
    const SigningFacts facts = Look(file, format);
    CS_CHECK(Wire(facts) == Wire(Look(file, format)));
    CS_CHECK(facts.is_signed != model::Signed::kPresent ||
             !facts.signatures.empty());
    for (const SignatureFacts& signature : facts.signatures) {
      CheckSignature(signature, file.size());
    }
    CheckFindings(facts, file.size());
    CheckCovered(facts, file);
    CheckTampered(facts, file, format);
  }
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
