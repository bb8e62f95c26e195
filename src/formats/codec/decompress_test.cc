#include "formats/codec/decompress.h"

#include <gtest/gtest.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <vector>

namespace countersign::formats {
namespace {

using base::Fault;
using ByteVector = std::vector<uint8_t>;

class Collected : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    if (all.size() + bytes.size() > most) {
      return base::Fail(Fault::kLimit, 0, "test");
    }
    all.insert(all.end(), bytes.begin(), bytes.end());
    return {};
  }
  ByteVector all;
  size_t most = size_t{1} << 30;
};

ByteVector Text() {
  ByteVector text;
  for (int i = 0; text.size() < 700'000; ++i) {
    const std::string line = "line " + std::to_string(i * 7919 % 10007) + "\n";
    text.insert(text.end(), line.begin(), line.end());
  }
  return text;
}

ByteVector Packed(Codec codec, const ByteVector& text) {
  ByteVector out(text.size() + 10'000);
  size_t size = 0;
  switch (codec) {
    case Codec::kDeflate:
    case Codec::kZlib: {
      z_stream z{};
      deflateInit2(&z, 6, Z_DEFLATED, codec == Codec::kZlib ? 15 : -15, 8, 0);
      z.next_in = const_cast<Bytef*>(text.data());
      z.avail_in = static_cast<uInt>(text.size());
      z.next_out = out.data();
      z.avail_out = static_cast<uInt>(out.size());
      EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
      size = z.total_out;
      deflateEnd(&z);
      break;
    }
    case Codec::kBzip2: {
      auto length = static_cast<unsigned>(out.size());
      BZ2_bzBuffToBuffCompress(
          reinterpret_cast<char*>(out.data()), &length,
          reinterpret_cast<char*>(const_cast<uint8_t*>(text.data())),
          static_cast<unsigned>(text.size()), 9, 0, 0);
      size = length;
      break;
    }
    case Codec::kXz:
      lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, text.data(),
                              text.size(), out.data(), &size, out.size());
      break;
    case Codec::kZstandard:
      size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
      break;
    default: {
      lzma_options_lzma options;
      lzma_lzma_preset(&options, 1);
      if (codec == Codec::kLzma) {
        lzma_stream stream = LZMA_STREAM_INIT;
        EXPECT_EQ(lzma_alone_encoder(&stream, &options), LZMA_OK);
        stream.next_in = text.data();
        stream.avail_in = text.size();
        stream.next_out = out.data();
        stream.avail_out = out.size();
        EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
        size = stream.total_out;
        lzma_end(&stream);
        break;
      }
      const lzma_filter filters[] = {
          {codec == Codec::kLzmaRaw ? LZMA_FILTER_LZMA1 : LZMA_FILTER_LZMA2,
           &options},
          {LZMA_VLI_UNKNOWN, nullptr}};
      EXPECT_EQ(
          lzma_raw_buffer_encode(filters, nullptr, text.data(), text.size(),
                                 out.data(), &size, out.size()),
          LZMA_OK);
    }
  }
  out.resize(size);
  return out;
}

CodecOptions OptionsOf(Codec codec) {
  // lc 3, lp 0, pb 2, dictionary of 1 MiB: preset 1.
  static const ByteVector first = {0x5D, 0, 0, 0x10, 0};
  static const ByteVector second = {16};
  CodecOptions options;
  if (codec == Codec::kLzmaRaw) {
    options.properties = first;
    options.size = Text().size();
  } else if (codec == Codec::kLzma2Raw) {
    options.properties = second;
  }
  return options;
}

class EveryCodec : public testing::TestWithParam<Codec> {};

INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec,
                         testing::Values(Codec::kDeflate, Codec::kZlib,
                                         Codec::kBzip2, Codec::kXz,
                                         Codec::kLzma, Codec::kLzmaRaw,
                                         Codec::kLzma2Raw, Codec::kZstandard));

TEST_P(EveryCodec, YieldsWhatWentIn) {
  const ByteVector text = Text();
  ByteVector packed = Packed(GetParam(), text);
  const size_t size = packed.size();
  packed.insert(packed.end(), {1, 2, 3});
  CodecOptions options = OptionsOf(GetParam());
  for (const bool sized : {false, true}) {
    if (sized) {
      options.size = text.size();
    }
    Collected out;
    const auto taken = Decompress(GetParam(), {packed, 100}, out, options);
    ASSERT_TRUE(taken.has_value()) << taken.error().field;
    EXPECT_EQ(out.all, text);
    if (GetParam() != Codec::kLzmaRaw) {
      EXPECT_EQ(*taken, size);
    }
  }
}

TEST_P(EveryCodec, SaysThatItWasCutOff) {
  const ByteVector text = Text();
  ByteVector packed = Packed(GetParam(), text);
  for (const size_t size :
       {size_t{0}, size_t{1}, packed.size() / 2, packed.size() - 9}) {
    SCOPED_TRACE(size);
    Collected out;
    const auto taken =
        Decompress(GetParam(), {base::Bytes(packed).first(size), 100}, out,
                   OptionsOf(GetParam()));
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().fault, Fault::kTruncated);
    EXPECT_LE(taken.error().offset, 100 + size);
    EXPECT_TRUE(std::equal(out.all.begin(), out.all.end(), text.begin()));
  }
}

TEST_P(EveryCodec, NeverGivesMoreThanTheSize) {
  const ByteVector text = Text();
  const ByteVector packed = Packed(GetParam(), text);
  CodecOptions options = OptionsOf(GetParam());
  options.size = text.size() - 1;
  Collected out;
  const auto taken = Decompress(GetParam(), {packed, 0}, out, options);
  EXPECT_LE(out.all.size(), text.size() - 1);
  if (GetParam() != Codec::kLzmaRaw) {
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().fault, Fault::kMalformed);
  }
}

TEST_P(EveryCodec, PassesTheErrorOfTheSinkOn) {
  const ByteVector packed = Packed(GetParam(), Text());
  Collected out;
  out.most = 300'000;
  const auto taken =
      Decompress(GetParam(), {packed, 0}, out, OptionsOf(GetParam()));
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().fault, Fault::kLimit);
  EXPECT_STREQ(taken.error().field, "test");
}

TEST_P(EveryCodec, RefusesWhatIsNoStream) {
  const ByteVector noise(5000, 0xFF);
  Collected out;
  const auto taken =
      Decompress(GetParam(), {noise, 0}, out, OptionsOf(GetParam()));
  ASSERT_FALSE(taken.has_value());
}

TEST(Decompress, ADictionaryThatIsTooLargeIsALimit) {
  const ByteVector properties = {0x5D, 0, 0, 0, 0x40};  // 1 GiB
  Collected out;
  const auto taken =
      Decompress(Codec::kLzmaRaw, {properties, 0}, out, {properties, 10});
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().fault, Fault::kLimit);
}

TEST(Crc32, IsThatOfIso3309) {
  const ByteVector text = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(Crc32(0, text), 0xCBF43926U);
  EXPECT_EQ(
      Crc32(Crc32(0, base::Bytes(text).first(4)), base::Bytes(text).subspan(4)),
      0xCBF43926U);
}

}  // namespace
}  // namespace countersign::formats
