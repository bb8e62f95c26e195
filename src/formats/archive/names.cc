#include "formats/archive/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace countersign::formats {
namespace {

// FNV-1a, whose value does not depend on the library or the run.
uint64_t NameHash(std::string_view name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  }
  return hash;
}

}  // namespace

void MemberNames::Add(const Member& member) {
  if (member.kind != MemberKind::kDirectory) {
    seen_.push_back({NameHash(member.name), seen_.size(), member.stored});
  }
}

void MemberNames::Report(BoundedRemarks& remarks) {
  std::ranges::sort(seen_, {}, [](const Seen& seen) {
    return std::tuple(seen.hash, seen.order);
  });
  std::vector<const Seen*> again;
  for (size_t i = 1; i < seen_.size(); ++i) {
    if (seen_[i].hash == seen_[i - 1].hash) {
      again.push_back(&seen_[i]);
    }
  }
  std::ranges::sort(again, {}, &Seen::order);
  for (const Seen* seen : again) {
    remarks.Note(
        RemarkKind::kDuplicateName, seen->stored,
        fmt::format("member {} has a name that came before", seen->order + 1));
  }
}

}  // namespace countersign::formats
