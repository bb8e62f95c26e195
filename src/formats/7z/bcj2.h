// BCJ2: jumps of x86 programs, packed apart from the rest.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Three of the four streams; the fourth, the program without its jumps, is
// written to the sink.
struct Bcj2Streams {
  std::vector<uint8_t> calls;    // absolute targets of E8, big-endian
  std::vector<uint8_t> jumps;    // of E9 and 0F 8x
  std::vector<uint8_t> choices;  // which of them were taken out
  uint64_t offset = 0;           // for errors
};

class Bcj2Sink : public ByteSink {
 public:
  Bcj2Sink(Bcj2Streams streams, ByteSink& next);

  // Fails with kTruncated when one of the other streams ends, with kMalformed
  // when the choices are none, or with the error of `next`.
  base::Result<void> Write(base::Bytes bytes) override;
  base::Result<void> Finish();

 private:
  // One of the three streams and how much of it was read.
  struct Side {
    explicit Side(std::vector<uint8_t> all) : bytes(std::move(all)) {}
    std::vector<uint8_t> bytes;
    size_t position = 0;
  };
  static constexpr size_t kContexts = 256 + 2;

  base::Result<bool> Choose(size_t context);
  base::Result<uint32_t> Target(Side& side);
  base::Result<uint8_t> Next();
  base::Result<void> Put(uint8_t byte);
  base::Result<void> PutTarget(bool call);

  ByteSink& next_;
  Side calls_;
  Side jumps_;
  Side choices_;
  uint64_t offset_;
  std::array<uint16_t, kContexts> chances_{};
  uint32_t range_ = 0;
  uint32_t code_ = 0;
  uint32_t position_ = 0;  // of the next byte of the program
  uint8_t last_ = 0;
  bool started_ = false;
  std::vector<uint8_t> piece_;
};

}  // namespace countersign::formats
