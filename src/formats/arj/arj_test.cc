#include <gtest/gtest.h>

#include "formats/archive.h"
#include "formats/archive/sample/damage.h"
#include "formats/arj/lzh.h"
#include "formats/stream/sample/packed.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::Little;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

struct ArjRecipe {
  std::string name = {};
  std::string content = {};
  uint8_t method = 0;
  std::string packed = {};  // of the methods but 0
  uint8_t flags = 0;
  uint8_t type = 0;
  std::string comment = {};
  std::string extended = {};
};

std::string ArjHeaderOf(const ArjRecipe& recipe, size_t packed_size) {
  std::string basic = "\x1E\x0B\x01\x02"s;
  basic += Little(recipe.flags, 1) + Little(recipe.method, 1) +
           Little(recipe.type, 1) + '\0' + Little(0, 4);
  basic += Little(packed_size, 4) + Little(recipe.content.size(), 4) +
           Little(sample::Crc(recipe.content), 4) + Little(0, 6);
  basic += recipe.name + '\0' + recipe.comment + '\0';
  return "\x60\xEA" + Little(basic.size(), 2) + basic +
         Little(sample::Crc(basic), 4) + recipe.extended + Little(0, 2);
}

std::string ArjMember(const ArjRecipe& recipe) {
  const std::string& packed =
      recipe.method == 0 ? recipe.content : recipe.packed;
  return ArjHeaderOf(recipe, packed.size()) + packed;
}

std::string ArjMain(const std::string& comment = "") {
  return ArjHeaderOf({.name = "a.arj", .type = 2, .comment = comment}, 0);
}
std::string ArjEnd() { return "\x60\xEA\0\0"s; }

// Bits, the highest of a number and of a byte first.
class Bits {
 public:
  Bits& Put(unsigned value, unsigned count) {
    for (unsigned i = count; i > 0; --i) {
      if (used_ == 0) {
        text_ += '\0';
      }
      if ((value >> (i - 1) & 1) != 0) {
        text_.back() = static_cast<char>(text_.back() | 0x80 >> used_);
      }
      used_ = (used_ + 1) % 8;
    }
    return *this;
  }
  [[nodiscard]] const std::string& Text() const { return text_; }

 private:
  std::string text_;
  unsigned used_ = 0;
};

// Begins a block whose symbols all have 9 bits and whose distances have 5.
void BeginBlock(Bits& bits, unsigned symbols) {
  bits.Put(symbols, 16);
  // One length code, 11, which stands for 9.
  bits.Put(0, 5).Put(11, 5).Put(510, 9);
  bits.Put(17, 5);
  for (int i = 0; i < 17; ++i) {
    bits.Put(5, 3);
  }
}

// "abcabcabcabcX": three bytes, a match of nine at distance 3, a byte.
std::string Huffman() {
  Bits bits;
  BeginBlock(bits, 3);
  bits.Put('a', 9).Put('b', 9).Put('c', 9);
  BeginBlock(bits, 2);
  // The distance is one more than what is stored: 2 = 2^1 + 0.
  bits.Put(256 + 9 - 3, 9).Put(2, 5).Put(0, 1).Put('X', 9);
  return bits.Text();
}

// The same by fixed codes.
std::string Fast() {
  Bits bits;
  for (const char c : {'a', 'b', 'c'}) {
    bits.Put(0, 1).Put(static_cast<uint8_t>(c), 8);
  }
  // 9 = 7 + 2; 7 = 1 + 2 + 4 + 0 of 3 bits: prefix 1110.
  bits.Put(0b1110, 4).Put(0, 3).Put(0, 1).Put(2, 9);
  bits.Put(0, 1).Put('X', 8);
  return bits.Text();
}

TEST(Arj, YieldsItsMembers) {
  const std::string text = "abcabcabcabcX";
  std::string file =
      ArjMain() + ArjMember({.name = "stored", .content = "one"}) +
      ArjMember({.name = "dir", .type = 3}) +
      ArjMember({.name = "4", .content = text, .method = 4, .packed = Fast()});
  for (uint8_t method = 1; method < 4; ++method) {
    file += ArjMember({.name = std::to_string(method),
                       .content = text,
                       .method = method,
                       .packed = Huffman()});
  }
  const Outcome outcome = Read(UnpackArj, file + ArjEnd());
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  ASSERT_EQ(outcome.recorder.members.size(), 6);
  EXPECT_EQ(outcome.recorder.ContentOf("stored"), "one");
  EXPECT_TRUE(outcome.recorder.members[0].placed);
  EXPECT_EQ(outcome.recorder.members[1].member.kind, MemberKind::kDirectory);
  for (const char* name : {"1", "2", "3", "4"}) {
    EXPECT_EQ(outcome.recorder.ContentOf(name), text);
  }
}

TEST(Arj, ReadsLengthsThatAreSkipped) {
  Bits bits;
  bits.Put(4, 16);
  // Length codes 2 and 3 have a bit each; behind the third, none is skipped.
  bits.Put(4, 5).Put(0, 3).Put(0, 3).Put(1, 3).Put(0, 2).Put(1, 3);
  // 97 symbols without a code, then "a" and "b" with one bit.
  bits.Put(99, 9).Put(0, 1).Put(97 - 20, 9).Put(1, 1).Put(1, 1);
  // No distances.
  bits.Put(0, 5).Put(0, 5);
  bits.Put(0b0110, 4);
  const Outcome outcome =
      Read(UnpackArj, ArjMain() +
                          ArjMember({.name = "x",
                                     .content = "abba",
                                     .method = 1,
                                     .packed = bits.Text()}) +
                          ArjEnd());
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("x"), "abba");
}

TEST(Arj, NotesWhatNobodyShows) {
  const Outcome outcome =
      Read(UnpackArj,
           ArjMain("main comment") +
               ArjMember({.name = "x",
                          .content = "one",
                          .comment = "note",
                          .extended = Little(3, 2) + "ext" + Little(0, 4)}) +
               ArjMember({.name = "y",
                          .content = "abcabcabcabcX",
                          .method = 1,
                          .packed = Huffman() + "HIDDEN"}) +
               ArjEnd() + "MORE");
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 4);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kTrailingData), 1);
}

TEST(Arj, NotesNamesThatComeTwice) {
  const std::string member = ArjMember({.name = "x", .content = "one"});
  EXPECT_EQ(Read(UnpackArj, ArjMain() + member + member + ArjEnd())
                .recorder.CountOf(RemarkKind::kDuplicateName),
            1);
}

TEST(Arj, SaysWhatItDoesNotRead) {
  const auto read = [](const ArjRecipe& recipe) {
    return Read(UnpackArj, ArjMain() + ArjMember(recipe) +
                               ArjMember({.name = "next", .content = "x"}) +
                               ArjEnd());
  };
  const Outcome encrypted = read({.name = "x", .content = "one", .flags = 1});
  EXPECT_EQ(encrypted.recorder.members.at(0).damage->fault,
            Fault::kUnsupported);
  EXPECT_EQ(encrypted.recorder.CountOf(RemarkKind::kEncrypted), 1);
  EXPECT_EQ(encrypted.recorder.ContentOf("next"), "x");
  const Outcome method =
      read({.name = "x", .content = "one", .method = 9, .packed = "?"});
  EXPECT_EQ(method.recorder.members.at(0).damage->fault, Fault::kUnsupported);
  EXPECT_EQ(read({.name = "x", .content = "one", .flags = 4})
                .recorder.CountOf(RemarkKind::kUnsupported),
            1);
}

TEST(Arj, ComparesChecksums) {
  std::string stored =
      ArjMain() + ArjMember({.name = "x", .content = "one"}) + ArjEnd();
  stored[stored.size() - 5] ^= 1;
  const Outcome outcome = Read(UnpackArj, stored);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_EQ(outcome.recorder.ContentOf("x"), "ond");
  const Outcome packed =
      Read(UnpackArj, ArjMain() +
                          ArjMember({.name = "x",
                                     .content = "abcabcabcabcY",
                                     .method = 1,
                                     .packed = Huffman()}) +
                          ArjEnd());
  EXPECT_EQ(packed.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_STREQ(packed.recorder.members.at(0).damage->field,
               "original file's CRC");
}

TEST(Arj, SeesDamage) {
  const std::string text = "abcabcabcabcX";
  for (const ArjRecipe& recipe :
       {ArjRecipe{.name = "x", .content = "one"},
        ArjRecipe{
            .name = "x", .content = text, .method = 1, .packed = Huffman()},
        ArjRecipe{
            .name = "x", .content = text, .method = 4, .packed = Fast()}}) {
    sample::ExpectDamageIsSeen(UnpackArj,
                               ArjMain() + ArjMember(recipe) + ArjEnd());
  }
  EXPECT_FALSE(Read(UnpackArj, ArjMember({.name = "x"}) + ArjEnd()).result);
  EXPECT_FALSE(Read(UnpackArj, ArjEnd()).result);
}

class Discarded : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    size += bytes.size();
    return {};
  }
  size_t size = 0;
};

// A match that begins before the window, or runs over the size, is none.
TEST(ArjCodes, RefuseWhatDoesNotFit) {
  Bits far;
  far.Put(0, 1).Put('a', 8).Put(0b10, 2).Put(0, 1).Put(0b1111, 4).Put(0x1FFF,
                                                                      13);
  Discarded discarded;
  const auto result =
      DecompressArjFast({base::AsBytes(far.Text()), 0}, discarded, 1000);
  EXPECT_FALSE(result);
  const std::string fast = Fast();
  EXPECT_FALSE(DecompressArjFast({base::AsBytes(fast), 0}, discarded, 5));
  const std::string huffman = Huffman();
  EXPECT_FALSE(DecompressArjHuffman({base::AsBytes(huffman), 0}, discarded, 5));
}

// Every block of bits is some stream, or is refused; none runs over the size.
TEST(ArjCodes, TakeAnyBits) {
  uint32_t state = 7;
  for (int round = 0; round < 2000; ++round) {
    std::string noise;
    for (int i = 0; i < 60; ++i) {
      state = state * 1664525 + 1013904223;
      noise += static_cast<char>(state >> (round % 2 == 0 ? 24 : 28));
    }
    Discarded huffman;
    (void)DecompressArjHuffman({base::AsBytes(noise), 0}, huffman, 500);
    EXPECT_LE(huffman.size, 500);
    Discarded fast;
    (void)DecompressArjFast({base::AsBytes(noise), 0}, fast, 500);
    EXPECT_LE(fast.size, 500);
  }
}

}  // namespace
}  // namespace countersign::formats
