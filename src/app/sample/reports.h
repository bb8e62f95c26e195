// Reports as the engine makes them, built by hand. For tests only.
#pragma once

#include <string>

#include "model/report.h"

namespace countersign::app {

inline model::SignatureFacts SampleSignature(uint32_t index,
                                             model::Integrity integrity,
                                             model::Trust trust) {
  model::SignatureFacts signature;
  signature.index = index;
  signature.integrity = integrity;
  signature.trust = trust;
  signature.digest_algorithm = "sha256";
  signature.digest = std::string(64, '1');
  signature.computed = signature.digest;
  signature.range = {2048, 9000};
  model::CertificateFacts signer;
  signer.common_name = "Example Software GmbH";
  signer.organization = "Example Holding SE";
  signer.subject = "CN=Example Software GmbH,O=Example Holding SE,C=DE";
  signer.issuer = "CN=Example Code Signing CA,O=Example Authority,C=US";
  signer.publisher_key = "de:hrb 12345";
  signature.signer = signer;
  model::TimestampFacts stamp;
  stamp.time = base::FromUnixSeconds(1'650'000'000);
  stamp.integrity = model::Integrity::kValid;
  stamp.trust = model::Trust::kTrusted;
  stamp.used = true;
  signature.timestamps.push_back(stamp);
  return signature;
}

// A complete report on one program without signatures or findings.
inline model::Report SampleReport(model::Decision verdict) {
  model::Report report;
  report.tool = {"countersign", "0.1.0"};
  report.policy = "1";
  report.input = "setup.exe";
  report.evaluated_at = base::FromUnixSeconds(1'700'000'000);
  report.verdict = verdict;
  report.complete = true;
  report.trust.push_back({"public",
                          "https://example.com/roots",
                          std::string(64, 'a'),
                          std::string(64, 'b'),
                          515,
                          {"code-signing"}});
  report.statistics = {1, 12345, 0.02};
  model::Artifact artifact;
  artifact.path = report.input;
  artifact.sha256 = std::string(64, '9');
  artifact.size = 12345;
  artifact.format = model::Format::kPe;
  artifact.detail = "PE32+ x86-64 console program";
  report.artifacts.push_back(artifact);
  return report;
}

// `report` with one more finding, which is also a reason.
inline void AddReason(model::Report& report, const std::string& id,
                      model::Severity severity, const std::string& message,
                      const std::string& clears_if) {
  model::Finding finding;
  finding.id = id;
  finding.severity = severity;
  finding.message = message;
  finding.clears_if = clears_if;
  finding.evidence = {{0, 64}};
  report.artifacts[0].findings.push_back(
      static_cast<uint32_t>(report.findings.size()));
  report.findings.push_back(finding);
  report.reasons.push_back(message);
}

inline model::Report SampleAllowed() {
  model::Report report = SampleReport(model::Decision::kAllow);
  report.artifacts[0].is_signed = model::Signed::kPresent;
  report.artifacts[0].signatures = {
      SampleSignature(0, model::Integrity::kValid, model::Trust::kTrusted)};
  report.reasons = {"The signature holds and is trusted."};
  return report;
}

inline model::Report SampleUnsigned() {
  model::Report report = SampleReport(model::Decision::kHold);
  report.artifacts[0].is_signed = model::Signed::kAbsent;
  AddReason(report, "signing.unsigned", model::Severity::kMedium,
            "The file carries no signature.", "a signed release is vetted");
  return report;
}

inline model::Report SampleTampered() {
  model::Report report = SampleReport(model::Decision::kBlock);
  report.artifacts[0].is_signed = model::Signed::kPresent;
  auto signature =
      SampleSignature(0, model::Integrity::kInvalid, model::Trust::kTrusted);
  signature.computed = std::string(64, '2');
  signature.content_mismatch = true;
  signature.integrity_reason = "the file's digest is not the signed one";
  report.artifacts[0].signatures = {signature};
  AddReason(report, "signing.digest_mismatch", model::Severity::kCritical,
            "The content was changed after signing.",
            "the publisher's original file is vetted instead");
  return report;
}

inline model::Report SampleMixed() {
  model::Report report = SampleReport(model::Decision::kHold);
  report.artifacts[0].is_signed = model::Signed::kPresent;
  auto nested =
      SampleSignature(1, model::Integrity::kInvalid, model::Trust::kUnchecked);
  nested.nested_in = 0;
  nested.digest_algorithm = "sha1";
  nested.weak = {"sha1"};
  nested.timestamps.clear();
  report.artifacts[0].signatures = {
      SampleSignature(0, model::Integrity::kValid, model::Trust::kTrusted),
      nested};
  AddReason(report, "signing.mixed", model::Severity::kHigh,
            "The signatures disagree.", "all signatures hold");
  return report;
}

inline model::Report SampleIncomplete() {
  model::Report report = SampleReport(model::Decision::kHold);
  report.complete = false;
  report.limits = {{"milliseconds", 60'000, 0}};
  AddReason(report, "vet.incomplete", model::Severity::kMedium,
            "The inspection did not end in time.", "it is given more time");
  return report;
}

}  // namespace countersign::app
