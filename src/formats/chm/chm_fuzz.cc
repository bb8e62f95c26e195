// Every file as compiled help; and as compressed data, to which few headers
// would lead.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/chm.h"
#include "formats/codec/lzx.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

void CheckLzx(base::Bytes bytes) {
  constexpr uint64_t kMostOut = uint64_t{1} << 18;
  std::vector<uint8_t> output;
  const unsigned bits =
      15 + static_cast<unsigned>(bytes.empty() ? 0 : bytes.back() % 7);
  const auto result = DecompressLzx({bytes, 0}, bits, kMostOut, output);
  CS_CHECK(output.size() <= kMostOut);
  CS_CHECK(!result || output.size() == kMostOut);
  CS_CHECK(result || result.error().offset <= bytes.size());
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackChm, {data, size});
  CheckLzx({data, size});
  return 0;
}
