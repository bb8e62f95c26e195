#include <gtest/gtest.h>

#include <array>

#include "formats/archive/sample/damage.h"
#include "formats/stream.h"
#include "formats/stream/sample/packed.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::ExpectDamageIsSeen;
using sample::Little;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

constexpr size_t kWindow = 4096;

// LZSS by search in what was written, with matches wherever they are possible.
std::string Lzss(const std::string& text, size_t start) {
  std::string window(kWindow, ' ');
  std::string out;
  size_t position = start;
  size_t at = 0;
  while (at < text.size()) {
    std::string items;
    int control = 0;
    for (int bit = 0; bit < 8 && at < text.size(); ++bit) {
      const std::string wanted = text.substr(at, 18);
      size_t best = 0;
      size_t best_at = 0;
      for (size_t from = 0; from < kWindow; ++from) {
        size_t size = 0;
        // A match must not read what it writes, to keep the search simple.
        while (size < wanted.size() && from + size < kWindow &&
               (from + size < position || from + size > position + 18) &&
               window[from + size] == wanted[size]) {
          ++size;
        }
        if (size > best) {
          best = size;
          best_at = from;
        }
      }
      size_t taken = 1;
      if (best >= 3) {
        taken = best;
        items += static_cast<char>(best_at & 0xFF);
        items += static_cast<char>((best_at >> 4 & 0xF0) | (best - 3));
      } else {
        control |= 1 << bit;
        items += text[at];
      }
      for (size_t i = 0; i < taken; ++i) {
        window[position] = text[at++];
        position = (position + 1) % kWindow;
      }
    }
    out += static_cast<char>(control) + items;
  }
  return out;
}

std::string Szdd(const std::string& text) {
  return "SZDD\x88\xF0\x27\x33"
         "Ae" +
         Little(text.size(), 4) + Lzss(text, kWindow - 16);
}

// `fields` is what `flags` announces.
std::string Kwaj(uint16_t method, uint16_t flags, const std::string& fields,
                 const std::string& data) {
  return "KWAJ\x88\xF0\x27\xD1"s + Little(method, 2) +
         Little(14 + fields.size(), 2) + Little(flags, 2) + fields + data;
}

std::string LongText() {
  std::string text;
  for (int i = 0; text.size() < 9000; ++i) {
    text += "line " + std::to_string(i * 7919 % 1007) + "    \n";
  }
  return text;
}

TEST(Szdd, YieldsItsContent) {
  for (const std::string& text : {""s, "abc"s, "    spaces   "s, LongText()}) {
    const Outcome outcome = Read(UnpackSzdd, Szdd(text));
    EXPECT_TRUE(outcome.Clean()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf("content"), text);
    EXPECT_EQ(outcome.recorder.format, model::Format::kSzdd);
  }
  EXPECT_LT(Szdd(LongText()).size(), LongText().size() / 2);
}

TEST(Szdd, ReadsTheVariantOfQbasic) {
  const std::string text = LongText();
  const Outcome outcome =
      Read(UnpackSzdd, "SZ \x88\xF0\x27\x33\xD1"s + Little(text.size(), 4) +
                           Lzss(text, kWindow - 18));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), text);
}

TEST(Szdd, ReadsTheFirstMethodsOfKwaj) {
  const std::string text = LongText();
  std::string inverted = text;
  for (char& c : inverted) {
    c = static_cast<char>(~c);
  }
  const std::array<std::string, 3> data = {text, inverted,
                                           Lzss(text, kWindow - 18)};
  for (uint16_t method = 0; method < 3; ++method) {
    const Outcome outcome = Read(
        UnpackSzdd, Kwaj(method, 0x19, Little(text.size(), 4) + "setup\0exe\0"s,
                         data[method]));
    EXPECT_TRUE(outcome.Clean()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf("setup.exe"), text);
    EXPECT_EQ(outcome.recorder.members.at(0).placed, method == 0);
  }
  const Outcome other = Read(UnpackSzdd, Kwaj(3, 0, "", "data"));
  ASSERT_FALSE(other.result);
  EXPECT_EQ(other.result.error().fault, Fault::kUnsupported);
}

TEST(Szdd, ReadsKwajWithoutSizeToItsEnd) {
  const Outcome outcome = Read(
      UnpackSzdd,
      Kwaj(2, 0x26, "??\x02\0xx\x03\0yyy"s, Lzss("some text", kWindow - 18)));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), "some text");
}

TEST(Szdd, NotesWhatIsHiddenOrFollows) {
  std::string gap = Kwaj(0, 0, "", "HIDDENdata");
  gap.replace(10, 2, Little(14 + 6, 2));
  const Outcome hidden = Read(UnpackSzdd, gap);
  EXPECT_EQ(hidden.recorder.ContentOf("content"), "data");
  ASSERT_EQ(hidden.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(hidden.recorder.remarks[0].range, (base::ByteRange{14, 6}));
  const std::string file = Szdd("abcdefgh");
  const Outcome trailing = Read(UnpackSzdd, file + "more");
  EXPECT_TRUE(trailing.Complete());
  ASSERT_EQ(trailing.recorder.CountOf(RemarkKind::kTrailingData), 1);
  EXPECT_EQ(trailing.recorder.remarks[0].range,
            (base::ByteRange{file.size(), 4}));
}

TEST(Szdd, NotesAMatchThatRunsOverTheSize) {
  std::string file = Szdd("aaaaaaaaaaaaaaaa    ");
  file.replace(10, 4, Little(19, 4));
  const Outcome outcome = Read(UnpackSzdd, file);
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(Szdd, SeesDamage) {
  ExpectDamageIsSeen(UnpackSzdd, Szdd("some text, some text, some text"));
  ExpectDamageIsSeen(UnpackSzdd,
                     Kwaj(0, 0x0D, Little(4, 4) + "\x01\0xname\0"s, "data"));
  ExpectDamageIsSeen(UnpackSzdd, Kwaj(1, 0x01, Little(4, 4), "data"));
  std::string mode = Szdd("x");
  mode[8] = 'B';
  EXPECT_EQ(Read(UnpackSzdd, mode).result.error().fault, Fault::kUnsupported);
  std::string offset = Kwaj(0, 1, Little(1, 4), "x");
  offset[10] = 14;
  EXPECT_EQ(Read(UnpackSzdd, offset).result.error().fault, Fault::kMalformed);
}

}  // namespace
}  // namespace countersign::formats
