#include "formats/codec/lzx.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "formats/codec/sample/lzx_writer.h"

namespace countersign::formats {
namespace {

// Text with matches near and far, long and short, of any size.
std::string LzxSample(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    const uint32_t kind = random() % 8;
    if (kind < 4 || text.size() < 300) {
      text += static_cast<char>(random() % 64);
    } else {
      const size_t from = random() % (text.size() - 270);
      text += text.substr(from, 3 + random() % 260);
    }
  }
  text.resize(size);
  return text;
}

std::string Decompressed(const std::string& packed, unsigned bits,
                         size_t size) {
  std::vector<uint8_t> output;
  const auto result =
      DecompressLzx({base::AsBytes(packed), 100}, bits, size, output);
  EXPECT_TRUE(result) << result.error().field << " at "
                      << result.error().offset;
  return {output.begin(), output.end()};
}

TEST(Lzx, EveryBlockComesOutAsItWas) {
  for (const unsigned bits : {15U, 16U, 17U, 18U, 19U, 20U, 21U}) {
    for (const LzxBlockType type :
         {LzxBlockType::kVerbatim, LzxBlockType::kAligned,
          LzxBlockType::kUncompressed}) {
      for (const size_t size :
           {1U, 2U, 5U, 32'767U, 32'768U, 32'769U, 200'001U}) {
        const std::string text = LzxSample(size, bits);
        ASSERT_EQ(Decompressed(WriteLzx(text, bits, type), bits, size), text)
            << bits << ' ' << static_cast<int>(type) << ' ' << size;
      }
    }
  }
}

TEST(Lzx, MatchesAreUsedAtAll) {
  const std::string text(30'000, 'a');
  EXPECT_LT(WriteLzx(text, 15, LzxBlockType::kVerbatim).size(), 1000U);
}

TEST(Lzx, CallsOfProgramsAreMadeRelativeAgain) {
  // A call at 3 that leads to 0x50, and one whose target is out of range.
  std::string text("abc\xE8\x50\0\0\0", 8);
  text += std::string(20, 'x') + std::string("\xE8\xFF\xFF\xFF\x7F", 5) +
          std::string(20, 'y');
  const std::string packed =
      WriteLzx(text, 15, LzxBlockType::kVerbatim, 0x1000);
  std::string expected = text;
  expected[4] = 0x50 - 3;
  EXPECT_EQ(Decompressed(packed, 15, text.size()), expected);
  std::string negative("abc\xE8\xFE\xFF\xFF\xFF", 8);
  negative += std::string(20, 'x');
  expected = negative;
  expected[4] = '\xFE';
  expected[5] = '\x0F';
  expected[6] = expected[7] = '\0';
  EXPECT_EQ(
      Decompressed(WriteLzx(negative, 15, LzxBlockType::kUncompressed, 0x1000),
                   15, negative.size()),
      expected);
}

TEST(Lzx, CutAnywhereItIsTruncated) {
  const std::string text = LzxSample(2000, 5);
  for (const LzxBlockType type :
       {LzxBlockType::kVerbatim, LzxBlockType::kUncompressed}) {
    const std::string packed = WriteLzx(text, 15, type);
    for (size_t size = 0; size < packed.size(); ++size) {
      std::vector<uint8_t> output;
      const auto result = DecompressLzx({base::AsBytes(packed).first(size), 0},
                                        15, text.size(), output);
      ASSERT_FALSE(result) << size;
      ASSERT_LE(result.error().offset, size);
      ASSERT_LE(output.size(), text.size());
    }
  }
}

TEST(Lzx, ChangedAnywhereItNeverGivesMoreThanWasAsked) {
  const std::string text = LzxSample(3000, 6);
  const std::string packed = WriteLzx(text, 16, LzxBlockType::kAligned);
  for (size_t i = 0; i < packed.size(); ++i) {
    std::string changed = packed;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    std::vector<uint8_t> output;
    const auto result =
        DecompressLzx({base::AsBytes(changed), 0}, 16, text.size(), output);
    ASSERT_TRUE(result ? output.size() == text.size()
                       : output.size() <= text.size());
  }
}

TEST(Lzx, DistancesInFrontOfTheStreamAreMalformed) {
  LzxWriter out;
  const FlatSampleCode pretree(20);
  const FlatSampleCode main(256 + 240);
  const FlatSampleCode length(249);
  out.Bits(0, 1);
  out.Bits(1, 3);
  out.Bits(100, 24);
  const auto lengths = [&](const FlatSampleCode& code, size_t from, size_t to) {
    for (size_t i = 0; i < 20; ++i) {
      out.Bits(pretree.Length(i), 4);
    }
    for (size_t i = from; i < to; ++i) {
      pretree.Put(out, 17 - code.Length(i));
    }
  };
  lengths(main, 0, 256);
  lengths(main, 256, main.Count());
  lengths(length, 0, 249);
  main.Put(out, 256);  // the last distance, which is 1
  out.Bits(0, 32);
  out.Align();
  std::vector<uint8_t> output;
  const std::string packed = out.Text();
  const auto result =
      DecompressLzx({base::AsBytes(packed), 0}, 15, 100, output);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, base::Fault::kMalformed);
  EXPECT_STREQ(result.error().field, "LZX distance");
}

}  // namespace
}  // namespace countersign::formats
