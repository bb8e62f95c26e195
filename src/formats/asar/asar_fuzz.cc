// Every file, as an archive of Electron; and its header alone, as JSON.
#include <cstddef>
#include <cstdint>

#include "formats/asar.h"
#include "formats/json.h"
#include "formats/sample/member_recorder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;
  const base::Bytes file{data, size};
  formats::CheckUnpack(formats::UnpackAsar, file);
  base::Budget budget({.steps = 10'000});
  const auto document = formats::ParseJson({file, 7}, budget);
  if (!document) {
    CS_CHECK(document.error().offset <= size + 7);
    return 0;
  }
  // Every row but the root is the first or next of exactly one that precedes.
  const auto& rows = document->rows;
  std::vector<uint32_t> reached(rows.size(), 0);
  for (uint32_t i = 0; i < rows.size(); ++i) {
    for (const uint32_t other : {rows[i].first, rows[i].next}) {
      CS_CHECK(other == 0 || (other > i && other < rows.size()));
      reached[other] += other == 0 ? 0 : 1;
    }
    CS_CHECK(rows[i].name_offset + rows[i].name_size <= document->texts.size());
    CS_CHECK(reached[i] == (i == 0 ? 0 : 1));
  }
  return 0;
}
