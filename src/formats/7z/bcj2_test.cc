#include "formats/7z/bcj2.h"

#include <gtest/gtest.h>

#include <string>

namespace countersign::formats {
namespace {

using base::Fault;
using ByteVector = std::vector<uint8_t>;

class Collected : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    all.insert(all.end(), bytes.begin(), bytes.end());
    return {};
  }
  ByteVector all;
};

// A range encoder of bits, with chances as the decoder has them.
class BitWriter {
 public:
  void Put(size_t context, bool bit) {
    uint16_t& chance = chances_[context];
    const uint32_t bound = (range_ >> 11) * chance;
    if (bit) {
      low_ += bound;
      range_ -= bound;
      chance = static_cast<uint16_t>(chance - (chance >> 5));
    } else {
      range_ = bound;
      chance = static_cast<uint16_t>(chance + ((2048 - chance) >> 5));
    }
    while (range_ < uint32_t{1} << 24) {
      range_ <<= 8;
      Shift();
    }
  }
  ByteVector Finish() {
    for (int i = 0; i < 5; ++i) {
      Shift();
    }
    return bytes_;
  }

 private:
  void Shift() {
    if (low_ >> 32 != 0) {
      for (size_t i = bytes_.size(); i > 0 && ++bytes_[i - 1] == 0; --i) {
      }
    }
    bytes_.push_back(static_cast<uint8_t>(low_ >> 24));
    low_ = low_ << 8 & 0xFFFFFFFF;
    if (first_) {
      // The first byte is always zero.
      bytes_.insert(bytes_.begin(), 0);
      first_ = false;
    }
  }

  std::vector<uint16_t> chances_ = std::vector<uint16_t>(258, 1024);
  uint64_t low_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
  bool first_ = true;
  ByteVector bytes_;
};

struct Encoded {
  ByteVector program;
  Bcj2Streams streams;
};

// Takes every second target out.
Encoded Encode(const ByteVector& program) {
  Encoded encoded;
  BitWriter bits;
  uint8_t last = 0;
  int count = 0;
  for (size_t at = 0; at < program.size();) {
    const uint8_t byte = program[at++];
    encoded.program.push_back(byte);
    const uint8_t before = std::exchange(last, byte);
    const bool branch = before == 0x0F && (byte & 0xF0) == 0x80;
    if (byte != 0xE8 && byte != 0xE9 && !branch) {
      continue;
    }
    const size_t context = byte == 0xE8   ? before
                           : byte == 0xE9 ? size_t{256}
                                          : size_t{257};
    const bool taken = program.size() - at >= 4 && ++count % 2 == 0;
    bits.Put(context, taken);
    if (taken) {
      uint32_t target = 0;
      for (size_t i = 4; i > 0; --i) {
        target = target << 8 | program[at + i - 1];
      }
      last = program[at + 3];
      at += 4;
      target += static_cast<uint32_t>(at);
      ByteVector& side =
          byte == 0xE8 ? encoded.streams.calls : encoded.streams.jumps;
      for (int shift = 24; shift >= 0; shift -= 8) {
        side.push_back(static_cast<uint8_t>(target >> shift));
      }
    }
  }
  encoded.streams.choices = bits.Finish();
  return encoded;
}

ByteVector Program() {
  ByteVector program;
  uint32_t state = 1;
  for (int i = 0; i < 30'000; ++i) {
    state = state * 1664525 + 1013904223;
    const auto byte = static_cast<uint8_t>(state >> 24);
    program.push_back(i % 9 == 0    ? uint8_t{0xE8}
                      : i % 13 == 0 ? uint8_t{0xE9}
                      : i % 17 == 0 ? uint8_t{0x0F}
                      : i % 17 == 1 ? uint8_t{0x85}
                                    : byte);
  }
  return program;
}

TEST(Bcj2, PutsTargetsBack) {
  const ByteVector program = Program();
  const Encoded encoded = Encode(program);
  EXPECT_GT(encoded.streams.calls.size(), 1000);
  EXPECT_GT(encoded.streams.jumps.size(), 1000);
  for (const size_t piece : {size_t{1}, size_t{7}, encoded.program.size()}) {
    Collected collected;
    Bcj2Sink sink(encoded.streams, collected);
    base::Bytes rest = encoded.program;
    while (!rest.empty()) {
      const base::Bytes part = rest.first(std::min(piece, rest.size()));
      ASSERT_TRUE(sink.Write(part));
      rest = rest.subspan(part.size());
    }
    ASSERT_TRUE(sink.Finish());
    EXPECT_TRUE(collected.all == program);
  }
}

TEST(Bcj2, NeedsAllOfItsStreams) {
  const Encoded encoded = Encode(Program());
  for (ByteVector Bcj2Streams::* const stream :
       {&Bcj2Streams::calls, &Bcj2Streams::jumps, &Bcj2Streams::choices}) {
    Bcj2Streams streams = encoded.streams;
    (streams.*stream).resize((streams.*stream).size() / 2);
    streams.offset = 7;
    Collected collected;
    Bcj2Sink sink(streams, collected);
    const auto written = sink.Write(encoded.program);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().fault, Fault::kTruncated);
    EXPECT_EQ(written.error().offset, 7);
  }
  Bcj2Streams wrong = encoded.streams;
  wrong.choices[0] = 1;
  Collected collected;
  const auto written = Bcj2Sink(wrong, collected).Write(encoded.program);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::kMalformed);
}

}  // namespace
}  // namespace countersign::formats
