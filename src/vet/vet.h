// The file flow: from a file to a report with a verdict.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/report.h"
#include "model/trust.h"

namespace countersign::vet {

struct Options {
  base::Instant at;  // the instant to judge at
  // Shared with the workers' memory, which copies nothing.
  std::shared_ptr<const std::vector<model::TrustStore>> stores =
      std::make_shared<const std::vector<model::TrustStore>>();
  // CRLs and OCSP responses (DER or PEM) as read from the user's files.
  std::vector<std::vector<uint8_t>> revocation;
  unsigned jobs = 1;              // workers
  bool process_per_file = false;  // a fresh locked-down process for each file
  bool strict_padding = false;    // as EnableCertPaddingCheck on Windows
  bool allow_weak_sandbox = false;
  std::chrono::milliseconds time_limit{60'000};       // per file
  uint64_t memory_limit_bytes = uint64_t{512} << 20;  // private, per worker
};

// Runs inspections in locked-down workers and decides on what they say.
class Vetter {
 public:
  // A vetter with its workers started, or one sentence saying why not and
  // what to do. Must be called while the process has one thread.
  static std::expected<std::unique_ptr<Vetter>, std::string> Start(
      Options options);

  virtual ~Vetter() = default;

  // The report on the regular file behind `descriptor` (read-only; stays the
  // caller's). `name` is the path as the user gave it. Always yields a report:
  // whatever could not be inspected is in it. May be called from up to
  // Options::jobs threads at once; others wait.
  [[nodiscard]] virtual model::Report Vet(int descriptor,
                                          const std::string& name) = 0;
};

}  // namespace countersign::vet
