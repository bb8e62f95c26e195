#include "vet/inspect.h"
#include "signing/sample/forged_stores.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/blob.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/sniff.h"
#include "vet/coverage.h"
#include "vet/file_hash.h"
#include "vet/findings.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using model::Format;
using model::Inspection;
using std::string_literals::operator""s;

InspectOptions Options() {
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  return options;
}

Inspection Look(const ByteVector& file,
                const InspectOptions& options = Options()) {
  signing::Verifier verifier(
      {signing::ForgedStore({forge::TestAuthorities().root})}, {});
  Inspection inspection = Inspect(base::Blob::Own(file), verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

Inspection Look(const std::string& text) {
  return Look(ByteVector(text.begin(), text.end()));
}

std::vector<const model::Finding*> FindingsOf(const Inspection& inspection,
                                              std::string_view id) {
  std::vector<const model::Finding*> found;
  for (const model::Finding& finding : inspection.findings) {
    if (finding.id == id) {
      found.push_back(&finding);
    }
  }
  return found;
}

// What is recognised and not read was not inspected; that is neither
// "unsigned" nor harmless.
TEST(Inspect, FormatsThatAreNotReadAreIncomplete) {
  const std::vector<std::pair<Format, std::string>> files = {
      {Format::kEmpty, ""},
      {Format::kMsi, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
      {Format::kCab, "MSCF"},
      {Format::kZip, "PK\x03\x04"},
      {Format::kMachO, "\xCF\xFA\xED\xFE"},
      {Format::kElf,
       "\x7F"
       "ELF"},
      {Format::kUnknown, "\0\1"s},
  };
  for (const auto& [format, text] : files) {
    SCOPED_TRACE(model::Name(format));
    const Inspection inspection = Look(text);
    ASSERT_EQ(inspection.artifacts.size(), 1U);
    EXPECT_EQ(inspection.artifacts[0].format, format);
    EXPECT_EQ(inspection.artifacts[0].is_signed, model::Signed::kUnknown);
    EXPECT_EQ(inspection.artifacts[0].size, text.size());
    EXPECT_FALSE(inspection.complete);
    EXPECT_GE(FindingsOf(inspection, "vet.incomplete").size() +
                  FindingsOf(inspection, "vet.container_damaged").size(),
              1U);
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
    for (const model::Finding& finding : inspection.findings) {
      EXPECT_TRUE(finding.evidence.at(0).Inside(text.size()));
    }
  }
}

// Text can be told to carry no signature: there is no block in it.
TEST(Inspect, TextWithoutASignatureIsUnsignedAndHeld) {
  for (const auto& [format, text] : {std::pair(Format::kScript, "#!/bin/sh\n"s),
                                     std::pair(Format::kText, "hello\n"s)}) {
    const Inspection inspection = Look(text);
    EXPECT_EQ(inspection.artifacts.at(0).format, format);
    EXPECT_EQ(inspection.artifacts[0].is_signed, model::Signed::kAbsent);
    EXPECT_TRUE(inspection.complete);
    EXPECT_EQ(FindingsOf(inspection, "signing.unsigned").size(), 1U);
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
  }
  const Inspection damaged = Look("x\n# SIG # Begin signature block\n");
  EXPECT_EQ(damaged.artifacts.at(0).is_signed, model::Signed::kMalformed);
  EXPECT_EQ(Decide(damaged).decision, model::Decision::kHold);
}

TEST(Inspect, ADamagedProgramIsNotUnsigned) {
  for (const std::string& text : {"MZ"s, "MZ\x90\0\x03\0"s}) {
    const Inspection inspection = Look(text);
    EXPECT_EQ(inspection.artifacts.at(0).format, Format::kPe);
    EXPECT_EQ(inspection.artifacts[0].is_signed, model::Signed::kUnknown);
    EXPECT_FALSE(inspection.complete);
    EXPECT_EQ(FindingsOf(inspection, "vet.incomplete").size(), 1U);
    EXPECT_TRUE(FindingsOf(inspection, "signing.unsigned").empty());
    EXPECT_EQ(FindingsOf(inspection, "pe.malformed").size(), 1U);
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
  }
}

TEST(Inspect, AnUnsignedProgramIsAbsentAndHeld) {
  const Inspection inspection = Look(forge::PlainImage());
  EXPECT_TRUE(inspection.complete);
  EXPECT_EQ(inspection.artifacts.at(0).is_signed, model::Signed::kAbsent);
  EXPECT_EQ(FindingsOf(inspection, "signing.unsigned").size(), 1U);
  EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
}

ByteVector SignedWithOverlay(const std::string& overlay) {
  forge::ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(forge::kBuildTime);
  recipe.overlay.assign(overlay.begin(), overlay.end());
  return forge::SignedFile(
      forge::BuildImage(recipe),
      forge::SignatureBy(forge::TestAuthorities().publisher));
}

// The signature covers what is behind the sections; nobody has looked into it.
TEST(Inspect, PackagesBehindTheSectionsAreNotInspected) {
  const std::string nsis = "\0\0\0\0\xEF\xBE\xAD\xDENullsoftInst\0\0\0\0"s;
  for (const std::string& overlay :
       {"PK\x03\x04 and more of it"s, "MZ another program"s,
        "MSCF\0\0\0\0 a cabinet"s, "7z\xBC\xAF\x27\x1C an archive"s, nsis,
        std::string(512, '\0') + nsis, "Inno Setup Setup Data (6.0.0)\0"s,
        "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 an MSI"s}) {
    SCOPED_TRACE(overlay.substr(0, 16));
    const Inspection inspection = Look(SignedWithOverlay(overlay));
    EXPECT_EQ(inspection.artifacts.at(0).signatures.at(0).integrity,
              model::Integrity::kValid);
    EXPECT_FALSE(inspection.complete);
    auto found = FindingsOf(inspection, "vet.incomplete");
    if (found.empty()) {
      found = FindingsOf(inspection, "vet.container_damaged");
    }
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]->artifact, 1U);
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
  }
}

TEST(Inspect, PlainBytesBehindTheSectionsAreNoted) {
  const Inspection inspection = Look(SignedWithOverlay("\1\2\3 symbols"));
  EXPECT_TRUE(inspection.complete);
  const auto found = FindingsOf(inspection, "vet.overlay");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]->severity, model::Severity::kInfo);
  EXPECT_EQ(Decide(inspection).decision, model::Decision::kAllow);
}

TEST(Inspect, PackedBytesBehindTheSectionsAreNotInspected) {
  std::string packed;
  uint32_t state = 1;
  while (packed.size() < (100U << 10)) {
    state = state * 1664525U + 1013904223U;
    packed += static_cast<char>(state >> 24);
  }
  packed[0] = '\1';
  const Inspection inspection = Look(SignedWithOverlay(packed));
  EXPECT_FALSE(inspection.complete);
  EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
}

TEST(Inspect, LimitsAreReportedAndHeld) {
  const ByteVector file = forge::FindCase("nested_twice")->build();
  const struct {
    base::Limits limits;
    std::string name;
  } rows[] = {
      {{.steps = 50}, "steps"},
      {{.signatures = 2}, "signatures"},
      {{.depth = 0}, "depth of nested signatures"},
      {{.public_key_operations = 1}, "public-key operations"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    InspectOptions options = Options();
    options.limits = row.limits;
    const Inspection inspection = Look(file, options);
    EXPECT_FALSE(inspection.complete);
    ASSERT_FALSE(inspection.limits.empty());
    EXPECT_EQ(inspection.limits[0].limit, row.name);
    EXPECT_FALSE(FindingsOf(inspection, "vet.incomplete").empty());
    EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
  }
}

// A budget may end at any step, and never to the advantage of the file.
TEST(Inspect, EveryBudgetThatIsTooSmallIsHeld) {
  const ByteVector file = forge::FindCase("dual")->build();
  uint64_t enough = 0;
  for (uint64_t steps = 0; enough == 0; steps += 37) {
    InspectOptions options = Options();
    options.limits.steps = steps;
    const Inspection inspection = Look(file, options);
    if (inspection.complete) {
      enough = steps;
    } else {
      ASSERT_EQ(Decide(inspection).decision, model::Decision::kHold) << steps;
      ASSERT_FALSE(inspection.limits.empty()) << steps;
    }
    ASSERT_LT(steps, 100'000U);
  }
  EXPECT_GT(enough, 100U);
  for (uint64_t operations = 0; operations < 20; ++operations) {
    InspectOptions options = Options();
    options.limits.public_key_operations = operations;
    const Inspection inspection = Look(file, options);
    ASSERT_TRUE(inspection.complete ||
                Decide(inspection).decision == model::Decision::kHold);
    ASSERT_EQ(inspection.complete, inspection.limits.empty());
  }
}

TEST(Inspect, StrictPaddingRaisesTheWeight) {
  const ByteVector file = forge::FindCase("cve2013_3900_pad")->build();
  InspectOptions options = Options();
  const auto usual = Look(file, options);
  options.strict_padding = true;
  const auto strict = Look(file, options);
  constexpr std::string_view kId = "signing.unsigned_data_in_signature";
  ASSERT_EQ(FindingsOf(usual, kId).size(), 1U);
  ASSERT_EQ(FindingsOf(strict, kId).size(), 1U);
  EXPECT_LT(FindingsOf(usual, kId)[0]->severity, model::Severity::kHigh);
  EXPECT_EQ(FindingsOf(strict, kId)[0]->severity, model::Severity::kHigh);
}

TEST(Findings, AreMadeFromTheTable) {
  const model::Finding finding =
      MakeFinding("vet.incomplete", 3, "It.", {1, 2}, {{"what", "it"}});
  EXPECT_EQ(finding.id, "vet.incomplete");
  EXPECT_EQ(finding.artifact, 3U);
  EXPECT_EQ(finding.severity, model::Severity::kMedium);
  EXPECT_EQ(finding.evidence, (std::vector<base::ByteRange>{{1, 2}}));
  EXPECT_FALSE(finding.clears_if.empty());
  EXPECT_DEATH((void)MakeFinding("vet.no_such_row", 0, "", {}),
               "internal check failed");
}

TEST(HashFile, ReadsEverythingFromTheStart) {
  for (const size_t size : {0U, 1U, 131072U, 131073U, 1000000U}) {
    const ByteVector bytes(size, 0x5A);
    const int descriptor = memfd_create("file", 0);
    ASSERT_GE(descriptor, 0);
    ASSERT_EQ(write(descriptor, bytes.data(), bytes.size()),
              static_cast<ssize_t>(size));
    const off_t before = lseek(descriptor, 0, SEEK_CUR);
    std::atomic<uint64_t> progress_bytes = 7;
    const auto digest =
        HashFile(descriptor, std::chrono::steady_clock::time_point::max(),
                 &progress_bytes);
    ASSERT_TRUE(digest.has_value());
    EXPECT_EQ(digest->size_bytes, size);
    EXPECT_EQ(progress_bytes, size + 7);
    EXPECT_EQ(digest->sha256,
              base::Hash(base::DigestAlgorithm::kSha256, bytes));
    EXPECT_EQ(lseek(descriptor, 0, SEEK_CUR), before);
    close(descriptor);
  }
}

TEST(HashFile, FailsWithTheSystemsWords) {
  const auto digest =
      HashFile(-1, std::chrono::steady_clock::time_point::max());
  ASSERT_FALSE(digest.has_value());
  EXPECT_FALSE(digest.error().empty());
}

// A sparse file of a TiB, which would take a quarter of an hour.
TEST(HashFile, EndsAtTheDeadline) {
  const int descriptor = memfd_create("file", 0);
  ASSERT_EQ(ftruncate(descriptor, off_t{1} << 40), 0);
  const auto begun = std::chrono::steady_clock::now();
  const auto digest =
      HashFile(descriptor, begun + std::chrono::milliseconds(50));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
  ASSERT_FALSE(digest.has_value());
  EXPECT_EQ(digest.error(), "the time limit was reached");
  close(descriptor);
}

}  // namespace
}  // namespace countersign::vet
