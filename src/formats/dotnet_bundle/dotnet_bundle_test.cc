#include "formats/dotnet_bundle.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "formats/dotnet_bundle/sample/dotnet_bundle_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;

struct Opened {
  MemberRecorder recorder;
  base::Result<void> result;
};

Opened Open(const std::string& file, Unpack unpack = UnpackPe) {
  Opened opened;
  opened.result = opened.recorder.Run(unpack, AsBytes(file));
  return opened;
}

std::vector<std::string> NamesOf(const Opened& opened) {
  std::vector<std::string> names;
  for (const auto& recorded : opened.recorder.members) {
    names.push_back(recorded.member.name);
  }
  return names;
}

using Names = std::vector<std::string>;

const Names kAll = {"[bundle]/app.dll", "[bundle]/lib/native.dll",
                    "[bundle]/app.deps.json",
                    "[bundle]/app.runtimeconfig.json"};

TEST(DotnetBundle, TheMarkIsADigest) {
  EXPECT_TRUE(base::Equal(
      base::Hash(base::DigestAlgorithm::kSha256, AsBytes(".net core bundle\n"))
          .View(),
      AsBytes(kSampleBundleMark)));
}

TEST(DotnetBundle, OfEveryVersionIsRead) {
  for (const uint32_t major : {1U, 2U, 6U}) {
    SampleBundle sample;
    sample.major = major;
    sample.files[1].is_compressed = major >= 6;
    for (const Unpack unpack : {UnpackPe, UnpackDotnetBundle}) {
      const Opened opened = Open(sample.Write(), unpack);
      ASSERT_TRUE(opened.result) << opened.result.error().field;
      EXPECT_EQ(NamesOf(opened), kAll);
      for (size_t i = 0; i < sample.files.size(); ++i) {
        const auto& recorded = opened.recorder.members[i];
        EXPECT_FALSE(recorded.damage);
        EXPECT_EQ(base::AsText(recorded.content), sample.files[i].content);
        EXPECT_EQ(recorded.placed, !sample.files[i].is_compressed);
      }
      EXPECT_TRUE(opened.recorder.remarks.empty());
    }
    EXPECT_EQ(Open(sample.Write()).recorder.detail,
              "PE32 x86 windowed program, .NET single-file application, bundle "
              "version " +
                  std::to_string(major) + ".0");
  }
}

TEST(DotnetBundle, AHostWithoutABundleIsNone) {
  SampleBundle sample;
  sample.has_bundle = false;
  const Opened opened = Open(sample.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened), Names{"[overlay]"});
  EXPECT_FALSE(Open(sample.Write(), UnpackDotnetBundle).result);
}

TEST(DotnetBundle, LongPathsHaveSizesOfTwoBytes) {
  SampleBundle sample;
  sample.files[0].path = std::string(300, 'p');
  EXPECT_EQ(NamesOf(Open(sample.Write()))[0],
            "[bundle]/" + sample.files[0].path);
}

TEST(DotnetBundle, WhatNoFileAccountsForIsHandedOver) {
  SampleBundle sample;
  sample.before = "hidden before the first file";
  const Opened opened = Open(sample.Write() + "hidden behind");
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 2);
  EXPECT_TRUE(opened.recorder.ContentOf("[overlay]")
                  .starts_with("hidden before the first file"));
}

TEST(DotnetBundle, SharedBytesAndPathsAndOddTypesAreSaid) {
  SampleBundle sample;
  sample.files[0].type = 9;
  sample.files[1].path = "app.dll";
  sample.files[1].behind = "hidden";
  const Opened opened = Open(sample.Write());
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kDuplicateName), 1);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
  std::string file = SampleBundle().Write();
  const size_t first = file.find(
                           "\x01\x07"
                           "app.dll") -
                       24;
  file.replace(first + 8, 8, LittleEndian(210, 8));
  EXPECT_EQ(Open(file).recorder.CountOf(RemarkKind::kOverlap), 1);
}

TEST(DotnetBundle, HeaderAndListMayDisagree) {
  std::string file = SampleBundle().Write();
  const size_t header = file.find("identity") + 8;
  file[header + 8] = 1;
  const Opened opened = Open(file);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(DotnetBundle, ASecondBundleIsReadAndSaid) {
  const SampleBundle sample;
  std::string file = sample.Write();
  // Another variable in the headers of the program.
  file.replace(0x300, 40,
               LittleEndian(SampleProgram::kHeaderBytes, 8) +
                   std::string(kSampleBundleMark));
  const Opened opened = Open(file);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kDisagreement), 1);
  ASSERT_FALSE(opened.result);
  EXPECT_STREQ(opened.result.error().field, "major version");
  EXPECT_EQ(NamesOf(opened), kAll);
}

TEST(DotnetBundle, NamesTheDamagedField) {
  const std::string clean = SampleBundle().Write();
  const size_t manifest = clean.find("identity") - 13;
  const struct {
    size_t at;
    uint64_t value;
    Fault fault;
    const char* field;
  } rows[] = {
      {SampleBundle::kPointer, 0xFFFFFF, Fault::kTruncated,
       "offset of the manifest"},
      {manifest, 7, Fault::kUnsupported, "major version"},
      {manifest, 0, Fault::kUnsupported, "major version"},
      {manifest + 8, 0, Fault::kMalformed, "number of files"},
      {manifest + 8, 0xFFFFFFFF, Fault::kMalformed, "number of files"},
      {manifest + 8, 5, Fault::kTruncated, "offset of a file"},
      {manifest + 12, 0xFFFFFFFF, Fault::kMalformed, "bundle id"},
  };
  for (const auto& row : rows) {
    std::string file = clean;
    file.replace(row.at, 4, LittleEndian(row.value, 4));
    const Opened opened = Open(file);
    ASSERT_FALSE(opened.result) << row.field;
    EXPECT_EQ(opened.result.error().fault, row.fault);
    EXPECT_STREQ(opened.result.error().field, row.field);
  }
}

TEST(DotnetBundle, DamageOfAFileIsItsOwn) {
  const std::string clean = SampleBundle().Write();
  const size_t packed = clean.find("\x02\x0Elib/native.dll") - 24;
  const struct {
    size_t at;
    uint64_t value;
    const char* field;
  } rows[] = {
      {0, ~uint64_t{0}, "offset of a file"},
      {16, ~uint64_t{0}, "offset of a file"},
      {8, 301, "size of a file"},
      {8, 299, ""},
      {16, 2, ""},
  };
  for (const auto& row : rows) {
    std::string file = clean;
    file.replace(packed + row.at, 8, LittleEndian(row.value, 8));
    const Opened opened = Open(file);
    ASSERT_TRUE(opened.result);
    const auto* found = opened.recorder.Find("[bundle]/lib/native.dll");
    ASSERT_NE(found, nullptr);
    ASSERT_TRUE(found->damage) << row.at << " " << row.value;
    if (row.field[0] != '\0') {
      EXPECT_STREQ(found->damage->field, row.field);
    }
    EXPECT_EQ(opened.recorder.members.size() -
                  opened.recorder.CountOf(RemarkKind::kHiddenData),
              4);
  }
}

TEST(DotnetBundle, CutAnywhereItIsNeverSilentlyWhole) {
  const std::string file = SampleBundle().Write();
  for (size_t size = SampleBundle::kPointer + 40; size < file.size(); ++size) {
    EXPECT_FALSE(Open(file.substr(0, size)).result) << size;
  }
}

}  // namespace
}  // namespace countersign::formats
