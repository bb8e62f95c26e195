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
  using countersign::formats::SniffStart;
  const Bytes file(data, size);
  const FormatRow& row = Sniff(file);
  const Bytes start = file.first(std::min<size_t>(size, 64 << 10));
  const Bytes end = file.last(std::min<size_t>(size, 64 << 10));
  // The first row that matches, and one of the table.
  for (const FormatRow& candidate : Formats()) {
    const bool matches =
        candidate.matches(start) &&
        (candidate.confirms == nullptr || candidate.confirms(start, end));
    CS_CHECK(matches == (&candidate == &row));
    if (matches) {
      break;
    }
    CS_CHECK(&candidate != &Formats().back());
  }
  // What the start tells by itself, the end does not change.
  const FormatRow* by_start = SniffStart(start);
  CS_CHECK(by_start == nullptr || by_start == &row);
  CS_CHECK(&Sniff(start, end) == &row);
  CS_CHECK(&Sniff(file) == &row);
  // What stands between the first and the last 64 KiB changes nothing. Why not
  // of every input: it takes most of the time.
  if (size % 16 != 0) {
    return 0;
  }
  std::vector<uint8_t> longer(start.begin(), start.end());
  longer.resize(64 << 10);
  std::vector<uint8_t> last(end.begin(), end.end());
  last.resize(64 << 10);
  std::vector<uint8_t> between = longer;
  longer.insert(longer.end(), last.begin(), last.end());
  between.insert(between.end(), {'M', 'Z', 0, 0xFF});
  between.insert(between.end(), last.begin(), last.end());
  CS_CHECK(&Sniff(longer) == &Sniff(between));
  return 0;
}
