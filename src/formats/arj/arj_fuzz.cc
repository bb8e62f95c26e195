// Every file as an ARJ archive; and the rest of it as compressed data, which
// few headers with a right checksum would lead to.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "formats/archive.h"
#include "formats/arj/lzh.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

constexpr uint64_t kMostOut = uint64_t{1} << 20;

class Counted : public ByteSink {
 public:
  base::Result<void> Write(base::Bytes bytes) override {
    size += bytes.size();
    return {};
  }
  uint64_t size = 0;
};

using Decompressor = base::Result<uint64_t> (*)(base::Input, ByteSink&,
                                                uint64_t);

// No more comes out than was asked for, and all of it unless that is said.
void CheckDecompressor(Decompressor decompress, base::Bytes bytes) {
  Counted counted;
  const auto taken = decompress({bytes, 0}, counted, kMostOut);
  CS_CHECK(counted.size <= kMostOut);
  CS_CHECK(!taken || (*taken <= bytes.size() && counted.size == kMostOut));
  CS_CHECK(taken || taken.error().offset <= bytes.size());
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackArj, {data, size});
  CheckDecompressor(DecompressArjHuffman, {data, size});
  CheckDecompressor(DecompressArjFast, {data, size});
  return 0;
}
