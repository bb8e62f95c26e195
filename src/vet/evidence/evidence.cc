#include "vet/evidence/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/text.h"
#include "model/wire.h"

namespace countersign::vet {
namespace {

// The answer to a job without a file: what the revocation files and the
// catalogs hold.
struct RevocationFile {
  std::vector<model::RevocationSource> sources;

  static void Fields(auto& self, auto&& visit) {
    visit("sources", self.sources);
  }
};
struct EvidenceCheck {
  std::vector<RevocationFile> files;
  std::vector<uint64_t> catalogs;  // members of each; 0 of what is none

  static void Fields(auto& self, auto&& visit) {
    visit("files", self.files);
    visit("catalogs", self.catalogs);
  }
};

using CatalogsOrError =
    std::expected<std::vector<model::CatalogSource>, std::string>;
using RevocationOrError =
    std::expected<std::vector<model::RevocationSource>, std::string>;

CatalogsOrError CatalogSources(const EvidenceCheck& check,
                               const std::vector<CatalogInput>& files) {
  std::vector<model::CatalogSource> sources;
  for (size_t i = 0; i < files.size(); ++i) {
    if (check.catalogs[i] == 0) {
      return std::unexpected(
          fmt::format("{} was given with --catalog, but is no signed catalog "
                      "that lists anything. Name another file.",
                      files[i].name));
    }
    sources.push_back(
        {files[i].name,
         base::Hash(base::DigestAlgorithm::kSha256, files[i].bytes).Hex(),
         check.catalogs[i]});
  }
  return sources;
}

RevocationOrError RevocationSources(const EvidenceCheck& check,
                                    const std::vector<RevocationInput>& files) {
  std::vector<model::RevocationSource> sources;
  for (size_t i = 0; i < files.size(); ++i) {
    if (check.files[i].sources.empty()) {
      return std::unexpected(fmt::format(
          "{} was given with --crl, but is neither a revocation list nor an "
          "OCSP response (DER or PEM). Name another file.",
          files[i].name));
    }
    const std::string sha256 =
        base::Hash(base::DigestAlgorithm::kSha256, files[i].bytes).Hex();
    for (model::RevocationSource source : check.files[i].sources) {
      source.source = files[i].name;
      source.sha256 = sha256;
      source.issuer = base::DisplaySafe(source.issuer);
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

}  // namespace

void PrepareEvidence(const Options& options, Evidence& evidence) {
  std::vector<std::vector<uint8_t>> files;
  files.reserve(options.revocation.size());
  for (const RevocationInput& file : options.revocation) {
    files.push_back(file.bytes);
  }
  evidence.verifier =
      std::make_unique<signing::Verifier>(options.stores, std::move(files));
  for (const CatalogInput& file : options.catalogs) {
    const uint64_t before = evidence.catalogs.Members();
    const bool added =
        AddCatalogFile(*base::Blob::Own(file.bytes), *evidence.verifier,
                       options.at, evidence.catalogs);
    // The same catalog twice is no mistake.
    evidence.catalog_members.push_back(
        added ? std::max<uint64_t>(1, evidence.catalogs.Members() - before)
              : 0);
  }
  evidence.catalogs.Close();
}

std::vector<uint8_t> DescribeEvidence(const Evidence& evidence) {
  EvidenceCheck check;
  for (const auto& sources : evidence.verifier->RevocationFiles()) {
    check.files.push_back({sources});
  }
  check.catalogs = evidence.catalog_members;
  return model::EncodeWire(check);
}

std::expected<EvidenceSources, std::string> AskForSources(
    sandbox::Pool& pool, const Options& options) {
  if (options.revocation.empty() && options.catalogs.empty()) {
    return {};
  }
  const sandbox::Answer answer = pool.Run({});
  base::Result<EvidenceCheck> check;
  try {
    check = model::DecodeWire<EvidenceCheck>(answer.bytes);
  } catch (const std::bad_alloc&) {
    check = base::Fail(base::Fault::kLimit, 0, "answer");
  }
  if (answer.outcome != sandbox::Outcome::kAnswered || !check ||
      check->files.size() != options.revocation.size() ||
      check->catalogs.size() != options.catalogs.size()) {
    return std::unexpected(std::string(
        "The files given with --crl and --catalog could not be examined. Leave "
        "out the one that is damaged."));
  }
  EvidenceSources sources;
  sources.revocation = CS_TRY(RevocationSources(*check, options.revocation));
  sources.catalogs = CS_TRY(CatalogSources(*check, options.catalogs));
  return sources;
}

}  // namespace countersign::vet
