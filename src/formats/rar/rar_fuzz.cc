// Every file as a RAR archive of both forms; and the rest of it as compressed
// data, which few headers with a right checksum would lead to.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "formats/archive.h"
#include "formats/codec/rar.h"
#include "formats/rar/headers.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

constexpr uint64_t kMostOut = uint64_t{1} << 18;

class CountedRar : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    size += bytes.size();
    return {};
  }
  uint64_t size = 0;
};

// Twice, the second time as a solid member.
void CheckDecoder(RarDecoder& decoder, base::Bytes bytes) {
  for (const bool is_solid : {false, true}) {
    CountedRar counted;
    const auto result = decoder.Decompress(
        {{bytes, 0}, kMostOut, uint64_t{128} << 10, is_solid}, counted);
    CS_CHECK(counted.size <= kMostOut);
    CS_CHECK(!result || counted.size == kMostOut);
    CS_CHECK(result || result.error().offset <= bytes.size());
  }
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackRar, {data, size});
  CheckDecoder(*NewRar5Decoder(), {data, size});
  CheckDecoder(*NewRar3Decoder(), {data, size});
  (void)DecodeRar4Name({data, size});
  return 0;
}
