#include "formats/nsis.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "formats/nsis/sample/nsis_installers.h"

namespace countersign::formats {
namespace {

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

TEST(UnpackNsis, EveryPackingAndDialect) {
  const std::pair<NsisDialect, const char*> kDialects[] = {
      {NsisDialect::kAnsi2, "NSIS 2 installer, ANSI, "},
      {NsisDialect::kAnsi3, "NSIS 3 installer, ANSI, "},
      {NsisDialect::kUnicode3, "NSIS 3 installer, Unicode, "},
      {NsisDialect::kPark, "NSIS 2 (Park) installer, Unicode, "},
  };
  for (const NsisPacking& packing : Packings()) {
    for (const auto& [dialect, words] : kDialects) {
      MemberRecorder recorder;
      const auto result =
          Unpacked(ThreeFiles(packing, dialect).Finish(), recorder);
      ASSERT_TRUE(result) << packing.name << words << result.error().field;
      EXPECT_EQ(recorder.format, model::Format::kNsis);
      EXPECT_EQ(recorder.detail, std::string(words) + packing.name);
      ASSERT_EQ(recorder.members.size(), 3U);
      EXPECT_EQ(recorder.ContentOf("$INSTDIR/a.txt"), "the first file");
      EXPECT_TRUE(recorder.ContentOf("$INSTDIR/lib/b.bin") ==
                  sample::Prose(3000));
      EXPECT_EQ(recorder.ContentOf("$INSTDIR/lib/empty"), "");
      EXPECT_TRUE(recorder.remarks.empty()) << recorder.remarks[0].what;
      for (const auto& recorded : recorder.members) {
        EXPECT_FALSE(recorded.damage);
        EXPECT_EQ(recorded.placed, packing.pack == nullptr);
      }
    }
  }
}

TEST(UnpackNsis, ReadsInstallersFor64Bit) {
  NsisWriter writer = ThreeFiles(Packings()[1]);
  writer.is_64 = true;
  writer.flags = 4 | 1;
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  EXPECT_EQ(recorder.detail, "NSIS 3 uninstaller for x86-64, Unicode, zlib");
  EXPECT_EQ(recorder.members.size(), 3U);
}

// SetCompress, in the middle of a script.
TEST(UnpackNsis, EachDatumMayBePackedOrNot) {
  for (const NsisPacking& packing : Packings()) {
    if (packing.pack == nullptr || packing.solid ||
        packing.name == "LZMA with filter"s) {
      continue;
    }
    for (const bool pack_header : {false, true}) {
      NsisWriter writer = WriterOf(packing);
      writer.pack_header = pack_header;
      writer.SetOutPath({kInstDir});
      writer.pack_data = !pack_header;
      writer.File("a", writer.Data("first"));
      writer.pack_data = pack_header;
      writer.File("b", writer.Data("second"));
      MemberRecorder recorder;
      ASSERT_TRUE(Unpacked(writer.Finish(), recorder)) << packing.name;
      EXPECT_EQ(recorder.ContentOf("$INSTDIR/a"), "first") << packing.name;
      EXPECT_EQ(recorder.ContentOf("$INSTDIR/b"), "second") << packing.name;
    }
  }
}

TEST(UnpackNsis, FilesOfOneDatumAreMembersEach) {
  for (const NsisPacking& packing : Packings()) {
    NsisWriter writer = WriterOf(packing);
    const uint32_t data = writer.Data("shared");
    writer.SetOutPath({kInstDir});
    writer.File("one", data);
    writer.File("two", data);
    writer.File("one", data);
    writer.File("other", writer.Data("its own"));
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder)) << packing.name;
    ASSERT_EQ(recorder.members.size(), 3U);
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/one"), "shared");
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/two"), "shared");
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/other"), "its own");
  }
}

// Limit: what is not kept for its other names becomes a link.
TEST(UnpackNsis, OtherNamesOfLargeDataAreLinks) {
  NsisWriter writer = WriterOf(Packings()[8]);
  const uint32_t data = writer.Data(std::string((64U << 20) + 1, 'x'));
  writer.SetOutPath({kInstDir});
  writer.File("one", data);
  writer.File("two", data);
  MemberRecorder recorder(uint64_t{200} << 20);
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  ASSERT_EQ(recorder.members.size(), 2U);
  EXPECT_EQ(recorder.members[0].content.size(), (64U << 20) + 1);
  EXPECT_EQ(recorder.members[1].member.kind, MemberKind::kLink);
  EXPECT_EQ(recorder.members[1].member.name, "$INSTDIR/two");
  EXPECT_EQ(recorder.members[1].member.link_target, "$INSTDIR/one");
}

TEST(UnpackNsis, NamesFollowTheDirectory) {
  NsisWriter writer(NsisDialect::kUnicode3);
  int count = 0;
  const auto file = [&](const std::vector<sample::NsisPart>& name) {
    const uint32_t data = writer.Data(std::to_string(count++));
    writer.Add(20, {0, writer.String(name), static_cast<int32_t>(data)});
  };
  file({NsisText("before")});
  writer.SetOutPath({kInstDir, NsisText("\\a")});
  file({NsisText("b\\c")});
  file({NsisText("C:\\d")});
  file({NsisText("\\\\host\\e")});
  file({NsisVar(25), NsisText("\\f")});
  file({NsisVar(0)});
  file({NsisText("$g")});
  file({sample::NsisLang(2), NsisText(".exe")});
  // File /r: StrCpy $_OUTDIR $OUTDIR, SetOutPath $_OUTDIR\sub.
  writer.Add(25, {31, writer.String({NsisVar(22)})});
  writer.SetOutPath({NsisVar(31), NsisText("\\h")});
  file({NsisText("i")});
  writer.SetOutPath({NsisVar(22), NsisText("\\j")});
  file({NsisText("k")});
  writer.SetOutPath({NsisVar(31)});
  file({NsisText("l")});
  writer.Add(11, {writer.String({kInstDir, NsisText("\\made")}), 0});
  file({NsisText("m")});
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  std::vector<std::string> names;
  for (const auto& recorded : recorder.members) {
    names.push_back(recorded.member.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "$OUTDIR/before", "$INSTDIR/a/b/c", "C:/d", "//host/e",
                       "$TEMP/f", "$0", "$INSTDIR/a/$$g",
                       "$INSTDIR/a/$(^Name).exe", "$INSTDIR/a/h/i",
                       "$INSTDIR/a/h/j/k", "$INSTDIR/a/l", "$INSTDIR/a/m"}));
}

TEST(UnpackNsis, UninstallersAreTwoDataOrAWholeProgram) {
  for (const NsisPacking& packing : Packings()) {
    NsisWriter inner;
    inner.flags = 1;
    NsisWriter writer = WriterOf(packing);
    const uint32_t patch = writer.Data("changes");
    writer.Data(inner.Finish());
    const uint32_t program = writer.Data("MZ whole");
    const int32_t name = writer.String({kInstDir, NsisText("\\un.exe")});
    writer.Add(62,
               {name, static_cast<int32_t>(patch), 7, writer.String("unused")});
    writer.Add(62, {writer.String("signed.exe"), static_cast<int32_t>(program),
                    0, writer.String({kInstDir, NsisText("\\signed.exe")})});
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder)) << packing.name;
    EXPECT_EQ(recorder.members.size(), 3U);
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/un.exe/patch"), "changes");
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/un.exe/data"), inner.Finish());
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/signed.exe"), "MZ whole");
    EXPECT_TRUE(recorder.remarks.empty());
    MemberRecorder again;
    ASSERT_TRUE(Unpacked(recorder.ContentOf("$INSTDIR/un.exe/data"), again));
    EXPECT_TRUE(again.detail.starts_with("NSIS 3 uninstaller"));
  }
}

TEST(UnpackNsis, DataOfTheRegistryAreMembers) {
  NsisWriter writer;
  writer.Add(51, {static_cast<int32_t>(0x8000'0001), writer.String("Soft\\Key"),
                  writer.String("Value"),
                  static_cast<int32_t>(writer.Data("MZ")), 3, 3});
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  EXPECT_EQ(recorder.ContentOf("HKCU/Soft/Key/Value"), "MZ");
}

// ---- Remarks ----------------------------------------------------------------

TEST(UnpackNsis, DataThatNothingNamesAreHandedOver) {
  for (const NsisPacking& packing : Packings()) {
    NsisWriter writer = WriterOf(packing);
    writer.Data("hidden before");
    writer.SetOutPath({kInstDir});
    writer.File("a", writer.Data("file"));
    writer.Data("hidden behind");
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder)) << packing.name;
    ASSERT_EQ(recorder.members.size(), 3U) << packing.name;
    EXPECT_EQ(recorder.members[0].member.name, "");
    EXPECT_EQ(base::AsText(recorder.members[0].content), "hidden before");
    EXPECT_EQ(base::AsText(recorder.members[2].content), "hidden behind");
    EXPECT_EQ(recorder.CountOf(RemarkKind::kHiddenData), 2U);
    EXPECT_EQ(recorder.remarks.size(), 2U);
  }
}

TEST(UnpackNsis, BytesThatAreNoDataAreRemarked) {
  NsisWriter writer;
  writer.SetOutPath({kInstDir});
  writer.File("a", writer.Data("file"));
  writer.RawData("\xFF\xFF\xFF\x7F rest");
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  EXPECT_EQ(recorder.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(recorder.remarks[0].range.size, 9U);
  EXPECT_EQ(recorder.members.size(), 1U);
}

TEST(UnpackNsis, ASmallInstallerIsFilledUpWithZeros) {
  for (const size_t zeros : {100U, 511U, 512U}) {
    NsisWriter writer;
    writer.SetOutPath({kInstDir});
    writer.File("a", writer.Data("file"));
    writer.RawData(std::string(zeros, '\0'));
    MemberRecorder recorder;
    ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
    EXPECT_EQ(recorder.remarks.size(), zeros < 512 ? 0U : 1U) << zeros;
  }
}

TEST(UnpackNsis, BytesBehindPackedDataAreRemarked) {
  NsisWriter writer;
  writer.pack = [](auto text) { return sample::Deflated(text) + "more"; };
  writer.pack_header = false;
  writer.SetOutPath({kInstDir});
  writer.File("a", writer.Data("file"));
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  ASSERT_EQ(recorder.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(recorder.remarks[0].range.size, 4U);
  EXPECT_EQ(recorder.ContentOf("$INSTDIR/a"), "file");

  NsisWriter solid = ThreeFiles(Packings()[7]);
  solid.pack = [](auto text) { return sample::Deflated(text) + "more"; };
  MemberRecorder whole;
  ASSERT_TRUE(Unpacked(solid.Finish(), whole));
  ASSERT_EQ(whole.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(whole.remarks[0].range.size, 4U);
}

TEST(UnpackNsis, DataBeforeAndBehindAreRemarked) {
  const std::string clean = ThreeFiles(Packings()[1]).Finish();
  MemberRecorder before;
  ASSERT_TRUE(Unpacked(std::string(1024, 'x') + clean, before));
  ASSERT_EQ(before.CountOf(RemarkKind::kLeadingData), 1U);
  EXPECT_EQ(before.remarks[0].range, (base::ByteRange{0, 1024}));
  EXPECT_EQ(before.members.size(), 3U);
  EXPECT_FALSE(Unpacked(std::string(100, 'x') + clean, before));

  MemberRecorder behind;
  ASSERT_TRUE(Unpacked(clean + "tail", behind));
  ASSERT_EQ(behind.CountOf(RemarkKind::kTrailingData), 1U);
  EXPECT_EQ(behind.remarks[0].range, (base::ByteRange{clean.size(), 4}));
  MemberRecorder padded;
  ASSERT_TRUE(Unpacked(clean + std::string(7, '\0'), padded));
  EXPECT_TRUE(padded.remarks.empty());
  MemberRecorder zeros;
  ASSERT_TRUE(Unpacked(clean + std::string(8, '\0'), zeros));
  EXPECT_EQ(zeros.remarks.size(), 1U);
}

TEST(UnpackNsis, DataInsideOfDataAreOverlaps) {
  NsisWriter writer;
  std::string nested;
  sample::PutNsis(nested, 5, 4);
  nested += "inner";
  writer.SetOutPath({kInstDir});
  const uint32_t outer = writer.Data("out " + nested);
  writer.File("outer", outer);
  writer.File("inner", outer + 8);
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  EXPECT_EQ(recorder.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_EQ(recorder.ContentOf("$INSTDIR/inner"), "inner");

  // In one stream, there is no way to what begins inside of something else.
  NsisWriter solid = WriterOf(Packings()[7]);
  solid.SetOutPath({kInstDir});
  solid.File("inner", 3);
  solid.File("outer", solid.Data("content"));
  MemberRecorder other;
  ASSERT_TRUE(Unpacked(solid.Finish(), other));
  EXPECT_EQ(other.ContentOf("$INSTDIR/outer"), "content");
  ASSERT_TRUE(other.Find("$INSTDIR/inner")->damage);
  EXPECT_STREQ(other.Find("$INSTDIR/inner")->damage->field, "data offset");
}

TEST(UnpackNsis, RemarksOfAKindAreLimited) {
  NsisWriter writer;
  for (int i = 0; i < 50; ++i) {
    writer.Data("hidden");
  }
  MemberRecorder recorder;
  ASSERT_TRUE(Unpacked(writer.Finish(), recorder));
  EXPECT_EQ(recorder.members.size(), 50U);
  EXPECT_EQ(recorder.CountOf(RemarkKind::kHiddenData), 33U);
  EXPECT_EQ(recorder.remarks.back().what,
            "and 18 more of this kind, the first of them here");
}

}  // namespace
}  // namespace countersign::formats
