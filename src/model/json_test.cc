#include "model/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/sample/every_field.h"

namespace countersign::model {
namespace {

using Json = nlohmann::json;

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  return keys;
}

void ExpectKeys(const Json& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    EXPECT_TRUE(object.contains(name))
        << name << " is missing in " << object.dump();
  }
}

Json FullReport() {
  return Json::parse(WriteJson(WithEveryField<Report>(), -1));
}

// docs/report-schema.md: never renamed within a major version.
TEST(ReportJson, HasEveryPromisedName) {
  const Json report = FullReport();
  ExpectKeys(report, {"schema", "tool", "input", "evaluated_at", "trust",
                      "verdict", "policy", "complete", "reasons", "artifacts",
                      "findings", "limits", "statistics"});
  ExpectKeys(report["tool"], {"name", "version"});
  ExpectKeys(report["trust"][0], {"store", "source", "sha256", "content_sha256",
                                  "certificates", "purposes"});
  ExpectKeys(report["revocation_sources"][0],
             {"source", "sha256", "kind", "issuer", "certificates",
              "this_update", "next_update"});
  ExpectKeys(report["statistics"], {"artifacts", "bytes", "seconds"});
  ExpectKeys(report["limits"][0], {"limit", "value", "artifact"});
  ExpectKeys(report["artifacts"][0],
             {"id", "parent", "path", "sha256", "size", "format", "role",
              "signed", "signatures", "findings"});
  ExpectKeys(report["findings"][0],
             {"id", "severity", "artifact", "message", "evidence", "attack",
              "parameters", "clears_if"});
  ExpectKeys(report["findings"][0]["evidence"][0], {"offset", "size"});
}

TEST(ReportJson, ParametersOfOneNameAreAllThere) {
  Report report;
  Finding finding;
  finding.parameters = {{"a", std::string("1")},
                        {"a", std::string("2")},
                        {"a_2", std::string("3")},
                        {"a", int64_t{4}}};
  report.findings = {finding};
  const Json parameters =
      Json::parse(WriteJson(report, -1))["findings"][0]["parameters"];
  EXPECT_EQ(parameters["a"], "1");
  EXPECT_EQ(parameters["a_2"], "2");
  EXPECT_EQ(parameters["a_2_2"], "3");
  EXPECT_EQ(parameters["a_3"], 4);
  EXPECT_EQ(parameters.size(), 4U);
}

TEST(ReportJson, HasEveryPromisedNameOfASignature) {
  const Json signature = FullReport()["artifacts"][0]["signatures"][0];
  ExpectKeys(signature,
             {"scheme", "index", "nested_in", "slice", "integrity",
              "digest_algorithm", "digest", "trust", "revocation", "weak",
              "signer", "chain", "timestamps", "program_name", "program_url"});
  ExpectKeys(
      signature["signer"],
      {"subject", "common_name", "organization", "issuer", "serial", "sha256",
       "sha1", "not_before", "not_after", "validation", "publisher_key"});
  ExpectKeys(signature["chain"][0], {"subject", "sha256"});
  ExpectKeys(signature["timestamps"][0],
             {"kind", "time", "integrity", "trust", "signer"});
}

TEST(ReportJson, HasTheTypesOfTheSchema) {
  const Json report = FullReport();
  EXPECT_TRUE(report["complete"].is_boolean());
  EXPECT_TRUE(report["statistics"]["seconds"].is_number_float());
  EXPECT_TRUE(report["statistics"]["bytes"].is_number_unsigned());
  EXPECT_TRUE(report["verdict"].is_string());
  EXPECT_TRUE(report["artifacts"][0]["parent"].is_number());
  EXPECT_TRUE(report["findings"][0]["parameters"].is_object());
  EXPECT_EQ(report["evaluated_at"].get<std::string>().back(), 'Z');
}

TEST(ReportJson, IsInTheOrderOfTheSchema) {
  const auto report =
      nlohmann::ordered_json::parse(WriteJson(WithEveryField<Report>(), 2));
  std::vector<std::string> order;
  for (const auto& [key, value] : report.items()) {
    order.push_back(key);
  }
  EXPECT_EQ(order, (std::vector<std::string>{
                       "schema", "tool", "input", "evaluated_at", "trust",
                       "revocation_sources", "catalog_sources", "verdict",
                       "policy", "complete", "reasons", "artifacts", "actions",
                       "coverage", "findings", "limits", "statistics"}));
}

TEST(ReportJson, SaysNothingAsNullOrEmpty) {
  Report report;
  report.artifacts.emplace_back().signatures.emplace_back();
  const Json json = Json::parse(WriteJson(report, -1));
  EXPECT_EQ(json["schema"], "countersign.report/1");
  EXPECT_EQ(json["verdict"], "hold");
  EXPECT_TRUE(json["artifacts"][0]["parent"].is_null());
  EXPECT_TRUE(json["artifacts"][0]["role"].is_null());
  const Json signature = json["artifacts"][0]["signatures"][0];
  EXPECT_TRUE(signature["nested_in"].is_null());
  EXPECT_TRUE(signature["signer"].is_null());
  EXPECT_TRUE(signature["program_name"].is_null());
  EXPECT_EQ(signature["integrity"], "malformed");
  EXPECT_EQ(signature["trust"], "unchecked");
  EXPECT_EQ(signature["chain"], Json::array());
}

template <typename E>
std::vector<std::string> Words() {
  return {kNames<E>.begin(), kNames<E>.end()};
}

// The words are promised as well, and their order is the wire format.
TEST(ReportJson, HasThePromisedWords) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Words<Decision>(), (Strings{"allow", "hold", "block"}));
  EXPECT_EQ(Words<Severity>(),
            (Strings{"info", "low", "medium", "high", "critical"}));
  EXPECT_EQ(Words<Integrity>(),
            (Strings{"valid", "invalid", "malformed", "unsupported"}));
  EXPECT_EQ(
      Words<Trust>(),
      (Strings{"trusted", "untrusted", "expired", "revoked", "incomplete-chain",
               "not-code-signing", "distrusted", "ad-hoc", "unchecked"}));
  EXPECT_EQ(Words<Revocation>(),
            (Strings{"good", "revoked", "unknown", "not-checked"}));
  EXPECT_EQ(Words<Signed>(), (Strings{"unknown", "absent", "present",
                                      "by-catalog", "malformed"}));
  EXPECT_EQ(Words<Validation>(), (Strings{"unknown", "ev", "ov", "iv"}));
  EXPECT_EQ(Name(static_cast<Decision>(9)), "?");
}

TEST(ReportJson, HostileTextIsSafeEverywhere) {
  const std::string hostile = "a\x1B[2J\u202E\"}],\n\xFF\xC0\xAF";
  Report report;
  report.input = hostile;
  report.reasons = {hostile};
  Artifact& artifact = report.artifacts.emplace_back();
  artifact.path = hostile;
  SignatureFacts& signature = artifact.signatures.emplace_back();
  signature.program_name = hostile;
  signature.signer.emplace().subject = hostile;
  Finding& finding = report.findings.emplace_back();
  finding.message = hostile;
  finding.parameters = {{hostile, hostile}};
  for (const int indent : {-1, 2}) {
    const std::string text = WriteJson(report, indent);
    EXPECT_EQ(text.find('\x1B'), std::string::npos);
    EXPECT_EQ(text.find("\u202E"), std::string::npos);
    EXPECT_EQ(text.find('\xFF'), std::string::npos);
    EXPECT_EQ(text.find('\xC0'), std::string::npos);
    EXPECT_EQ(indent < 0, text.find('\n') == std::string::npos);
    const std::string safe =
        "a\\u{001B}[2J\\u{202E}\"}],\\u{000A}\\x{FF}\\x{C0}\\x{AF}";
    const Json json = Json::parse(text);
    EXPECT_EQ(json["input"], safe);
    EXPECT_EQ(json["artifacts"][0]["path"], safe);
    EXPECT_EQ(json["artifacts"][0]["signatures"][0]["signer"]["subject"], safe);
    EXPECT_EQ(Keys(json["findings"][0]["parameters"]),
              std::vector<std::string>{safe});
    EXPECT_EQ(json["findings"][0]["parameters"][safe], safe);
  }
}

TEST(ReportJson, NumbersKeepTheirValue) {
  Report report;
  report.findings.emplace_back().evidence = {{UINT64_MAX, 0}};
  report.findings[0].parameters = {{"n", std::numeric_limits<int64_t>::min()}};
  const Json json = Json::parse(WriteJson(report, -1));
  EXPECT_EQ(json["findings"][0]["evidence"][0]["offset"], UINT64_MAX);
  EXPECT_EQ(json["findings"][0]["parameters"]["n"],
            std::numeric_limits<int64_t>::min());
}

}  // namespace
}  // namespace countersign::model
