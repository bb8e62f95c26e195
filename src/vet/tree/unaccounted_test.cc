// Files that stand where no structure of the container around them says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/burn/sample/burn_writer.h"
#include "formats/cab/sample/cab_builder.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/sample/zip_writer.h"
#include "formats/stream/sample/packed.h"
#include "signing/sample/forged_stores.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/tree/kind.h"

namespace countersign::vet {
namespace {

using formats::StoredEntry;
using formats::ZipOf;
using model::Artifact;
using model::Inspection;

Inspection Vet(std::string_view file) {
  signing::Verifier verifier(
      {signing::ForgedStore({forge::TestAuthorities().root})}, {});
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  Inspection inspection =
      Inspect(base::Blob::Own({file.begin(), file.end()}), verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

template <typename Bytes>
std::string Text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string Case(const char* name) {
  return Text(forge::FindCase(name)->build());
}

std::string Program() { return Case("valid"); }

std::string Archive() {
  return ZipOf({StoredEntry("a.exe", Program())}).Write();
}

const Artifact* Find(const Inspection& inspection, std::string_view path) {
  const auto found =
      std::ranges::find(inspection.artifacts, path, &Artifact::path);
  return found == inspection.artifacts.end() ? nullptr : &*found;
}

size_t Count(const Inspection& inspection, std::string_view id) {
  return static_cast<size_t>(
      std::ranges::count(inspection.findings, id, &model::Finding::id));
}

formats::sample::CabBuilder Cabinet() {
  formats::sample::CabBuilder cabinet;
  cabinet.folders = {{.files = {{"a.txt", "text"}}}};
  return cabinet;
}

TEST(Unaccounted, WhatIsAppendedIsOpened) {
  const std::string cabinet = Text(Cabinet().Build());
  const std::string database =
      Text(WriteCompoundFile(MakeMsi(formats::MsiSample())).bytes);
  for (const std::string& front : {cabinet, database}) {
    for (const std::string& junk : {std::string(), std::string(100, 'x')}) {
      const Inspection inspection = Vet(front + junk + Archive());
      EXPECT_EQ(Count(inspection, "vet.trailing_data"), 1U);
      const Artifact* program = Find(inspection, "![appended]!a.exe");
      ASSERT_NE(program, nullptr);
      EXPECT_EQ(program->is_signed, model::Signed::kPresent);
      EXPECT_EQ(inspection.complete, Vet(front).complete);
    }
    const Inspection inspection = Vet(front + Program());
    const Artifact* program = Find(inspection, "![appended]");
    ASSERT_NE(program, nullptr);
    EXPECT_EQ(program->is_signed, model::Signed::kPresent);
    // Text and noise are said to be there, and are nothing to open.
    for (const std::string& other :
         {std::string("text\n"), std::string("\x01\x02\x03")}) {
      EXPECT_EQ(Find(Vet(front + other), "![appended]"), nullptr);
    }
  }
}

TEST(Unaccounted, WhatIsHiddenInsideIsOpened) {
  formats::sample::CabBuilder cabinet = Cabinet();
  cabinet.gap = Archive();
  const std::string file = Text(cabinet.Build());
  const std::string name =
      "![unaccounted]/" + std::to_string(file.find("PK\x03\x04"));
  const Inspection inspection = Vet(file);
  EXPECT_EQ(Count(inspection, "vet.hidden_data"), 1U);
  EXPECT_NE(Find(inspection, name), nullptr);
  EXPECT_NE(Find(inspection, name + "!a.exe"), nullptr);
}

// Its digest is over what stands behind the table as well, so that this no
// longer is the program that was signed.
TEST(Unaccounted, WhatIsAppendedToASignedProgramIsOpened) {
  const Inspection inspection = Vet(Program() + Archive());
  EXPECT_EQ(Count(inspection, "signing.digest_mismatch"), 1U);
  EXPECT_EQ(Count(inspection, "signing.data_after_signature"), 1U);
  const Artifact* program = Find(inspection, "![appended]!a.exe");
  ASSERT_NE(program, nullptr);
  ASSERT_EQ(program->signatures.size(), 1U);
  EXPECT_EQ(program->signatures[0].integrity, model::Integrity::kValid);
  EXPECT_EQ(Vet(Program() + std::string(64, '\0')).artifacts.size(), 1U);
}

// The reader of programs remarks on what packages leave of the overlay, and
// hands it over.
TEST(Unaccounted, WhatIsHandedOverAnywayIsAMemberOnce) {
  formats::SampleBurn bundle;
  bundle.trailing = Archive();
  const Inspection inspection = Vet(bundle.Write());
  EXPECT_EQ(Count(inspection, "vet.hidden_data"), 1U);
  EXPECT_NE(Find(inspection, "![overlay]!a.exe"), nullptr);
  for (const Artifact& artifact : inspection.artifacts) {
    EXPECT_FALSE(artifact.path.contains("[appended]")) << artifact.path;
    EXPECT_FALSE(artifact.path.contains("[unaccounted]")) << artifact.path;
  }
}

// Signatures of packages are over what they name, and over what stands in front
// of them; nobody vouches for what is put behind.
TEST(Unaccounted, NobodyVouchesForWhatIsPutIntoAPackage) {
  const std::string entry = Archive().substr(0, Archive().find("PK\x01\x02"));
  for (const char* name :
       {"msix_valid", "nuget_author", "jar_valid", "vsix_valid"}) {
    const std::string package = Case(name);
    const size_t directory = package.find("PK\x01\x02");
    std::string with_program = package;
    std::string with_entry = package;
    with_program.insert(directory, Program());
    with_entry.insert(directory, entry);
    for (const std::string& file :
         {package + Program(), with_program, with_entry}) {
      const Inspection inspection = Vet(file);
      const Artifact& whole = inspection.artifacts.at(0);
      EXPECT_FALSE(whole.signatures.empty()) << name;
      const std::string digest =
          base::Hash(base::DigestAlgorithm::kSha256, base::AsBytes(Program()))
              .Hex();
      const auto program =
          std::ranges::find(inspection.artifacts, digest, &Artifact::sha256);
      ASSERT_NE(program, inspection.artifacts.end()) << name;
      EXPECT_TRUE(program->outside_signature) << name << program->path;
      EXPECT_FALSE(program->covered_by) << name << program->path;
    }
  }
}

// A range may be larger than the program in it: sectors of images are.
TEST(Unaccounted, ZerosAroundAProgramAreNoneOfIt) {
  formats::sample::CabBuilder cabinet = Cabinet();
  cabinet.gap = std::string(7, '\0') + Program() + std::string(2048, '\0');
  const Inspection inspection = Vet(Text(cabinet.Build()));
  EXPECT_EQ(Count(inspection, "vet.hidden_data"), 1U);
  EXPECT_EQ(Count(inspection, "signing.digest_mismatch"), 0U);
  ASSERT_EQ(inspection.artifacts.size(), 3U);
  EXPECT_EQ(inspection.artifacts[2].size, Program().size());
}

TEST(Unaccounted, NamesOfOursAreNotTakenForIt) {
  for (const char* name : {"[appended]", "[unaccounted]/7"}) {
    const Inspection inspection =
        Vet(ZipOf({StoredEntry(name, Program())}).Write());
    EXPECT_EQ(Count(inspection, "vet.member_name_deceptive"), 1U);
  }
}

// What each format's signature is over: docs/formats.
TEST(Unaccounted, SignaturesOfSomeFormatsAreOverIt) {
  using formats::RemarkKind;
  using model::Format;
  EXPECT_TRUE(IsUnderItsSignature(Format::kPe, RemarkKind::kHiddenData));
  EXPECT_TRUE(IsUnderItsSignature(Format::kPe, RemarkKind::kTrailingData));
  EXPECT_TRUE(IsUnderItsSignature(Format::kCab, RemarkKind::kHiddenData));
  EXPECT_FALSE(IsUnderItsSignature(Format::kCab, RemarkKind::kTrailingData));
  EXPECT_FALSE(IsUnderItsSignature(Format::kMsi, RemarkKind::kHiddenData));
  EXPECT_FALSE(IsUnderItsSignature(Format::kMsi, RemarkKind::kTrailingData));
  EXPECT_FALSE(IsUnderItsSignature(Format::kJar, RemarkKind::kLeadingData));
}

TEST(Unaccounted, ThereIsNoEndOfArchivesOneBehindTheOther) {
  // The second is a stream, which is no level of its own.
  for (const std::string& one :
       {Text(Cabinet().Build()),
        formats::sample::Gzip("a") + formats::sample::Bzip2("b")}) {
    std::string file;
    for (int i = 0; i < 1000; ++i) {
      file += one;
    }
    const Inspection inspection = Vet(file);
    EXPECT_FALSE(inspection.complete);
    ASSERT_FALSE(inspection.limits.empty());
    EXPECT_EQ(inspection.limits[0].limit, "depth");
  }
}

}  // namespace
}  // namespace countersign::vet
