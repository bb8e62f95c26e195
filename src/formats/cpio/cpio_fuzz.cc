// Every file as a cpio archive.
#include <cstddef>
#include <cstdint>

#include "formats/archive.h"
#include "formats/sample/member_recorder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::CheckUnpack(countersign::formats::UnpackCpio,
                                    {data, size});
  return 0;
}
