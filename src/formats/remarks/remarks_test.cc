#include "formats/remarks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace countersign::formats {
namespace {

class NoteSink : public MemberSink {
 public:
  void Identify(model::Format /*format*/, std::string /*detail*/) override {}
  base::Result<void> Begin(const Member& /*member*/) override { return {}; }
  base::Result<void> Write(base::Bytes /*bytes*/) override { return {}; }
  base::Result<void> End(const std::optional<base::Error>&) override {
    return {};
  }
  base::Result<void> Place(const Member& /*member*/,
                           base::ByteRange /*content*/) override {
    return {};
  }
  void Note(Remark remark) override { remarks.push_back(std::move(remark)); }

  std::vector<Remark> remarks;
};

constexpr uint64_t kMost = kMostRemarksOfAKind;

TEST(BoundedRemarks, PassesOnAsManyAsFitAndCountsTheRest) {
  NoteSink sink;
  BoundedRemarks remarks(sink);
  int made = 0;
  for (uint64_t i = 0; i < kMost + 7; ++i) {
    remarks.Note(RemarkKind::kOverlap, {i, 1}, [&] {
      ++made;
      return std::to_string(i);
    });
  }
  remarks.Note(RemarkKind::kOddity, {0, 2}, "one of another kind");
  EXPECT_EQ(sink.remarks.size(), kMost + 1);
  remarks.Finish();
  ASSERT_EQ(sink.remarks.size(), kMost + 2);
  EXPECT_EQ(made, static_cast<int>(kMost)) << "texts nobody reads";
  EXPECT_EQ(sink.remarks[kMost - 1].what, "31");
  EXPECT_EQ(sink.remarks[kMost].what, "one of another kind");
  EXPECT_EQ(sink.remarks.back().kind, RemarkKind::kOverlap);
  EXPECT_EQ(sink.remarks.back().range, (base::ByteRange{kMost, 1}));
  EXPECT_EQ(sink.remarks.back().what,
            "and 7 more of this kind, the first of them here");
}

TEST(BoundedRemarks, SayNothingOfARestThatIsNone) {
  NoteSink sink;
  BoundedRemarks remarks(sink);
  for (uint64_t i = 0; i < kMost; ++i) {
    remarks.Note(RemarkKind::kLoop, {i, 1}, "a loop");
  }
  remarks.Finish();
  EXPECT_EQ(sink.remarks.size(), kMost);
}

TEST(BoundedRemarks, AreDroppedWhenSilent) {
  BoundedRemarks remarks = BoundedRemarks::Silent();
  remarks.Note(RemarkKind::kOddity, {0, 1}, [] {
    ADD_FAILURE() << "nobody hears this";
    return std::string();
  });
  remarks.Finish();
}

TEST(BoundedRemarks, KeepTheBeginningOfANameThatIsTooLong) {
  NoteSink sink;
  BoundedRemarks remarks(sink);
  const std::string longest(kMostNameBytes, 'a');
  EXPECT_EQ(remarks.Name(longest, {4, 5}), longest);
  EXPECT_TRUE(sink.remarks.empty());
  EXPECT_EQ(remarks.Name(longest + "b", {4, 5}), longest);
  ASSERT_EQ(sink.remarks.size(), 1U);
  EXPECT_EQ(sink.remarks[0].range, (base::ByteRange{4, 5}));
}

TEST(RemarkList, KeepsAsManyAsFitAndCountsTheRest) {
  RemarkList list;
  for (uint64_t i = 0; i <= kMost; ++i) {
    EXPECT_EQ(list.Wants(RemarkKind::kLoop), i < kMost);
    list.Note(RemarkKind::kLoop, {i, 1}, [] { return std::string("a loop"); });
  }
  const std::vector<Remark> kept = std::move(list).Finish();
  ASSERT_EQ(kept.size(), kMost + 1);
  EXPECT_EQ(kept.back().range, (base::ByteRange{kMost, 1}));
  EXPECT_EQ(kept.back().what,
            "and 1 more of this kind, the first of them here");
}

TEST(QuotedName, IsSafeAndShort) {
  EXPECT_EQ(QuotedName("a.exe"), "\"a.exe\"");
  EXPECT_EQ(QuotedName("a\x1B[2J").find('\x1B'), std::string::npos);
  EXPECT_EQ(QuotedName(std::string(260, 'a')).size(), 262U);
  EXPECT_TRUE(QuotedName(std::string(261, 'a')).ends_with("\"..."));
}

TEST(NoteTrailing, TellsZerosFromData) {
  const std::vector<uint8_t> bytes = {1, 0, 0, 7, 0};
  NoteSink sink;
  BoundedRemarks remarks(sink);
  NoteTrailing(bytes, 5, remarks);
  EXPECT_TRUE(sink.remarks.empty());
  NoteTrailing(bytes, 4, remarks);
  NoteTrailing(bytes, 1, remarks);
  ASSERT_EQ(sink.remarks.size(), 2U);
  EXPECT_EQ(sink.remarks[0].kind, RemarkKind::kOddity);
  EXPECT_EQ(sink.remarks[0].range, (base::ByteRange{4, 1}));
  EXPECT_EQ(sink.remarks[1].kind, RemarkKind::kTrailingData);
  EXPECT_EQ(sink.remarks[1].range, (base::ByteRange{3, 2}));
}

}  // namespace
}  // namespace countersign::formats
