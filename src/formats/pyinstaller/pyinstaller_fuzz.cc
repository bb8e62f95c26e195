// Every file, as what PyInstaller packs.
#include <cstddef>
#include <cstdint>

#include "formats/pyinstaller.h"
#include "formats/pyinstaller/marshal.h"
#include "formats/sample/member_recorder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;
  const base::Bytes file{data, size};
  formats::CheckUnpack(formats::UnpackPyinstaller, file);
  formats::CheckUnpack(formats::UnpackPyz, file);
  base::Budget budget({.steps = 10'000});
  uint64_t end = 7;
  const auto entries = formats::ReadPyzTable({file, 7}, budget, end);
  CS_CHECK(end >= 7 && end <= size + 7);
  CS_CHECK(entries || entries.error().offset <= size + 7);
  if (entries) {
    for (const formats::PyzEntry& entry : *entries) {
      CS_CHECK(entry.row.offset >= 7 &&
               entry.row.offset + entry.row.size <= end);
    }
  }
  return 0;
}
