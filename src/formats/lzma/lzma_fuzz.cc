// Every file that could start as .lzma.
#include <cstddef>
#include <cstdint>

#include "formats/sample/member_recorder.h"
#include "formats/stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::CheckUnpack(countersign::formats::UnpackLzma,
                                    {data, size});
  return 0;
}
