#include "signing/signer/unsigned_data.h"

#include <algorithm>
#include <string_view>

#include "base/entropy.h"
#include "base/text.h"
#include "formats/sniff.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Input;

// Quirk: installers of Google's update client carry what the user chose on
// the web page here: the mark (an older or a newer one), a big-endian length,
// that many printable characters, and zeros. Anything else after the mark is
// not that tag.
// Limit: 8 KiB; the tags of Google's own installers have some hundred bytes.
bool IsGoogleUpdateTag(Bytes bytes) {
  constexpr std::string_view kOldMark = "Gact";
  constexpr std::string_view kNewMark = "Gact2.0Omaha";
  constexpr size_t kLongestTag = size_t{8} << 10;
  const std::string_view text = base::AsText(bytes);
  const std::string_view mark =
      text.starts_with(kNewMark) ? kNewMark : kOldMark;
  if (!text.starts_with(mark) || bytes.size() < mark.size() + 2 ||
      bytes.size() > kLongestTag) {
    return false;
  }
  bytes = bytes.subspan(mark.size());
  const size_t size = size_t{bytes[0]} << 8 | bytes[1];
  bytes = bytes.subspan(2);
  return size <= bytes.size() &&
         std::ranges::all_of(bytes.first(size),
                             [](uint8_t b) { return b >= 0x20 && b < 0x7F; }) &&
         std::ranges::all_of(bytes.subspan(size),
                             [](uint8_t b) { return b == 0; });
}

// What `bytes` start as, past any leading zeros.
std::string MagicOf(Bytes bytes) {
  while (!bytes.empty() && bytes[0] == 0) {
    bytes = bytes.subspan(1);
  }
  if (IsGoogleUpdateTag(bytes)) {
    return "google-update-tag";
  }
  const formats::FormatRow& row = formats::Sniff(bytes);
  return row.format == model::Format::kUnknown ||
                 row.format == model::Format::kEmpty
             ? ""
             : std::string(model::Name(row.format));
}

// Limit: 1 MiB of hidden data is looked at, so that a gigabyte of it does not
// become resident; what is longer is never called "all zero".
constexpr size_t kSampleBytes = size_t{1} << 20;

}  // namespace

UnsignedData DescribeData(UnsignedData::Place place, Input data) {
  const Bytes sample =
      data.bytes.first(std::min(data.bytes.size(), kSampleBytes));
  UnsignedData found;
  found.place = place;
  found.range = data.Range();
  found.entropy_bits = base::EntropyBits(sample);
  found.all_zero =
      sample.size() == data.bytes.size() &&
      std::ranges::all_of(sample, [](uint8_t b) { return b == 0; });
  found.magic = MagicOf(sample);
  return found;
}

}  // namespace countersign::signing
