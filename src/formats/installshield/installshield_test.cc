#include "formats/installshield.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "formats/installshield/sample/installshield_builder.h"
#include "formats/sample/unpacked.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::EncodedSetup;
using sample::PlainSetup;
using sample::SetText;
using sample::SetupItem;
using sample::ShieldBuilder;

Unpacked UnpackedShield(const std::string& bytes) {
  return {UnpackInstallshield, base::AsBytes(bytes)};
}

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += std::to_string(i * 7919 % 10'007) + "\n";
  }
  return text;
}

// Every list of one text file and one large one.
std::vector<std::string> AllLists() {
  const SetupItem small{"setup.ini", "[Startup]\n"};
  std::vector<std::string> lists;
  for (const bool wide : {false, true}) {
    lists.push_back(PlainSetup({small, {"large.bin", Lines(15'000)}}, wide));
  }
  for (const bool stream : {false, true}) {
    for (const uint32_t type : {0U, 4U}) {
      for (const uint32_t flags : {0U, 2U, 4U, 6U}) {
        for (const bool deflated : {false, true}) {
          lists.push_back(
              EncodedSetup({{"setup.ini", "[Startup]\n", flags, deflated},
                            {"large.bin", Lines(15'000), flags, deflated}},
                           stream, type));
        }
      }
    }
  }
  return lists;
}

TEST(UnpackInstallshield, ReadsEveryKindOfList) {
  for (const std::string& list : AllLists()) {
    const Unpacked outcome = UnpackedShield(list);
    EXPECT_TRUE(outcome.IsClean()) << list.substr(0, 13);
    ASSERT_EQ(outcome.recorder.members.size(), 2U);
    EXPECT_EQ(outcome.recorder.format, model::Format::kInstallshield);
    EXPECT_EQ(outcome.recorder.detail, "InstallShield set-up, 2 files");
    const auto& members = outcome.recorder.members;
    EXPECT_TRUE(members[0].member.name.ends_with("setup.ini"));
    EXPECT_EQ(base::AsText(members[0].content), "[Startup]\n");
    EXPECT_TRUE(base::AsText(members[1].content) == Lines(15'000));
    EXPECT_TRUE(IsInstallshield(base::AsBytes(list)));
  }
}

TEST(UnpackInstallshield, SkipsTheNameOfDebugInformation) {
  const std::string list = EncodedSetup({{"a", "content"}}, false);
  for (const std::string& front :
       {"NB10" + std::string(12, '\1') + "c:\\x.pdb" + '\0',
        "RSDS" + std::string(20, '\1') + "c:\\x.pdb" + '\0'}) {
    EXPECT_EQ(UnpackedShield(front + list).recorder.ContentOf("a"), "content");
    EXPECT_FALSE(IsInstallshield(base::AsBytes(front)));
  }
  EXPECT_FALSE(IsInstallshield({}));
  EXPECT_FALSE(IsInstallshield(base::AsBytes("setup.exe and more")));
  EXPECT_FALSE(UnpackedShield("setup.exe and more").result);
}

TEST(UnpackInstallshield, NoBeginningOfAListIsTakenForAllOfIt) {
  const SetupItem item{"setup.ini", "[Startup]\n", 6, true};
  for (const std::string& list :
       {EncodedSetup({item, item}, false), EncodedSetup({item, item}, true),
        PlainSetup({{"b.ini", "bytes"}}, false),
        PlainSetup({item, item}, true)}) {
    ASSERT_TRUE(UnpackedShield(list).IsClean());
    for (size_t size = 0; size < list.size(); ++size) {
      EXPECT_FALSE(UnpackedShield(list.substr(0, size)).IsClean()) << size;
    }
  }
}

TEST(UnpackInstallshield, DamageOfOneFileIsItsOwn) {
  const SetupItem item{"setup.ini", Lines(100), 6, true};
  std::string list = EncodedSetup({item, {"b", "second"}}, false);
  list[46 + 312 + 20] ^= 0x55;
  const Unpacked outcome = UnpackedShield(list);
  EXPECT_TRUE(outcome.result);
  ASSERT_TRUE(outcome.recorder.members.at(0).damage);
  EXPECT_EQ(outcome.recorder.members[0].damage->fault, Fault::kMalformed);
  EXPECT_EQ(outcome.recorder.ContentOf("b"), "second");
}

TEST(UnpackInstallshield, DamagedRecordsAreErrors) {
  const std::string list = EncodedSetup({{"a", "x"}}, true);
  const struct {
    size_t at;
    uint32_t value;
    Fault fault;
    const char* field;
  } rows[] = {
      {16, 5, Fault::kUnsupported, "type"},
      {46, 0, Fault::kMalformed, "bytes of name"},
      {46, 3, Fault::kMalformed, "bytes of name"},
      {46, 520, Fault::kMalformed, "bytes of name"},
      {56, 2, Fault::kTruncated, "content"},
  };
  for (const auto& row : rows) {
    std::string damaged = list;
    SetText(damaged, row.at, sample::LittleText(row.value, 4));
    const Unpacked outcome = UnpackedShield(damaged);
    ASSERT_FALSE(outcome.result) << row.field;
    EXPECT_EQ(outcome.result.error().fault, row.fault);
    EXPECT_STREQ(outcome.result.error().field, row.field);
  }
  // The second record of a list of text is none.
  const Unpacked text = UnpackedShield(PlainSetup({{"a", "x"}}, false) +
                                       std::string("b\0c\0d\0e\0", 8));
  ASSERT_FALSE(text.result);
  EXPECT_STREQ(text.result.error().field, "size");
  EXPECT_EQ(text.recorder.ContentOf("Disk1\\a"), "x");
}

TEST(UnpackInstallshield, RemarksOnWhatFollowsTheList) {
  const Unpacked outcome =
      UnpackedShield(EncodedSetup({{"a", "x"}}, false) + "rest");
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kTrailingData), 1U);
  EXPECT_EQ(outcome.recorder.remarks[0].what, "4 bytes behind the last file");
}

ShieldBuilder ShieldSample(int version) {
  ShieldBuilder builder;
  builder.version = version;
  builder.items = {{"a.txt", "first"},       {"b.txt", Lines(12'000), 6, true},
                   {"c.txt", "as it is", 0}, {"d.txt", "obfuscated", 2},
                   {"gone", "deleted", 12},  {"e.txt", Lines(3'000), 4}};
  return builder;
}

void ExpectShieldSample(const Unpacked& outcome, const std::string& prefix) {
  const auto& recorder = outcome.recorder;
  EXPECT_EQ(recorder.ContentOf(prefix + "a.txt"), "first");
  EXPECT_TRUE(recorder.ContentOf(prefix + "dir\\b.txt") == Lines(12'000));
  EXPECT_EQ(recorder.ContentOf(prefix + "c.txt"), "as it is");
  EXPECT_EQ(recorder.ContentOf(prefix + "d.txt"), "obfuscated");
  EXPECT_TRUE(recorder.ContentOf(prefix + "e.txt") == Lines(3'000));
  EXPECT_EQ(recorder.Find(prefix + "gone"), nullptr);
}

TEST(UnpackInstallshield, ReadsCabinetsOfOneFile) {
  for (const int version : {5, 6, 9, 16, 17, 24}) {
    ShieldBuilder builder = ShieldSample(version);
    builder.Build();
    const Unpacked outcome = UnpackedShield(builder.header);
    EXPECT_TRUE(outcome.result) << version;
    ExpectShieldSample(outcome, "");
    // The list is no hidden data; what is left of the deleted file is.
    ASSERT_EQ(outcome.recorder.remarks.size(), 1U) << outcome.Trouble();
    EXPECT_TRUE(outcome.recorder.remarks[0].what.starts_with(
        "11 bytes of volume 1 are of no file"))
        << outcome.Trouble();
    EXPECT_EQ(outcome.recorder.detail, "InstallShield cabinet");
  }
}

// Header and volumes in one overlay, with a file in two of them.
TEST(UnpackInstallshield, ReadsCabinetsInAnOverlay) {
  for (const int version : {5, 9, 17}) {
    for (const size_t split : {0U, 1U, 100U}) {
      ShieldBuilder builder = ShieldSample(version);
      builder.is_one_file = false;
      builder.split_at = split;
      builder.Build();
      std::vector<SetupItem> items = {{"Data1.hdr", builder.header},
                                      {"data1.cab", builder.volumes[0]}};
      if (split > 0) {
        items.push_back({"DATA2.CAB", builder.volumes[1]});
      }
      const Unpacked outcome = UnpackedShield(PlainSetup(items, false));
      EXPECT_TRUE(outcome.result);
      ExpectShieldSample(outcome, "Disk1\\Data1.hdr/");
      if (split > 0) {
        items.pop_back();
        const Unpacked part = UnpackedShield(PlainSetup(items, false));
        const auto* file = part.recorder.Find("Disk1\\Data1.hdr/e.txt");
        ASSERT_TRUE(file != nullptr && file->damage);
        EXPECT_EQ(file->damage->fault, Fault::kUnsupported);
      }
    }
  }
}

TEST(UnpackInstallshield, ListsAndVolumesAloneAreUnsupported) {
  ShieldBuilder builder = ShieldSample(9);
  builder.is_one_file = false;
  builder.Build();
  const Unpacked volume = UnpackedShield(builder.volumes[0]);
  ASSERT_FALSE(volume.result);
  EXPECT_EQ(volume.result.error().fault, Fault::kUnsupported);
  SetText(builder.header, 20, sample::LittleText(builder.header.size(), 4));
  const Unpacked header = UnpackedShield(builder.header);
  EXPECT_TRUE(header.result);
  ASSERT_EQ(header.recorder.members.size(), 5U);
  for (const auto& member : header.recorder.members) {
    ASSERT_TRUE(member.damage);
    EXPECT_EQ(member.damage->fault, Fault::kUnsupported);
  }
}

TEST(UnpackInstallshield, ChangedContentIsNoticed) {
  ShieldBuilder builder = ShieldSample(9);
  builder.Build();
  const struct {
    const char* name;
    size_t item;
    const char* field;
  } rows[] = {{"a.txt", 0, "compressed data"},
              {"c.txt", 2, "MD5"},
              {"d.txt", 3, "MD5"}};
  for (const auto& row : rows) {
    std::string cab = builder.header;
    const size_t at = builder.descriptor_at[row.item];
    const auto byte = [&](size_t i) -> size_t {
      return static_cast<uint8_t>(cab[i]);
    };
    const size_t offset =
        byte(at + 18) | byte(at + 19) << 8U | byte(at + 20) << 16U;
    cab[offset + 2] = static_cast<char>(cab[offset + 2] ^ 0x06);
    const Unpacked outcome = UnpackedShield(cab);
    EXPECT_TRUE(outcome.result);
    const auto* file = outcome.recorder.Find(row.name);
    ASSERT_TRUE(file != nullptr && file->damage) << row.name;
    EXPECT_STREQ(file->damage->field, row.field);
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kChecksum),
              row.item == 0 ? 0U : 1U);
  }
}

TEST(UnpackInstallshield, WrongSizesAreNoticed) {
  ShieldBuilder builder = ShieldSample(9);
  builder.Build();
  const struct {
    size_t at;  // in the descriptor
    uint64_t value;
    const char* field;
  } rows[] = {{2, 4, "expanded size"},
              {2, 6, "expanded size"},
              {10, 1, "size of a chunk"},
              {10, 1U << 30, "compressed size"},
              {0x55, 7, "volume in another file"}};
  for (const auto& row : rows) {
    std::string cab = builder.header;
    SetText(cab, builder.descriptor_at[0] + row.at,
            sample::LittleText(row.value, row.at == 0x55 ? 2 : 8));
    const auto outcome = UnpackedShield(cab);
    const auto* file = outcome.recorder.Find("a.txt");
    ASSERT_TRUE(file != nullptr && file->damage) << row.field;
    EXPECT_STREQ(file->damage->field, row.field);
    EXPECT_EQ(outcome.recorder.ContentOf("c.txt"), "as it is");
  }
}

TEST(UnpackInstallshield, RemarksOnBytesOfNoFile) {
  ShieldBuilder builder = ShieldSample(9);
  builder.items.erase(builder.items.begin() + 4);
  builder.is_one_file = false;
  builder.gap = "hidden";
  builder.Build();
  const Unpacked outcome = UnpackedShield(PlainSetup(
      {{"data1.hdr", builder.header}, {"data1.cab", builder.volumes[0]}},
      false));
  ASSERT_EQ(outcome.recorder.remarks.size(), 1U);
  EXPECT_EQ(outcome.recorder.remarks[0].kind, RemarkKind::kHiddenData);
  EXPECT_EQ(outcome.recorder.remarks[0].what,
            "6 bytes of volume 1 are of no file, the first of them at its "
            "offset 521");
}

TEST(UnpackInstallshield, AVolumeOfNoFileIsAllHidden) {
  ShieldBuilder builder = ShieldSample(9);
  builder.items.erase(builder.items.begin() + 4);  // the deleted one
  builder.is_one_file = false;
  builder.Build();
  std::string other = builder.volumes[0];
  other.resize(512);
  const Unpacked outcome =
      UnpackedShield(PlainSetup({{"data1.hdr", builder.header},
                                 {"data1.cab", builder.volumes[0]},
                                 {"data2.cab", other + "hidden"}},
                                false));
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 1U)
      << outcome.Trouble();
  EXPECT_EQ(outcome.recorder.remarks.back().what,
            "6 bytes of volume 2 are of no file, the first of them at its "
            "offset 512");
}

TEST(UnpackInstallshield, NoBeginningOfACabinetIsTakenForAllOfIt) {
  ShieldBuilder builder;
  builder.items = {{"a", "first"}, {"b", "second", 0}};
  for (const int version : {5, 9, 17}) {
    builder.version = version;
    builder.Build();
    for (size_t size = 0; size < builder.header.size(); ++size) {
      EXPECT_FALSE(UnpackedShield(builder.header.substr(0, size)).IsClean())
          << size;
    }
  }
}

TEST(UnpackInstallshield, StepsAreCounted) {
  ShieldBuilder builder = ShieldSample(9);
  builder.Build();
  const std::string list =
      EncodedSetup({{"large.bin", Lines(15'000), 6, false}}, false);
  for (const std::string& bytes : {builder.header, list}) {
    base::Limits limits;
    limits.steps = 2;
    MemberRecorder recorder;
    const auto result =
        recorder.Run(UnpackInstallshield, base::AsBytes(bytes), limits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::kLimit);
  }
}

}  // namespace
}  // namespace countersign::formats
