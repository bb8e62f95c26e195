#include "vet/tree/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "model/size.h"
#include "model/wire.h"
#include "vet/findings.h"

namespace countersign::vet {
namespace {

// Limit: findings of one input. The largest real packages seen give some
// hundred.
constexpr size_t kMostFindings = 20'000;
// Why: what is weighty must not hide behind a crowd of what is not.
constexpr size_t kMostWeightyFindings = 30'000;

// Limit: their text. Why: an answer of more than the sandbox takes (128 MiB) is
// no answer, so whoever makes long texts, with names that are odd for example,
// could hide all else that is known behind them.
constexpr uint64_t kMostFindingBytes = uint64_t{8} << 20;
constexpr uint64_t kMostWeightyFindingBytes = uint64_t{12} << 20;

uint64_t BytesOf(const model::Finding& finding) {
  // Numbers, sizes and ids of the wire format.
  constexpr uint64_t kFixedBytes = 100;
  return kFixedBytes + finding.message.size() + finding.clears_if.size() +
         finding.evidence.size() * sizeof(base::ByteRange) +
         model::BytesOf(finding.parameters);
}

// The new place of each artifact: parents before their members, members in the
// order they were found.
std::vector<uint32_t> DepthFirst(
    const std::vector<model::Artifact>& artifacts) {
  std::vector<std::vector<uint32_t>> members(artifacts.size());
  for (const model::Artifact& artifact : artifacts) {
    if (artifact.parent) {
      members[*artifact.parent].push_back(artifact.id);
    }
  }
  std::vector<uint32_t> places(artifacts.size());
  std::vector<uint32_t> waiting = {0};
  for (uint32_t next = 0; !waiting.empty(); ++next) {
    const uint32_t artifact = waiting.back();
    waiting.pop_back();
    places[artifact] = next;
    waiting.insert(waiting.end(), members[artifact].rbegin(),
                   members[artifact].rend());
  }
  return places;
}

// Limit: what signatures say, of all artifacts together, as it is sent. Some
// thousand signed files take 10 KiB each.
constexpr uint64_t kMostSignatureBytes = uint64_t{32} << 20;

// What was found of an artifact holds of every other of the same bytes.
void RepeatFacts(const model::Artifact& known, model::Artifact& artifact) {
  artifact.format = known.format;
  artifact.detail = known.detail;
  artifact.is_signed = known.is_signed;
  artifact.signatures = known.signatures;
}

}  // namespace

uint32_t Record::Add(const model::Artifact* parent, const std::string& name) {
  model::Artifact artifact;
  artifact.id = static_cast<uint32_t>(inspection_.artifacts.size());
  if (parent != nullptr) {
    artifact.parent = parent->id;
    artifact.path = parent->path + "!" + name;
  }
  inspection_.artifacts.push_back(std::move(artifact));
  return inspection_.artifacts.back().id;
}

void Record::Give(model::Finding finding) {
  const bool is_weighty = finding.severity >= model::Severity::kHigh;
  const size_t most = is_weighty ? kMostWeightyFindings : kMostFindings;
  const uint64_t bytes = BytesOf(finding);
  const uint64_t most_bytes =
      is_weighty ? kMostWeightyFindingBytes : kMostFindingBytes;
  if (inspection_.findings.size() < most &&
      finding_bytes_ + bytes <= most_bytes) {
    finding_bytes_ += bytes;
    inspection_.findings.push_back(std::move(finding));
  } else {
    inspection_.complete = false;
    NoteLimit(0, "findings", kMostFindings);
  }
}

void Record::AddActions(uint32_t artifact, std::vector<model::Action> actions) {
  for (model::Action& action : actions) {
    action_bytes_ += model::BytesOf(action);
    const bool too_many = inspection_.actions.size() == model::kMostActions;
    if (too_many || action_bytes_ > model::kMostActionBytes) {
      inspection_.complete = false;
      NoteLimit(artifact, too_many ? "actions" : "action_bytes",
                too_many ? model::kMostActions : model::kMostActionBytes);
      return;
    }
    action.artifact = artifact;
    if (!action.evidence.Inside(At(artifact).size)) {
      action.evidence = {0, At(artifact).size};
    }
    inspection_.actions.push_back(std::move(action));
  }
}

void Record::NotInspected(uint32_t artifact, const std::string& what,
                          base::ByteRange evidence, const std::string& reason) {
  inspection_.complete = false;
  Give(MakeFinding("vet.incomplete", artifact,
                   fmt::format("{} was not inspected: {}.", what, reason),
                   evidence, {{"what", what}, {"reason", reason}}));
}

void Record::NoteLimit(uint32_t artifact, std::string_view limit,
                       uint64_t value) {
  const auto same = [&](const model::LimitReached& other) {
    return other.limit == limit && other.artifact == artifact;
  };
  // Limit: 1,000 rows; more would say nothing new.
  if (inspection_.limits.size() < 1000 &&
      std::ranges::none_of(inspection_.limits, same)) {
    inspection_.limits.push_back({std::string(limit), value, artifact});
  }
}

void Record::FinishSignatures() {
  auto& artifacts = inspection_.artifacts;
  std::vector<uint64_t> sizes(artifacts.size(), 0);
  uint64_t bytes = 0;
  bool is_said = false;
  for (model::Artifact& artifact : artifacts) {
    const uint32_t known = artifact.same_as.value_or(artifact.id);
    if (artifact.same_as) {
      RepeatFacts(artifacts[known], artifact);
    } else if (!artifact.signatures.empty()) {
      sizes[known] = model::EncodeWire(artifact).size();
    }
    bytes += sizes[known];
    if (sizes[known] == 0 || bytes <= kMostSignatureBytes) {
      continue;
    }
    artifact.signatures.clear();
    artifact.is_signed = model::Signed::kUnknown;
    if (!std::exchange(is_said, true)) {
      NoteLimit(artifact.id, "signature_bytes", kMostSignatureBytes);
      NotInspected(artifact.id, "What its signatures say, and those behind it,",
                   {}, "the limit on their text was reached");
    }
  }
}

model::Inspection Record::Finish() {
  FinishSignatures();
  const std::vector<uint32_t> places = DepthFirst(inspection_.artifacts);
  std::vector<model::Artifact> ordered(places.size());
  for (model::Artifact& artifact : inspection_.artifacts) {
    const uint32_t place = places[artifact.id];
    artifact.id = place;
    for (auto* reference : {&artifact.parent, &artifact.same_as}) {
      if (*reference) {
        *reference = places[**reference];
      }
    }
    for (model::SignatureFacts& signature : artifact.signatures) {
      if (signature.catalog) {
        signature.catalog = places[*signature.catalog];
      }
    }
    ordered[place] = std::move(artifact);
  }
  inspection_.artifacts = std::move(ordered);
  for (model::Finding& finding : inspection_.findings) {
    finding.artifact = places[finding.artifact];
  }
  for (model::Action& action : inspection_.actions) {
    action.artifact = places[action.artifact];
    if (action.member) {
      action.member = places[*action.member];
    }
  }
  std::ranges::stable_sort(inspection_.actions, {}, &model::Action::artifact);
  for (model::LimitReached& limit : inspection_.limits) {
    limit.artifact = places[limit.artifact];
  }
  return std::move(inspection_);
}

}  // namespace countersign::vet
