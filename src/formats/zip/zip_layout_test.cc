// Archives with bytes that belong to two things or to none, or without an end;
// and what bounds the work on them.
#include <gtest/gtest.h>

#include "formats/zip/sample/unpacked_zip.h"

namespace countersign::formats {
namespace {

using base::Fault;
using std::string_literals::operator""s;

TEST(ZipLayout, EntriesThatShareBytes) {
  SampleZip zip = ZipOf({StoredEntry("a", kText), StoredEntry("b", kText)});
  zip.entries[1].offset = 0;
  zip.entries[1].central.name = "c";
  const Unpacked same = UnpackSample(zip.Write());
  EXPECT_EQ(same.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_EQ(same.recorder.ContentOf("a"), kText);
  EXPECT_EQ(same.recorder.ContentOf("c"), kText);

  // Quoting: the data of one holds the next, header and all.
  SampleZipEntry outer = StoredEntry("outer", "");
  const std::string inner = "PK\x03\x04" +
                            StoredEntry("inner", kText).local.Middle() +
                            "inner" + kText;
  outer = StoredEntry("outer", inner);
  SampleZipEntry second = StoredEntry("inner", kText);
  second.offset = 30 + 5;
  zip = ZipOf({outer, second});
  std::string archive = zip.Write();
  const Unpacked quoted = UnpackSample(archive);
  EXPECT_GE(quoted.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_EQ(quoted.recorder.ContentOf("inner"), kText);
  EXPECT_EQ(quoted.recorder.ContentOf("outer"), inner);

  // Into the central directory.
  zip = ZipOf({StoredEntry("a", kText)});
  zip.entries[0].Set([](SampleHeader& header) {
    header.compressed_size += 10;
    header.size += 10;
  });
  const Unpacked directory = UnpackSample(zip.Write());
  EXPECT_EQ(directory.CountOf(RemarkKind::kOverlap), 1U);
}

TEST(ZipLayout, BytesThatBelongToNothing) {
  SampleZip zip = Mixed();
  zip.prefix = "a program that unpacks what follows";
  (void)ExpectOnly(RemarkKind::kLeadingData, zip, "35 bytes before");
  zip.is_zip64 = true;
  (void)ExpectOnly(RemarkKind::kLeadingData, zip, "35 bytes before");
  zip = Mixed();
  zip.entries[0].before = "its offsets were adjusted";
  (void)ExpectOnly(RemarkKind::kLeadingData, zip, "25 bytes before");
  zip = Mixed();
  zip.trailing = "more";
  (void)ExpectOnly(RemarkKind::kTrailingData, zip, "4 bytes behind");
  zip.trailing = std::string(70'000, '\0');
  (void)ExpectOnly(RemarkKind::kTrailingData, zip, "70000 bytes of zeros");
  zip = Mixed();
  zip.entries[2].before = "hidden";
  const Unpacked between =
      ExpectOnly(RemarkKind::kHiddenData, zip, "6 bytes that no structure");
  EXPECT_EQ(between.recorder.remarks[0].range.size, 6U);
  zip = Mixed();
  zip.before_directory = "hidden";
  (void)ExpectOnly(RemarkKind::kHiddenData, zip, "6 bytes that no structure");
  zip = Mixed();
  zip.entries[1].data += "hidden";
  zip.entries[1].Set([](SampleHeader& header) { header.compressed_size += 6; });
  (void)ExpectOnly(RemarkKind::kHiddenData, zip, "6 bytes between the end");
}

// No unpacker makes a file of it.
TEST(ZipLayout, ContentInExtraFieldsAndComments) {
  const auto field = [](uint16_t id, const std::string& content) {
    return LittleEndian(id, 2) + LittleEndian(content.size(), 2) + content;
  };
  const std::string content = std::string("MZ\0", 3) + std::string(600, 'x');
  SampleZip zip = Mixed();
  zip.entries[1].local.extra = field(0x5455, "time") + field(0x7777, content);
  const Unpacked local = ExpectOnly(RemarkKind::kHiddenData, zip,
                                    "603 bytes in an extra field of the local");
  EXPECT_EQ(local.recorder.remarks[0].range.offset, zip.Write().find("MZ"));
  zip = Mixed();
  zip.entries[1].central.extra = field(0x7777, content);
  const Unpacked central =
      ExpectOnly(RemarkKind::kHiddenData, zip,
                 "603 bytes in an extra field of the central");
  EXPECT_EQ(central.recorder.remarks[0].range.offset, zip.Write().find("MZ"));
  zip = Mixed();
  zip.entries[1].comment = content;
  const Unpacked comment =
      ExpectOnly(RemarkKind::kHiddenData, zip, "603 bytes in a comment");
  EXPECT_EQ(comment.recorder.remarks[0].range.offset, zip.Write().find("MZ"));
  zip = Mixed();
  zip.comment = content;
  const Unpacked whole =
      ExpectOnly(RemarkKind::kHiddenData, zip, "603 bytes in the comment");
  EXPECT_EQ(whole.recorder.remarks[0].range.offset, zip.Write().find("MZ"));
  // Text, alignment and a path may be long.
  zip = Mixed();
  zip.comment = std::string(2000, 'c');
  zip.entries[0].comment = std::string(2000, 'c');
  zip.entries[1].local.extra = field(0xD935, std::string(2000, '\0'));
  zip.entries[2].central.extra = field(0x6375, std::string(2000, 'c'));
  EXPECT_TRUE(UnpackSample(zip.Write()).recorder.remarks.empty());
}

TEST(ZipLayout, MembersThatTheDirectoryDoesNotName) {
  for (const SampleZipEntry& entry :
       {StoredEntry("hidden", kText), DeflatedEntry("hidden", kText),
        Streamed(DeflatedEntry("hidden", kText)),
        Streamed(StoredEntry("hidden", kText))}) {
    for (const size_t place : {0U, 2U, 5U}) {
      SampleZip zip = Mixed();
      zip.entries.insert(zip.entries.begin() + static_cast<ptrdiff_t>(place),
                         entry);
      zip.entries[place].is_unlisted = true;
      const Unpacked unpacked =
          ExpectOnly(RemarkKind::kHiddenMember, zip, "\"hidden\"");
      EXPECT_EQ(unpacked.recorder.ContentOf("hidden"), kText);
      EXPECT_FALSE(unpacked.recorder.Find("hidden")->damage);
      EXPECT_EQ(unpacked.recorder.members.size(), 6U);
    }
  }
  // Among bytes that belong to nothing.
  SampleZip zip = Mixed();
  zip.entries[1].is_unlisted = true;
  zip.entries[1].before = "PK\x03\x04 is no header";
  const Unpacked unpacked = UnpackSample(zip.Write());
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 1U);
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(unpacked.recorder.ContentOf("deflated"), kText);
}

TEST(ZipLayout, NamesThatOccurTwice) {
  const Unpacked unpacked =
      ExpectOnly(RemarkKind::kDuplicateName,
                 ZipOf({StoredEntry("a", "1"), StoredEntry("b", "2"),
                        StoredEntry("a", "3"), StoredEntry("A", "4")}),
                 "another entry \"a\"");
  EXPECT_EQ(unpacked.recorder.members.size(), 4U);
}

// Cut off behind an archive that it holds, an archive is not that archive.
TEST(ZipRecovery, AnArchiveInsideACutOneIsNotTakenForIt) {
  const std::string inner = Mixed().Write();
  SampleZip zip =
      ZipOf({StoredEntry("inner.zip", inner), StoredEntry("next", kText)});
  const std::string archive = zip.Write();
  const Unpacked whole = UnpackSample(archive);
  EXPECT_TRUE(whole.IsSilent());
  const Unpacked cut = UnpackSample(archive.substr(0, archive.size() - 30));
  ASSERT_FALSE(cut.result.has_value());
  EXPECT_EQ(cut.result.error().fault, Fault::kTruncated);
  EXPECT_EQ(cut.recorder.members.size(), 2U);
  EXPECT_EQ(cut.recorder.ContentOf("inner.zip"), inner);
}

TEST(ZipRecovery, AnEmptyArchiveBehindAnotherDoesNotHideIt) {
  SampleZip zip = Mixed();
  zip.trailing = SampleZip{}.Write();
  const Unpacked unpacked = UnpackSample(zip.Write());
  EXPECT_TRUE(unpacked.result.has_value());
  EXPECT_EQ(unpacked.recorder.members.size(), 5U);
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 0U);
  EXPECT_GE(unpacked.CountOf(RemarkKind::kDisagreement), 1U);
}

TEST(ZipLimits, RemarksOfAKindAreBounded) {
  SampleZip zip;
  for (int i = 0; i < 40; ++i) {
    zip.entries.push_back(StoredEntry("same", "x"));
  }
  const Unpacked unpacked = UnpackSample(zip.Write());
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kDuplicateName), 33U);
  EXPECT_EQ(unpacked.recorder.remarks.back().what,
            "and 7 more of this kind, the first of them here");
  EXPECT_EQ(unpacked.recorder.members.size(), 40U);
}

// Deflate can say nothing at length; entries that share such data would cost
// their number times its size.
TEST(ZipLimits, WorkWithoutOutputIsPaidFor) {
  std::string nothing;
  for (int i = 0; i < 40'000; ++i) {
    nothing += "\0\0\0\xFF\xFF"s;
  }
  nothing += "\x01\0\0\xFF\xFF"s;
  SampleZip zip = ZipOf({PackedEntry("0", "", 8, nothing)});
  for (int i = 1; i < 200; ++i) {
    SampleZipEntry entry = PackedEntry(std::to_string(i), "", 8, "");
    entry.central.compressed_size = nothing.size();
    entry.offset = 0;
    zip.entries.push_back(entry);
  }
  base::Limits limits;
  limits.steps = 20'000;
  const Unpacked unpacked = UnpackSample(zip.Write(), limits);
  ASSERT_FALSE(unpacked.result.has_value());
  EXPECT_EQ(unpacked.result.error().fault, Fault::kLimit);
  EXPECT_LT(unpacked.recorder.members.size(), 110U);
}

TEST(ZipLimits, HeadersArePaidFor) {
  SampleZip zip;
  for (int i = 0; i < 100; ++i) {
    zip.entries.push_back(StoredEntry(std::to_string(i), "x"));
  }
  base::Limits limits;
  limits.steps = 150;
  const Unpacked unpacked = UnpackSample(zip.Write(), limits);
  ASSERT_FALSE(unpacked.result.has_value());
  EXPECT_EQ(unpacked.result.error().fault, Fault::kLimit);
}

}  // namespace
}  // namespace countersign::formats
