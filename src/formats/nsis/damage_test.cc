// NSIS installers that are cut off, changed, or cost too much.
#include <gtest/gtest.h>

#include <string>

#include "formats/nsis.h"
#include "formats/nsis/sample/nsis_installers.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::kInstDir;
using sample::NsisDialect;
using sample::NsisPacking;
using sample::NsisText;
using sample::NsisVar;
using sample::NsisWriter;
using sample::Packings;
using sample::ThreeFiles;
using sample::Unpacked;
using sample::WriterOf;
using std::string_literals::operator""s;

TEST(NsisDamage, CutAnywhereIsAnErrorAndNeverComplete) {
  for (const NsisPacking& packing : Packings()) {
    const std::string whole =
        ThreeFiles(packing, NsisDialect::kAnsi3, 200).Finish();
    for (size_t size = 0; size < whole.size(); ++size) {
      MemberRecorder recorder;
      const auto result = Unpacked(whole.substr(0, size), recorder);
      ASSERT_FALSE(result) << packing.name << size;
      EXPECT_TRUE(result.error().fault == Fault::kTruncated ||
                  size < 20)  // the mark itself
          << packing.name << " " << size << " " << result.error().field;
      for (const auto& recorded : recorder.members) {
        if (!recorded.damage && recorded.member.name.ends_with("a.txt")) {
          EXPECT_EQ(base::AsText(recorded.content), "the first file");
        }
      }
    }
  }
}

TEST(NsisDamage, ChangedBytesNeverCrash) {
  for (const NsisPacking& packing : Packings()) {
    const std::string whole =
        ThreeFiles(packing, NsisDialect::kUnicode3, 100).Finish();
    for (size_t i = 0; i < whole.size(); i += 1 + i / 200) {
      for (const int flip : {1, 0x80, 0xFF}) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ flip);
        MemberRecorder recorder;
        (void)Unpacked(changed, recorder);
      }
    }
  }
}

TEST(NsisDamage, NamesTheDamagedField) {
  const struct {
    size_t at;
    uint32_t value;
    Fault fault;
    const char* field;
  } rows[] = {
      {0, 16, Fault::kMalformed, "siginfo"},
      {4, 0xDEADBEEE, Fault::kMalformed, "siginfo"},
      {20, 0, Fault::kMalformed, "length_of_header"},
      {20, (16U << 20) + 1, Fault::kLimit, "length_of_header"},
      {20, 50'000, Fault::kMalformed, "compressed data"},
      {24, 31, Fault::kMalformed, "length_of_all_following_data"},
      {24, 0x7FFF'FFFF, Fault::kTruncated, "length_of_all_following_data"},
      // Blocks of the header, which begins at 32: pages, sections, entries,
      // strings, language tables.
      {32 + 4, 10, Fault::kUnsupported, "blocks"},
      {32 + 4, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 8, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 12, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 16, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 20, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 24, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 28, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 36, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
      {32 + 40, 0x7FFF'FFFF, Fault::kMalformed, "blocks"},
  };
  NsisWriter writer = ThreeFiles(Packings()[0]);
  writer.Section("Main", 0, 2);
  const std::string whole = writer.Finish();
  for (const auto& row : rows) {
    std::string changed = whole;
    for (size_t i = 0; i < 4; ++i) {
      changed[row.at + i] = static_cast<char>(row.value >> (8 * i));
    }
    MemberRecorder recorder;
    const auto result = Unpacked(changed, recorder);
    ASSERT_FALSE(result) << row.at;
    if (row.at == 20 && row.value == 50'000) {
      continue;  // every way to unpack is tried; any of them may be named
    }
    EXPECT_EQ(result.error().fault, row.fault) << row.at << row.value;
    EXPECT_STREQ(result.error().field, row.field) << row.at << row.value;
  }
}

TEST(NsisDamage, DamageOfOneMemberIsItsOwn) {
  for (const size_t packing : {1U, 4U, 5U}) {
    NsisWriter writer = WriterOf(Packings()[packing]);
    writer.SetOutPath({kInstDir});
    writer.File("good", writer.Data("good"));
    writer.pack = [](auto) { return "\xFF\xFF\xFF\xFF no stream"s; };
    const uint32_t bad = writer.Data("bad");
    writer.pack = Packings()[packing].pack;
    writer.File("bad", bad);
    writer.File("bad2", bad);
    writer.File("behind", writer.Data("behind"));
    writer.File("missing", 0x7000'0000);
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/good"), "good");
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/behind"), "behind");
    EXPECT_TRUE(recorder.Find("$INSTDIR/bad")->damage);
    EXPECT_TRUE(recorder.Find("$INSTDIR/bad2")->damage);
    ASSERT_TRUE(recorder.Find("$INSTDIR/missing")->damage);
    EXPECT_EQ(recorder.Find("$INSTDIR/missing")->damage->fault,
              Fault::kMalformed);
  }
}

// The data of an uninstaller are missing behind its patch.
TEST(NsisDamage, DataThatDoNotFollowAreMissing) {
  for (const NsisPacking& packing : Packings()) {
    NsisWriter writer = WriterOf(packing);
    const uint32_t patch = writer.Data("changes");
    writer.Add(62, {writer.String({kInstDir, NsisText("\\un.exe")}),
                    static_cast<int32_t>(patch), 7, 0});
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder)) << packing.name;
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/un.exe/patch"), "changes");
    ASSERT_NE(recorder.Find("$INSTDIR/un.exe/data"), nullptr) << packing.name;
    EXPECT_TRUE(recorder.Find("$INSTDIR/un.exe/data")->damage);
  }
}

TEST(NsisDamage, NamesOfSectionsCostSteps) {
  NsisWriter writer;
  for (int i = 0; i < 500; ++i) {
    writer.Section(std::string(8000, 'x'), 0, 0);
  }
  base::Limits limits;
  limits.steps = 100'000;
  MemberRecorder recorder;
  const auto result = Unpacked(writer.Finish(), recorder, limits);
  ASSERT_FALSE(result);
  EXPECT_STREQ(result.error().field, "steps");
}

TEST(NsisDamage, LimitsOfTheSinkEndASolidStream) {
  for (const NsisPacking& packing : Packings()) {
    const std::string whole = ThreeFiles(packing).Finish();
    MemberRecorder bytes(100);
    const auto result = Unpacked(whole, bytes);
    EXPECT_EQ(result.has_value(), !packing.solid) << packing.name;
    ASSERT_GE(bytes.members.size(), 2U);
    EXPECT_TRUE(bytes.members[1].damage);
    MemberRecorder one(1 << 20, 1);
    EXPECT_FALSE(Unpacked(whole, one)) << packing.name;
  }
}

TEST(NsisDamage, StepsAreCharged) {
  for (const NsisPacking& packing : Packings()) {
    const std::string whole = ThreeFiles(packing).Finish();
    for (uint64_t steps = 0; steps < 14; ++steps) {
      base::Limits limits;
      limits.steps = steps;
      MemberRecorder recorder;
      const auto result = Unpacked(whole, recorder, limits);
      ASSERT_FALSE(result) << packing.name << steps;
      EXPECT_EQ(result.error().fault, Fault::kLimit);
      EXPECT_STREQ(result.error().field, "steps");
    }
  }
}

// Many names that grow, of one datum: neither time nor memory explode.
TEST(NsisDamage, LongNamesCostSteps) {
  NsisWriter writer;
  const uint32_t data = writer.Data("x");
  const int32_t path =
      writer.String({NsisVar(22), NsisText("\\" + std::string(500, 'd'))});
  for (int i = 0; i < 5'000; ++i) {
    writer.Add(11, {path, 1});
    writer.File("f", data);
  }
  base::Limits limits;
  limits.steps = 500'000;
  MemberRecorder recorder;
  const auto result = Unpacked(writer.Finish(), recorder, limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kLimit);
}

}  // namespace
}  // namespace countersign::formats
