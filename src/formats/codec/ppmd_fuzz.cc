// The first bytes are order and memory of a model. The rest is read as a stream
// of 7z and of ZIP, and written as their content and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/codec/ppmd.h"
#include "formats/codec/ppmd_range.h"
#include "formats/codec/sample/ppmd_writer.h"

namespace countersign::formats {
namespace {

constexpr uint64_t kMostPpmdOut = uint64_t{1} << 16;

class KeptPpmd : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    text += base::AsText(bytes);
    return {};
  }
  std::string text;
};

void CheckPpmd(const std::string& properties, base::Bytes bytes) {
  KeptPpmd kept;
  const auto taken =
      DecodePpmdOf7z({bytes, 0}, base::AsBytes(properties), kMostPpmdOut, kept);
  CS_CHECK(kept.text.size() <= kMostPpmdOut);
  CS_CHECK(!taken ||
           (kept.text.size() == kMostPpmdOut && *taken <= bytes.size()));
  CS_CHECK(taken || taken.error().offset <= bytes.size());
}

void CheckRoundTrip(const std::string& properties, unsigned order,
                    uint32_t memory, base::Bytes content) {
  const std::string packed =
      WritePpmdOf7z(base::AsText(content), order, memory);
  KeptPpmd kept;
  const auto taken =
      DecodePpmdOf7z({base::AsBytes(packed), 0}, base::AsBytes(properties),
                     content.size(), kept);
  CS_CHECK(taken && *taken == packed.size());
  CS_CHECK(kept.text == base::AsText(content));
}

// What `model` makes of `bytes`, up to the mark of the end.
template <typename Model>
std::string ReadWith(Model& model, base::Bytes bytes) {
  PpmdBytes stream({bytes, 0});
  PpmdRangeWithoutCarry<PpmdBytes> range(stream);
  range.Begin();
  std::string text;
  for (int symbol = model.Code(range);
       symbol >= 0 && !stream.IsPastEnd() && text.size() < kMostPpmdOut;
       symbol = model.Code(range)) {
    text += static_cast<char>(symbol);
  }
  CS_CHECK(!model.IsBroken());
  return text;
}

void CheckPpmd7(unsigned order, uint32_t memory, base::Bytes bytes) {
  Ppmd7Model model;
  CS_CHECK(model.Start(order, memory));
  (void)ReadWith(model, bytes);
}

void CheckPpmd8(unsigned order, uint32_t memory, Ppmd8Restore restore,
                base::Bytes bytes) {
  Ppmd8Model model;
  CS_CHECK(model.Start(order, memory, restore));
  (void)ReadWith(model, bytes);
  CS_CHECK(model.Start(order, memory, restore));
  const std::string packed = WritePpmd8(model, base::AsText(bytes));
  CS_CHECK(model.Start(order, memory, restore));
  CS_CHECK(ReadWith(model, base::AsBytes(packed)) == base::AsText(bytes));
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  constexpr size_t kHead = 3;
  if (size < kHead) {
    return 0;
  }
  const unsigned order = 2 + data[0] % 63;
  // Limit: content, so that inputs stay fast.
  size = std::min<size_t>(size, kMostPpmdOut / 2);
  // Small, so that memory ends often.
  const uint32_t memory =
      kLeastPpmdMemory + (data[1] | uint32_t{data[2]} << 8) % 30'000;
  std::string properties(1, static_cast<char>(order));
  for (int i = 0; i < 4; ++i) {
    properties += static_cast<char>(memory >> (8 * i));
  }
  const countersign::base::Bytes rest(data + kHead, size - kHead);
  CheckPpmd(properties, rest);
  CheckRoundTrip(properties, order, memory, rest);
  CheckPpmd7(order, memory, rest);
  CheckPpmd8(order, memory, Ppmd8Restore::kRestart, rest);
  CheckPpmd8(order, memory + Ppmd8Model::kLeastCutOffMemory,
             Ppmd8Restore::kCutOff, rest);
  return 0;
}
