#include "formats/codec/pkzip.h"

#include <gtest/gtest.h>

#include <zlib.h>

#include <string>

#include "base/text.h"
#include "formats/codec/prefix_code.h"
#include "formats/codec/sample/pkzip_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using base::Result;

class TextSink : public ByteSink {
 public:
  Result<void> Write(base::Bytes bytes) override {
    EXPECT_FALSE(refused) << "written to after an error";
    if (bytes.size() > most - text.size()) {
      refused = true;
      return base::Fail(Fault::kLimit, 7, "test");
    }
    text += base::AsText(bytes);
    return {};
  }
  std::string text;
  size_t most = size_t{1} << 30;
  bool refused = false;
};

// Bytes that repeat at many distances, all 256 of them.
std::string Sample(size_t size) {
  std::string text;
  uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    const size_t length = state >> 24 & 31;
    const size_t distance = (state >> 8 & 0x1FFF) + 1;
    if ((state & 0x40) != 0 && distance <= text.size()) {
      text += text.substr(text.size() - distance, length);
    } else {
      text += static_cast<char>(state >> 16);
    }
  }
  text += std::string(400, 'x');
  text.resize(size);
  return text;
}

using Decoder = Result<uint64_t> (*)(base::Input, ByteSink&, uint64_t);

struct Method {
  const char* name;
  std::string (*write)(std::string_view);
  Decoder read;
};

template <bool kLarge, bool kLiterals>
Method ImplodeMethod(const char* name) {
  return {name,
          [](std::string_view t) { return Implode(t, kLarge, kLiterals); },
          [](base::Input in, ByteSink& out, uint64_t size) {
            return Explode(in, out, size, kLarge, kLiterals);
          }};
}

template <unsigned kFactor, size_t kFollowed>
Method ReduceMethod(const char* name) {
  return {name,
          [](std::string_view t) { return Reduce(t, kFactor, kFollowed); },
          [](base::Input in, ByteSink& out, uint64_t size) {
            return Unreduce(in, out, size, kFactor);
          }};
}

std::string Deflate64(std::string_view text) {
  Deflate64Writer writer;
  for (const PkzipToken& token : PkzipTokens(text, 3, 65538, 65536)) {
    if (token.length == 0) {
      writer.Literal(token.literal);
    } else {
      writer.Match(token.length, token.distance);
    }
  }
  return writer.Finish();
}

std::vector<Method> Methods() {
  return {ImplodeMethod<false, false>("implode 4K"),
          ImplodeMethod<true, false>("implode 8K"),
          ImplodeMethod<false, true>("implode 4K, literals"),
          ImplodeMethod<true, true>("implode 8K, literals"),
          ReduceMethod<1, 256>("reduce 1"),
          ReduceMethod<2, 100>("reduce 2, few followers"),
          ReduceMethod<3, 0>("reduce 3, no followers"),
          ReduceMethod<4, 256>("reduce 4"),
          {"shrink", [](std::string_view t) { return ShrinkWriter().Write(t); },
           Unshrink},
          {"deflate64", Deflate64, [](base::Input in, ByteSink& out, uint64_t) {
             return InflateDeflate64(in, out);
           }}};
}

TEST(Pkzip, EveryMethodGivesBackWhatWasPacked) {
  for (const Method& method : Methods()) {
    for (const size_t size : {1U, 2U, 300U, 5000U, 40'000U}) {
      const std::string text = Sample(size);
      const std::string packed = method.write(text);
      TextSink sink;
      const auto taken =
          method.read({base::AsBytes(packed), 0}, sink, text.size());
      ASSERT_TRUE(taken.has_value())
          << method.name << " " << size << " at " << taken.error().offset;
      EXPECT_EQ(*taken, packed.size()) << method.name;
      EXPECT_TRUE(sink.text == text) << method.name << " " << size;
    }
  }
}

TEST(Pkzip, WhatFollowsTheStreamIsNotTaken) {
  for (const Method& method : Methods()) {
    const std::string text = Sample(1000);
    const std::string packed = method.write(text);
    const std::string more = packed + "PK\x01\x02 and more";
    TextSink sink;
    const auto taken = method.read({base::AsBytes(more), 0}, sink, text.size());
    ASSERT_TRUE(taken.has_value()) << method.name;
    EXPECT_EQ(*taken, packed.size()) << method.name;
  }
}

TEST(Pkzip, AStreamCutAnywhereIsTruncatedAndItsBeginningRight) {
  for (const Method& method : Methods()) {
    const std::string text = Sample(700);
    const std::string packed = method.write(text);
    for (size_t size = 0; size < packed.size(); ++size) {
      TextSink sink;
      const auto taken = method.read({base::AsBytes(packed).first(size), 1000},
                                     sink, text.size());
      ASSERT_FALSE(taken.has_value()) << method.name << " " << size;
      EXPECT_EQ(taken.error().fault, Fault::kTruncated)
          << method.name << " " << size;
      EXPECT_LE(taken.error().offset, 1000 + size) << method.name;
      EXPECT_TRUE(text.starts_with(sink.text)) << method.name << " " << size;
    }
  }
}

TEST(Pkzip, AnErrorOfTheSinkIsPassedOnAndNothingMoreWritten) {
  for (const Method& method : Methods()) {
    // More than is written at once, and less.
    const bool is_fast = std::string_view(method.name) == "deflate64";
    const std::string text = Sample(is_fast ? 280'000 : 1000);
    const std::string packed = method.write(text);
    TextSink sink;
    sink.most = 900;
    const auto taken =
        method.read({base::AsBytes(packed), 0}, sink, text.size());
    ASSERT_FALSE(taken.has_value()) << method.name;
    EXPECT_STREQ(taken.error().field, "test") << method.name;
  }
}

TEST(Pkzip, ChangedBytesNeverGiveMoreThanTheSize) {
  for (const Method& method : Methods()) {
    const std::string text = Sample(600);
    std::string packed = method.write(text);
    for (size_t at = 0; at < packed.size(); ++at) {
      const char kept = packed[at];
      packed[at] = static_cast<char>(kept ^ (1 << at % 8));
      TextSink sink;
      const auto taken =
          method.read({base::AsBytes(packed), 0}, sink, text.size());
      EXPECT_TRUE(!taken || *taken <= packed.size()) << method.name;
      if (std::string_view(method.name) != "deflate64") {
        EXPECT_LE(sink.text.size(), text.size()) << method.name;
      }
      packed[at] = kept;
    }
  }
}

TEST(Pkzip, ShrinkClearsItsTableInPart) {
  const std::string text = Sample(100'000);
  ShrinkWriter writer;
  const std::string packed = writer.Write(text);
  EXPECT_GT(writer.clears, 3U);
  TextSink sink;
  ASSERT_TRUE(
      Unshrink({base::AsBytes(packed), 0}, sink, text.size()).has_value());
  EXPECT_TRUE(sink.text == text);
}

// Where the two methods agree, zlib says what the codes of a block mean.
TEST(Deflate64, ReadsBlocksWithCodesOfTheirOwn) {
  std::string text;
  for (int i = 0; text.size() < 500'000; ++i) {
    text += "line " + std::to_string(i * 7919 % 10007) + "\n";
  }
  for (const int level : {0, 1, 9}) {
    std::string packed(text.size() + 1000, '\0');
    z_stream z{};
    deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    z.next_in = reinterpret_cast<Bytef*>(text.data());
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(packed.data());
    z.avail_out = static_cast<uInt>(packed.size());
    ASSERT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.resize(z.total_out);
    deflateEnd(&z);
    TextSink sink;
    const auto taken = InflateDeflate64({base::AsBytes(packed), 0}, sink);
    ASSERT_TRUE(taken.has_value()) << level;
    EXPECT_EQ(*taken, packed.size());
    EXPECT_TRUE(sink.text == text) << level;
  }
}

TEST(Deflate64, CopiesFromAsFarAsItsWindow) {
  const std::string text = Sample(65'536);
  Deflate64Writer writer;
  for (const char c : text) {
    writer.Literal(static_cast<uint8_t>(c));
  }
  writer.Match(65'538, 65'536);
  const std::string packed = writer.Finish();
  TextSink sink;
  ASSERT_TRUE(InflateDeflate64({base::AsBytes(packed), 0}, sink).has_value());
  EXPECT_TRUE(sink.text == text + text + text.substr(0, 2));
}

TEST(Deflate64, RefusesADistanceBeforeTheStart) {
  Deflate64Writer writer;
  writer.Literal('a');
  writer.Match(3, 2);
  const std::string packed = writer.Finish();
  TextSink sink;
  const auto taken = InflateDeflate64({base::AsBytes(packed), 0}, sink);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().fault, Fault::kMalformed);
  EXPECT_EQ(sink.text, "a");
}

// "abc" 6,000 times, as 7-Zip packs it.
TEST(Deflate64, ReadsWhatOthersWrite) {
  const auto packed = base::FromHex(
      "e5c2411100000c02a0ac9bfd3bf8b1051cf7e1f3f97c3e9fcfe7f3f97c3e9fcfe7f3f97c"
      "3e9fcfe7f3f97c3e9fcfe7f3f97c3e9fcfe7f3f97c3e9fcfe7f3f97c3e9fcfe7f3f97c3e"
      "9fcfe7f3f97c3e7f0b");
  TextSink sink;
  ASSERT_TRUE(InflateDeflate64({*packed, 0}, sink).has_value());
  std::string text;
  for (int i = 0; i < 6'000; ++i) {
    text += "abc";
  }
  EXPECT_TRUE(sink.text == text);
}

// PKZIP's own decoder begins with a window of zeros.
TEST(Implode, ReadsZerosBeforeTheStart) {
  BitWriter bits;
  const ShannonFanoCode values(SteepLengths());
  values.WriteLengths(bits);
  values.WriteLengths(bits);
  bits.Put(0, 1);
  bits.Put(5, 6);
  values.Write(bits, 0);
  values.Write(bits, 1);
  TextSink sink;
  ASSERT_TRUE(Explode({base::AsBytes(bits.Bytes()), 0}, sink, 3, false, false)
                  .has_value());
  EXPECT_EQ(sink.text, std::string(3, '\0'));
}

TEST(PrefixCode, RefusesCodesThatAreTooManyOrTooFew) {
  PrefixCode code;
  using Lengths = std::vector<uint8_t>;
  EXPECT_TRUE(code.Build(Lengths{1, 1}));
  EXPECT_TRUE(code.Build(Lengths{1, 2, 2}));
  EXPECT_TRUE(code.Build(Lengths{0, 1}));
  EXPECT_TRUE(code.Build(Lengths{0, 0}));
  EXPECT_FALSE(code.Build(Lengths{1, 1, 1}));
  EXPECT_FALSE(code.Build(Lengths{1, 2}));
  EXPECT_FALSE(code.Build(Lengths{2, 2, 2}));
}

TEST(Shrink, RefusesACodeBeforeThereIsAny) {
  BitWriter bits;
  bits.Put(300, 9);
  bits.Put(0, 32);
  TextSink sink;
  const auto taken = Unshrink({base::AsBytes(bits.Bytes()), 0}, sink, 10);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().fault, Fault::kMalformed);
}

}  // namespace
}  // namespace countersign::formats
