#include "vet/tree/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "base/text.h"
#include "vet/findings.h"

namespace countersign::vet {

using base::ByteRange;

namespace {

std::string Clause(const base::Error& error) {
  return fmt::format("{} {} at offset {}", error.field,
                     base::Describe(error.fault), error.offset);
}

// "member_bytes" -> "member bytes", "time_ms" -> "time".
std::string LimitWords(std::string_view name) {
  constexpr std::string_view kMilliseconds = "_ms";
  if (name.ends_with(kMilliseconds)) {
    name.remove_suffix(kMilliseconds.size());
  }
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

}  // namespace

void SayWhyNotOpened(uint32_t container, std::string_view format,
                     const base::Error& error, const Allowance& allowance,
                     Record& record) {
  const uint64_t size = record.At(container).size;
  const ByteRange evidence = {std::min(error.offset, size), 0};
  const std::string what = fmt::format("The rest of the {}", format);
  record.SetIncomplete();
  switch (error.fault) {
    case base::Fault::kLimit:
      record.NoteLimit(container, error.field, allowance.ValueOf(error.field));
      record.NotInspected(
          container, what, evidence,
          fmt::format("the limit on {} was reached", LimitWords(error.field)));
      return;
    case base::Fault::kUnsupported:
      record.NotInspected(container, what, evidence, Clause(error));
      return;
    default:
      record.Give(MakeFinding(
          "vet.container_damaged", container,
          fmt::format("The {} is damaged, so that not all of its members are "
                      "known: {}.",
                      format, Clause(error)),
          evidence, {{"field", std::string(error.field)}}));
  }
}

void SayMemberDamaged(const TakenMember& taken, uint32_t number,
                      const Allowance& allowance, Record& record) {
  const base::Error& error = *taken.damage;
  const uint32_t container = *record.At(number).parent;
  const uint64_t size = record.At(container).size;
  const std::string name = base::DisplaySafe(taken.member.name);
  const ByteRange stored =
      taken.member.stored.Inside(size) ? taken.member.stored : ByteRange{};
  record.SetIncomplete();
  switch (error.fault) {
    case base::Fault::kLimit:
      record.NoteLimit(number, error.field, allowance.ValueOf(error.field));
      record.NotInspected(
          container, fmt::format("The member \"{}\"", name), stored,
          fmt::format("the limit on {} was reached", LimitWords(error.field)));
      return;
    case base::Fault::kUnsupported:
      record.NotInspected(container, fmt::format("The member \"{}\"", name),
                          stored, Clause(error));
      return;
    case base::Fault::kIo:
      record.NotInspected(container, fmt::format("The member \"{}\"", name),
                          stored,
                          "it is too large for the memory, and there is no "
                          "room on the disk to put it aside");
      return;
    default:
      record.Give(MakeFinding(
          "vet.member_damaged", container,
          fmt::format("The member \"{}\" is damaged: {}.", name, Clause(error)),
          stored, {{"name", name}, {"field", std::string(error.field)}}));
  }
}

void SayPayloadsNotHere(model::Inspection& inspection) {
  // Limit: 100 payloads; the others are in the list of actions.
  constexpr size_t kMostSaid = 100;
  std::set<std::pair<uint32_t, std::string>> said;
  for (const model::Action& action : inspection.actions) {
    const auto is_external = [](const model::Parameter& parameter) {
      const auto* text = std::get_if<std::string>(&parameter.value);
      return parameter.name == "packaging" && text != nullptr &&
             *text == "external";
    };
    // A download is said by a row of its own, with the name as its argument.
    const std::string& name = action.kind == model::ActionKind::kDownload
                                  ? action.arguments
                                  : action.target;
    if (action.member || said.size() == kMostSaid ||
        std::ranges::none_of(action.parameters, is_external) ||
        !said.emplace(action.artifact, name).second) {
      continue;
    }
    const std::string what =
        fmt::format("The payload \"{}\"", base::DisplaySafe(name));
    const std::string reason =
        "it lies beside the bundle or is fetched, and did not come along";
    inspection.complete = false;
    inspection.findings.push_back(
        MakeFinding("vet.incomplete", action.artifact,
                    fmt::format("{} was not inspected: {}.", what, reason),
                    action.evidence, {{"what", what}, {"reason", reason}}));
  }
}

}  // namespace countersign::vet
