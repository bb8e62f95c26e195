// Containers that lie in several files: which members, beside each other, are
// parts of one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/report.h"

namespace countersign::formats {

struct VolumeCandidate {
  std::string name;  // of the member, with its folders
  model::Format format = model::Format::kUnknown;
  base::Bytes content = {};
};

// What a member is a part of.
struct VolumePlace {
  size_t leader = 0;    // the candidate that has the list of all content
  uint16_t number = 0;  // from 1
  // Nothing is in it but what the leader lists. Another may say more than that,
  // or something else, and is to be opened by itself as well.
  bool is_only_a_part = false;
};

// Of each of `candidates`, all in one container, the place; nothing of one that
// stands alone or leads. Names are compared as Windows does. Of several with
// one name the first counts.
//
// InstallShield: "data1.hdr" leads "data1.cab", "data2.cab", ...; without it
// "data1.cab" leads the others.
[[nodiscard]] std::vector<std::optional<VolumePlace>> FindVolumes(
    std::span<const VolumeCandidate> candidates);

}  // namespace countersign::formats
