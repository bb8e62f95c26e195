#include <gtest/gtest.h>

#include "formats/7z/sample/archive.h"
#include "formats/archive.h"
#include "formats/archive/sample/damage.h"
#include "formats/codec/sample/ppmd_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::kLzma2Properties;
using sample::Lzma2;
using sample::Outcome;
using sample::Read;
using sample::Said;
using sample::SevenZip;
using sample::SevenZipCoderOf;
using sample::SevenZipRecipe;
using std::string_literals::operator""s;

std::string CopyCoder() { return "\x01" + SevenZipCoderOf("\0"s); }
std::string Lzma2Coder() {
  return "\x01" + SevenZipCoderOf("\x21", kLzma2Properties);
}
std::string PackLzma2(std::string_view text) { return Lzma2(text); }

// One block of deflate, or of Deflate64, that holds `text` as it is.
std::string StoredDeflate(std::string_view text) {
  return "\1" + sample::Little(text.size(), 2) +
         sample::Little(~text.size(), 2) + std::string(text);
}

// Bytes with calls in them that jump to one place.
std::string Program() {
  std::string text;
  for (uint32_t i = 0; i < 20'000; ++i) {
    text += i % 3 == 0 ? "\x90\xE8" + sample::Little(0x4000 - text.size(), 4)
                       : "code" + std::to_string(i % 17);
  }
  return text;
}

// Two members in one stored folder, and what has no content around them.
SevenZipRecipe Stored() {
  return {.packed = {"onetwotwo"},
          .folders = {{CopyCoder(), {9}, {"one", "twotwo"}}},
          .files = {{"dir", false, true},
                    {"1", true, false},
                    {"empty", false, false},
                    {"2", true, false}}};
}

SevenZipRecipe Solid() {
  const std::string text = "first, " + std::string(5000, 'x') + "last";
  return {.packed = {Lzma2(text)},
          .folders = {{Lzma2Coder(),
                       {text.size()},
                       {"first, ", std::string(5000, 'x'), "last"}}},
          .files = {{"1"}, {"2"}, {"3"}}};
}

TEST(SevenZipArchive, PlacesWhatIsStored) {
  const Outcome outcome = Read(Unpack7z, SevenZip(Stored()));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  ASSERT_EQ(outcome.recorder.members.size(), 4);
  EXPECT_EQ(outcome.recorder.members[0].member.kind, MemberKind::kDirectory);
  EXPECT_EQ(outcome.recorder.ContentOf("1"), "one");
  EXPECT_TRUE(outcome.recorder.Find("1")->placed);
  EXPECT_EQ(outcome.recorder.ContentOf("empty"), "");
  EXPECT_EQ(outcome.recorder.ContentOf("2"), "twotwo");
  EXPECT_EQ(outcome.recorder.Find("2")->member.stored,
            (base::ByteRange{32, 9}));
}

TEST(SevenZipArchive, SplitsASolidFolder) {
  const Outcome outcome = Read(Unpack7z, SevenZip(Solid()));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("1"), "first, ");
  EXPECT_EQ(outcome.recorder.ContentOf("2"), std::string(5000, 'x'));
  EXPECT_EQ(outcome.recorder.ContentOf("3"), "last");
}

TEST(SevenZipArchive, ReadsAPackedHeader) {
  for (const SevenZipRecipe& recipe : {Stored(), Solid()}) {
    const Outcome plain = Read(Unpack7z, SevenZip(recipe));
    const Outcome packed =
        Read(Unpack7z,
             sample::SevenZipWithPackedHeader(
                 recipe, SevenZipCoderOf("\x21", kLzma2Properties), PackLzma2));
    EXPECT_TRUE(packed.Clean()) << Said(packed);
    ASSERT_EQ(packed.recorder.members.size(), plain.recorder.members.size());
    for (size_t i = 0; i < plain.recorder.members.size(); ++i) {
      EXPECT_EQ(packed.recorder.members[i].member.name,
                plain.recorder.members[i].member.name);
      EXPECT_EQ(packed.recorder.members[i].content,
                plain.recorder.members[i].content);
    }
  }
}

TEST(SevenZipArchive, ReadsTheEmptyArchive) {
  EXPECT_TRUE(Read(Unpack7z, sample::SevenZipAround("", "")).Clean());
}

TEST(SevenZipArchive, UndoesFilters) {
  const std::string text = Program();
  struct Kind {
    uint64_t id;
    std::string coder;
  };
  for (const Kind& kind :
       {Kind{LZMA_FILTER_X86, SevenZipCoderOf("\x03\x03\x01\x03")},
        Kind{LZMA_FILTER_X86, SevenZipCoderOf("\x04")},
        Kind{LZMA_FILTER_ARM, SevenZipCoderOf("\x03\x03\x05\x01")},
        Kind{LZMA_FILTER_ARMTHUMB, SevenZipCoderOf("\x03\x03\x07\x01")},
        Kind{LZMA_FILTER_POWERPC, SevenZipCoderOf("\x03\x03\x02\x05")},
        Kind{LZMA_FILTER_SPARC, SevenZipCoderOf("\x03\x03\x08\x05")},
        Kind{LZMA_FILTER_IA64, SevenZipCoderOf("\x03\x03\x04\x01")},
        Kind{LZMA_FILTER_ARM64, SevenZipCoderOf("\x0A")},
        Kind{LZMA_FILTER_DELTA, SevenZipCoderOf("\x03", "\x03")}}) {
    const std::string packed = Lzma2(text, kind.id);
    // The filter takes in (0) what LZMA2 gives out (1).
    const std::string coders = "\x02" + kind.coder +
                               SevenZipCoderOf("\x21", kLzma2Properties) +
                               "\0\1"s;
    const Outcome outcome = Read(
        Unpack7z,
        SevenZip({.packed = {packed},
                  .folders = {{coders, {text.size(), text.size()}, {text}}},
                  .files = {{"p"}}}));
    EXPECT_TRUE(outcome.Clean()) << kind.id << Said(outcome);
    EXPECT_TRUE(outcome.recorder.ContentOf("p") == text);
  }
}

TEST(SevenZipArchive, ReadsEveryCompressor) {
  const std::string text = "as it was, as it was, as it was";
  // The 13 bytes of an .lzma file are properties and the size.
  const std::string lzma = sample::Lzma(text);
  struct Kind {
    std::string coder;
    std::string packed;
  };
  for (const Kind& kind :
       {Kind{SevenZipCoderOf("\x03\x01\x01", lzma.substr(0, 5)),
             lzma.substr(13)},
        Kind{SevenZipCoderOf("\x04\x01\x08"), sample::Deflated(text)},
        Kind{SevenZipCoderOf("\x04\x02\x02"), sample::Bzip2(text)},
        Kind{SevenZipCoderOf("\x04\x01\x09"), StoredDeflate(text)},
        Kind{SevenZipCoderOf("\x03\x04\x01", "\6\0\0\1\0"s),
             WritePpmdOf7z(text, 6, 1 << 16)},
        Kind{SevenZipCoderOf("\x04\xF7\x11\x01"), sample::Zstd(text)}}) {
    const Outcome outcome = Read(
        Unpack7z,
        SevenZip({.packed = {kind.packed},
                  .folders = {{"\x01" + kind.coder, {text.size()}, {text}}},
                  .files = {{"t"}}}));
    EXPECT_TRUE(outcome.Clean()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf("t"), text);
  }
}

TEST(SevenZipArchive, ContentIsAsLongAsItIsSaidToBe) {
  const std::string text = "as it was, as it was, as it was";
  const Outcome outcome = Read(
      Unpack7z, SevenZip({.packed = {StoredDeflate(text)},
                          .folders = {{"\x01" + SevenZipCoderOf("\x04\x01\x09"),
                                       {text.size() - 1},
                                       {text.substr(1)}}},
                          .files = {{"t"}}}));
  ASSERT_TRUE(outcome.recorder.members.at(0).damage);
  EXPECT_STREQ(outcome.recorder.members[0].damage->field,
               "size of the content");
}

TEST(SevenZipArchive, TheMemoryOfAModelIsBounded) {
  const Outcome outcome =
      Read(Unpack7z,
           SevenZip({.packed = {WritePpmdOf7z("abc", 6, 1 << 16)},
                     .folders = {{"\x01" + SevenZipCoderOf("\x03\x04\x01",
                                                           "\6\1\0\0\x10"s),
                                  {3},
                                  {"abc"}}},
                     .files = {{"t"}}}));
  ASSERT_TRUE(outcome.recorder.members.at(0).damage);
  EXPECT_EQ(outcome.recorder.members[0].damage->fault, Fault::kLimit);
}

TEST(SevenZipArchive, NamesWhatItDoesNotRead) {
  const auto read = [](const std::string& coder) {
    return Read(Unpack7z, SevenZip({.packed = {"????", "abc"},
                                    .folders = {{"\x01" + coder, {3}, {"xyz"}},
                                                {CopyCoder(), {3}, {"abc"}}},
                                    .files = {{"x"}, {"y"}}}));
  };
  const Outcome unknown = read(SevenZipCoderOf("\x7F\x7F"));
  EXPECT_EQ(unknown.recorder.members.at(0).damage->fault, Fault::kUnsupported);
  EXPECT_EQ(unknown.recorder.ContentOf("y"), "abc");
  const Outcome cipher = read(SevenZipCoderOf("\x06\xF1\x07\x01", "\x13"));
  EXPECT_EQ(cipher.recorder.CountOf(RemarkKind::kEncrypted), 1);
  EXPECT_EQ(cipher.recorder.members.at(0).damage->fault, Fault::kUnsupported);
  EXPECT_EQ(cipher.recorder.ContentOf("y"), "abc");
  const Outcome header = Read(
      Unpack7z,
      sample::SevenZipWithPackedHeader(
          Stored(), SevenZipCoderOf("\x06\xF1\x07\x01", "\x13"), PackLzma2));
  ASSERT_FALSE(header.result);
  EXPECT_STREQ(header.result.error().field, "encrypted header");
  EXPECT_EQ(header.recorder.CountOf(RemarkKind::kEncrypted), 1);
}

TEST(SevenZipArchive, KnowsLinks) {
  SevenZipRecipe recipe = Stored();
  recipe.files[1].attributes = 0xA1FF8000;
  const Outcome outcome = Read(Unpack7z, SevenZip(recipe));
  EXPECT_EQ(outcome.recorder.Find("1")->member.kind, MemberKind::kLink);
  EXPECT_EQ(outcome.recorder.ContentOf("1"), "one");
}

TEST(SevenZipArchive, ComparesChecksums) {
  SevenZipRecipe solid = Solid();
  solid.wrong_crc = 1;
  const Outcome outcome = Read(Unpack7z, SevenZip(solid));
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kChecksum), 3);
  ASSERT_EQ(outcome.recorder.members.size(), 3);
  EXPECT_STREQ(outcome.recorder.members[1].damage->field, "CRC");
  EXPECT_EQ(outcome.recorder.ContentOf("3"), "last");
  SevenZipRecipe stored = Stored();
  stored.wrong_crc = 1;
  EXPECT_EQ(
      Read(Unpack7z, SevenZip(stored)).recorder.CountOf(RemarkKind::kChecksum),
      2);
}

TEST(SevenZipArchive, NotesBytesOfNobody) {
  SevenZipRecipe recipe = Stored();
  recipe.gap = "HIDDEN";
  const Outcome outcome = Read(Unpack7z, SevenZip(recipe) + "MORE");
  EXPECT_TRUE(outcome.Complete());
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(outcome.recorder.remarks[0].range, (base::ByteRange{41, 6}));
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kTrailingData), 1);
  SevenZipRecipe unused = Solid();
  unused.packed[0] += std::string(17, 'H');
  EXPECT_EQ(Read(Unpack7z, SevenZip(unused))
                .recorder.CountOf(RemarkKind::kHiddenData),
            1);
}

// Nobody unpacks it, and it is there.
TEST(SevenZipArchive, NotesContentBehindTheLastMember) {
  SevenZipRecipe stored = Stored();
  stored.packed[0] += "H";
  const Outcome one = Read(Unpack7z, SevenZip(stored));
  EXPECT_TRUE(one.Complete()) << Said(one);
  EXPECT_EQ(one.recorder.ContentOf("2"), "twotwo");
  ASSERT_EQ(one.recorder.CountOf(RemarkKind::kHiddenData), 1) << Said(one);
  EXPECT_EQ(one.recorder.remarks[0].range, (base::ByteRange{41, 1}));
  // Of a compressor it is damage of the member (see above), of a filter not.
  const std::string text = "member" + std::string(99, 'H');
  const std::string filter = "\x01" + SevenZipCoderOf("\x04");
  for (const SevenZipRecipe& recipe :
       {SevenZipRecipe{.packed = {text},
                       .folders = {{filter, {6}, {"member"}}},
                       .files = {{"1"}}},
        // No member at all.
        SevenZipRecipe{.packed = {text},
                       .folders = {{CopyCoder(), {text.size()}, {}}},
                       .files = {}}}) {
    const Outcome outcome = Read(Unpack7z, SevenZip(recipe));
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 1)
        << Said(outcome);
    for (const auto& member : outcome.recorder.members) {
      EXPECT_FALSE(member.damage);
    }
  }
}

TEST(SevenZipArchive, NotesStreamsThatOverlap) {
  const std::string header = sample::SevenZipHeaderOf(Stored());
  // The header lies in the stored stream.
  const std::string file = sample::SevenZipAround("one", header);
  const Outcome outcome = Read(Unpack7z, file);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kOverlap), 1) << Said(outcome);
}

TEST(SevenZipArchive, ContentsAndNamesMayDifferInNumber) {
  SevenZipRecipe nameless = Solid();
  nameless.files.pop_back();
  const Outcome fewer = Read(Unpack7z, SevenZip(nameless));
  EXPECT_EQ(fewer.recorder.members.size(), 2);
  EXPECT_EQ(fewer.recorder.CountOf(RemarkKind::kHiddenMember), 1)
      << Said(fewer);
  SevenZipRecipe missing = Stored();
  missing.files.push_back({"3"});
  const Outcome more = Read(Unpack7z, SevenZip(missing));
  ASSERT_NE(more.recorder.Find("3"), nullptr);
  EXPECT_TRUE(more.recorder.Find("3")->damage);
}

TEST(SevenZipArchive, DamageInAFolderIsToldOfEveryMember) {
  SevenZipRecipe recipe = Solid();
  recipe.packed[0] = recipe.packed[0].substr(0, 20);
  recipe.packed.push_back("abc");
  recipe.folders.push_back({CopyCoder(), {3}, {"abc"}});
  recipe.files.push_back({"4"});
  const Outcome outcome = Read(Unpack7z, SevenZip(recipe));
  EXPECT_TRUE(outcome.result);
  ASSERT_EQ(outcome.recorder.members.size(), 4);
  EXPECT_TRUE(outcome.recorder.members[1].damage);
  EXPECT_TRUE(outcome.recorder.members[2].damage);
  EXPECT_EQ(outcome.recorder.ContentOf("4"), "abc");
}

TEST(SevenZipArchive, StopsWithTheSink) {
  const std::string file = SevenZip(Solid());
  MemberRecorder bytes(100);
  EXPECT_TRUE(bytes.Run(Unpack7z, base::AsBytes(file)));
  ASSERT_EQ(bytes.members.size(), 3);
  EXPECT_EQ(bytes.members[1].damage->fault, Fault::kLimit);
  EXPECT_TRUE(bytes.members[2].damage);
  MemberRecorder members(1000, 1);
  const auto result = members.Run(Unpack7z, base::AsBytes(file));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kLimit);
}

TEST(SevenZipArchive, SeesDamage) {
  sample::ExpectDamageIsSeen(Unpack7z, SevenZip(Stored()));
  sample::ExpectDamageIsSeen(Unpack7z, SevenZip(Solid()));
}

// Behind a right checksum every field may be wrong.
TEST(SevenZipArchive, HoldsTheRulesForEveryHeader) {
  for (const SevenZipRecipe& recipe : {Stored(), Solid()}) {
    const std::string header = sample::SevenZipHeaderOf(recipe);
    for (size_t at = 0; at < header.size(); ++at) {
      EXPECT_FALSE(Read(Unpack7z, sample::SevenZipAround(recipe.packed[0],
                                                         header.substr(0, at)))
                       .Clean() &&
                   at > 0)
          << at;
      for (const int byte : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
        std::string changed = header;
        changed[at] = static_cast<char>(byte);
        (void)Read(Unpack7z, sample::SevenZipAround(recipe.packed[0], changed));
      }
    }
  }
}

}  // namespace
}  // namespace countersign::formats
