// What any file is taken for.
#include "formats/sniff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using countersign::base::Bytes;
  using countersign::formats::FormatRow;
  using countersign::formats::Formats;
  using countersign::formats::Sniff;
  const Bytes file(data, size);
  const FormatRow& row = Sniff(file);
  const Bytes start = file.first(std::min<size_t>(size, 64 << 10));
  // The first row that matches, and one of the table.
  for (const FormatRow& candidate : Formats()) {
    if (&candidate == &row) {
      CS_CHECK(candidate.matches(start));
      break;
    }
    CS_CHECK(!candidate.matches(start));
    CS_CHECK(&candidate != &Formats().back());
  }
  // What stands behind the first 64 KiB changes nothing.
  std::vector<uint8_t> longer(start.begin(), start.end());
  longer.resize(64 << 10);
  const FormatRow& padded = Sniff(longer);
  longer.insert(longer.end(), {'M', 'Z', 0, 0xFF});
  CS_CHECK(&Sniff(longer) == &padded);
  CS_CHECK(&Sniff(file) == &row);
  return 0;
}
