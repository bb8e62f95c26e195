#include "vet/tree/work_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace countersign::vet {
namespace {

// Limit: containers that wait for their turn hold no more than this in memory.
constexpr uint64_t kWaitingInMemory = uint64_t{128} << 20;

uint64_t CopiedBytes(const base::Blob& bytes) {
  return bytes.IsCopy() ? bytes.View().size() : 0;
}

void SayIsVolume(uint32_t part, uint32_t number, uint32_t leader,
                 Record& record) {
  model::Artifact& artifact = record.At(part);
  artifact.detail = fmt::format("volume {} of \"{}\"", number,
                                base::DisplaySafe(record.At(leader).path));
  if (artifact.is_signed != model::Signed::kByCatalog) {
    artifact.is_signed = model::Signed::kAbsent;
  }
}

}  // namespace

bool WorkList::HasMemory() const { return bytes_ < kWaitingInMemory; }

void WorkList::Push(Waiting container) {
  bytes_ += CopiedBytes(*container.bytes);
  waiting_.push_back(std::move(container));
}

Waiting WorkList::Pop() {
  Waiting next = std::move(waiting_.back());
  waiting_.pop_back();
  bytes_ -= CopiedBytes(*next.bytes);
  for (const auto& [number, volume] : next.volumes) {
    bytes_ -= CopiedBytes(*volume);
  }
  return next;
}

void WorkList::JoinVolumes(size_t before, Record& record) {
  std::vector<formats::VolumeCandidate> candidates;
  for (size_t i = before; i < waiting_.size(); ++i) {
    const model::Artifact& artifact = record.At(waiting_[i].artifact);
    const size_t folder = record.At(*artifact.parent).path.size();
    candidates.push_back({artifact.path.substr(folder), waiting_[i].row->format,
                          waiting_[i].bytes->View()});
  }
  const auto places = formats::FindVolumes(candidates);
  for (size_t i = 0; i < places.size(); ++i) {
    if (!places[i]) {
      continue;
    }
    // Volumes are held as long as their leader.
    Waiting& part = waiting_[before + i];
    Waiting& leader = waiting_[before + places[i]->leader];
    if (!leader.volumes.emplace(places[i]->number, part.bytes).second) {
      continue;
    }
    if (!places[i]->is_only_a_part) {
      bytes_ += CopiedBytes(*part.bytes);  // it waits twice
    } else {
      SayIsVolume(part.artifact, places[i]->number, leader.artifact, record);
      part.row = nullptr;
    }
  }
  const auto gone = std::remove_if(
      waiting_.begin() + static_cast<std::ptrdiff_t>(before), waiting_.end(),
      [](const Waiting& each) { return each.row == nullptr; });
  waiting_.erase(gone, waiting_.end());
}

void WorkList::Order(size_t before) {
  const auto first = waiting_.begin() + static_cast<std::ptrdiff_t>(before);
  std::stable_partition(first, waiting_.end(), [](const Waiting& each) {
    return each.row->format == model::Format::kMsi;
  });
  std::reverse(first, waiting_.end());
}

}  // namespace countersign::vet
