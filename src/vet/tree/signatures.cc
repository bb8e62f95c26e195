#include "vet/tree/signatures.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "formats/script.h"
#include "signing/judge.h"

namespace countersign::vet {
namespace {

// The value of a limit by the name that errors give it; 0 for a fixed one.
uint64_t LimitValue(std::string_view name, const base::Limits& limits) {
  if (name == "steps") {
    return limits.steps;
  }
  if (name == "signatures") {
    return limits.signatures;
  }
  if (name == "size of a script") {
    return formats::kLargestScript;
  }
  return name == "depth of nested signatures" ? limits.depth : 0;
}

}  // namespace

void AddCovering(std::vector<model::SignatureFacts> covering,
                 signing::SigningFacts& facts) {
  if (!covering.empty() && facts.is_signed == model::Signed::kAbsent) {
    facts.is_signed = model::Signed::kByCatalog;
  }
  for (model::SignatureFacts& signature : covering) {
    signature.index = static_cast<uint32_t>(facts.signatures.size());
    facts.signatures.push_back(std::move(signature));
  }
}

void RecordSignatures(signing::SigningFacts facts, uint32_t number,
                      const InspectOptions& options, Record& record) {
  model::Artifact& artifact = record.At(number);
  const uint64_t size = artifact.size;
  artifact.is_signed = facts.is_signed;
  if (!facts.detail.empty()) {
    artifact.detail = facts.detail;
  }
  for (model::Finding& finding :
       signing::Judge(facts, number, size, options.at)) {
    if (options.strict_padding &&
        finding.id == "signing.unsigned_data_in_signature") {
      finding.severity = model::Severity::kHigh;
    }
    record.Give(std::move(finding));
  }
  artifact.signatures = std::move(facts.signatures);
  if (facts.limit) {
    record.NoteLimit(number, facts.limit->field,
                     LimitValue(facts.limit->field, options.limits));
    record.NotInspected(
        number, "A signature",
        {std::min<uint64_t>(facts.limit->offset, size), 0},
        fmt::format("the limit on {} was reached", facts.limit->field));
  }
  if (facts.is_signed == model::Signed::kUnknown && !facts.limit) {
    record.NotInspected(number, "The file", {0, std::min<uint64_t>(size, 64)},
                        "its headers are damaged, so whether it is signed is "
                        "not known");
  }
}

}  // namespace countersign::vet
