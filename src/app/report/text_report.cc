#include "app/report/text_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report/action_text.h"
#include "app/report/coverage_text.h"
#include "app/report/finding_text.h"
#include "app/report/signature_text.h"
#include "app/report/vocabulary.h"
#include "app/terminal/page.h"
#include "app/terminal/quantity.h"
#include "app/terminal/width.h"
#include "model/trust.h"

namespace countersign::app {
namespace {

using model::Artifact;
using model::Report;

constexpr size_t kIndent = 2;
// Where text begins under the verdict's badge.
constexpr size_t kUnderBadge = 7;

void WriteHead(Page& page, const Report& report) {
  page.Put(0, {VerdictBadge(report.verdict, page.Style()),
               {page.Style().color ? " " : ""},
               {InputWords(report.input), Ink::kStrong}});
  const size_t indent = kUnderBadge + (page.Style().color ? 1 : 0);
  if (!report.artifacts.empty()) {
    const Artifact& input = report.artifacts.front();
    page.Paragraph(
        indent,
        {fmt::format("{}, {}", FormatWords(input),
                     input.size < 1024
                         ? Count(input.size, "byte")
                         : fmt::format("{} ({} bytes)", HumanSize(input.size),
                                       WithCommas(input.size)))});
    if (!input.sha256.empty()) {
      page.Put(indent, {{"sha256 " + input.sha256, Ink::kQuiet}});
    }
  }
  if (!report.complete) {
    page.Paragraph(indent, {"Not everything was inspected.", Ink::kWarning});
  }
}

// The name of a member, indented below that of its container.
std::string NameInTree(const Report& report, const Artifact& artifact) {
  std::string indent;
  const Artifact* parent = &report.artifacts[*artifact.parent];
  const size_t before = parent->path.size() + 1;
  while (parent->parent) {
    indent += "  ";
    parent = &report.artifacts[*parent->parent];
  }
  return indent + (artifact.path.size() > before ? artifact.path.substr(before)
                                                 : artifact.path);
}

// What there is to say of a member's signature in a word.
std::string SignedWord(const Artifact& artifact) {
  const bool is_data = artifact.is_signed == model::Signed::kUnknown &&
                       (artifact.format == model::Format::kUnknown ||
                        artifact.format == model::Format::kText ||
                        artifact.format == model::Format::kEmpty);
  return is_data ? "" : std::string(model::Name(artifact.is_signed));
}

void WriteContents(Page& page, const Report& report, bool verbose) {
  if (report.artifacts.size() < 2) {
    return;
  }
  page.Heading("Contents", Count(report.artifacts.size() - 1, "member"));
  std::vector<Line> rows;
  for (const Artifact& artifact : report.artifacts) {
    // Limit: 20 members fill a screen; --verbose has all.
    if (rows.size() == 20 && !verbose) {
      break;
    }
    if (artifact.parent) {
      rows.push_back({{std::string(model::Name(artifact.format))},
                      {SignedWord(artifact)},
                      {HumanSize(artifact.size)},
                      {NameInTree(report, artifact)}});
    }
  }
  page.Table(kIndent, {{"format"}, {"signed"}, {"size", true}, {"name"}}, rows);
  const size_t members = report.artifacts.size() - 1;
  const size_t rest = members - std::min(members, rows.size());
  if (rest > 0) {
    page.Paragraph(kIndent,
                   {fmt::format("and {} more: --verbose", rest), Ink::kQuiet});
  }
}

// The input's signatures always, a member's only when it has any.
void WriteAllSignatures(Page& page, const Report& report, bool verbose) {
  if (report.artifacts.empty()) {
    return;
  }
  for (size_t i = 0; i < report.artifacts.size(); ++i) {
    const Artifact& artifact = report.artifacts[i];
    if (i > 0 && artifact.signatures.empty()) {
      continue;
    }
    page.Heading("Signatures", i == 0 ? "" : PlaceWords(report, artifact));
    WriteSignatures(page, artifact, verbose);
  }
}

void WriteLimits(Page& page, const Report& report) {
  if (report.limits.empty()) {
    return;
  }
  page.Heading("Limits reached");
  for (const model::LimitReached& limit : report.limits) {
    const bool named =
        report.artifacts.size() > 1 && limit.artifact < report.artifacts.size();
    page.Entry(kIndent, {limit.limit}, 24,
               {fmt::format(
                   "{}{}", WithCommas(limit.value),
                   named ? " in " + PlaceWords(report,
                                               report.artifacts[limit.artifact])
                         : "")});
  }
}

void WriteFoot(Page& page, const Report& report) {
  page.Gap();
  page.Paragraph(
      0, {fmt::format("{} {}, policy {}: {}, {} in {}", report.tool.name,
                      report.tool.version,
                      report.policy.empty() ? "unknown" : report.policy,
                      Count(report.statistics.artifacts, "artifact"),
                      HumanSize(report.statistics.bytes),
                      HumanSeconds(report.statistics.seconds)),
          Ink::kQuiet});
}

std::string Day(const std::optional<base::Instant>& instant) {
  return instant ? base::ToRfc3339(*instant).substr(0, 10) : "unknown";
}

// One sentence on a revocation list or response.
std::string RevocationWords(const model::RevocationSource& source) {
  const std::string until =
      source.next_update ? ", next due " + Day(source.next_update) : "";
  return source.kind == model::RevocationEvidence::kCrl
             ? fmt::format(
                   "revocation list of {}: {}, issued {}{}",
                   source.issuer.empty() ? "several issuers" : source.issuer,
                   Count(source.certificates, "revoked certificate"),
                   Day(source.this_update), until)
             : fmt::format("OCSP response: {}, issued {}{}",
                           Count(source.certificates, "answer"),
                           Day(source.this_update), until);
}

}  // namespace

void WriteTrust(Page& page, const std::vector<model::TrustSource>& trust,
                const std::vector<model::RevocationSource>& revocation,
                const std::vector<model::CatalogSource>& catalogs,
                base::Instant at) {
  page.Heading("Trust", "judged at " + base::ToRfc3339(at));
  for (const model::TrustSource& source : trust) {
    page.Put(kIndent, {{source.store, Ink::kStrong},
                       {fmt::format(": {} for {}",
                                    Count(source.certificates, "certificate"),
                                    Joined(source.purposes))}});
    page.Paragraph(kIndent + 2, {"from " + source.source, Ink::kQuiet});
    page.Put(kIndent + 2, {{"sha256  " + source.sha256, Ink::kQuiet}});
    page.Put(kIndent + 2, {{"content " + source.content_sha256, Ink::kQuiet}});
  }
  for (const model::RevocationSource& source : revocation) {
    page.Paragraph(kIndent, {RevocationWords(source)});
    page.Paragraph(kIndent + 2, {"from " + source.source, Ink::kQuiet});
    page.Put(kIndent + 2, {{"sha256  " + source.sha256, Ink::kQuiet}});
  }
  for (const model::CatalogSource& source : catalogs) {
    page.Paragraph(
        kIndent, {fmt::format("catalog: {}", Count(source.members, "member"))});
    page.Paragraph(kIndent + 2, {"from " + source.source, Ink::kQuiet});
    page.Put(kIndent + 2, {{"sha256  " + source.sha256, Ink::kQuiet}});
  }
  if (!HasCodeSigningStore(trust)) {
    page.Paragraph(kIndent, {std::string(kNoCodeSigningStore), Ink::kWarning});
  }
}

bool HasCodeSigningStore(const std::vector<model::TrustSource>& trust) {
  return std::ranges::any_of(trust, [](const model::TrustSource& source) {
    return std::ranges::find(source.purposes,
                             model::Name(model::Purpose::kCodeSigning)) !=
           source.purposes.end();
  });
}

std::string FullReport(const Report& report, const TextStyle& style,
                       bool verbose) {
  Page page(style);
  WriteHead(page, report);
  WriteReasons(page, report);
  WriteAllSignatures(page, report, verbose);
  WriteContents(page, report, verbose);
  WriteActions(page, report, verbose);
  WriteCoverage(page, report, verbose);
  WriteFindings(page, report, verbose);
  WriteLimits(page, report);
  WriteTrust(page, report.trust, report.revocation_sources,
             report.catalog_sources, report.evaluated_at);
  WriteFoot(page, report);
  return page.Take();
}

std::string CompactReport(const Report& report, const TextStyle& style) {
  Page page(style);
  WriteHead(page, report);
  const size_t indent = kUnderBadge + (style.color ? 1 : 0);
  // Limit: 3 reasons; the full report of one file has all.
  const size_t shown = std::min<size_t>(report.reasons.size(), 3);
  for (size_t i = 0; i < shown; ++i) {
    page.Entry(indent, {"-", Ink::kQuiet}, 2, {report.reasons[i]});
  }
  if (shown < report.reasons.size()) {
    page.Put(indent,
             {{"- and " + Count(report.reasons.size() - shown, "more reason"),
               Ink::kQuiet}});
  }
  return page.Take();
}

std::string QuietLine(const Report& report, const TextStyle& style) {
  Page page(style);
  Line line = {VerdictBadge(report.verdict, style),
               {style.color ? " " : ""},
               {InputWords(report.input)}};
  if (!report.reasons.empty()) {
    line.push_back({": " + report.reasons.front(), Ink::kQuiet});
  }
  page.Put(0, line);
  return page.Take();
}

}  // namespace countersign::app
