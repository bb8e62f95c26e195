// Every file as a tar archive; also with the checksum of each block put right,
// without which hardly any would be read.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/archive.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

// Every block that has the mark of a header is made one.
void PutChecksumsRight(std::vector<uint8_t>& file) {
  constexpr size_t kBlock = 512;
  for (size_t at = 0; at + kBlock <= file.size(); at += kBlock) {
    if (base::AsText(base::Bytes(file).subspan(at + 257, 5)) != "ustar") {
      continue;
    }
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at) + 148, 8, ' ');
    unsigned sum = 0;
    for (size_t i = 0; i < kBlock; ++i) {
      sum += file[at + i];
    }
    std::ranges::copy(fmt::format("{:06o}", sum),
                      file.begin() + static_cast<std::ptrdiff_t>(at) + 148);
  }
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(UnpackTar, {data, size});
  std::vector<uint8_t> file(data, data + size);
  PutChecksumsRight(file);
  CheckUnpack(UnpackTar, file);
  return 0;
}
