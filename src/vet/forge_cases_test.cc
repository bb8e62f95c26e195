// Every sample of the forge, whose truth is known by construction: the same
// comparison as tests/differential/forge_cases.py, without processes.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/text.h"
#include "forge/authorities.h"
#include "forge/mutations.h"
#include "model/trust.h"
#include "model/wire.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Trust;

std::unique_ptr<signing::Verifier> ForgeVerifier() {
  const forge::Authorities& cast = forge::TestAuthorities();
  return std::make_unique<signing::Verifier>(
      std::vector<model::TrustStore>{signing::ForgedStore(
          {cast.root, cast.elliptic_root, cast.time_root})},
      std::vector<std::vector<uint8_t>>{forge::IntermediateCrl()});
}

const InspectOptions kOptions = {
    .at = base::FromUnixSeconds(forge::kEvaluationTime),
    .limits = {},
    .strict_padding = false,
    .unpack = {}};

std::vector<std::string> Words(std::string_view joined) {
  std::vector<std::string> words;
  while (!joined.empty()) {
    const size_t end = std::min(joined.find(';'), joined.size());
    words.emplace_back(joined.substr(0, end));
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return words;
}

// One word for all signatures, or one for each; none says nothing.
void ExpectWords(std::string_view expected, std::vector<std::string> answers) {
  std::vector<std::string> words = Words(expected);
  if (words.empty()) {
    return;
  }
  if (words.size() == 1) {
    words.resize(answers.size(), words[0]);
  }
  for (size_t i = 0; i < std::min(words.size(), answers.size()); ++i) {
    if (words[i] == "any" ||
        (words[i] == "not-trusted" && answers[i] != "trusted")) {
      answers[i] = words[i];
    }
  }
  EXPECT_EQ(answers, words);
}

std::set<std::string> FindingIds(const model::Inspection& inspection) {
  std::set<std::string> ids;
  for (const model::Finding& finding : inspection.findings) {
    ids.insert(finding.id);
  }
  return ids;
}

// The table of docs/report-schema.md: what an expected state demands.
void ExpectState(std::string_view state, const model::Inspection& inspection) {
  const model::Artifact& artifact = inspection.artifacts.at(0);
  const auto& signatures = artifact.signatures;
  const auto ids = FindingIds(inspection);
  const bool all_valid =
      !signatures.empty() &&
      std::ranges::all_of(signatures, [](const SignatureFacts& signature) {
        return signature.integrity == Integrity::kValid;
      });
  const auto some_trust = [&](Trust trust) {
    return std::ranges::any_of(
        signatures, [&](const SignatureFacts& s) { return s.trust == trust; });
  };
  if (state.starts_with("valid") || state == "untrusted_root" ||
      state == "expired" || state == "weak_digest") {
    EXPECT_TRUE(all_valid);
  }
  if (state == "valid_selfsigned" || state == "untrusted_root") {
    EXPECT_FALSE(some_trust(Trust::kTrusted));
  }
  if (state == "expired") {
    EXPECT_TRUE(some_trust(Trust::kExpired));
  }
  if (state == "eku_missing") {
    EXPECT_TRUE(some_trust(Trust::kNotCodeSigning));
  }
  if (state == "bad_digest" || state == "bad_signature" ||
      state == "malformed" || state == "unsupported_type") {
    EXPECT_FALSE(all_valid);
  }
  if (state == "malformed") {
    EXPECT_TRUE(ids.contains("signing.malformed"));
  }
  if (state == "unsupported_type") {
    EXPECT_TRUE(ids.contains("signing.unsupported"));
  }
  EXPECT_EQ(state == "unsigned", artifact.is_signed == model::Signed::kAbsent);
}

// The policy blocks what is revoked, also where a row only asks to hold.
model::Decision Expected(const forge::Case& row) {
  if (row.name.starts_with("revoked_") && row.verdict == "hold") {
    return model::Decision::kBlock;
  }
  return row.verdict == "allow"   ? model::Decision::kAllow
         : row.verdict == "block" ? model::Decision::kBlock
                                  : model::Decision::kHold;
}

struct Sample {
  const forge::Case* row;
  std::shared_ptr<const base::Blob> file;
};

const std::vector<Sample>& Samples() {
  static const std::vector<Sample> kSamples = [] {
    std::vector<Sample> samples;
    for (const forge::Case& row : forge::AllCases()) {
      samples.push_back({&row, base::Blob::Own(row.build())});
    }
    return samples;
  }();
  return kSamples;
}

void ExpectRightAnswer(const forge::Case& row,
                       const model::Inspection& inspection) {
  std::vector<std::string> integrity;
  std::vector<std::string> trust;
  for (const SignatureFacts& s : inspection.artifacts.at(0).signatures) {
    integrity.emplace_back(model::Name(s.integrity));
    trust.emplace_back(model::Name(s.trust));
  }
  ExpectWords(row.integrity, integrity);
  ExpectWords(row.trust, trust);
  ExpectState(row.expected_state, inspection);
  const auto ids = FindingIds(inspection);
  for (const std::string& id : Words(row.findings)) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
  const Verdict verdict = Decide(inspection);
  if (row.verdict != "any") {
    EXPECT_EQ(model::Name(verdict.decision), model::Name(Expected(row)));
  }
  EXPECT_FALSE(verdict.reasons.empty());
}

// Everything that is said is said of bytes that are there, and safe to show.
void ExpectEvidenceInside(const model::Inspection& inspection, uint64_t size) {
  for (const model::Finding& finding : inspection.findings) {
    EXPECT_FALSE(finding.evidence.empty()) << finding.id;
    for (const base::ByteRange& range : finding.evidence) {
      EXPECT_TRUE(range.Inside(size)) << finding.id;
    }
    EXPECT_EQ(base::DisplaySafe(finding.message), finding.message);
    EXPECT_FALSE(finding.clears_if.empty()) << finding.id;
  }
  for (const SignatureFacts& s : inspection.artifacts.at(0).signatures) {
    EXPECT_TRUE(s.range.Inside(size));
    for (const model::AttributeFacts& attribute : s.attributes) {
      EXPECT_TRUE(attribute.range.Inside(size));
    }
    for (const model::TimestampFacts& stamp : s.timestamps) {
      EXPECT_TRUE(stamp.range.Inside(size));
    }
    EXPECT_EQ(s.integrity_reason.empty(), s.integrity == Integrity::kValid);
    EXPECT_EQ(s.trust_reason.empty(), s.trust == Trust::kTrusted);
  }
}

TEST(ForgeCases, AreAnsweredRight) {
  const auto verifier = ForgeVerifier();
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.row->name);
    auto inspection = Inspect(sample.file, *verifier, kOptions);
    JudgeCoverage(inspection);
    ExpectRightAnswer(*sample.row, inspection);
    ExpectEvidenceInside(inspection, sample.file->View().size());
  }
}

TEST(ForgeCases, AreAnsweredTheSameTwice) {
  const auto verifier = ForgeVerifier();
  for (const auto& [row, file] : Samples()) {
    SCOPED_TRACE(row->name);
    const auto inspection = Inspect(file, *ForgeVerifier(), kOptions);
    const auto first = model::EncodeWire(inspection);
    // By a verifier that has seen all files before it, and with warm caches.
    EXPECT_EQ(model::EncodeWire(Inspect(file, *verifier, kOptions)), first);
    EXPECT_EQ(model::EncodeWire(Inspect(file, *verifier, kOptions)), first);
    // And it reaches the parent as it is.
    const auto again = model::DecodeWire<model::Inspection>(first);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(model::EncodeWire(*again), first);
  }
}

// Without stores nothing is trusted, so nothing is allowed.
TEST(ForgeCases, AreNotAllowedWithoutStores) {
  signing::Verifier without(std::vector<model::TrustStore>{}, {});
  for (const auto& [row, file] : Samples()) {
    SCOPED_TRACE(row->name);
    const model::Inspection bare = Inspect(file, without, kOptions);
    for (const SignatureFacts& s : bare.artifacts.at(0).signatures) {
      EXPECT_NE(s.trust, Trust::kTrusted);
    }
    EXPECT_NE(Decide(bare).decision, model::Decision::kAllow);
  }
}

}  // namespace
}  // namespace countersign::vet
