// A Windows Installer database is a compound file whose root has the class id
// 000C1084-0000-0000-C000-000000000046. Each table is a stream.
//
//   "\5SummaryInformation"   property set: what Explorer shows
//   !_StringPool, !_StringData   every string, once           (strings.cc)
//   !_Tables, !_Columns      the names of tables, their columns (tables.cc)
//   !File, !Component, ...   a table: column after column      (rows.cc)
//   Binary.<name>, ...       a cell that is a stream
//   <cabinet>                what Media.Cabinet calls "#<cabinet>"
//
// Spec: none is published; docs/formats/msi.md says what is known.
#include "formats/msi.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "formats/msi/database.h"

namespace countersign::formats {
namespace {

using base::Error;

constexpr std::string_view kSummaryStream = "\5SummaryInformation";

// Reads the summary; damage to it is a remark.
base::Result<void> ReadSummaryOf(MsiState& state) {
  const auto note = [&](const Error& error) {
    state.remarks.Note(
        RemarkKind::kOddity,
        {std::min<uint64_t>(error.offset, state.file.size()), 0}, [&] {
          return fmt::format("the summary information is not read: {} {}",
                             error.field, base::Describe(error.fault));
        });
  };
  const auto stream = state.Open(kSummaryStream);
  if (!stream) {
    note(stream.error());
    return {};
  }
  if (!*stream) {
    return {};
  }
  auto summary = ParseMsiSummary((*stream)->bytes, state.budget);
  if (summary) {
    state.out.summary = std::move(*summary);
    return {};
  }
  const Error error = (*stream)->InFile(summary.error());
  if (error.fault == base::Fault::kLimit) {
    return std::unexpected(error);
  }
  note(error);
  return {};
}

}  // namespace

std::string ShownMsiName(std::string_view name) {
  return base::DisplaySafe(name.substr(0, kMaxMsiNameBytes));
}

Error MsiStream::InFile(const Error& error) const {
  return {error.fault, LocateInRanges(entry->ranges, error.offset),
          error.field};
}

base::Result<std::optional<MsiStream>> MsiState::Open(
    std::string_view name) const {
  const auto found = out.streams.find(name);
  if (found == out.streams.end()) {
    return std::nullopt;
  }
  const CompoundEntry& entry = compound.entries[found->second];
  if (entry.damage) {
    return std::unexpected(*entry.damage);
  }
  return MsiStream{JoinRanges(file, entry.ranges), &entry};
}

const MsiTable* MsiDatabase::Find(std::string_view table) const {
  const auto found = std::ranges::find(tables, table, &MsiTable::name);
  return found == tables.end() ? nullptr : &*found;
}

base::Result<MsiDatabase> ParseMsi(const CompoundFile& compound,
                                   base::Bytes file, base::Budget& budget) {
  MsiDatabase out;
  MsiState state{compound, file, budget, out, {}};
  for (const uint32_t id : compound.entries[0].children) {
    const CompoundEntry& entry = compound.entries[id];
    CS_TRY_VOID(budget.ChargeSteps(1, entry.stored.offset));
    if (entry.type == CompoundType::kStream) {
      out.streams.emplace(DecodeMsiName(entry.raw_name), id);
    }
  }
  CS_TRY_VOID(ReadMsiStrings(state));
  CS_TRY_VOID(ReadMsiTables(state));
  CS_TRY_VOID(ReadSummaryOf(state));
  CS_TRY_VOID(CompareMsiStreams(state));
  out.remarks = std::move(state.remarks).Finish();
  return out;
}

}  // namespace countersign::formats
