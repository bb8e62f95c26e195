#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/text.h"
#include "formats/cab/sample/cab_builder.h"
#include "formats/cabinet.h"
#include "formats/sample/unpacked.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::CabBuilder;
using sample::SetCab;
using ByteVector = std::vector<uint8_t>;

constexpr uint16_t kStored = 0;
constexpr uint16_t kMszip = 1;
constexpr uint16_t kQuantum = 0x0722;  // a window of 128 KiB
constexpr uint16_t kLzx = 0x0F03;      // a window of 32 KiB

// Text that compresses, and differs everywhere.
std::string Prose(size_t size, unsigned seed = 1) {
  std::string text;
  while (text.size() < size) {
    seed = seed * 1'103'515'245U + 12'345U;
    text += "line " + std::to_string(seed >> 16) + " of the file\n";
  }
  text.resize(size);
  return text;
}

CabBuilder Small(uint16_t type) {
  CabBuilder builder;
  builder.folders = {{type, {{"a.txt", "first"}, {"b\\c.txt", "second one"}}}};
  return builder;
}

Unpacked UnpackedCab(const ByteVector& cab) { return {UnpackCab, cab}; }

// All files come out as they went in, nothing is said of them.
void ExpectRoundTrip(CabBuilder builder) {
  const Unpacked outcome = UnpackedCab(builder.Build());
  EXPECT_TRUE(outcome.IsClean())
      << (outcome.recorder.remarks.empty() ? ""
                                           : outcome.recorder.remarks[0].what);
  size_t at = 0;
  for (const auto& folder : builder.folders) {
    for (const auto& file : folder.files) {
      ASSERT_LT(at, outcome.recorder.members.size());
      const auto& member = outcome.recorder.members[at];
      EXPECT_EQ(member.member.name, file.name);
      EXPECT_EQ(member.member.size, file.content.size());
      EXPECT_EQ(member.member.stored.offset, builder.file_at[at]);
      EXPECT_EQ(member.member.stored.size, 17 + file.name.size());
      EXPECT_TRUE(base::AsText(member.content) == file.content) << file.name;
      ++at;
    }
  }
  EXPECT_EQ(at, outcome.recorder.members.size());
  EXPECT_EQ(outcome.recorder.format, model::Format::kCab);
}

TEST(UnpackCab, GivesBackWhatWentIn) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    SCOPED_TRACE(type);
    ExpectRoundTrip(Small(type));
    CabBuilder builder;
    builder.folders = {
        {type,
         {{"empty first", ""},
          {"large", Prose(150'001)},
          {"empty", ""},
          {"\xC3\xA4.txt", "x", 0xA0},
          {"to the edge", Prose(32768 * 5 - 150'002, 7)},
          {"large again", Prose(70'000, 9)},
          {"empty last", ""}}},
        {type, {{"another folder", Prose(40'000, 3)}}},
    };
    ExpectRoundTrip(builder);
    builder.header_reserve = "reserve";
    builder.folder_reserve = 3;
    builder.data_reserve = 5;
    ExpectRoundTrip(builder);
    builder.sums_reserve = false;
    ExpectRoundTrip(builder);
  }
}

TEST(UnpackCab, ShortBlocksKeepTheirHistory) {
  CabBuilder builder;
  builder.folders = {{kMszip, {{"a", Prose(100'000)}}}};
  for (const size_t size : {100U, 1000U, 32767U, 20'000U}) {
    builder.block_bytes = size;
    ExpectRoundTrip(builder);
  }
}

TEST(UnpackCab, MixesMethods) {
  CabBuilder builder;
  builder.folders = {{kStored, {{"a", Prose(40'000)}}},
                     {kMszip, {{"b", Prose(40'000)}}},
                     {kLzx, {{"c", Prose(40'000)}}}};
  ExpectRoundTrip(builder);
  EXPECT_EQ(UnpackedCab(builder.Build()).recorder.detail,
            "Microsoft cabinet, 3 files, LZX, MSZIP, stored");
}

TEST(UnpackCab, PlacesWhatLiesInOneStoredBlock) {
  CabBuilder builder;
  builder.folders = {
      {kStored, {{"in one", Prose(30'000)}, {"in two", Prose(5'000)}}}};
  const Unpacked outcome = UnpackedCab(builder.Build());
  EXPECT_TRUE(outcome.recorder.Find("in one")->placed);
  EXPECT_FALSE(outcome.recorder.Find("in two")->placed);
}

TEST(UnpackCab, NoBeginningOfACabinetIsTakenForAllOfIt) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder = Small(type);
    builder.signature = "signature";
    builder.data_reserve = 2;
    const ByteVector whole = builder.Build();
    ASSERT_TRUE(UnpackedCab(whole).IsClean());
    for (size_t size = 0; size < whole.size(); ++size) {
      const Unpacked cut =
          UnpackedCab({whole.begin(), whole.begin() + static_cast<long>(size)});
      EXPECT_FALSE(cut.IsClean()) << type << " at " << size;
    }
  }
}

// Whatever byte of header or content is changed, it is noticed, or it is one
// that nothing depends on.
TEST(UnpackCab, ChangedBytesAreNoticed) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder = Small(type);
    const ByteVector whole = builder.Build();
    for (size_t at = 0; at < whole.size(); ++at) {
      ByteVector changed = whole;
      changed[at] ^= 0x41;
      const Unpacked outcome = UnpackedCab(changed);
      const bool in_set_id = at >= 32 && at < 36;
      const bool in_type =
          at >= builder.folder_at[0] + 6 && at < builder.folder_at[0] + 8;
      bool in_file = false;
      for (const size_t file : builder.file_at) {
        // Date, time, attributes and name are not checked by anything.
        in_file |= at >= file + 10 && at < file + 24;
      }
      if (!in_set_id && !in_file && !in_type) {
        EXPECT_FALSE(outcome.IsClean()) << type << " at " << at;
      }
    }
  }
}

TEST(UnpackCab, NamesTheDamagedField) {
  const struct {
    size_t at;
    uint64_t value;
    int bytes;
    Fault fault;
    const char* field;
  } rows[] = {
      {0, 0x4D, 4, Fault::kMalformed, "CFHEADER.signature"},
      {16, 100'000, 4, Fault::kTruncated, "CFHEADER.coffFiles"},
      {26, 60'000, 2, Fault::kTruncated, "CFFOLDER"},
      {28, 60'000, 2, Fault::kTruncated, "CFFILE.cbFile"},
  };
  CabBuilder builder = Small(kMszip);
  const ByteVector whole = builder.Build();
  for (const auto& row : rows) {
    ByteVector cab = whole;
    SetCab(cab, row.at, row.value, row.bytes);
    const Unpacked outcome = UnpackedCab(cab);
    ASSERT_FALSE(outcome.result) << row.field;
    EXPECT_EQ(outcome.result.error().fault, row.fault) << row.field;
    EXPECT_STREQ(outcome.result.error().field, row.field);
  }
}

// The rows change a part of the first file's way; the second is as damaged.
TEST(UnpackCab, DamagedFoldersDamageTheirFiles) {
  const auto expect = [](const ByteVector& cab, Fault fault,
                         const char* field) {
    const Unpacked outcome = UnpackedCab(cab);
    ASSERT_TRUE(outcome.result);
    ASSERT_EQ(outcome.recorder.members.size(), 2U);
    for (const auto& member : outcome.recorder.members) {
      ASSERT_TRUE(member.damage) << field;
      EXPECT_EQ(member.damage->fault, fault) << member.damage->field;
      EXPECT_STREQ(member.damage->field, field);
    }
  };
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder = Small(type);
    const ByteVector whole = builder.Build();
    const size_t folder = builder.folder_at[0];
    const size_t data = builder.data_at[0];
    ByteVector cab = whole;
    SetCab(cab, folder, 1 << 20, 4);
    expect(cab, Fault::kTruncated, "CFFOLDER.coffCabStart");
    cab = whole;
    SetCab(cab, folder + 4, 0, 2);
    expect(cab, Fault::kTruncated, "CFFILE.cbFile");
    cab = whole;
    SetCab(cab, folder + 6, 4, 2);
    expect(cab, Fault::kUnsupported, "CFFOLDER.typeCompress");
    cab = whole;
    SetCab(cab, data + 4, 60'000, 2);
    expect(cab, Fault::kTruncated, "CFDATA.ab");
    cab = whole;
    SetCab(cab, data + 6, 40'000, 2);
    expect(cab, Fault::kMalformed, "CFDATA.cbUncomp");
    cab = whole;
    SetCab(cab, data, 1, 4);
    expect(cab, Fault::kMalformed, "CFDATA.csum");
    EXPECT_EQ(UnpackedCab(cab).recorder.ContentOf("a.txt"), "first");
    EXPECT_EQ(UnpackedCab(cab).recorder.CountOf(RemarkKind::kChecksum), 1U);
    // No checksum is no wrong checksum.
    SetCab(cab, data, 0, 4);
    EXPECT_TRUE(UnpackedCab(cab).IsClean());
    cab = whole;
    cab[builder.file_at[0] + 8] = 7;
    cab[builder.file_at[1] + 8] = 7;
    expect(cab, Fault::kMalformed, "CFFILE.iFolder");
  }
}

TEST(UnpackCab, PackedBlocksHaveALongestSize) {
  CabBuilder builder = Small(kMszip);
  builder.folders[0].slack = std::string(39'000, 'x');
  EXPECT_STREQ(
      UnpackedCab(builder.Build()).recorder.members.at(0).damage->field,
      "CFDATA.cbData");
}

TEST(UnpackCab, ADamagedBlockLeavesTheFilesBeforeItWhole) {
  for (const uint16_t type : {kMszip, kLzx}) {
    CabBuilder builder;
    builder.folders = {{type,
                        {{"before", Prose(30'000)},
                         {"across", Prose(10'000)},
                         {"behind", Prose(50'000)}}}};
    ByteVector cab = builder.Build();
    if (type == kMszip) {
      cab[builder.data_at[1] + 8] = 'c';  // its mark
    } else {
      SetCab(cab, builder.data_at[1] + 4, 0, 2);
    }
    const Unpacked outcome = UnpackedCab(cab);
    ASSERT_TRUE(outcome.result);
    const auto& members = outcome.recorder.members;
    ASSERT_EQ(members.size(), 3U);
    EXPECT_FALSE(members[0].damage);
    ASSERT_TRUE(members[1].damage);
    EXPECT_EQ(members[1].damage->fault, Fault::kMalformed);
    EXPECT_TRUE(members[2].damage);
    EXPECT_TRUE(members[2].content.empty());
  }
}

TEST(UnpackCab, DamageInMszipIsFoundWhereItIs) {
  CabBuilder builder;
  builder.folders = {{kMszip, {{"a", Prose(40'000)}}}};
  const ByteVector whole = builder.Build();
  for (const size_t block : builder.data_at) {
    ByteVector cab = whole;
    // More comes out than is said; then less.
    for (const int delta : {-1, 1}) {
      const size_t size = cab[block + 6] | size_t{cab[block + 7]} << 8;
      SetCab(cab, block + 6, size + static_cast<size_t>(delta), 2);
      builder.Seal(cab, block);
      const Unpacked outcome = UnpackedCab(cab);
      EXPECT_FALSE(outcome.IsClean());
      cab = whole;
    }
    // What comes out before the damage is there.
    cab[block + 1000] ^= 0xFF;
    const Unpacked outcome = UnpackedCab(cab);
    const auto& member = outcome.recorder.members.at(0);
    ASSERT_TRUE(member.damage);
    EXPECT_GE(member.content.size(), 1000U);
    EXPECT_EQ(base::AsText(member.content).substr(0, 1000),
              Prose(40'000).substr(0, 1000));
  }
}

TEST(UnpackCab, FilesThatShareBytesAllComeOut) {
  const std::string text = Prose(90'000);
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder;
    builder.folders = {{type,
                        {{"all", text},
                         {"inside", "", 0x20, 1000, 40'000},
                         {"again", "", 0x20, 90'000, 0}}}};
    const Unpacked outcome = UnpackedCab(builder.Build());
    EXPECT_EQ(outcome.recorder.ContentOf("all"), text);
    EXPECT_EQ(outcome.recorder.ContentOf("again"), text);
    EXPECT_EQ(outcome.recorder.ContentOf("inside"), text.substr(40'000, 1000));
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kOverlap), 2U);
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 0U);
  }
}

TEST(UnpackCab, PassesOverAFolderAreLimited) {
  CabBuilder builder;
  builder.folders = {{kMszip, {{"0", "text"}}}};
  for (int i = 1; i < 10; ++i) {
    builder.folders[0].files.push_back(
        {std::to_string(i), "", 0x20, 4, 0, std::nullopt});
  }
  const Unpacked outcome = UnpackedCab(builder.Build());
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.ContentOf("7"), "text");
  ASSERT_TRUE(outcome.recorder.Find("8")->damage);
  EXPECT_EQ(outcome.recorder.Find("8")->damage->fault, Fault::kLimit);
}

TEST(UnpackCab, FilesBeyondTheirFolderAreTruncated) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder;
    builder.folders = {
        {type,
         {{"a", "content", 0x20, 8}, {"far", "", 0x20, 5, 4'000'000'000}}}};
    const Unpacked outcome = UnpackedCab(builder.Build());
    EXPECT_TRUE(outcome.result);
    for (const auto& member : outcome.recorder.members) {
      ASSERT_TRUE(member.damage);
      EXPECT_STREQ(member.damage->field, "CFFILE.cbFile");
    }
    EXPECT_EQ(outcome.recorder.ContentOf("a"), "content");
  }
}

TEST(UnpackCab, FoldersOfOtherCabinetsAreUnsupported) {
  CabBuilder builder;
  builder.flags = 3;
  builder.folders = {
      {kMszip,
       {{"from before", "rest", 0x20, {}, {}, uint16_t{0xFFFD}},
        {"here", "content"}}},
      {kStored, {{"whole", "content"}}},
      {kStored,
       {{"too", "content", 0x20, {}, {}, uint16_t{0xFFFE}},
        {"goes on", "begin", 0x20, 100, {}, uint16_t{0xFFFE}}},
       "",
       true},
  };
  builder.block_bytes = 7;
  const Unpacked outcome = UnpackedCab(builder.Build());
  EXPECT_TRUE(outcome.result);
  const auto fault = [&](const char* name) {
    const auto* found = outcome.recorder.Find(name);
    return found != nullptr && found->damage
               ? std::optional(found->damage->fault)
               : std::nullopt;
  };
  EXPECT_EQ(fault("from before"), Fault::kUnsupported);
  EXPECT_EQ(fault("here"), Fault::kUnsupported);
  EXPECT_EQ(fault("goes on"), Fault::kUnsupported);
  EXPECT_EQ(outcome.recorder.ContentOf("whole"), "content");
  EXPECT_EQ(outcome.recorder.ContentOf("too"), "content");
  EXPECT_FALSE(fault("too"));
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kUnsupported), 2U);
  EXPECT_EQ(outcome.recorder.remarks.size(), 2U);
  EXPECT_EQ(outcome.recorder.detail,
            "Microsoft cabinet, 5 files, MSZIP, stored, part 1 of a set");
}

TEST(UnpackCab, HoldsOnToQuantumThatIsNone) {
  CabBuilder builder = Small(kQuantum);
  const Unpacked outcome = UnpackedCab(builder.Build());
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.members.size(), 2U);
}

// A match may reach to before the first byte: what is there is no memory of
// this process, which holds what it read before. The cabinet is what a fuzz
// target found: names lie where its folders are, one of which is Quantum.
TEST(UnpackCab, BeforeTheFirstByteOfQuantumThereAreZeros) {
  constexpr std::string_view kBegin =
      "4d53434600004000a8000000000000002c00000000010000030f0300"
      "0001000000090000020000006865722e636162006469736b006f7468"
      "65722e636162006469736b0076000000010001008700000001000000"
      "0500000000000000fdff00000000200061000900000000000000feff"
      "00000000a0006200666160ca";
  constexpr std::string_view kEnd =
      "ff0000000000000000000000000000000000006e206410696f660072"
      "730000006410696f660072730000009f006f6e64";
  ByteVector cab = *base::FromHex(kBegin);
  cab.resize(0xFB);
  const ByteVector end = *base::FromHex(kEnd);
  cab.insert(cab.end(), end.begin(), end.end());
  // Memory that is not cleared is this, or what AddressSanitizer puts there.
  std::vector<ByteVector> dirty;
  for (size_t i = 0; i < 64; ++i) {
    dirty.emplace_back(size_t{1} << (10 + i % 11), 0xA5);
  }
  dirty.clear();
  std::string contents;
  for (const auto& member : UnpackedCab(cab).recorder.members) {
    contents.append(member.content.begin(), member.content.end());
  }
  EXPECT_EQ(contents, std::string(170, '\0'));
}

// Cabinets made by Microsoft's tools.
TEST(UnpackCab, ReadsRealCabinets) {
  const std::filesystem::path folder =
      "../shared/corpora/signature/ebourg__jsign/jsign-core/src/test/resources/"
      "mscab";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "needs " << folder;
  }
  const struct {
    const char* name;
    size_t members;
    size_t damaged;
  } rows[] = {{"sample1.cab", 2, 0},
              {"sample2-disk1.cab", 2, 2},
              {"sample3.cab", 1, 0},
              {"sample4.cab", 1, 0}};
  for (const auto& row : rows) {
    std::ifstream stream(folder / row.name, std::ios::binary);
    const Unpacked outcome =
        UnpackedCab({std::istreambuf_iterator<char>(stream), {}});
    EXPECT_TRUE(outcome.result) << row.name;
    EXPECT_EQ(outcome.recorder.members.size(), row.members) << row.name;
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kUnsupported),
              row.damaged > 0 ? 1U : 0U);
    for (const auto& member : outcome.recorder.members) {
      EXPECT_EQ(member.damage.has_value(), row.damaged > 0) << row.name;
      EXPECT_EQ(
          row.damaged > 0 || base::AsText(member.content).starts_with("MZ"),
          true);
    }
  }
}

}  // namespace
}  // namespace countersign::formats
