// Every file that starts as bzip2.
#include <cstddef>
#include <cstdint>

#include "formats/sample/member_recorder.h"
#include "formats/stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::CheckUnpack(countersign::formats::UnpackBzip2,
                                    {data, size});
  return 0;
}
