#include "vet/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/entropy.h"
#include "formats/pe.h"
#include "formats/sniff.h"
#include "signing/judge.h"
#include "vet/findings.h"

namespace countersign::vet {
namespace {

using base::ByteRange;

void NotInspected(model::Inspection& inspection, std::string what,
                  ByteRange evidence, std::string reason) {
  inspection.complete = false;
  inspection.findings.push_back(
      MakeFinding("vet.incomplete", 0,
                  fmt::format("{} was not inspected: {}.", what, reason),
                  evidence, {{"what", what}, {"reason", reason}}));
}

// Why a file of a format that is only recognised was not inspected.
std::string WhyNotRead(const formats::FormatRow& row) {
  switch (row.format) {
    case model::Format::kUnknown:
      return "its format is not known";
    case model::Format::kEmpty:
      return "it is empty";
    default:
      return fmt::format(
          "it is recognised as {}, which this version does not read", row.name);
  }
}

// Offset of an NSIS first header in `overlay`, which starts on a multiple of
// 512 bytes. Spec: NSIS Source/exehead/fileform.h, "firstheader".
bool IsNsis(base::Bytes overlay) {
  constexpr std::string_view kMark = "\xEF\xBE\xAD\xDENullsoftInst";
  constexpr size_t kStep = 512;
  constexpr size_t kMaxSearch = size_t{64} << 10;
  for (size_t at = 0; at < std::min(overlay.size(), kMaxSearch); at += kStep) {
    const base::Bytes rest = overlay.subspan(at);
    if (base::AsText(rest).substr(0, 32).find(kMark) !=
        std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool IsInnoSetup(base::Bytes overlay) {
  const std::string_view text = base::AsText(overlay);
  return text.starts_with("idska32\x1A") || text.starts_with("zlb\x1A") ||
         text.starts_with("Inno Setup Setup Data");
}

// Limit: 64 KiB of at least 7.5 bits a byte. Symbols, tables and certificates
// that compilers and signers append stay below one or the other.
bool IsPacked(base::Bytes overlay) {
  constexpr size_t kSampleBytes = size_t{1} << 20;
  constexpr size_t kSmallestBytes = size_t{64} << 10;
  constexpr double kPackedBits = 7.5;
  return overlay.size() >= kSmallestBytes &&
         base::EntropyBits(overlay.first(
             std::min(overlay.size(), kSampleBytes))) >= kPackedBits;
}

// What a program carries behind its sections. What looks like a package in
// there, or is packed so that nobody can tell, is not opened yet, and what was
// not opened must not pass.
void DescribeOverlay(base::Bytes file, model::Inspection& inspection) {
  const auto image = formats::ParsePe(file);
  if (!image) {
    return;
  }
  const ByteRange range = formats::Overlay(*image);
  if (range.size == 0) {
    return;
  }
  const base::Bytes overlay = file.subspan(range.offset, range.size);
  const formats::FormatRow& row = formats::Sniff(overlay);
  const bool plain = row.format == model::Format::kUnknown ||
                     row.format == model::Format::kText;
  if (IsNsis(overlay)) {
    NotInspected(inspection, "The NSIS installation in the program", range,
                 "this version does not open installers");
  } else if (IsInnoSetup(overlay)) {
    NotInspected(inspection, "The Inno Setup installation in the program",
                 range, "this version does not open installers");
  } else if (plain && IsPacked(overlay)) {
    NotInspected(inspection, "The packed data behind the program's sections",
                 range, "its form is not known");
  } else if (!plain) {
    NotInspected(inspection,
                 fmt::format("The {} behind the program's sections", row.name),
                 range, "this version does not open it");
  } else {
    inspection.findings.push_back(MakeFinding(
        "vet.overlay", 0,
        fmt::format("{} byte{} of unknown form follow the program's sections.",
                    range.size, range.size == 1 ? "" : "s"),
        range, {{"bytes", static_cast<int64_t>(range.size)}}));
  }
}

// The value of a limit by the name that errors give it; 0 for a fixed one.
uint64_t LimitValue(std::string_view name, const base::Limits& limits) {
  if (name == "steps") {
    return limits.steps;
  }
  if (name == "signatures") {
    return limits.signatures;
  }
  return name == "depth of nested signatures" ? limits.depth : 0;
}

void InspectSignatures(const base::Blob& file, const formats::FormatRow& row,
                       signing::Verifier& verifier,
                       const InspectOptions& options,
                       model::Inspection& inspection) {
  model::Artifact& artifact = inspection.artifacts[0];
  signing::SigningFacts facts =
      verifier.Verify(file, row.format, {options.at, options.limits});
  artifact.is_signed = facts.is_signed;
  artifact.detail = facts.detail;
  inspection.findings =
      signing::Judge(facts, 0, file.View().size(), options.at);
  artifact.signatures = std::move(facts.signatures);
  for (const std::string& problem : verifier.Problems()) {
    inspection.findings.push_back(
        MakeFinding("vet.evidence_unreadable", 0, problem + ".", {0, 0}));
  }
  if (facts.limit) {
    inspection.limits.push_back({facts.limit->field,
                                 LimitValue(facts.limit->field, options.limits),
                                 0});
    NotInspected(
        inspection, "A signature",
        {std::min<uint64_t>(facts.limit->offset, artifact.size), 0},
        fmt::format("the limit on {} was reached", facts.limit->field));
  }
  if (facts.is_signed == model::Signed::kUnknown) {
    NotInspected(inspection, "The file",
                 {0, std::min<uint64_t>(artifact.size, 64)},
                 "its headers are damaged, so whether it is signed is not "
                 "known");
  }
  if (options.strict_padding) {
    for (model::Finding& finding : inspection.findings) {
      if (finding.id == "signing.unsigned_data_in_signature") {
        finding.severity = model::Severity::kHigh;
      }
    }
  }
}

}  // namespace

model::Inspection Inspect(const base::Blob& file, signing::Verifier& verifier,
                          const InspectOptions& options) {
  model::Inspection inspection;
  inspection.complete = true;
  const formats::FormatRow& row = formats::Sniff(file.View());
  model::Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.size = file.View().size();
  artifact.format = row.format;
  if (row.support == formats::Support::kRecognised) {
    artifact.detail = row.name;
    NotInspected(inspection, "The file",
                 {0, std::min<uint64_t>(artifact.size, 64)}, WhyNotRead(row));
    return inspection;
  }
  InspectSignatures(file, row, verifier, options, inspection);
  DescribeOverlay(file.View(), inspection);
  return inspection;
}

}  // namespace countersign::vet
