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
#include "formats/cab/sample/cab_builder.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/sample/zip_writer.h"
#include "formats/stream/sample/packed.h"
#include "signing/sample/forged_stores.h"
#include "vet/inspect.h"

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
  return Inspect(base::Blob::Own({file.begin(), file.end()}), verifier,
                 options);
}

template <typename Bytes>
std::string Text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string Program() { return Text(forge::FindCase("valid")->build()); }

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

// Its digest is over all but the table, so that nothing appended can be signed.
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
