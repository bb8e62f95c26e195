#include "vet/tree/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace countersign::vet {

void ReadStatement(uint32_t artifact, const install::Place& place,
                   const base::Blob& bytes, bool is_whole,
                   const InspectOptions& options, Record& record) {
  if (!install::MayTell(place)) {
    return;
  }
  base::Budget budget(options.limits);
  std::vector<model::Action> actions;
  const auto read = install::ReadActions(place, bytes, budget, actions);
  record.AddActions(artifact, std::move(actions));
  if (read || !is_whole) {
    return;
  }
  const base::Error& error = read.error();
  record.SetIncomplete();
  if (error.fault == base::Fault::kLimit) {
    record.NoteLimit(
        artifact, error.field,
        std::string_view(error.field) == "steps" ? options.limits.steps : 0);
  }
  record.NotInspected(
      artifact, "All that it does when it is installed",
      {std::min<uint64_t>(error.offset, record.At(artifact).size), 0},
      fmt::format("{} {} at offset {}", error.field,
                  base::Describe(error.fault), error.offset));
}

}  // namespace countersign::vet
