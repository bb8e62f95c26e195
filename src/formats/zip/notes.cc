#include "formats/zip/notes.h"

#include <fmt/format.h>

#include "base/text.h"

namespace countersign::formats {

void ZipNotes::Finish() {
  for (size_t kind = 0; kind < tallies_.size() && sink_ != nullptr; ++kind) {
    const Tally& tally = tallies_.at(kind);
    if (tally.count > kMostOfAKind) {
      sink_->Note({static_cast<RemarkKind>(kind), tally.first_left_out,
                   fmt::format("and {} more of this kind",
                               tally.count - kMostOfAKind)});
    }
  }
  tallies_ = {};
}

std::string QuoteZipName(std::string_view name) {
  // Limit: bytes of a name that is shown; MAX_PATH of Windows is 260.
  constexpr size_t kMostBytes = 260;
  return "'" + base::DisplaySafe(name.substr(0, kMostBytes)) +
         (name.size() > kMostBytes ? "...'" : "'");
}

}  // namespace countersign::formats
