#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive.h"
#include "formats/codec/rar.h"
#include "formats/codec/rar_filters.h"
#include "formats/rar/headers.h"
#include "formats/rar/sample/rar_writer.h"
#include "formats/sample/member_recorder.h"
#include "formats/sniff.h"

namespace countersign::formats {
namespace {

struct OpenedRar {
  explicit OpenedRar(const std::string& file, const base::Limits& limits = {})
      : result(recorder.Run(UnpackRar, base::AsBytes(file), limits)) {}
  MemberRecorder recorder;
  base::Result<void> result;
};

class Rar : public testing::TestWithParam<bool> {
 protected:
  Rar() { rar.is_five = GetParam(); }

  // The one remark, and what it says.
  void ExpectOnly(RemarkKind kind, std::string_view words) {
    const OpenedRar opened(rar.Write());
    ASSERT_EQ(opened.recorder.remarks.size(), 1U) << words;
    EXPECT_EQ(opened.recorder.remarks[0].kind, kind);
    EXPECT_NE(opened.recorder.remarks[0].what.find(words), std::string::npos)
        << opened.recorder.remarks[0].what;
  }
  // The first member is damaged in that way, the others are not.
  void ExpectFirstDamaged(base::Fault fault, std::string_view field) {
    const OpenedRar opened(rar.Write());
    ASSERT_TRUE(opened.result) << opened.result.error().field;
    ASSERT_TRUE(opened.recorder.members.at(0).damage) << field;
    EXPECT_EQ(opened.recorder.members[0].damage->fault, fault);
    EXPECT_EQ(opened.recorder.members[0].damage->field, field);
    EXPECT_EQ(opened.recorder.ContentOf("lz.exe"), rar.files[1].content);
  }

  SampleRar rar;
};

INSTANTIATE_TEST_SUITE_P(Both, Rar, testing::Bool());

TEST_P(Rar, HandsOverWhatIsStoredAndWhatIsCompressed) {
  const std::string file = rar.Write();
  EXPECT_EQ(Sniff(base::AsBytes(file)).format, model::Format::kRar);
  const OpenedRar opened(file);
  ASSERT_TRUE(opened.result) << opened.result.error().field;
  EXPECT_TRUE(opened.recorder.remarks.empty());
  EXPECT_EQ(opened.recorder.format, model::Format::kRar);
  ASSERT_EQ(opened.recorder.members.size(), 3U);
  EXPECT_TRUE(opened.recorder.members[0].placed);
  EXPECT_EQ(opened.recorder.ContentOf("stored.txt"), "as it is");
  EXPECT_FALSE(opened.recorder.members[1].damage);
  EXPECT_EQ(opened.recorder.ContentOf("lz.exe"), rar.files[1].content);
  EXPECT_EQ(opened.recorder.members[2].member.kind, MemberKind::kDirectory);
}

TEST_P(Rar, SolidMembersGoOnWhereTheOneBeforeEnded) {
  rar.files = {{.name = "a",
                .content = "what both of them hold, once",
                .is_compressed = true},
               {.name = "b",
                .content = "what both of them hold, once more",
                .is_compressed = true,
                .is_solid = true},
               {.name = "c",
                .content = "more of what both of them hold",
                .is_compressed = true,
                .is_solid = true}};
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.result);
  for (const SampleRarFile& file : rar.files) {
    EXPECT_EQ(opened.recorder.ContentOf(file.name), file.content);
    EXPECT_FALSE(opened.recorder.Find(file.name)->damage);
  }
}

TEST_P(Rar, SolidMembersBehindDamageAreNotRead) {
  rar.files = {{.name = "a",
                .content = "what both of them hold, once",
                .is_compressed = true,
                .packed = "no stream"},
               {.name = "b",
                .content = "what both of them hold, once more",
                .is_compressed = true,
                .is_solid = true},
               {.name = "c",
                .content = "by itself, by itself, by itself",
                .is_compressed = true}};
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_TRUE(opened.recorder.members[0].damage);
  ASSERT_TRUE(opened.recorder.members[1].damage);
  EXPECT_EQ(opened.recorder.members[1].damage->fault,
            base::Fault::kUnsupported);
  EXPECT_EQ(opened.recorder.ContentOf("c"), rar.files[2].content);
}

TEST_P(Rar, LongContentGoesRoundTheDictionary) {
  std::string content;
  for (int i = 0; content.size() < 120'000; ++i) {
    content += std::to_string(i % 977) + "some words that repeat ";
  }
  rar.files = {{.name = "long", .content = content, .is_compressed = true}};
  if (rar.is_five) {
    // A block has 64 KiB at most here.
    rar.files[0].content = content.substr(0, 100'000);
  }
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_FALSE(opened.recorder.members[0].damage);
  EXPECT_EQ(opened.recorder.ContentOf("long"), rar.files[0].content);
}

TEST_P(Rar, WhatIsEncryptedOrElsewhereIsSaid) {
  rar.files[0].is_encrypted = true;
  ExpectOnly(RemarkKind::kEncrypted, "\"stored.txt\" is encrypted");
  ExpectFirstDamaged(base::Fault::kUnsupported, "encrypted");
  rar.files[0].is_encrypted = false;
  rar.files[0].goes_on = true;
  ExpectOnly(RemarkKind::kUnsupported, "has a part in another volume");
  ExpectFirstDamaged(base::Fault::kUnsupported, "goes on in another volume");
  rar.files[0].goes_on = false;
  rar.is_volume = true;
  ExpectOnly(RemarkKind::kUnsupported, "one volume of several");
}

TEST_P(Rar, EncryptedHeadersAreTheEnd) {
  rar.has_encrypted_headers = true;
  ExpectOnly(RemarkKind::kEncrypted, "list of members");
  const OpenedRar opened(rar.Write());
  ASSERT_FALSE(opened.result);
  EXPECT_EQ(opened.result.error().fault, base::Fault::kUnsupported);
  EXPECT_STREQ(opened.result.error().field, "encrypted headers");
}

TEST_P(Rar, ChecksumsAreCompared) {
  rar.files[0].crc = 1;
  ExpectOnly(RemarkKind::kChecksum, "the stored CRC-32 is 00000001");
  rar.files[0].is_compressed = true;
  ExpectFirstDamaged(base::Fault::kMalformed, "data CRC32");
}

TEST_P(Rar, SizesAreCompared) {
  rar.files[0].size = 5;
  ExpectFirstDamaged(base::Fault::kMalformed, "unpacked size");
  rar.files[0].is_compressed = true;
  rar.files[0].size = 9;
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.recorder.members[0].damage);
}

TEST_P(Rar, OtherMethodsAreUnsupported) {
  rar.files[0].method = rar.is_five ? 3 : 0x36;
  rar.files[0].packed = "????????";
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.recorder.members[0].damage);
  if (!rar.is_five) {
    ExpectFirstDamaged(base::Fault::kUnsupported, "method");
  }
}

TEST_P(Rar, WhatNobodyShowsIsSaid) {
  rar.trailing = "behind";
  ExpectOnly(RemarkKind::kTrailingData, "6 bytes follow the end");
  rar.trailing.clear();
  rar.other_block = "hidden";
  ExpectOnly(RemarkKind::kHiddenData, "6 bytes");
  rar.other_block.clear();
  rar.files.push_back(
      {.name = "CMT", .content = "comment", .is_service = true});
  ExpectOnly(RemarkKind::kHiddenMember, "service data \"CMT\"");
  const OpenedRar opened(rar.Write());
  EXPECT_EQ(opened.recorder.ContentOf("[service]/CMT"), "comment");
  rar.files.back().name = "RR";
  EXPECT_TRUE(OpenedRar(rar.Write()).recorder.remarks.empty());
  rar.files.back() = {.name = "stored.txt", .content = "again"};
  ExpectOnly(RemarkKind::kDuplicateName, "came before");
}

TEST_P(Rar, CutAnywhereItIsNeverSilentlyWhole) {
  const std::string file = rar.Write();
  const size_t last = file.size() - (rar.is_five ? 8 : 7);
  for (size_t size = 0; size < file.size(); ++size) {
    const OpenedRar opened(file.substr(0, size));
    // Quirk: archives without an end are allowed in the old form.
    if (opened.result) {
      ASSERT_FALSE(rar.is_five);
      const bool is_between =
          size == last || opened.recorder.members.size() < 3;
      ASSERT_TRUE(is_between) << size;
    }
  }
}

TEST_P(Rar, ChangedAnywhereItKeepsTheRules) {
  const std::string file = rar.Write();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const char change : {'\x01', '\x80', '\xFF'}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const OpenedRar opened(changed);
      const bool is_damaged = std::ranges::any_of(
          opened.recorder.members,
          [](const auto& member) { return member.damage.has_value(); });
      // Every byte is under a checksum, or behind what is read of a stream.
      ASSERT_TRUE(!opened.result || is_damaged ||
                  !opened.recorder.remarks.empty() ||
                  opened.recorder.ContentOf("lz.exe") == rar.files[1].content)
          << i;
    }
  }
}

TEST_P(Rar, StopsWhenTheBudgetIsSpent) {
  const OpenedRar opened(rar.Write(), {.steps = 2});
  ASSERT_FALSE(opened.result);
  EXPECT_EQ(opened.result.error().fault, base::Fault::kLimit);
}

TEST(Rar5, LinksHaveTheirTarget) {
  SampleRar rar;
  rar.files = {
      {.name = "link", .content = "", .link_target = "../target", .size = 9}};
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.members[0].member.kind, MemberKind::kLink);
  EXPECT_EQ(opened.recorder.members[0].member.link_target, "../target");
  EXPECT_FALSE(opened.recorder.members[0].damage);
}

TEST(Rar5, FiltersAreUndone) {
  // A call at 2 to 0x107, made absolute; then differences of two channels.
  std::string program("ab\xE8\x00\x01\x00\x00", 7);
  program += std::string(20, 'x');
  std::string plain = program;
  std::string made = program;
  made[3] = '\x03';  // + 3, its own place
  for (const uint32_t type : {1U, 2U}) {
    SampleRar rar;
    const SampleRarFilter filter{type, static_cast<uint32_t>(made.size()), 1};
    rar.files = {{.name = "a",
                  .content = plain,
                  .is_compressed = true,
                  .packed = WriteRarLz(made, true, "", filter)}};
    const OpenedRar opened(rar.Write());
    EXPECT_EQ(opened.recorder.ContentOf("a"), plain);
    EXPECT_FALSE(opened.recorder.members[0].damage);
  }
  SampleRar rar;
  rar.files = {{.name = "a",
                .content = std::string("\1\5\3\7\6\11", 6),
                .is_compressed = true,
                .packed = WriteRarLz(std::string("\xFF\xFE\xFD\xFB\xFE\xFE", 6),
                                     true, "", SampleRarFilter{0, 6, 2})}};
  const OpenedRar opened(rar.Write());
  EXPECT_EQ(opened.recorder.ContentOf("a"), rar.files[0].content);
  EXPECT_FALSE(opened.recorder.members[0].damage);
}

TEST(Rar5, AFilterWhoseBytesDoNotComeIsMalformed) {
  SampleRar rar;
  rar.files = {
      {.name = "a",
       .content = "text",
       .is_compressed = true,
       .packed = WriteRarLz("text", true, "", SampleRarFilter{1, 100, 1})}};
  const OpenedRar opened(rar.Write());
  ASSERT_TRUE(opened.recorder.members[0].damage);
  EXPECT_STREQ(opened.recorder.members[0].damage->field, "RAR filter");
  EXPECT_EQ(opened.recorder.ContentOf("a"), "text");
}

TEST(RarFilters, ArmBranchesAreMadeRelative) {
  std::vector<uint8_t> bytes = {1, 2, 3, 4, 0x10, 0, 0, 0xEB};
  UndoRarFilter({RarFilterType::kArm, 0, 8, 1}, 8, bytes);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{1, 2, 3, 4, 0x10 - 3, 0, 0, 0xEB}));
}

TEST(Rar5, Blake2spDigestsAreCompared) {
  for (const bool is_compressed : {false, true}) {
    SampleRar rar;
    rar.files[0].is_compressed = is_compressed;
    base::Blake2spHasher hasher;
    hasher.Update(base::AsBytes(rar.files[0].content));
    rar.files[0].blake2sp = hasher.Finish();
    const OpenedRar right(rar.Write());
    EXPECT_TRUE(right.recorder.remarks.empty());
    EXPECT_FALSE(right.recorder.members.at(0).damage);
    (*rar.files[0].blake2sp)[31] ^= 1;
    const OpenedRar wrong(rar.Write());
    ASSERT_EQ(wrong.recorder.remarks.size(), 1U);
    EXPECT_EQ(wrong.recorder.remarks[0].kind, RemarkKind::kChecksum);
    EXPECT_NE(wrong.recorder.remarks[0].what.find("BLAKE2sp digest is"),
              std::string::npos);
    EXPECT_EQ(wrong.recorder.members.at(0).damage.has_value(), is_compressed);
    if (is_compressed) {
      EXPECT_STREQ(wrong.recorder.members[0].damage->field, "data BLAKE2sp");
    }
  }
}

TEST(Rar4Name, IsReadInEveryForm) {
  const auto decode = [](std::string_view stored) {
    return DecodeRar4Name(base::AsBytes(stored));
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(decode("as UTF-8 \xC3\xA4"sv), "as UTF-8 \xC3\xA4");
  // A byte, one with the high byte, two bytes, and one more of each four.
  EXPECT_EQ(decode("a???\0\x04\x18\x61\x31\x42\x30"sv),
            "a\xD0\xB1\xE3\x81\x82");
  // Three of the plain name; then two with something added.
  EXPECT_EQ(decode("abcde\0\x04\xF0\x01\x80\x0C"sv), "abc\xD1\xB0\xD1\xB1");
  // A pair of halves becomes one character; half a one stays what it is.
  EXPECT_EQ(decode("??\0\x00\xA0\x3D\xD8\x00\xDE"sv), "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace countersign::formats
