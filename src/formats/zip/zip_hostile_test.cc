// Archives that are cut, changed, or made so that readers see different things.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "formats/sample/member_recorder.h"
#include "formats/zip.h"
#include "formats/zip/sample/zip_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using base::Result;
using std::string_literals::operator""s;

struct Unpacked {
  MemberRecorder recorder;
  Result<void> result;

  [[nodiscard]] size_t CountOf(RemarkKind kind) const {
    return recorder.CountOf(kind);
  }
  [[nodiscard]] bool IsSilent() const {
    return result && recorder.remarks.empty() &&
           std::ranges::none_of(recorder.members, [](const auto& recorded) {
             return recorded.damage.has_value();
           });
  }
};

Unpacked Unpack(const std::string& archive, const base::Limits& limits = {}) {
  Unpacked unpacked;
  unpacked.result =
      unpacked.recorder.Run(UnpackZip, base::AsBytes(archive), limits);
  return unpacked;
}

// The archive is read to its end, `kind` is remarked once, and nothing else.
Unpacked ExpectOnly(RemarkKind kind, const SampleZip& zip,
                    const std::string& words) {
  Unpacked unpacked = Unpack(zip.Write());
  EXPECT_TRUE(unpacked.result.has_value()) << words;
  EXPECT_EQ(unpacked.CountOf(kind), 1U) << words;
  EXPECT_EQ(unpacked.recorder.remarks.size(), 1U) << words;
  for (const Remark& remark : unpacked.recorder.remarks) {
    EXPECT_NE(remark.what.find(words), std::string::npos) << remark.what;
  }
  return unpacked;
}

const std::string kText =
    "to be, or not to be, that is the question: to be is to do";

SampleZip Mixed() {
  return ZipOf({StoredEntry("stored", "some content"),
                DeflatedEntry("deflated", kText),
                Streamed(DeflatedEntry("streamed", kText)),
                Streamed(StoredEntry("stored, streamed", "more content")),
                StoredEntry("dir/", "")});
}

std::map<std::string, std::string> ContentsOf(const MemberRecorder& recorder) {
  std::map<std::string, std::string> contents;
  for (const auto& recorded : recorder.members) {
    if (!recorded.damage) {
      contents[recorded.member.name] =
          std::string(recorded.content.begin(), recorded.content.end());
    }
  }
  return contents;
}

TEST(ZipDamage, CutAnywhereItIsNeverComplete) {
  SampleZip zip = Mixed();
  zip.comment = "comment";
  for (const bool is_zip64 : {false, true}) {
    zip.is_zip64 = is_zip64;
    const std::string archive = zip.Write();
    const auto whole = ContentsOf(Unpack(archive).recorder);
    ASSERT_EQ(whole.size(), 5U);
    const size_t directory = archive.find("PK\x01\x02");
    for (size_t size = 0; size < archive.size(); ++size) {
      const Unpacked cut = Unpack(archive.substr(0, size));
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
    const auto whole = ContentsOf(Unpack(archive).recorder);
    for (size_t at = 0; at < archive.size(); ++at) {
      for (const int change : {0x01, 0x08, 0x80, 0xFF}) {
        archive[at] = static_cast<char>(archive[at] ^ change);
        const Unpacked changed = Unpack(archive);
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
  const Unpacked unpacked = Unpack(zip.Write());
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
      const Unpacked unpacked = Unpack(ZipOf({entry}).Write());
      ASSERT_TRUE(unpacked.result.has_value());
      EXPECT_EQ(unpacked.recorder.ContentOf("a"), kText) << size;
      EXPECT_STREQ(unpacked.recorder.members.at(0).damage->field,
                   "uncompressed size");
    }
  }
  SampleZipEntry entry = DeflatedEntry("a", kText);
  entry.Set([](SampleHeader& header) { header.compressed_size = 1U << 30; });
  const Unpacked unpacked = Unpack(ZipOf({entry}).Write());
  EXPECT_EQ(unpacked.recorder.ContentOf("a"), kText);
  EXPECT_EQ(unpacked.recorder.members.at(0).damage->fault, Fault::kTruncated);
}

TEST(ZipDamage, ADirectoryThatBreaksOffIsAnError) {
  SampleZip zip = Mixed();
  std::string archive = zip.Write();
  const size_t second =
      archive.find("PK\x01\x02", archive.find("PK\x01\x02") + 1);
  archive[second + 3] = 'x';
  const Unpacked unpacked = Unpack(archive);
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
  const Unpacked split = Unpack(zip.Write());
  ASSERT_FALSE(split.result.has_value());
  EXPECT_EQ(split.result.error().fault, Fault::kUnsupported);
  EXPECT_STREQ(split.result.error().field, "number of this disk");

  SampleZipEntry entry = StoredEntry("a", kText);
  entry.Set([](SampleHeader& header) { header.method = 98; });
  const Unpacked method =
      ExpectOnly(RemarkKind::kUnsupported, ZipOf({entry}), "method 98");
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
  const Unpacked disk = Unpack(ZipOf({entry}).Write());
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
    const Unpacked unpacked = Unpack(zip.Write());
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
  const Unpacked unpacked = Unpack(zip.Write());
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
  const Unpacked size = Unpack(zip.Write());
  EXPECT_GE(size.CountOf(RemarkKind::kDisagreement), 1U);
  EXPECT_EQ(size.recorder.members.size(), 5U);
}

TEST(ZipDisagreement, Zip64AndItsTwin) {
  SampleZip zip = Mixed();
  zip.is_zip64 = true;
  std::string archive = zip.Write();
  const size_t end = archive.rfind("PK\x05\x06");
  archive.replace(end + 10, 2, "\4\0"s);
  const Unpacked entries = Unpack(archive);
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
  const Unpacked two = Unpack(zip.Write());
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
                   "the local header says 'evil.exe'");
}

TEST(ZipOddity, NamesAndDirectories) {
  (void)ExpectOnly(RemarkKind::kOddity,
                   ZipOf({StoredEntry("a.txt\0.exe"s, kText)}), "zero byte");
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({StoredEntry("", kText)}),
                   "is empty");
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({StoredEntry("dir/", kText)}),
                   "directory 'dir/' has");
  SampleZipEntry entry = StoredEntry("a\xFF", kText);
  entry.Set([](SampleHeader& header) { header.flags = 1 << 11; });
  const Unpacked unpacked =
      ExpectOnly(RemarkKind::kOddity, ZipOf({entry}), "flagged as UTF-8");
  EXPECT_EQ(unpacked.recorder.ContentOf("a\xFF"), kText);
  entry = StoredEntry("a", kText);
  entry.central.extra = "\x99\x99\x10\0a"s;
  (void)ExpectOnly(RemarkKind::kOddity, ZipOf({entry}), "cut off");
}

TEST(ZipLayout, EntriesThatShareBytes) {
  SampleZip zip = ZipOf({StoredEntry("a", kText), StoredEntry("b", kText)});
  zip.entries[1].offset = 0;
  zip.entries[1].central.name = "c";
  const Unpacked same = Unpack(zip.Write());
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
  const Unpacked quoted = Unpack(archive);
  EXPECT_GE(quoted.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_EQ(quoted.recorder.ContentOf("inner"), kText);
  EXPECT_EQ(quoted.recorder.ContentOf("outer"), inner);

  // Into the central directory.
  zip = ZipOf({StoredEntry("a", kText)});
  zip.entries[0].Set([](SampleHeader& header) {
    header.compressed_size += 10;
    header.size += 10;
  });
  const Unpacked directory = Unpack(zip.Write());
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

TEST(ZipLayout, MembersThatTheDirectoryDoesNotName) {
  for (const SampleZipEntry& entry :
       {StoredEntry("hidden", kText), DeflatedEntry("hidden", kText),
        Streamed(DeflatedEntry("hidden", kText)),
        Streamed(StoredEntry("hidden", kText))}) {
    for (const size_t place : {0, 2, 5}) {
      SampleZip zip = Mixed();
      zip.entries.insert(zip.entries.begin() + static_cast<ptrdiff_t>(place),
                         entry);
      zip.entries[place].is_unlisted = true;
      const Unpacked unpacked =
          ExpectOnly(RemarkKind::kHiddenMember, zip, "'hidden'");
      EXPECT_EQ(unpacked.recorder.ContentOf("hidden"), kText);
      EXPECT_FALSE(unpacked.recorder.Find("hidden")->damage);
      EXPECT_EQ(unpacked.recorder.members.size(), 6U);
    }
  }
  // Among bytes that belong to nothing.
  SampleZip zip = Mixed();
  zip.entries[1].is_unlisted = true;
  zip.entries[1].before = "PK\x03\x04 is no header";
  const Unpacked unpacked = Unpack(zip.Write());
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenMember), 1U);
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kHiddenData), 1U);
  EXPECT_EQ(unpacked.recorder.ContentOf("deflated"), kText);
}

TEST(ZipLayout, NamesThatOccurTwice) {
  const Unpacked unpacked =
      ExpectOnly(RemarkKind::kDuplicateName,
                 ZipOf({StoredEntry("a", "1"), StoredEntry("b", "2"),
                        StoredEntry("a", "3"), StoredEntry("A", "4")}),
                 "another entry 'a'");
  EXPECT_EQ(unpacked.recorder.members.size(), 4U);
}

// Cut off behind an archive that it holds, an archive is not that archive.
TEST(ZipRecovery, AnArchiveInsideACutOneIsNotTakenForIt) {
  const std::string inner = Mixed().Write();
  SampleZip zip =
      ZipOf({StoredEntry("inner.zip", inner), StoredEntry("next", kText)});
  const std::string archive = zip.Write();
  const Unpacked whole = Unpack(archive);
  EXPECT_TRUE(whole.IsSilent());
  const Unpacked cut = Unpack(archive.substr(0, archive.size() - 30));
  ASSERT_FALSE(cut.result.has_value());
  EXPECT_EQ(cut.result.error().fault, Fault::kTruncated);
  EXPECT_EQ(cut.recorder.members.size(), 2U);
  EXPECT_EQ(cut.recorder.ContentOf("inner.zip"), inner);
}

TEST(ZipRecovery, AnEmptyArchiveBehindAnotherDoesNotHideIt) {
  SampleZip zip = Mixed();
  zip.trailing = SampleZip{}.Write();
  const Unpacked unpacked = Unpack(zip.Write());
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
  const Unpacked unpacked = Unpack(zip.Write());
  EXPECT_EQ(unpacked.CountOf(RemarkKind::kDuplicateName), 33U);
  EXPECT_EQ(unpacked.recorder.remarks.back().what, "and 7 more of this kind");
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
  const Unpacked unpacked = Unpack(zip.Write(), limits);
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
  const Unpacked unpacked = Unpack(zip.Write(), limits);
  ASSERT_FALSE(unpacked.result.has_value());
  EXPECT_EQ(unpacked.result.error().fault, Fault::kLimit);
}

}  // namespace
}  // namespace countersign::formats
