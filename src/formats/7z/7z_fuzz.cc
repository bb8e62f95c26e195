// Every file as a 7z archive; also with its checksums put right, without which
// hardly any would be read.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/archive.h"
#include "formats/codec/decompress.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

void Put32(std::vector<uint8_t>& file, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) {
    file[at + i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

uint64_t U64(const std::vector<uint8_t>& file, size_t at) {
  uint64_t value = 0;
  for (size_t i = 8; i > 0; --i) {
    value = value << 8 | file[at + i - 1];
  }
  return value;
}

// The header is taken for all from its offset on.
void PutChecksumsRight(std::vector<uint8_t>& file) {
  const uint64_t offset = U64(file, 12);
  const uint64_t rest = file.size() - 32;
  if (offset <= rest && U64(file, 20) <= rest - offset) {
    Put32(file, 28,
          Crc32(0, base::Bytes(file).subspan(32 + offset, U64(file, 20))));
  }
  Put32(file, 8, Crc32(0, base::Bytes(file).subspan(12, 20)));
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign::formats;
  CheckUnpack(Unpack7z, {data, size});
  if (size > 32) {
    std::vector<uint8_t> file(data, data + size);
    PutChecksumsRight(file);
    CheckUnpack(Unpack7z, file);
  }
  return 0;
}
