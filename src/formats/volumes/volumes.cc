#include "formats/volumes.h"

#include <charconv>
#include <map>
#include <string_view>

#include "base/text.h"
#include "formats/installshield/cabinet_list.h"

namespace countersign::formats {
namespace {

// "dir/data12.cab" is volume 12 of "dir/data"; nothing without a number.
struct NumberedName {
  std::string stem;
  uint16_t number = 0;
};

std::optional<NumberedName> TakeNumber(std::string_view name,
                                       std::string_view extension) {
  if (!name.ends_with(extension)) {
    return std::nullopt;
  }
  name.remove_suffix(extension.size());
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  NumberedName result{std::string(name.substr(0, digits)), 0};
  const std::string_view number = name.substr(digits);
  const auto parsed = std::from_chars(
      number.data(), number.data() + number.size(), result.number);
  return parsed.ec == std::errc() && !number.starts_with('0')
             ? std::optional(result)
             : std::nullopt;
}

}  // namespace

std::vector<std::optional<VolumePlace>> FindVolumes(
    std::span<const VolumeCandidate> candidates) {
  std::map<std::string, size_t> headers;  // by stem
  std::map<std::string, size_t> firsts;   // "<stem>1.cab"
  std::vector<std::optional<NumberedName>> volumes(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].format != model::Format::kInstallshield) {
      continue;
    }
    const std::string name = base::AsciiLower(candidates[i].name);
    const auto header = TakeNumber(name, ".hdr");
    if (header && header->number == 1) {
      headers.emplace(header->stem, i);
    }
    volumes[i] = TakeNumber(name, ".cab");
    if (volumes[i] && volumes[i]->number == 1) {
      firsts.emplace(volumes[i]->stem, i);
    }
  }
  std::vector<std::optional<VolumePlace>> places(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!volumes[i]) {
      continue;
    }
    const auto header = headers.find(volumes[i]->stem);
    const auto first = firsts.find(volumes[i]->stem);
    if (header == headers.end() &&
        (first == firsts.end() || first->second == i)) {
      continue;
    }
    const base::Bytes content = candidates[i].content;
    places[i] = {header != headers.end() ? header->second : first->second,
                 volumes[i]->number,
                 IsShieldVolume(content) && !HasShieldList(content)};
  }
  return places;
}

}  // namespace countersign::formats
