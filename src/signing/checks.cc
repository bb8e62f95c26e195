// The checks of this module: one row each, most weighty first. Adding one is
// a function in checks/, a row here, a page in docs/findings/, and a case
// where it fires and one where it must not.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>

#include "signing/checks/check.h"
#include "signing/judge.h"

namespace countersign::signing {
namespace {

using model::Severity;

constexpr std::array kChecks = {
    Check{"signing.digest_mismatch", Severity::kCritical, "T1036.001",
          "the publisher supplies a file that has the signed digest",
          CheckDigestMismatch},
    Check{"signing.signature_invalid", Severity::kCritical, "T1036.001",
          "the publisher supplies a file with a signature that verifies",
          CheckSignatureInvalid},
    Check{"signing.revoked", Severity::kCritical, "T1588.003",
          "the publisher signs again with a certificate that is not revoked",
          CheckRevoked},
    Check{"signing.mixed", Severity::kHigh, "T1036.001",
          "every signature of the file verifies", CheckMixed},
    Check{"signing.malformed", Severity::kHigh, "T1036.001",
          "the file is obtained again undamaged, or the publisher signs it "
          "anew",
          CheckMalformed},
    Check{"pe.malformed", Severity::kMedium, "T1036",
          "the file is obtained again undamaged, or inspected as what it is",
          CheckImageMalformed},
    Check{"signing.table_overlaps_section", Severity::kHigh, "T1036.001",
          "the publisher supplies a file whose certificate table stands behind "
          "the image, as the PE format demands",
          CheckTableOverlap},
    Check{"signing.data_after_signature", Severity::kHigh, "T1027.009",
          "the publisher states what the bytes are, or supplies the file "
          "without them",
          CheckDataAfterSignature},
    Check{"signing.timestamp_backdated", Severity::kHigh, "T1070.006",
          "the publisher explains the time, or signs again with a time from "
          "a public authority",
          CheckTimestampBackdated},
    Check{"signing.missing_code_signing_usage", Severity::kHigh, "T1553.002",
          "the publisher signs with a certificate issued for code signing",
          CheckCodeSigningUsage},
    Check{"signing.distrusted", Severity::kHigh, "T1588.003",
          "the publisher signs again with a certificate, and below a root, "
          "that no list disallows",
          CheckDistrusted},
    Check{"signing.untrusted", Severity::kMedium, "",
          "its chain satisfies the platform's rules and ends in a root that "
          "a store holds for this purpose; import a root only after its "
          "fingerprint was confirmed by another way",
          CheckUntrusted},
    Check{"signing.incomplete_chain", Severity::kMedium, "",
          "the missing certificate is obtained from its issuer and imported "
          "with `countersign trust import`, or the publisher signs with the "
          "whole chain",
          CheckIncompleteChain},
    Check{"signing.expired", Severity::kMedium, "",
          "a trusted timestamp shows that it was signed while the "
          "certificate was valid",
          CheckExpired},
    Check{"signing.trust_disagrees", Severity::kMedium, "",
          "every signature of the file is trusted", CheckTrustDisagrees},
    Check{"signing.tls_fallback", Severity::kMedium, "",
          "a store for code signing is imported with `countersign trust "
          "update` or `countersign trust import`",
          CheckTlsFallback},
    Check{"signing.revoked_after_signing", Severity::kMedium, "T1588.003",
          "the publisher states why the certificate was revoked and that "
          "this file is theirs",
          CheckRevokedAfterSigning},
    Check{"signing.unauthenticated_attribute", Severity::kMedium, "T1027.009",
          "the publisher states what the attribute holds",
          CheckUnauthenticatedAttribute},
    Check{"signing.unsigned_data_in_signature", Severity::kMedium, "T1027.009",
          "the publisher states what the data is, or supplies the file "
          "without it",
          CheckUnsignedData},
    Check{"signing.timestamp_invalid", Severity::kMedium, "T1070.006",
          "the publisher supplies a file whose timestamps verify",
          CheckTimestampInvalid},
    Check{"signing.timestamps_disagree", Severity::kMedium, "T1070.006",
          "the publisher explains when the file was signed",
          CheckTimestampsDisagree},
    Check{"signing.unsupported", Severity::kMedium, "",
          "a version of countersign that supports it is used",
          CheckUnsupported},
    Check{"signing.weak_algorithm", Severity::kMedium, "",
          "the publisher signs with SHA-256 or better and a key of at least "
          "2048 bits",
          CheckWeakAlgorithm},
    Check{
        "signing.superfluous_certificate", Severity::kLow, "T1027.009",
        "the publisher supplies the file without the certificate, or the root "
        "above it is imported",
        CheckSuperfluousCertificate},
    Check{"signing.unexpected_content_type", Severity::kLow, "",
          "the publisher signs with a tool that states the right type",
          CheckUnexpectedContentType},
    Check{"signing.several_signers", Severity::kLow, "",
          "the publisher signs with one signer a signature",
          CheckSeveralSigners},
    Check{"signing.unsigned", Severity::kLow, "",
          "the publisher supplies a signed file, or its hash is confirmed by "
          "another way",
          CheckUnsigned},
    Check{
        "signing.timestamp_untrusted", Severity::kLow, "",
        "the root of the time-stamping chain is in a store for time stamping, "
        "and no list disallows the chain",
        CheckTimestampUntrusted},
    Check{"signing.revocation_unknown", Severity::kLow, "",
          "a current CRL or OCSP response of the issuer is given with --crl",
          CheckRevocationUnknown},
    Check{"signing.only_encoding_differs", Severity::kLow, "",
          "the file is obtained again from its publisher, or its line endings "
          "and its encoding are made what they were",
          CheckOnlyEncodingDiffers},
    Check{"signing.timestamp_before_build", Severity::kLow, "T1070.006",
          "the publisher explains the linker's time",
          CheckTimestampBeforeBuild},
};

base::ByteRange ClipTo(base::ByteRange range, uint64_t size) {
  range.offset = std::min(range.offset, size);
  range.size = std::min(range.size, size - range.offset);
  return range;
}

}  // namespace

void Sink::Give(model::Severity severity, std::string message,
                base::ByteRange evidence,
                std::vector<model::Parameter> parameters) {
  model::Finding finding;
  finding.id = check_.id;
  finding.severity = severity;
  finding.artifact = artifact_;
  finding.message = std::move(message);
  if (char& first = finding.message.at(0); first >= 'a' && first <= 'z') {
    first = static_cast<char>(first - 'a' + 'A');
  }
  finding.evidence = {ClipTo(evidence, size_bytes_)};
  if (!check_.attack.empty()) {
    finding.attack = {std::string(check_.attack)};
  }
  finding.parameters = std::move(parameters);
  finding.clears_if = check_.clears_if;
  out_.push_back(std::move(finding));
}

std::vector<model::Finding> Judge(const SigningFacts& facts, uint32_t artifact,
                                  uint64_t size_bytes, base::Instant at) {
  // Limit: 32 findings of one row. Nobody reads more; the last one counts what
  // is left out, with the weight of the heaviest of it.
  constexpr size_t kMostOfARow = 32;
  std::vector<model::Finding> findings;
  for (const Check& check : kChecks) {
    std::vector<model::Finding> given;
    Sink sink(check, artifact, size_bytes, at, given);
    check.run(facts, sink);
    if (given.size() > kMostOfARow) {
      std::ranges::stable_sort(given, std::ranges::greater{},
                               &model::Finding::severity);
      model::Finding& last = given[kMostOfARow - 1];
      last.message =
          fmt::format("And {} more like the {} above.",
                      given.size() - kMostOfARow + 1, kMostOfARow - 1);
      last.parameters = {
          {"more", static_cast<int64_t>(given.size() - kMostOfARow + 1)}};
      given.resize(kMostOfARow);
    }
    std::ranges::move(given, std::back_inserter(findings));
  }
  return findings;
}

std::vector<std::string_view> FindingIds() {
  std::vector<std::string_view> ids;
  for (const Check& check : kChecks) {
    ids.push_back(check.id);
  }
  return ids;
}

}  // namespace countersign::signing
