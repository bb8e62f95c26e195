// What becomes the inspection, while it is being made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/report.h"

namespace countersign::vet {

class Record {
 public:
  Record() { inspection_.complete = true; }

  // Adds an artifact and yields its number; `parent` is null for the input.
  uint32_t Add(const model::Artifact* parent, const std::string& name);
  [[nodiscard]] model::Artifact& At(uint32_t artifact) {
    return inspection_.artifacts[artifact];
  }
  [[nodiscard]] const std::vector<model::Artifact>& Artifacts() const {
    return inspection_.artifacts;
  }
  [[nodiscard]] size_t Size() const { return inspection_.artifacts.size(); }

  // Keeps what `artifact` says that it does, up to a number that no honest
  // package reaches.
  void AddActions(uint32_t artifact, std::vector<model::Action> actions);

  void SetIncomplete() { inspection_.complete = false; }

  // Keeps a finding, up to a number that no honest package reaches; whoever
  // hides behind that number is not called complete.
  void Give(model::Finding finding);

  // Something was not inspected: `what` is the subject of the sentence.
  void NotInspected(uint32_t artifact, const std::string& what,
                    base::ByteRange evidence, const std::string& reason);

  // A limit kept something from being inspected. Said once for each limit and
  // artifact.
  void NoteLimit(uint32_t artifact, std::string_view limit, uint64_t value);

  // The inspection, its artifacts in depth-first order. Ends the record.
  [[nodiscard]] model::Inspection Finish();

 private:
  // Repeats what is known of equal bytes, up to what an answer can hold.
  void FinishSignatures();

  model::Inspection inspection_;
  uint64_t action_bytes_ = 0;
  uint64_t finding_bytes_ = 0;
};

}  // namespace countersign::vet
