#include "formats/chm.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "formats/chm/sample/chm_writer.h"
#include "formats/sample/member_recorder.h"
#include "formats/sniff.h"

namespace countersign::formats {
namespace {

struct OpenedChm {
  explicit OpenedChm(const std::string& file, const base::Limits& limits = {})
      : result(recorder.Run(UnpackChm, base::AsBytes(file), limits)) {}
  MemberRecorder recorder;
  base::Result<void> result;
};

// The one remark, and what it says.
void ExpectOnlyChm(const SampleChm& chm, RemarkKind kind,
                   std::string_view words) {
  const OpenedChm opened(chm.Write());
  ASSERT_TRUE(opened.result);
  ASSERT_EQ(opened.recorder.remarks.size(), 1U) << words;
  EXPECT_EQ(opened.recorder.remarks[0].kind, kind);
  EXPECT_NE(opened.recorder.remarks[0].what.find(words), std::string::npos)
      << opened.recorder.remarks[0].what;
}

// The sample but for one field.
template <typename Field>
SampleChm With(Field SampleChm::* field, const Field& value) {
  SampleChm chm;
  chm.*field = value;
  return chm;
}

SampleChm WithMore(decltype(SampleChm::more) more) {
  return With(&SampleChm::more, more);
}

TEST(Chm, HandsOverWhatIsStoredAndWhatIsCompressed) {
  for (const uint32_t version : {2U, 3U}) {
    for (const uint32_t interval : {1U, 2U, 8U}) {
      SampleChm chm;
      chm.version = version;
      chm.interval_units = interval;
      const std::string file = chm.Write();
      EXPECT_EQ(Sniff(base::AsBytes(file)).format, model::Format::kChm);
      const OpenedChm opened(file);
      ASSERT_TRUE(opened.result) << opened.result.error().field;
      EXPECT_EQ(opened.recorder.format, model::Format::kChm);
      EXPECT_TRUE(opened.recorder.remarks.empty())
          << opened.recorder.remarks[0].what;
      ASSERT_EQ(opened.recorder.members.size(), 4U);  // without the root
      EXPECT_EQ(opened.recorder.members[0].member.kind, MemberKind::kDirectory);
      EXPECT_EQ(opened.recorder.ContentOf("stored.txt"), "as it is");
      EXPECT_TRUE(opened.recorder.Find("stored.txt")->placed);
      EXPECT_EQ(opened.recorder.ContentOf("a.htm"), chm.files[3].content);
      EXPECT_EQ(opened.recorder.ContentOf("b.exe"), chm.files[4].content);
      EXPECT_FALSE(opened.recorder.Find("b.exe")->damage);
    }
  }
}

TEST(Chm, DirectoriesOfManyChunksAreRead) {
  SampleChm chm;
  chm.chunk = 512;
  chm.files.clear();
  for (int i = 0; i < 200; ++i) {
    chm.files.push_back(
        {"/file" + std::to_string(i) + ".txt", std::to_string(i), i % 2 == 0});
  }
  const OpenedChm opened(chm.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.members.size(), 200U);
  EXPECT_EQ(opened.recorder.ContentOf("file198.txt"), "198");
  EXPECT_EQ(opened.recorder.ContentOf("file199.txt"), "199");
}

TEST(Chm, SaysWhatNobodyShows) {
  ExpectOnlyChm(With(&SampleChm::gap, std::string("hidden")),
                RemarkKind::kHiddenData, "6 bytes belong to no file");
  ExpectOnlyChm(With(&SampleChm::trailing, std::string("behind")),
                RemarkKind::kTrailingData, "6 bytes");
  ExpectOnlyChm(With(&SampleChm::behind_content, std::string("1234")),
                RemarkKind::kHiddenData, "4 bytes behind");
  ExpectOnlyChm(WithMore({{"::Secret", {0, 0, 0}}}), RemarkKind::kHiddenMember,
                "no viewer shows \"::Secret\"");
}

TEST(Chm, BytesOfTheSectionThatBelongToNoFileAreHandedOver) {
  const SampleChm chm = With(&SampleChm::section_gap, std::string("MZ gap"));
  const OpenedChm opened(chm.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_TRUE(opened.recorder.remarks.empty());
  EXPECT_EQ(opened.recorder.ContentOf("[unclaimed]/0x12"), "MZ gap");
  EXPECT_EQ(opened.recorder.ContentOf("[unclaimed]/0x1118d"), "MZ gap");
}

TEST(Chm, OfManyStretchesThatBelongToNoFileTheRestIsSaid) {
  SampleChm chm = With(&SampleChm::section_gap, std::string("gap"));
  for (int i = 0; i < 70; ++i) {
    chm.files.push_back({"/" + std::to_string(i), "content", true});
  }
  const OpenedChm opened(chm.Write());
  ASSERT_EQ(opened.recorder.remarks.size(), 1U);
  EXPECT_EQ(opened.recorder.remarks[0].kind, RemarkKind::kUnsupported);
  EXPECT_EQ(opened.recorder.remarks[0].what.substr(0, 7), "8 more ");
}

TEST(Chm, SaysWhatContradictsItself) {
  ExpectOnlyChm(With(&SampleChm::add_to_size, uint64_t{5}),
                RemarkKind::kDisagreement, "the header says");
  ExpectOnlyChm(WithMore({{"/again.htm", {1, 2, 3}}}), RemarkKind::kOverlap,
                "\"/again.htm\" shares bytes");
  ExpectOnlyChm(WithMore({{"/again.txt", {0, 0, 3}}}), RemarkKind::kOverlap,
                "3 bytes belong to several files");
  ExpectOnlyChm(WithMore({{"/a.htm", {1, 70'023, 0}}}),
                RemarkKind::kDuplicateName, "a name that came before");
  ExpectOnlyChm(With(&SampleChm::chains_to_itself, true), RemarkKind::kLoop,
                "loop");
}

TEST(Chm, AChunkThatTheListLeavesOutIsHidden) {
  SampleChm chm;
  chm.chunk = 256;
  chm.first_chunk = 1;
  const OpenedChm opened(chm.Write());
  ASSERT_GE(opened.recorder.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(opened.recorder.remarks[0].what,
            "chunk 0 of the directory is in no list");
}

TEST(Chm, OneDamagedMemberLeavesTheOthers) {
  SampleChm chm;
  chm.more = {{"/out.txt", {0, 1'000'000, 5}},
              {"/far.htm", {1, 1'000'000, 5}},
              {"/other.htm", {2, 0, 5}}};
  const OpenedChm opened(chm.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.Find("out.txt")->damage->fault,
            base::Fault::kTruncated);
  EXPECT_EQ(opened.recorder.Find("far.htm")->damage->fault,
            base::Fault::kMalformed);
  EXPECT_EQ(opened.recorder.Find("other.htm")->damage->fault,
            base::Fault::kUnsupported);
  EXPECT_EQ(opened.recorder.ContentOf("a.htm"), chm.files[3].content);
}

TEST(Chm, ADamagedStretchLeavesTheOthers) {
  SampleChm chm;
  chm.files.push_back({"/c.txt", "in the last stretch", true});
  std::string file = chm.Write();
  // The first words of the second stretch, which starts with the same codes.
  const size_t content = file.find("names") + 5;
  const std::string first = file.substr(content, 8);
  const size_t second = file.find(first, content + 8);
  ASSERT_NE(second, std::string::npos);
  file[second] = '\xFF';
  file[second + 1] = '\xFF';
  const OpenedChm opened(file);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.ContentOf("a.htm"), chm.files[3].content);
  EXPECT_TRUE(opened.recorder.Find("b.exe")->damage);
  EXPECT_EQ(opened.recorder.ContentOf("c.txt"), "in the last stretch");
  EXPECT_FALSE(opened.recorder.Find("c.txt")->damage);
}

TEST(Chm, WithoutAResetTableOnlyStoredFilesAreRead) {
  SampleChm chm;
  chm.has_resets = false;
  const OpenedChm opened(chm.Write());
  EXPECT_EQ(opened.recorder.ContentOf("stored.txt"), "as it is");
  ASSERT_TRUE(opened.recorder.Find("a.htm")->damage);
  EXPECT_STREQ(opened.recorder.Find("a.htm")->damage->field, "ResetTable");
}

TEST(Chm, OtherVersionsAreUnsupported) {
  SampleChm chm;
  std::string file = chm.Write();
  file[4] = 4;
  const OpenedChm opened(file);
  ASSERT_FALSE(opened.result);
  EXPECT_EQ(opened.result.error().fault, base::Fault::kUnsupported);
  EXPECT_EQ(opened.result.error().offset, 4U);
  EXPECT_STREQ(opened.result.error().field, "version");
}

TEST(Chm, CutAnywhereItIsNeverSilentlyWhole) {
  SampleChm chm;
  chm.chunk = 512;
  chm.files[4].content = "MZ" + std::string(500, 'b');
  const std::string file = chm.Write();
  for (size_t size = 0; size < file.size(); ++size) {
    const OpenedChm opened(file.substr(0, size));
    const bool is_damaged = std::ranges::any_of(
        opened.recorder.members, [](const auto& m) { return !!m.damage; });
    ASSERT_TRUE(!opened.result || is_damaged ||
                opened.recorder.CountOf(RemarkKind::kDisagreement) == 1)
        << size;
  }
}

TEST(Chm, ChangedAnywhereItKeepsTheRules) {
  SampleChm chm;
  chm.chunk = 512;
  chm.files[4].content = "MZ" + std::string(500, 'b');
  const std::string file = chm.Write();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const char change : {'\x01', '\x80', '\xFF'}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const OpenedChm opened(changed);
    }
  }
}

TEST(Chm, StopsWhenTheBudgetIsSpent) {
  SampleChm chm;
  for (int i = 0; i < 100; ++i) {
    chm.more.push_back({"/" + std::to_string(i), {1, 0, 40'000}});
  }
  const OpenedChm opened(chm.Write(), {.steps = 2000});
  ASSERT_FALSE(opened.result);
  EXPECT_EQ(opened.result.error().fault, base::Fault::kLimit);
}

}  // namespace
}  // namespace countersign::formats
