// Every file that starts as one of Microsoft COMPRESS.
#include <cstddef>
#include <cstdint>

#include "formats/sample/member_recorder.h"
#include "formats/stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::CheckUnpack(countersign::formats::UnpackSzdd,
                                    {data, size});
  return 0;
}
