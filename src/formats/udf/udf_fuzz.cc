// UDF images. Most of an image is zeros, and a wrong checksum ends the reading:
// the input is a list of sectors { u16 sector, u8 size, the first bytes of the
// sector }, whose tags are put right.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/sample/member_recorder.h"
#include "formats/udf.h"
#include "formats/udf/tag.h"

namespace countersign::formats {
namespace {

constexpr size_t kFuzzedSector = 2048;
constexpr size_t kFuzzedSectors = 320;

void SealUdf(std::vector<uint8_t>& image, size_t at) {
  const size_t size = std::min<size_t>(
      image[at + 10] + size_t{image[at + 11]} * 256, kFuzzedSector - 16);
  const uint16_t crc = UdfCrc({image.data() + at + 16, size});
  image[at + 8] = static_cast<uint8_t>(crc);
  image[at + 9] = static_cast<uint8_t>(crc >> 8);
  unsigned sum = 0;
  for (size_t i = 0; i < 16; ++i) {
    sum += i == 4 ? 0U : image[at + i];
  }
  image[at + 4] = static_cast<uint8_t>(sum);
}

std::vector<uint8_t> ExpandUdf(base::Bytes input) {
  constexpr size_t kHead = 3;
  std::vector<uint8_t> image(kFuzzedSectors * kFuzzedSector);
  while (input.size() >= kHead) {
    const size_t sector = (input[0] + size_t{input[1]} * 256) % kFuzzedSectors;
    const size_t size =
        std::min<size_t>(size_t{input[2]} * 4, input.size() - kHead);
    const size_t at = sector * kFuzzedSector;
    std::copy_n(input.begin() + kHead, size,
                image.begin() + static_cast<std::ptrdiff_t>(at));
    // What begins with zeros and no mark of recognition has a tag.
    if (sector >= 32) {
      SealUdf(image, at);
    }
    input = input.subspan(kHead + size);
  }
  return image;
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackUdf, ExpandUdf({data, size}));
  return 0;
}
