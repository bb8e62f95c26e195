// Changed bytes: what a signature covers, none may change unnoticed; what it
// does not cover is written down here.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/pe.h"
#include "model/wire.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using model::Integrity;
using model::Trust;

class Tamper : public testing::Test {
 protected:
  Tamper() {
    const forge::Authorities& cast = forge::TestAuthorities();
    verifier_ = std::make_unique<signing::Verifier>(
        std::vector<model::TrustStore>{
            signing::ForgedStore({cast.root, cast.time_root})},
        std::vector<std::vector<uint8_t>>{});
  }

  model::Inspection Look(const ByteVector& file) {
    const auto blob = base::Blob::Own(file);
    InspectOptions options;
    options.at = base::FromUnixSeconds(forge::kEvaluationTime);
    model::Inspection inspection = Inspect(blob, *verifier_, options);
    JudgeCoverage(inspection);
    return inspection;
  }

  static bool AllHoldAndAreTrusted(const model::Inspection& inspection) {
    const auto& signatures = inspection.artifacts.at(0).signatures;
    return !signatures.empty() &&
           std::ranges::all_of(signatures, [](const auto& signature) {
             return signature.integrity == Integrity::kValid &&
                    signature.trust == Trust::kTrusted;
           });
  }

  static bool Has(const model::Inspection& inspection, std::string_view id) {
    return std::ranges::any_of(
        inspection.findings,
        [&](const model::Finding& finding) { return finding.id == id; });
  }

  std::unique_ptr<signing::Verifier> verifier_;
};

ByteVector StampedFile() {
  return forge::SignedFile(
      forge::Stamped(forge::SignatureBy(forge::TestAuthorities().publisher),
                     forge::StampAt(forge::kSigningTime)));
}

// The three things the digest leaves out.
bool IsCovered(const formats::PeImage& image, uint64_t offset) {
  const auto in = [&](base::ByteRange range) {
    return offset >= range.offset && offset - range.offset < range.size;
  };
  return !in({image.checksum_offset, 4}) &&
         !in({*image.security_directory_offset, 8}) &&
         !in(image.certificate_table);
}

TEST_F(Tamper, AnyCoveredBitIsADigestMismatch) {
  ByteVector file = StampedFile();
  const auto image = formats::ParsePe(file);
  ASSERT_TRUE(image.has_value());
  ASSERT_EQ(Decide(Look(file)).decision, model::Decision::kAllow);
  std::mt19937 random(7);
  int tried = 0;
  while (tried < 500) {
    // Half of them in the headers, where every byte means something.
    const size_t offset =
        tried % 2 == 0 ? random() % 0x400 : random() % file.size();
    if (!IsCovered(*image, offset)) {
      continue;
    }
    const auto bit = static_cast<uint8_t>(1U << random() % 8);
    file[offset] ^= bit;
    const model::Inspection inspection = Look(file);
    file[offset] ^= bit;
    ++tried;
    ASSERT_NE(Decide(inspection).decision, model::Decision::kAllow) << offset;
    ASSERT_FALSE(AllHoldAndAreTrusted(inspection)) << offset;
    // A header that says otherwise where the table is leaves no digest to
    // compare; then it must say that the structure is damaged.
    ASSERT_TRUE(Has(inspection, "signing.digest_mismatch") ||
                Has(inspection, "signing.malformed") ||
                Has(inspection, "pe.malformed") ||
                Has(inspection, "signing.unsigned") ||
                inspection.artifacts[0].format != model::Format::kPe)
        << offset;
    // Behind the headers nothing but the digest can notice.
    if (offset >= image->size_of_headers) {
      ASSERT_TRUE(Has(inspection, "signing.digest_mismatch")) << offset;
      ASSERT_EQ(Decide(inspection).decision, model::Decision::kBlock);
    }
  }
}

TEST_F(Tamper, CheckSumIsNoMatterOfTheSignature) {
  ByteVector file = StampedFile();
  const auto before = model::EncodeWire(Look(file));
  const auto image = formats::ParsePe(file);
  for (uint64_t i = 0; i < 4; ++i) {
    file[image->checksum_offset + i] ^= 0xFF;
    EXPECT_EQ(model::EncodeWire(Look(file)), before);
  }
}

TEST_F(Tamper, AnyBitOfTheDirectoryEntryIsNoticed) {
  ByteVector file = StampedFile();
  const uint64_t start = *formats::ParsePe(file)->security_directory_offset;
  for (uint64_t bit = 0; bit < 64; ++bit) {
    file[start + bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const model::Inspection inspection = Look(file);
    file[start + bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_NE(Decide(inspection).decision, model::Decision::kAllow) << bit;
  }
}

TEST_F(Tamper, AppendedBytesAreNoticed) {
  for (const size_t count : {1U, 7U, 8U, 4096U}) {
    ByteVector file = StampedFile();
    file.insert(file.end(), count, 0);
    const model::Inspection inspection = Look(file);
    EXPECT_TRUE(Has(inspection, "signing.digest_mismatch"));
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kBlock);
  }
}

TEST_F(Tamper, EveryTruncationIsNoticed) {
  const ByteVector whole = StampedFile();
  for (size_t size = 0; size < whole.size(); size += 61) {
    const ByteVector file(whole.begin(),
                          whole.begin() + static_cast<ptrdiff_t>(size));
    const model::Inspection inspection = Look(file);
    ASSERT_NE(Decide(inspection).decision, model::Decision::kAllow) << size;
  }
}

// Offsets of what CMS leaves without any protection and no report shows.
// Nothing can hide there: each is one number, or names an algorithm once more.
std::set<size_t> UnprotectedOffsets(base::Bytes file) {
  const auto& publisher = forge::TestAuthorities().publisher;
  const auto sha256 =
      forge::AlgorithmIdentifier(forge::HashOid(forge::HashAlgorithm::kSha256));
  const auto rsa = forge::AlgorithmIdentifier("1.2.840.113549.1.1.1");
  const auto sid = forge::IssuerAndSerial(publisher);
  const auto version = forge::Integer(1);
  const size_t null_size = forge::Null().size();
  std::set<size_t> offsets;
  // The `size` bytes that begin `skip` bytes into the nodes.
  const auto allow = [&](const std::vector<ByteVector>& nodes, size_t skip,
                         size_t size) {
    const auto found = std::ranges::search(file, forge::Join(nodes));
    ASSERT_FALSE(found.empty());
    const auto at = static_cast<size_t>(found.begin() - file.begin());
    for (size_t i = 0; i < size; ++i) {
      offsets.insert(at + skip + i);
    }
  };
  // SignedData.version and digestAlgorithms.
  allow({version, forge::Set({sha256})}, 2, 1);
  allow({version, forge::Set({sha256})}, version.size() + 2, sha256.size());
  // SignerInfo.version, and the parameters of its two algorithms.
  allow({version, sid}, 2, 1);
  allow({sid, sha256}, sid.size() + sha256.size() - null_size, null_size);
  allow({rsa, {forge::kTagOctetString}}, rsa.size() - null_size, null_size);
  return offsets;
}

TEST_F(Tamper, AnyBitOfThePkcs7IsNoticed) {
  ByteVector file = forge::FindCase("valid")->build();
  const auto entries =
      formats::ReadCertificateTable(*formats::ParsePe(file), file);
  const base::ByteRange content = entries.at(0).content;
  const auto unprotected = UnprotectedOffsets(file);
  const auto before = Look(file);
  ASSERT_EQ(Decide(before).decision, model::Decision::kAllow);
  const auto wire = model::EncodeWire(before);
  for (size_t i = content.offset; i < content.offset + content.size; ++i) {
    const auto bit = static_cast<uint8_t>(1U << i % 8);
    file[i] ^= bit;
    const model::Inspection after = Look(file);
    file[i] ^= bit;
    const bool unnoticed =
        AllHoldAndAreTrusted(after) && model::EncodeWire(after) == wire;
    EXPECT_TRUE(!unnoticed || unprotected.contains(i))
        << "bit " << i % 8 << " of byte " << i - content.offset
        << " of the PKCS #7, " << int{file[i]};
  }
}

// With a timestamp, a change may cost the timestamp, and it may not pass.
TEST_F(Tamper, AnyBitOfATimestampIsNoticed) {
  ByteVector file = forge::FindCase("expired_but_timestamped")->build();
  const auto before = Look(file);
  ASSERT_EQ(Decide(before).decision, model::Decision::kAllow);
  const base::ByteRange stamp =
      before.artifacts[0].signatures.at(0).timestamps.at(0).range;
  const std::string time =
      base::ToRfc3339(*before.artifacts[0].signatures[0].timestamps[0].time);
  for (size_t i = stamp.offset; i < stamp.offset + stamp.size; ++i) {
    const auto bit = static_cast<uint8_t>(1U << i % 8);
    file[i] ^= bit;
    const model::Inspection after = Look(file);
    file[i] ^= bit;
    if (Decide(after).decision == model::Decision::kAllow) {
      // Then it was one of the bytes without meaning: the same time stands.
      const auto& stamps = after.artifacts[0].signatures.at(0).timestamps;
      ASSERT_EQ(stamps.size(), 1U) << i - stamp.offset;
      EXPECT_EQ(base::ToRfc3339(*stamps[0].time), time) << i - stamp.offset;
      EXPECT_TRUE(stamps[0].used);
    }
  }
}

}  // namespace
}  // namespace countersign::vet
