#include "app/report/signature_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report/signature_details.h"
#include "app/report/vocabulary.h"

namespace countersign::app {
namespace {

using model::SignatureFacts;
using model::TimestampFacts;

constexpr size_t kIndent = 2;

// "2024-03-01": the table has no room for the time of day.
std::string Day(base::Instant instant) {
  return base::ToRfc3339(instant).substr(0, 10);
}

// The timestamp that dates the signature, or the first there is.
const TimestampFacts* MainTimestamp(const SignatureFacts& signature) {
  const auto& all = signature.timestamps;
  const auto used = std::ranges::find_if(all, &TimestampFacts::used);
  return used != all.end() ? &*used : all.empty() ? nullptr : &all.front();
}

Span TimestampCell(const SignatureFacts& signature) {
  const TimestampFacts* stamp = MainTimestamp(signature);
  if (stamp == nullptr) {
    return {"none", Ink::kQuiet};
  }
  const std::string day = stamp->time ? Day(*stamp->time) : "undated";
  if (stamp->integrity != model::Integrity::kValid) {
    return {fmt::format("{} {}", day, model::Name(stamp->integrity)),
            InkOf(stamp->integrity)};
  }
  return {fmt::format("{} {}", day, model::Name(stamp->trust)),
          InkOf(stamp->trust)};
}

// A signature that does not hold is no better for its trusted signer.
Ink TrustInk(const SignatureFacts& signature) {
  return signature.trust == model::Trust::kTrusted &&
                 signature.integrity != model::Integrity::kValid
             ? Ink::kPlain
             : InkOf(signature.trust);
}

std::string IndexWords(const SignatureFacts& signature) {
  std::string words = std::to_string(signature.index);
  if (signature.nested_in) {
    words += fmt::format(" in {}", *signature.nested_in);
  }
  if (signature.slice) {
    words += " " + *signature.slice;
  }
  return words;
}

// "Example Software GmbH (Example GmbH)": the common name, and the
// organisation where it is another one.
std::string NameOf(const model::CertificateFacts& signer) {
  const std::string& common = signer.common_name;
  const std::string& organization = signer.organization;
  if (common.empty() && organization.empty()) {
    return signer.subject.empty() ? "nobody" : signer.subject;
  }
  if (common.empty() || organization.empty() || common == organization) {
    return common.empty() ? organization : common;
  }
  return fmt::format("{} ({})", common, organization);
}

void AddSignerRows(const SignatureFacts& signature, std::vector<Line>& rows) {
  if (!signature.signer) {
    rows.push_back({{"The signer's certificate is not in it.", Ink::kBad}});
    return;
  }
  const model::CertificateFacts& signer = *signature.signer;
  rows.push_back(
      {{fmt::format("Certificate issued in the name of {}", NameOf(signer)),
        Ink::kStrong}});
  rows.push_back({{fmt::format("by {}", signer.issuer)}});
  if (!signer.publisher_key.empty()) {
    rows.push_back(
        {{fmt::format("publisher key {}", signer.publisher_key), Ink::kQuiet}});
  }
}

void AddProblemRows(const SignatureFacts& signature, std::vector<Line>& rows) {
  if (!signature.integrity_reason.empty()) {
    rows.push_back({{fmt::format("Integrity: {}", signature.integrity_reason),
                     InkOf(signature.integrity)}});
  }
  if (!signature.trust_reason.empty()) {
    rows.push_back({{fmt::format("Trust: {}", signature.trust_reason),
                     InkOf(signature.trust)}});
  }
  if (signature.revoked) {
    rows.push_back(
        {{fmt::format("Revoked {} ({}), {} the signing: {}",
                      base::ToRfc3339(signature.revoked->revoked_at),
                      signature.revoked->reason,
                      signature.revoked->before_signing ? "before" : "after",
                      signature.revoked->certificate),
          Ink::kBad}});
  }
  const TimestampFacts* stamp = MainTimestamp(signature);
  if (stamp != nullptr && !stamp->reason.empty()) {
    rows.push_back(
        {{fmt::format("Timestamp: {}", stamp->reason), Ink::kWarning}});
  }
  if (!signature.weak.empty()) {
    rows.push_back(
        {{fmt::format("Weak: {}", Joined(signature.weak)), Ink::kWarning}});
  }
}

const char* SentenceWithout(model::Signed is_signed) {
  switch (is_signed) {
    case model::Signed::kAbsent:
      return "None: the file carries no signature.";
    case model::Signed::kByCatalog:
      return "The file itself carries none; a catalog vouches for it.";
    case model::Signed::kMalformed:
      return "One is there, but its structure is damaged.";
    case model::Signed::kPresent:
      return "One is there, but nothing of it could be read.";
    case model::Signed::kUnknown:
      break;
  }
  return "Not known: this version does not read signatures of this format, "
         "or could not come so far.";
}

}  // namespace

void WriteSignatures(Page& page, const model::Artifact& artifact,
                     bool verbose) {
  if (artifact.signatures.empty()) {
    page.Paragraph(kIndent, {SentenceWithout(artifact.is_signed)});
    return;
  }
  const std::vector<Column> columns = {
      {"#"}, {"integrity"}, {"trust"}, {"digest"}, {"timestamp"}};
  std::vector<Line> rows;
  for (const SignatureFacts& signature : artifact.signatures) {
    rows.push_back(
        {{IndexWords(signature)},
         {std::string(model::Name(signature.integrity)),
          InkOf(signature.integrity)},
         {std::string(model::Name(signature.trust)), TrustInk(signature)},
         {signature.digest_algorithm},
         TimestampCell(signature)});
    if (!signature.catalog_sha256.empty()) {
      rows.push_back(
          {{fmt::format("By catalog, sha256 {}", signature.catalog_sha256)}});
    }
    AddSignerRows(signature, rows);
    AddProblemRows(signature, rows);
  }
  page.Table(kIndent, columns, rows);
  if (verbose) {
    for (const SignatureFacts& signature : artifact.signatures) {
      WriteSignatureDetails(page, kIndent, signature);
    }
  }
}

}  // namespace countersign::app
