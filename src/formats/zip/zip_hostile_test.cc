// Archives that are damaged, or tell different readers different things.
#include <gtest/gtest.h>

#include "formats/zip/sample/unpacked_zip.h"

namespace countersign::formats {
namespace {

using base::Fault;
using std::string_literals::operator""s;

TEST(ZipDamage, CutAnywhereItIsNeverComplete) {
  SampleZip zip = Mixed();
  zip.comment = "comment";
  for (const bool is_zip64 : {false, true}) {
    zip.is_zip64 = is_zip64;
    const std::string archive = zip.Write();
    const auto whole = ContentsOf(UnpackSample(archive).recorder);
    ASSERT_EQ(whole.size(), 5U);
    const size_t directory = archive.find("PK\x01\x02");
    for (size_t size = 0; size < archive.size(); ++size) {
      const Unpacked cut = UnpackSample(archive.substr(0, size));
      ASSERT_FALSE(cut.result.has_value()) << size;
      EXPECT_EQ(cut.result.error().fault, Fault::kTruncated) << size;
      const auto contents = ContentsOf(cut.recorder);
      for (const auto& [name, content] : contents) {
        EXPECT_TRUE(whole.contains(name) && whole.at(name) == content)
            << size << " " << name;
      }
      // Without a directory, local headers show what was in it.
      if (size >= directory) {
        EXPECT_EQ(contents, whole) << size;
      }
      // But for zeros, which a search for headers passes over.
      EXPECT_EQ(cut.CountOf(RemarkKind::kHiddenMember), 0U) << size;
    }
  }
}

TEST(ZipDamage, NoChangedByteGivesOtherMembersInSilence) {
  SampleZip zip = Mixed();
  for (const bool is_zip64 : {false, true}) {
    zip.is_zip64 = is_zip64;
    std::string archive = zip.Write();
    const auto whole = ContentsOf(UnpackSample(archive).recorder);
    for (size_t at = 0; at < archive.size(); ++at) {
      for (const int change : {0x01, 0x08, 0x80, 0xFF}) {
        archive[at] = static_cast<char>(archive[at] ^ change);
        const Unpacked changed = UnpackSample(archive);
        if (changed.IsSilent()) {
          EXPECT_EQ(ContentsOf(changed.recorder), whole) << at;
        }
        archive[at] = static_cast<char>(archive[at] ^ change);
      }
    }
  }
}

TEST(ZipDamage, AMemberThatIsWrongDoesNotEndTheOthers) {
  SampleZip zip = Mixed();
  zip.entries[0].offset = 5;
  zip.entries[1].data[3] ^= 0x55;
  const Unpacked unpacked = UnpackSample(zip.Write());
  ASSERT_TRUE(unpacked.result.has_value());
  ASSERT_GE(unpacked.recorder.members.size(), 5U);
  EXPECT_STREQ(unpacked.recorder.members[0].damage->field,
               "local file header signature");
  EXPECT_EQ(unpacked.recorder.members[0].damage->offset, 5U);
  EXPECT_TRUE(unpacked.recorder.members[1].damage);
  EXPECT_EQ(unpacked.recorder.ContentOf("streamed"), kText);
  // Nothing is lost: the local header that nobody names is found.
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 1U);
}

TEST(ZipDamage, ContentWithoutItsChecksum) {
  for (SampleZipEntry entry :
       {StoredEntry("a", kText), DeflatedEntry("a", kText)}) {
    entry.Set([](SampleHeader& header) { header.crc32 ^= 1; });
    const Unpacked unpacked =
        ExpectOnly(RemarkKind::kChecksum, ZipOf({entry}), "checksum");
    const auto& recorded = unpacked.recorder.members.at(0);
    ASSERT_TRUE(recorded.damage);
    EXPECT_EQ(recorded.damage->fault, Fault::kMalformed);
    EXPECT_STREQ(recorded.damage->field, "crc-32");
    EXPECT_EQ(unpacked.recorder.ContentOf("a"), kText);
  }
}

// Other readers go by the compressed data, so what it holds is handed over.
TEST(ZipDamage, ASizeThatLiesHidesNoContent) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{3}, uint64_t{1} << 20}) {
    for (SampleZipEntry entry :
         {StoredEntry("a", kText), DeflatedEntry("a", kText)}) {
      entry.Set([&](SampleHeader& header) { header.size = size; });
      const Unpacked unpacked = UnpackSample(ZipOf({entry}).Write());
      ASSERT_TRUE(unpacked.result.has_value());
      EXPECT_EQ(unpacked.recorder.ContentOf("a"), kText) << size;
      EXPECT_STREQ(unpacked.recorder.members.at(0).damage->field,
                   "uncompressed size");
    }
  }
  SampleZipEntry entry = DeflatedEntry("a", kText);
  entry.Set([](SampleHeader& header) { header.compressed_size = 1U << 30; });
  const Unpacked unpacked = UnpackSample(ZipOf({entry}).Write());
  EXPECT_EQ(unpacked.recorder.ContentOf("a"), kText);
  EXPECT_EQ(unpacked.recorder.members.at(0).damage->fault, Fault::kTruncated);
}

TEST(ZipDamage, ADirectoryThatBreaksOffIsAnError) {
  SampleZip zip = Mixed();
  std::string archive = zip.Write();
  const size_t second =
      archive.find("PK\x01\x02", archive.find("PK\x01\x02") + 1);
  archive[second + 3] = 'x';
  const Unpacked unpacked = UnpackSample(archive);
  ASSERT_FALSE(unpacked.result.has_value());
  EXPECT_EQ(unpacked.result.error().fault, Fault::kMalformed);
  EXPECT_EQ(unpacked.result.error().offset, second);
  EXPECT_STREQ(unpacked.result.error().field, "central file header signature");
  // The rest is found by its local headers.
  EXPECT_EQ(unpacked.recorder.members.size(), 5U);
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 4U);
}

TEST(ZipDamage, WhatIsNotReadIsUnsupported) {
  SampleZip zip = Mixed();
  zip.disk = 1;
  const Unpacked split = UnpackSample(zip.Write());
  ASSERT_FALSE(split.result.has_value());
  EXPECT_EQ(split.result.error().fault, Fault::kUnsupported);
  EXPECT_STREQ(split.result.error().field, "number of this disk");

  SampleZipEntry entry = StoredEntry("a", kText);
  entry.Set([](SampleHeader& header) { header.method = 97; });
  const Unpacked method =
      ExpectOnly(RemarkKind::kUnsupported, ZipOf({entry}), "method 97");
  EXPECT_EQ(method.recorder.members.at(0).damage->fault, Fault::kUnsupported);

  for (const int flags : {0x01, 0x41, 0x2000}) {
    entry = StoredEntry("a", kText);
    entry.Set([&](SampleHeader& header) {
      header.flags = static_cast<uint16_t>(flags);
    });
    const Unpacked encrypted =
        ExpectOnly(RemarkKind::kEncrypted, ZipOf({entry}), "encrypted");
    EXPECT_EQ(encrypted.recorder.members.at(0).damage->fault,
              Fault::kUnsupported);
  }
  entry = StoredEntry("a", kText);
  entry.Set([](SampleHeader& header) {
    header.method = 99;
    header.flags = 1;
  });
  (void)ExpectOnly(RemarkKind::kEncrypted, ZipOf({entry}), "encrypted");

  entry = StoredEntry("a", kText);
  entry.disk = 2;
  const Unpacked disk = UnpackSample(ZipOf({entry}).Write());
  EXPECT_STREQ(disk.recorder.members.at(0).damage->field, "disk number start");
}

TEST(ZipDisagreement, EveryFieldOfTheLocalHeader) {
  using Change = void (*)(SampleHeader&);
  const std::vector<std::pair<const char*, Change>> changes = {
      {"name", [](SampleHeader& header) { header.name = "b.txt"; }},
      {"compression method", [](SampleHeader& header) { header.method = 7; }},
      {"general purpose bit flag",
       [](SampleHeader& header) { header.flags = 1; }},
      {"crc-32", [](SampleHeader& header) { ++header.crc32; }},
      {"compressed size",
       [](SampleHeader& header) { ++header.compressed_size; }},
      {"uncompressed size", [](SampleHeader& header) { ++header.size; }}};
  for (const auto& [field, change] : changes) {
    SampleZip zip = ZipOf({StoredEntry("a.txt", kText), StoredEntry("z", "")});
    change(zip.entries[0].local);
    const Unpacked unpacked = UnpackSample(zip.Write());
    ASSERT_TRUE(unpacked.result.has_value());
    EXPECT_EQ(unpacked.CountOf(RemarkKind::kDisagreement), 1U) << field;
    EXPECT_TRUE(unpacked.recorder.remarks.at(0).what.starts_with(field))
        << unpacked.recorder.remarks.at(0).what;
    // The central directory is what is handed over.
    EXPECT_EQ(unpacked.recorder.ContentOf("a.txt"), kText) << field;
  }
}

// A streaming reader inflates what all others take as it is.
TEST(ZipDisagreement, ContentThatOnlyStreamingReadersSeeIsHandedOverToo) {
  SampleZip zip = ZipOf({DeflatedEntry("a.txt", kText)});
  SampleHeader& central = zip.entries[0].central;
  central.method = 0;
  central.size = central.compressed_size;
  central.crc32 = SampleCrc(zip.entries[0].data);
  const Unpacked unpacked = UnpackSample(zip.Write());
  ASSERT_EQ(unpacked.recorder.members.size(), 2U);
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 1U);
  EXPECT_EQ(unpacked.recorder.ContentOf("a.txt"), zip.entries[0].data);
  const auto& streamed = unpacked.recorder.members[1];
  EXPECT_FALSE(streamed.damage);
  EXPECT_EQ(std::string(streamed.content.begin(), streamed.content.end()),
            kText);
}

// Android takes such entries as they are.
TEST(ZipDisagreement, AnEntryThatIsSaidToBeEncryptedByOneSideIsRead) {
  SampleZip zip = ZipOf({DeflatedEntry("a.txt", kText)});
  zip.entries[0].central.flags = 1;
  const Unpacked unpacked =
      ExpectOnly(RemarkKind::kDisagreement, zip, "general purpose bit flag");
  EXPECT_EQ(unpacked.recorder.ContentOf("a.txt"), kText);
}

TEST(ZipDisagreement, DataDescriptors) {
  SampleZip zip = ZipOf({Streamed(DeflatedEntry("a", kText))});
  zip.entries[0].descriptor[5] ^= 1;
  (void)ExpectOnly(RemarkKind::kDisagreement, zip, "the data descriptor says");
  zip.entries[0].descriptor = "";
  (void)ExpectOnly(RemarkKind::kDisagreement, zip, "has no data descriptor");
}

TEST(ZipDisagreement, EndRecords) {
  SampleZip zip = Mixed();
  zip.count_error = 1;
  (void)ExpectOnly(RemarkKind::kDisagreement, zip, "says 6 entries");
  zip.count_error = -1;
  (void)ExpectOnly(RemarkKind::kDisagreement, zip, "says 4 entries");
  zip.count_error = 0;
  zip.size_error = -3;
  const Unpacked size = UnpackSample(zip.Write());
  EXPECT_GE(size.CountOf(RemarkKind::kDisagreement), 1U);
  EXPECT_EQ(size.recorder.members.size(), 5U);
}

TEST(ZipDisagreement, Zip64AndItsTwin) {
  SampleZip zip = Mixed();
  zip.is_zip64 = true;
  std::string archive = zip.Write();
  const size_t end = archive.rfind("PK\x05\x06");
  archive.replace(end + 10, 2, "\4\0"s);
  const Unpacked entries = UnpackSample(archive);
  EXPECT_TRUE(entries.result.has_value());
  EXPECT_NE(entries.recorder.remarks.at(0).what.find("total entries"),
            std::string::npos);
  EXPECT_NE(entries.recorder.remarks.at(1).what.find("on this disk"),
            std::string::npos);
  EXPECT_EQ(entries.recorder.members.size(), 5U);
  EXPECT_EQ(entries.CountOf(RemarkKind::kDisagreement), 3U);
}

TEST(ZipDisagreement, SeveralEndRecords) {
  // In the comment, where the last of several marks wins for some.
  SampleZip zip = Mixed();
  zip.comment = "PK\x05\x06" + std::string(18, '\0');
  const Unpacked comment =
      ExpectOnly(RemarkKind::kDisagreement, zip, "another end of central");
  EXPECT_EQ(comment.recorder.members.size(), 5U);

  // Two archives: the last is read, and the members of the first are found.
  zip = ZipOf({StoredEntry("second", "2")});
  zip.prefix = ZipOf({StoredEntry("first", "1")}).Write();
  const Unpacked two = UnpackSample(zip.Write());
  ASSERT_TRUE(two.result.has_value());
  EXPECT_EQ(two.recorder.ContentOf("first"), "1");
  EXPECT_EQ(two.recorder.ContentOf("second"), "2");
  EXPECT_EQ(two.CountOf(RemarkKind::kHiddenMember), 1U);
  EXPECT_GE(two.CountOf(RemarkKind::kDisagreement), 1U);
}

TEST(ZipDisagreement, NamesInAnotherEncoding) {
  const auto with_path = [](const std::string& path, uint32_t crc) {
    SampleZipEntry entry = StoredEntry("a.txt", kText);
    entry.Set([&](SampleHeader& header) {
      header.extra = LittleEndian(0x7075, 2) +
                     LittleEndian(5 + path.size(), 2) + "\x01" +
                     LittleEndian(crc, 4) + path;
    });
    return entry;
  };
  const Unpacked other = ExpectOnly(
      RemarkKind::kDisagreement,
      ZipOf({with_path("evil.exe", SampleCrc("a.txt"))}), "Unicode path");
  EXPECT_EQ(other.recorder.ContentOf("evil.exe"), kText);
  const Unpacked stale = ExpectOnly(
      RemarkKind::kOddity, ZipOf({with_path("b.txt", 1)}), "does not belong");
  EXPECT_EQ(stale.recorder.ContentOf("a.txt"), kText);
  // In the local header alone.
  SampleZipEntry entry = with_path("evil.exe", SampleCrc("a.txt"));
  entry.central.extra = "";
  (void)ExpectOnly(RemarkKind::kDisagreement, ZipOf({entry}),
                   "the local header says \"evil.exe\"");
}

TEST(ZipOddity, NamesAndDirectories) {
  (void)ExpectOnly(RemarkKind::kOddity,
                   ZipOf({StoredEntry("a.txt\0.exe"s, kText)}), "zero byte");
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({StoredEntry("", kText)}),
                   "is empty");
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({StoredEntry("dir/", kText)}),
                   "directory \"dir/\" has");
  SampleZipEntry entry = StoredEntry("a\xFF", kText);
  entry.Set([](SampleHeader& header) { header.flags = 1 << 11; });
  const Unpacked unpacked =
      ExpectOnly(RemarkKind::kOddity, ZipOf({entry}), "flagged as UTF-8");
  EXPECT_EQ(unpacked.recorder.ContentOf("a\xFF"), kText);
  entry = StoredEntry("a", kText);
  entry.central.extra = "\x99\x99\x10\0a"s;
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({entry}), "cut off");
}

}  // namespace
}  // namespace countersign::formats
