// Streams against rows: a cabinet that Media names must be there, and a stream
// that no row names is one that no installation touches on its own.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/msi/database.h"

namespace countersign::formats {
namespace {

// Streams that belong to every database, not to a row of it.
bool IsKnownMsiStream(std::string_view name) {
  static constexpr std::string_view kKnown[] = {
      "\5SummaryInformation", "\5DocumentSummaryInformation",
      "\5DigitalSignature", "\5MsiDigitalSignatureEx"};
  return name.starts_with('!') ||
         std::ranges::find(kKnown, name) != std::end(kKnown);
}

// Remembers the streams of all cells of `table` that are streams.
base::Result<void> AddMsiBinaryCells(MsiState& state, const MsiTable& table,
                                     std::set<std::string>& named) {
  for (size_t column = 0; column < table.columns.size(); ++column) {
    if (table.columns[column].kind != MsiColumnKind::kBinary) {
      continue;
    }
    for (size_t row = 0; row < table.row_count; ++row) {
      CS_TRY_VOID(state.budget.ChargeSteps(table.columns.size(),
                                           LocateInRanges(table.ranges, 0)));
      const MsiValue value = table.Cell(row, column);
      const auto* binary = std::get_if<MsiBinary>(&value);
      if (binary == nullptr || !named.insert(binary->stream).second ||
          state.out.streams.contains(binary->stream)) {
        continue;
      }
      state.remarks.Note(RemarkKind::kDisagreement, table.Evidence(row), [&] {
        return fmt::format("a row needs stream {}, which there is not",
                           ShownMsiName(binary->stream));
      });
    }
  }
  return {};
}

base::Result<void> AddMsiCabinets(MsiState& state,
                                  std::set<std::string>& named) {
  const MsiTable* media = state.out.Find("Media");
  for (size_t row = 0; media != nullptr && row < media->row_count; ++row) {
    CS_TRY_VOID(state.budget.ChargeSteps(1, media->Evidence(row).offset));
    const std::string_view cabinet = media->Text(row, "Cabinet");
    if (!cabinet.starts_with('#')) {
      continue;
    }
    if (cabinet.size() <= kMaxMsiNameBytes) {
      named.insert(std::string(cabinet.substr(1)));
    }
    if (!state.out.streams.contains(cabinet.substr(1))) {
      state.remarks.Note(RemarkKind::kDisagreement, media->Evidence(row), [&] {
        return fmt::format("Media names cabinet {}, which there is not",
                           ShownMsiName(cabinet));
      });
    }
  }
  // A merge module has one cabinet, of a fixed name, and no table Media.
  if (state.out.Find("ModuleSignature") != nullptr) {
    named.insert("MergeModule.CABinet");
  }
  return {};
}

}  // namespace

base::Result<void> CompareMsiStreams(MsiState& state) {
  std::set<std::string> named;
  CS_TRY_VOID(AddMsiCabinets(state, named));
  for (const MsiTable& table : state.out.tables) {
    CS_TRY_VOID(AddMsiBinaryCells(state, table, named));
  }
  for (const auto& [name, id] : state.out.streams) {
    if (!IsKnownMsiStream(name) && !named.contains(name)) {
      state.remarks.Note(
          RemarkKind::kHiddenMember, state.compound.entries[id].stored, [&] {
            return fmt::format("no row names stream {}", ShownMsiName(name));
          });
    }
  }
  return {};
}

}  // namespace countersign::formats
