// Images of discs. Most of an image is zeros, which teach a fuzzer nothing:
// its input is a list of sectors from the first descriptor on, each { u8 size,
// the first bytes of the sector }.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/iso.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

std::vector<uint8_t> ExpandImage(base::Bytes input) {
  constexpr size_t kSector = 2048;
  constexpr size_t kMaxSectors = 64;
  std::vector<uint8_t> image(16 * kSector);
  for (size_t i = 0; i < kMaxSectors && !input.empty(); ++i) {
    const size_t size = std::min<size_t>(input[0], input.size() - 1);
    const base::Bytes sector = input.subspan(1, size);
    image.insert(image.end(), sector.begin(), sector.end());
    image.resize((17 + i) * kSector);
    input = input.subspan(1 + size);
  }
  return image;
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackIso, ExpandImage({data, size}));
  return 0;
}
