// Each check of the table fires for what it is about, and for nothing else.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "signing/judge.h"

namespace countersign::signing {
namespace {

using base::Fault;
using model::Finding;
using model::Integrity;
using model::Severity;
using model::SignatureFacts;
using model::TimestampFacts;
using model::Trust;
using Place = UnsignedData::Place;

constexpr uint64_t kFileSize = 10'000;
const base::Instant kNow = base::FromUnixSeconds(1'768'478'400);
// 2025-06-01T10:00:00Z.
const base::Instant kStamped = base::FromUnixSeconds(1'748'772'000);

base::Instant Later(base::Instant instant, int64_t days) {
  return {instant.unix_microseconds + days * 86'400'000'000};
}

SignatureFacts GoodSignature() {
  SignatureFacts signature;
  signature.range = {8000, 1000};
  signature.integrity = Integrity::kValid;
  signature.trust = Trust::kTrusted;
  signature.digest_algorithm = "sha256";
  signature.digest = signature.computed = std::string(64, 'a');
  signature.signer.emplace().subject = "CN=Inert";
  signature.chain = {{"CN=Inert", "00", ""}, {"CN=Root", "11", "store"}};
  return signature;
}

TimestampFacts GoodStamp() {
  TimestampFacts stamp;
  stamp.time = kStamped;
  stamp.integrity = Integrity::kValid;
  stamp.trust = Trust::kTrusted;
  stamp.signer = "CN=Stamper";
  stamp.range = {8500, 100};
  stamp.used = true;
  return stamp;
}

SigningFacts Good() {
  SigningFacts facts;
  facts.is_signed = model::Signed::kPresent;
  facts.signatures = {GoodSignature()};
  facts.signatures[0].timestamps = {GoodStamp()};
  facts.security_directory = {300, 8};
  return facts;
}

std::vector<Finding> JudgeAll(const SigningFacts& facts) {
  auto findings = Judge(facts, 4, kFileSize, kNow);
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.artifact, 4U);
    EXPECT_FALSE(finding.evidence.empty()) << finding.id;
    EXPECT_TRUE(finding.evidence.at(0).Inside(kFileSize)) << finding.id;
    EXPECT_FALSE(finding.clears_if.empty()) << finding.id;
    EXPECT_EQ(finding.message.back(), '.') << finding.message;
    EXPECT_FALSE(finding.message[0] >= 'a' && finding.message[0] <= 'z')
        << finding.message;
  }
  return findings;
}

TEST(Checks, AGoodFileHasNoFindings) { EXPECT_TRUE(JudgeAll(Good()).empty()); }

void AddSecond(SigningFacts& facts, Integrity integrity, Trust trust) {
  SignatureFacts second = GoodSignature();
  second.index = 1;
  second.range = {9000, 500};
  second.integrity = integrity;
  second.trust = trust;
  second.trust_reason = second.integrity_reason = "why";
  facts.signatures.push_back(second);
}

void SetTrust(SigningFacts& facts, Trust trust) {
  facts.signatures[0].trust = trust;
  facts.signatures[0].trust_reason = "why";
}

StructureFault FaultOf(Fault fault, StructureFault::Part part) {
  return {{fault, 8010, "field"}, {8000, 20}, std::nullopt, part};
}

UnsignedData DataAt(Place place, uint64_t size = 100) {
  UnsignedData data;
  data.place = place;
  data.range = {9000, size};
  data.oid = "1.2.3";
  data.entropy_bits = 7.5;
  return data;
}

// A timestamp of that time by an authority that no store trusts.
void AddStampOf(SigningFacts& facts, const base::CivilTime& time) {
  TimestampFacts stamp = GoodStamp();
  stamp.time = base::FromCivil(time);
  stamp.trust = Trust::kUntrusted;
  stamp.reason = "why";
  facts.signatures[0].timestamps.push_back(stamp);
}

struct Row {
  std::string id;
  Severity severity;
  std::function<void(SigningFacts&)> spoil;
};

model::RevocationFacts RevokedLater(const std::string& reason) {
  return {"CN=Inert", Later(kStamped, 90), reason, false};
}

using Part = StructureFault::Part;

const std::vector<Row>& Rows() {
  static const std::vector<Row> kRows = {
      {"signing.digest_mismatch", Severity::kCritical,
       [](SigningFacts& f) {
         f.signatures[0].integrity = Integrity::kInvalid;
         f.signatures[0].integrity_reason = "why";
         f.signatures[0].content_mismatch = true;
         f.signatures[0].computed = std::string(64, 'b');
       }},
      {"signing.signature_invalid", Severity::kCritical,
       [](SigningFacts& f) {
         f.signatures[0].integrity = Integrity::kInvalid;
         f.signatures[0].integrity_reason = "why";
         f.signatures[0].signature_mismatch = true;
       }},
      {"signing.revoked", Severity::kCritical,
       [](SigningFacts& f) { SetTrust(f, Trust::kRevoked); }},
      {"signing.malformed", Severity::kHigh,
       [](SigningFacts& f) {
         f.faults = {FaultOf(Fault::kTruncated, Part::kSignature)};
       }},
      {"signing.malformed", Severity::kMedium,
       [](SigningFacts& f) {
         f.faults = {FaultOf(Fault::kMalformed, Part::kCertificate)};
       }},
      {"pe.malformed", Severity::kMedium,
       [](SigningFacts& f) {
         f.faults = {FaultOf(Fault::kMalformed, Part::kImage)};
       }},
      {"signing.unsupported", Severity::kMedium,
       [](SigningFacts& f) {
         f.faults = {FaultOf(Fault::kUnsupported, Part::kSignature)};
       }},
      {"signing.unsupported", Severity::kMedium,
       [](SigningFacts& f) {
         f.signatures[0].integrity = Integrity::kUnsupported;
         f.signatures[0].integrity_reason = "why";
       }},
      {"signing.unsupported", Severity::kLow,
       [](SigningFacts& f) {
         f.signatures[0].page_hashes = model::PageHashes::kUnsupported;
       }},
      {"signing.table_overlaps_section", Severity::kHigh,
       [](SigningFacts& f) {
         f.table_overlaps_section = base::ByteRange{8000, 1000};
       }},
      {"signing.timestamp_backdated", Severity::kHigh,
       [](SigningFacts& f) { AddStampOf(f, {2014, 6, 1, 10, 0, 3}); }},
      {"signing.timestamp_backdated", Severity::kMedium,
       [](SigningFacts& f) { AddStampOf(f, {2014, 7, 9}); }},
      {"signing.missing_code_signing_usage", Severity::kHigh,
       [](SigningFacts& f) { SetTrust(f, Trust::kNotCodeSigning); }},
      {"signing.distrusted", Severity::kHigh,
       [](SigningFacts& f) { SetTrust(f, Trust::kDistrusted); }},
      {"signing.untrusted", Severity::kMedium,
       [](SigningFacts& f) { SetTrust(f, Trust::kUntrusted); }},
      {"signing.incomplete_chain", Severity::kMedium,
       [](SigningFacts& f) { SetTrust(f, Trust::kIncompleteChain); }},
      {"signing.expired", Severity::kMedium,
       [](SigningFacts& f) { SetTrust(f, Trust::kExpired); }},
      {"signing.trust_disagrees", Severity::kMedium,
       [](SigningFacts& f) {
         AddSecond(f, Integrity::kValid, Trust::kUntrusted);
       }},
      {"signing.mixed", Severity::kHigh,
       [](SigningFacts& f) {
         AddSecond(f, Integrity::kInvalid, Trust::kTrusted);
       }},
      {"signing.tls_fallback", Severity::kMedium,
       [](SigningFacts& f) { f.signatures[0].trust_purpose = "tls"; }},
      {"signing.revoked_after_signing", Severity::kMedium,
       [](SigningFacts& f) {
         f.signatures[0].revoked = RevokedLater("keyCompromise");
       }},
      {"signing.revoked_after_signing", Severity::kLow,
       [](SigningFacts& f) {
         f.signatures[0].revoked = RevokedLater("superseded");
       }},
      {"signing.unauthenticated_attribute", Severity::kMedium,
       [](SigningFacts& f) { f.unsigned_data = {DataAt(Place::kAttribute)}; }},
      {"signing.unsigned_data_in_signature", Severity::kMedium,
       [](SigningFacts& f) {
         f.unsigned_data = {DataAt(Place::kInsideEntry)};
       }},
      {"signing.unsigned_data_in_signature", Severity::kMedium,
       [](SigningFacts& f) {
         f.unsigned_data = {DataAt(Place::kBetweenEntries)};
       }},
      {"signing.superfluous_certificate", Severity::kLow,
       [](SigningFacts& f) {
         f.unsigned_data = {DataAt(Place::kCertificate)};
       }},
      {"signing.superfluous_certificate", Severity::kMedium,
       [](SigningFacts& f) {
         f.unsigned_data = {DataAt(Place::kCertificate, 5000)};
       }},
      {"signing.unexpected_content_type", Severity::kLow,
       [](SigningFacts& f) {
         f.expected_content_type = "1.2.4";
         f.signatures[0].content_type = "1.2.3";
       }},
      {"signing.only_encoding_differs", Severity::kLow,
       [](SigningFacts& f) {
         f.encoding_changes = {{0, "the line endings (signed with CR LF)"}};
       }},
      {"signing.timestamp_invalid", Severity::kMedium,
       [](SigningFacts& f) {
         f.signatures[0].timestamps[0].integrity = Integrity::kInvalid;
         f.signatures[0].timestamps[0].reason = "why";
       }},
      {"signing.timestamp_untrusted", Severity::kLow,
       [](SigningFacts& f) {
         f.signatures[0].timestamps[0].trust = Trust::kUntrusted;
         f.signatures[0].timestamps[0].reason = "why";
       }},
      {"signing.timestamps_disagree", Severity::kLow,
       [](SigningFacts& f) {
         f.signatures[0].timestamps.push_back(GoodStamp());
         f.signatures[0].timestamps[1].time = Later(kStamped, 3);
       }},
      {"signing.timestamp_before_build", Severity::kLow,
       [](SigningFacts& f) { f.build_time = Later(kStamped, 2); }},
      {"signing.weak_algorithm", Severity::kMedium,
       [](SigningFacts& f) { f.signatures[0].weak = {"sha1"}; }},
      {"signing.weak_algorithm", Severity::kInfo,
       [](SigningFacts& f) { f.signatures[0].timestamps[0].weak = {"sha1"}; }},
      {"signing.several_signers", Severity::kLow,
       [](SigningFacts& f) {
         AddSecond(f, Integrity::kValid, Trust::kTrusted);
         f.signatures[1].range = f.signatures[0].range;
       }},
      {"signing.unsigned", Severity::kLow,
       [](SigningFacts& f) {
         f.is_signed = model::Signed::kAbsent;
         f.signatures.clear();
       }},
      {"signing.revocation_unknown", Severity::kLow,
       [](SigningFacts& f) {
         f.signatures[0].revocation = model::Revocation::kUnknown;
       }},
  };
  return kRows;
}

// The findings that come along with another one, by nature.
bool IsExpectedBeside(const std::string& id, const std::string& beside) {
  static const std::set<std::pair<std::string, std::string>> kPairs = {
      {"signing.timestamp_backdated", "signing.timestamp_untrusted"},
      {"signing.timestamp_backdated", "signing.timestamps_disagree"},
      {"signing.timestamp_backdated", "signing.timestamp_before_build"},
      {"signing.mixed", "signing.signature_invalid"},
      {"signing.trust_disagrees", "signing.untrusted"},
  };
  return kPairs.contains({id, beside});
}

TEST(Checks, EachFiresForItsOwnMatterOnly) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.id + " " + std::string(model::Name(row.severity)));
    SigningFacts facts = Good();
    row.spoil(facts);
    bool fired = false;
    for (const Finding& finding : JudgeAll(facts)) {
      if (finding.id == row.id) {
        fired = true;
        EXPECT_EQ(model::Name(finding.severity), model::Name(row.severity));
      } else {
        EXPECT_TRUE(IsExpectedBeside(row.id, finding.id)) << finding.id;
      }
    }
    EXPECT_TRUE(fired);
  }
}

// data_after_signature depends on whether a digest covers the data.
TEST(Checks, DataAfterTheTable) {
  SigningFacts facts = Good();
  facts.unsigned_data = {DataAt(Place::kAfterTable)};
  const auto findings = JudgeAll(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].id, "signing.data_after_signature");
}

TEST(Checks, EveryRowOfTheTableIsTriedHere) {
  std::set<std::string> tried = {"signing.data_after_signature"};
  for (const Row& row : Rows()) {
    tried.insert(row.id);
  }
  for (const std::string_view id : FindingIds()) {
    EXPECT_TRUE(tried.contains(std::string(id))) << id;
  }
  EXPECT_EQ(FindingIds().size(), tried.size());
}

TEST(Checks, EvidenceIsKeptInsideTheFile) {
  SigningFacts facts = Good();
  facts.signatures[0].integrity = Integrity::kInvalid;
  facts.signatures[0].integrity_reason = "why";
  facts.signatures[0].signature_mismatch = true;
  facts.signatures[0].range = {kFileSize - 5, 100};
  EXPECT_EQ(JudgeAll(facts).at(0).evidence[0].size, 5U);
  facts.signatures[0].range = {UINT64_MAX, UINT64_MAX};
  EXPECT_EQ(JudgeAll(facts).at(0).evidence[0], (base::ByteRange{kFileSize, 0}));
}

TEST(Checks, AStrongSignatureBesideAWeakOneIsEnough) {
  SigningFacts facts = Good();
  facts.signatures[0].weak = {"sha1"};
  AddSecond(facts, Integrity::kValid, Trust::kTrusted);
  const auto findings = JudgeAll(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::kLow);
  // But not one that nobody trusts.
  facts.signatures[1].trust = Trust::kUntrusted;
  for (const Finding& finding : JudgeAll(facts)) {
    if (finding.id == "signing.weak_algorithm") {
      EXPECT_EQ(finding.severity, Severity::kMedium);
    }
  }
}

}  // namespace
}  // namespace countersign::signing
