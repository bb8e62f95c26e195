#include "formats/burn.h"

#include <gtest/gtest.h>

#include "formats/burn/sample/burn_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;

constexpr size_t kSection = SampleBurn::kSectionOffset;

struct Opened {
  MemberRecorder recorder;
  base::Result<void> result;
};

Opened Open(const std::string& file) {
  Opened opened;
  opened.result = opened.recorder.Run(UnpackPe, AsBytes(file));
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

TEST(Burn, HandsOverEveryContainer) {
  SampleBurn burn;
  burn.containers.push_back("MSCF more");
  const Opened opened = Open(burn.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened), (Names{"[burn]/ux.cab", "[burn]/attached1.cab",
                                    "[burn]/attached2.cab"}));
  for (size_t i = 0; i < burn.containers.size(); ++i) {
    EXPECT_TRUE(opened.recorder.members[i].placed);
    EXPECT_EQ(opened.recorder.ContentOf(NamesOf(opened)[i]),
              burn.containers[i]);
  }
  EXPECT_TRUE(opened.recorder.remarks.empty());
  EXPECT_EQ(opened.recorder.format, model::Format::kPe);
  EXPECT_EQ(opened.recorder.detail,
            "PE32 x86 windowed program, WiX Burn bundle "
            "{13121110-1514-1716-1819-1A1B1C1D1E1F}");
}

TEST(Burn, HandsOverTheEngineAsItWasSigned) {
  SampleBurn burn;
  burn.signature = std::string("signature of the engine ");
  const std::string file = burn.Write();
  const Opened opened = Open(file);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened), (Names{"[burn]/engine.exe", "[burn]/ux.cab",
                                    "[burn]/attached1.cab"}));
  EXPECT_EQ(opened.recorder.ContentOf("[burn]/attached1.cab"), "MSCF payload");
  const std::string engine = opened.recorder.ContentOf("[burn]/engine.exe");
  const size_t end = file.find(burn.signature) + burn.signature.size();
  std::string expected = file.substr(0, end);
  const PeImage image = ParsePe(AsBytes(file)).value();
  expected.replace(image.checksum_offset, 4, LittleEndian(0x12345678, 4));
  expected.replace(*image.security_directory_offset, 8,
                   LittleEndian(file.find(burn.signature), 4) +
                       LittleEndian(burn.signature.size(), 4));
  expected.replace(kSection + 28, 12, std::string(12, '\0'));
  EXPECT_EQ(engine, expected);
  EXPECT_TRUE(opened.recorder.remarks.empty());

  // That is a program of its own: the engine, with its signature in place.
  const Opened inner = Open(engine);
  ASSERT_TRUE(inner.result);
  EXPECT_EQ(NamesOf(inner), Names{"[burn]/ux.cab"});
  EXPECT_TRUE(
      inner.recorder.detail.ends_with(", attached containers left out"));
}

TEST(Burn, AnInstalledBundleHasNoContainersAttached) {
  SampleBurn burn;
  burn.is_detached = true;
  const Opened opened = Open(burn.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened), Names{"[burn]/ux.cab"});
}

TEST(Burn, OfVersion3IsRead) {
  SampleBurn burn;
  burn.version = 3;
  EXPECT_EQ(NamesOf(Open(burn.Write())).size(), 2);
}

TEST(Burn, WhatFollowsTheContainersIsHidden) {
  SampleBurn burn;
  burn.trailing = "hidden";
  const Opened opened = Open(burn.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.ContentOf("[overlay]"), "hidden");
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
}

TEST(Burn, SeveralHiddenPiecesHaveNamesOfTheirOwn) {
  SampleBurn burn;
  burn.containers[0] = "MSCF" + std::string(40, 'u');
  burn.trailing = "hidden";
  std::string file = burn.Write();
  // The first container is said to be shorter than it is.
  file.replace(kSection + 48, 4, LittleEndian(24, 4));
  const Opened opened = Open(file);
  ASSERT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
  burn.signature = std::string(24, 's');
  file = burn.Write();
  file.replace(kSection + 48, 4, LittleEndian(24, 4));
  const Opened gap = Open(file);
  EXPECT_EQ(gap.recorder.CountOf(RemarkKind::kHiddenData), 2);
  EXPECT_EQ(NamesOf(gap).size(), 5);
  EXPECT_EQ(NamesOf(gap)[3], "[overlay]");
  EXPECT_EQ(NamesOf(gap)[4],
            "[overlay]/" + std::to_string(file.find("hidden")));
}

TEST(Burn, NamesTheDamagedField) {
  const struct {
    size_t at;
    uint32_t value;
    Fault fault;
    const char* field;
  } rows[] = {
      {0, 1, Fault::kMalformed, "dwMagic"},
      {4, 1, Fault::kUnsupported, "dwVersion"},
      {4, 4, Fault::kUnsupported, "dwVersion"},
      {40, 2, Fault::kUnsupported, "dwFormat"},
      {44, 0, Fault::kMalformed, "cContainers"},
      {44, 117, Fault::kLimit, "cContainers"},
  };
  for (const auto& row : rows) {
    std::string file = SampleBurn().Write();
    file.replace(kSection + row.at, 4, LittleEndian(row.value, 4));
    const Opened opened = Open(file);
    ASSERT_FALSE(opened.result) << row.field;
    EXPECT_EQ(opened.result.error().fault, row.fault);
    EXPECT_STREQ(opened.result.error().field, row.field);
    EXPECT_EQ(opened.result.error().offset, kSection + row.at);
    // What is not read is not lost.
    EXPECT_EQ(NamesOf(opened), Names{"[overlay]"});
  }
}

TEST(Burn, ASignatureOutsideIsDamageOfTheEngine) {
  SampleBurn burn;
  burn.signature = std::string(24, 's');
  for (const uint32_t size : {0xFFFFFFFFU, 0x00010000U}) {
    std::string file = burn.Write();
    file.replace(kSection + 36, 4, LittleEndian(size, 4));
    const Opened opened = Open(file);
    const auto* engine = opened.recorder.Find("[burn]/engine.exe");
    ASSERT_NE(engine, nullptr);
    ASSERT_TRUE(engine->damage);
    EXPECT_STREQ(engine->damage->field, "dwOriginalSignatureOffset");
  }
  // One that would lie before the values that it is about.
  std::string file = burn.Write();
  file.replace(kSection + 32, 8, LittleEndian(8, 4) + LittleEndian(8, 4));
  const Opened opened = Open(file);
  const auto* engine = opened.recorder.Find("[burn]/engine.exe");
  ASSERT_NE(engine, nullptr);
  ASSERT_TRUE(engine->damage);
  EXPECT_EQ(engine->damage->fault, Fault::kMalformed);
}

TEST(Burn, CutAnywhereItIsNeverSilentlyWhole) {
  SampleBurn burn;
  burn.signature = std::string(24, 's');
  const std::string file = burn.Write();
  for (size_t size = 0; size < file.size(); ++size) {
    const Opened opened = Open(file.substr(0, size));
    bool is_whole = opened.result && opened.recorder.members.size() == 3;
    for (const auto& recorded : opened.recorder.members) {
      is_whole = is_whole && !recorded.damage;
    }
    EXPECT_FALSE(is_whole) << size;
  }
}

TEST(Burn, EveryByteOfTheSectionMayBeAnything) {
  SampleBurn burn;
  burn.signature = std::string(24, 's');
  const std::string file = burn.Write();
  for (size_t i = 0; i < 64; ++i) {
    for (const char c : {'\0', '\1', '\x7F', '\x80', '\xFF'}) {
      std::string changed = file;
      changed[kSection + i] = c;
      (void)Open(changed);
    }
  }
}

}  // namespace
}  // namespace countersign::formats
