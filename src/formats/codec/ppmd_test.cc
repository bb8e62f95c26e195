#include "formats/codec/ppmd.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/codec/decompress.h"
#include "formats/codec/ppmd7.h"
#include "formats/codec/ppmd8.h"
#include "formats/codec/ppmd_range.h"
#include "formats/codec/sample/ppmd_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using base::Result;

class PpmdTextSink : public ByteSink {
 public:
  Result<void> Write(base::Bytes bytes) override {
    EXPECT_FALSE(refused);
    if (text.size() + bytes.size() > most) {
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

// Words and bytes in an order that never ends, of many contexts.
std::string PpmdSample(size_t size) {
  std::string text;
  uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    switch (state >> 30) {
      case 0:
        text += std::to_string(state >> 8 & 0x3FF);
        break;
      case 1:
        text += static_cast<char>(state >> 16);
        break;
      case 2:
        text += "word";
        break;
      default:
        text += text.substr(text.size() / 2, state >> 24 & 15);
    }
  }
  text.resize(size);
  return text;
}

std::string PpmdProperties(unsigned order, uint32_t memory) {
  std::string text(1, static_cast<char>(order));
  for (int i = 0; i < 4; ++i) {
    text += static_cast<char>(memory >> (8 * i));
  }
  return text;
}

struct ReadPpmd {
  ReadPpmd(const std::string& packed, unsigned order, uint32_t memory,
           uint64_t size, size_t most = size_t{1} << 30) {
    sink.most = most;
    const std::string properties = PpmdProperties(order, memory);
    taken = DecodePpmdOf7z({base::AsBytes(packed), 100},
                           base::AsBytes(properties), size, sink);
  }
  PpmdTextSink sink;
  Result<uint64_t> taken = 0;
};

struct PpmdCase {
  size_t size;
  unsigned order;
  uint32_t memory;
  // Of the stream, which 7-Zip 26.02 makes, too, or reads where it makes none
  // with such parameters.
  size_t packed_size;
  uint32_t packed_crc;
};

class Ppmd7 : public testing::TestWithParam<PpmdCase> {};

// Small memories end often, and a model that starts again at another byte than
// 7-Zip's makes another stream.
INSTANTIATE_TEST_SUITE_P(
    Sizes, Ppmd7,
    testing::Values(PpmdCase{1, 6, 1 << 24, 6, 0x333DAD8F},
                    PpmdCase{100'000, 2, 1 << 16, 43'950, 0x73969C50},
                    PpmdCase{300'000, 16, 1 << 17, 138'406, 0x25B5226C},
                    PpmdCase{200'000, 8, 1 << 16, 92'037, 0x9FE03877},
                    // These only read.
                    PpmdCase{100'000, 2, 1 << 11, 61'544, 0x1FA52026},
                    PpmdCase{50'000, 3, 2'050, 32'108, 0xE5689BAC},
                    PpmdCase{200'000, 64, 100'003, 92'123, 0x4F4D42DF}));

TEST_P(Ppmd7, TheStreamIsThatOf7Zip) {
  const PpmdCase& parameters = GetParam();
  const std::string content = PpmdSample(parameters.size);
  const std::string packed =
      WritePpmdOf7z(content, parameters.order, parameters.memory);
  EXPECT_EQ(packed.size(), parameters.packed_size);
  EXPECT_EQ(Crc32(0, base::AsBytes(packed)), parameters.packed_crc);
  const ReadPpmd read(packed, parameters.order, parameters.memory,
                      content.size());
  ASSERT_TRUE(read.taken) << read.taken.error().field;
  EXPECT_EQ(*read.taken, packed.size());
  EXPECT_TRUE(read.sink.text == content);
}

TEST(PpmdOf7z, AMarkOfTheEndMayFollow) {
  const std::string content = PpmdSample(1000);
  const std::string packed = WritePpmdOf7z(content, 6, 1 << 20, true);
  const ReadPpmd read(packed, 6, 1 << 20, content.size());
  ASSERT_TRUE(read.taken);
  EXPECT_EQ(*read.taken, packed.size());
  EXPECT_EQ(read.sink.text, content);
  // One byte less is more than the mark behind what was asked for.
  const ReadPpmd shorter(packed, 6, 1 << 20, content.size() - 1);
  ASSERT_FALSE(shorter.taken);
  EXPECT_STREQ(shorter.taken.error().field, "PPMd end");
  // And there is nothing behind the mark.
  const ReadPpmd longer(packed, 6, 1 << 20, content.size() + 1);
  ASSERT_FALSE(longer.taken);
  EXPECT_EQ(longer.taken.error().fault, Fault::kMalformed);
}

TEST(PpmdOf7z, CutAnywhereItIsNeverWhole) {
  const std::string content = PpmdSample(300);
  const std::string packed = WritePpmdOf7z(content, 6, 1 << 20);
  for (size_t size = 0; size < packed.size(); ++size) {
    const ReadPpmd read(packed.substr(0, size), 6, 1 << 20, content.size());
    ASSERT_FALSE(read.taken) << size;
    EXPECT_EQ(read.taken.error().fault, Fault::kTruncated) << size;
    EXPECT_EQ(read.taken.error().offset, 100 + size);
    EXPECT_TRUE(content.starts_with(read.sink.text.substr(
        0, read.sink.text.size() - std::min<size_t>(read.sink.text.size(), 4))))
        << size;
  }
}

TEST(PpmdOf7z, ChangedAnywhereItEnds) {
  const std::string content = PpmdSample(2000);
  const std::string packed = WritePpmdOf7z(content, 8, 3000);
  for (size_t at = 0; at < packed.size(); ++at) {
    for (const char change : {'\x01', '\x80'}) {
      std::string changed = packed;
      changed[at] = static_cast<char>(changed[at] ^ change);
      const ReadPpmd read(changed, 8, 3000, content.size());
      ASSERT_TRUE(!read.taken || read.sink.text != content) << at;
    }
  }
}

TEST(PpmdOf7z, PropertiesAreChecked) {
  const std::string packed = WritePpmdOf7z("text", 6, 1 << 20);
  for (const auto& [order, memory, fault] :
       {std::tuple(1U, 1U << 20, Fault::kMalformed),
        std::tuple(65U, 1U << 20, Fault::kMalformed),
        std::tuple(6U, (1U << 11) - 1, Fault::kMalformed),
        std::tuple(6U, kMostPpmdMemory + 1, Fault::kLimit)}) {
    const ReadPpmd read(packed, order, memory, 4);
    ASSERT_FALSE(read.taken) << order << ' ' << memory;
    EXPECT_EQ(read.taken.error().fault, fault);
  }
  PpmdTextSink sink;
  for (const std::string& properties : {PpmdProperties(6, 1 << 20) + "x",
                                        PpmdProperties(6, 1 << 20).substr(1)}) {
    EXPECT_FALSE(DecodePpmdOf7z({base::AsBytes(packed), 0},
                                base::AsBytes(properties), 4, sink));
  }
}

TEST(PpmdOf7z, StopsWithTheSink) {
  const std::string content = PpmdSample(200'000);
  const std::string packed = WritePpmdOf7z(content, 6, 1 << 20);
  const ReadPpmd read(packed, 6, 1 << 20, content.size(), 100'000);
  ASSERT_FALSE(read.taken);
  EXPECT_STREQ(read.taken.error().field, "test");
}

struct ReadZipPpmd {
  explicit ReadZipPpmd(const std::string& packed)
      : taken(DecodePpmdOfZip({base::AsBytes(packed), 100}, sink)) {}
  PpmdTextSink sink;
  Result<uint64_t> taken;
};

// Memory of 1 MiB ends in both.
TEST(PpmdOfZip, TheStreamIsThatOf7Zip) {
  const std::string content = PpmdSample(200'000);
  for (const auto& [restore, size, crc] :
       {std::tuple(Ppmd8Restore::kRestart, 86'984, 0x9D4183D0U),
        std::tuple(Ppmd8Restore::kCutOff, 84'899, 0xCDA898A6U)}) {
    const std::string packed = WritePpmdOfZip(content, 16, 1, restore);
    EXPECT_EQ(packed.size(), size);
    EXPECT_EQ(Crc32(0, base::AsBytes(packed)), crc);
    const ReadZipPpmd read(packed + "behind");
    ASSERT_TRUE(read.taken) << read.taken.error().field;
    EXPECT_EQ(*read.taken, packed.size());
    EXPECT_TRUE(read.sink.text == content);
  }
}

// Memories that ZIP cannot ask for end at every other byte.
TEST(Ppmd8, ReadsWhatIsWrittenInAnyMemory) {
  const std::string content = PpmdSample(10'000);
  for (const Ppmd8Restore restore :
       {Ppmd8Restore::kRestart, Ppmd8Restore::kCutOff}) {
    for (const unsigned order : {2U, 5U, 16U, 64U}) {
      for (const uint32_t memory :
           {Ppmd8Model::kLeastCutOffMemory, 19'999U, 40'000U}) {
        Ppmd8Model model;
        ASSERT_TRUE(model.Start(order, memory, restore));
        const std::string packed = WritePpmd8(model, content);
        ASSERT_TRUE(model.Start(order, memory, restore));
        PpmdBytes bytes({base::AsBytes(packed), 0});
        PpmdRangeWithoutCarry<PpmdBytes> range(bytes);
        range.Begin();
        std::string text;
        int symbol = model.Code(range);
        for (; symbol >= 0 && text.size() <= content.size();
             symbol = model.Code(range)) {
          text += static_cast<char>(symbol);
        }
        EXPECT_EQ(symbol, Ppmd8Model::kEnd) << order << ' ' << memory;
        EXPECT_TRUE(text == content) << order << ' ' << memory;
        EXPECT_EQ(bytes.Taken(), packed.size());
      }
    }
  }
}

TEST(PpmdOfZip, CutAnywhereItIsNeverWhole) {
  const std::string content = PpmdSample(300);
  const std::string packed =
      WritePpmdOfZip(content, 6, 1, Ppmd8Restore::kRestart);
  for (size_t size = 0; size < packed.size(); ++size) {
    const ReadZipPpmd read(packed.substr(0, size));
    ASSERT_FALSE(read.taken) << size;
    EXPECT_EQ(read.taken.error().fault, Fault::kTruncated) << size;
    EXPECT_EQ(read.taken.error().offset, size < 2 ? 100 : 100 + size);
  }
}

TEST(PpmdOfZip, ChangedAnywhereItEnds) {
  const std::string content = PpmdSample(500);
  const std::string packed =
      WritePpmdOfZip(content, 6, 1, Ppmd8Restore::kCutOff);
  for (size_t at = 2; at < packed.size(); ++at) {
    for (const char change : {'\x01', '\x80'}) {
      std::string changed = packed;
      changed[at] = static_cast<char>(changed[at] ^ change);
      const ReadZipPpmd read(changed);
      ASSERT_TRUE(!read.taken || read.sink.text != content) << at;
    }
  }
}

TEST(PpmdOfZip, ParametersAreChecked) {
  const std::string packed =
      WritePpmdOfZip("text", 6, 1, Ppmd8Restore::kRestart);
  for (const auto& [low, high, fault] :
       {std::tuple('\0', '\0', Fault::kMalformed),
        std::tuple('\5', '\x20', Fault::kUnsupported),
        std::tuple('\5', '\x30', Fault::kMalformed)}) {
    std::string changed = packed;
    changed[0] = low;
    changed[1] = high;
    const ReadZipPpmd read(changed);
    ASSERT_FALSE(read.taken);
    EXPECT_EQ(read.taken.error().fault, fault);
    EXPECT_EQ(read.taken.error().offset, 100U);
  }
}

TEST(PpmdArena, BytesOutsideAreZeroAndStayZero) {
  PpmdArena arena;
  ASSERT_TRUE(arena.Reserve(kLeastPpmdMemory));
  arena.Put32(kLeastPpmdMemory - 4, 0x01020304);
  EXPECT_EQ(arena.U32(kLeastPpmdMemory - 4), 0x01020304U);
  EXPECT_FALSE(arena.IsBroken());
  EXPECT_EQ(arena.U32(kLeastPpmdMemory - 3), 0U);
  EXPECT_TRUE(arena.IsBroken());
  arena.Put8(0xFFFFFFFF, 1);
  arena.PutSymbol(0xFFFFFFFB, {1, 1, 1});
  arena.CopyUnits(0, 0xFFFFFFF0, 2);
  EXPECT_EQ(arena.Symbol(kLeastPpmdMemory - 5).next, 0U);
  EXPECT_EQ(arena.Symbols(kLeastPpmdMemory - 12, 2).Count(), 2U);
  EXPECT_EQ(arena.Symbols(kLeastPpmdMemory - 11, 2).Count(), 0U);
  ASSERT_TRUE(arena.Reserve(kLeastPpmdMemory));
  EXPECT_FALSE(arena.IsBroken());
}

TEST(PpmdSizes, HaveRoomForTheirUnits) {
  for (uint32_t units = 1; units <= PpmdSizes::kMostUnits; ++units) {
    const size_t index = kPpmdSizes.IndexOf(units);
    EXPECT_GE(kPpmdSizes.UnitsOf(index), units);
    if (index > 0) {
      EXPECT_LT(kPpmdSizes.UnitsOf(index - 1), units);
    }
  }
}

}  // namespace
}  // namespace countersign::formats
