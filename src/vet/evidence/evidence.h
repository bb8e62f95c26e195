// What the user gives besides the files to vet: trust stores, revocation files
// and catalogs, as a worker has them at hand.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "model/source.h"
#include "sandbox/pool.h"
#include "signing/verify.h"
#include "vet/evidence/catalogs.h"
#include "vet/vet.h"

namespace countersign::vet {

// Of a worker; made behind the lock, because its files may be hostile.
struct Evidence {
  std::unique_ptr<signing::Verifier> verifier;
  CatalogSet catalogs;
  std::vector<uint64_t> catalog_members;  // of each given; 0: it is none
};

void PrepareEvidence(const Options& options, Evidence& evidence);

// What the revocation files and the catalogs hold, in the wire format.
[[nodiscard]] std::vector<uint8_t> DescribeEvidence(const Evidence& evidence);

// The same, as a report names it.
struct EvidenceSources {
  std::vector<model::RevocationSource> revocation;
  std::vector<model::CatalogSource> catalogs;
};

// Asks a worker, whose answer to a job without a file is DescribeEvidence,
// before it has seen anything hostile but these: a file that it could not read
// is a mistake of the command, which the sentence tells, and not something to
// hold every input for.
[[nodiscard]] std::expected<EvidenceSources, std::string> AskForSources(
    sandbox::Pool& pool, const Options& options);

}  // namespace countersign::vet
