// The file flow: from a file to a report with a verdict.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/report.h"
#include "model/trust.h"
#include "vet/unpack_limits.h"

namespace countersign::vet {

// A file of CRLs or OCSP responses (DER or PEM) that the user gave.
struct RevocationInput {
  std::string name;  // as the user gave it
  std::vector<uint8_t> bytes;
};

// A catalog that the user gave.
struct CatalogInput {
  std::string name;  // as the user gave it
  std::vector<uint8_t> bytes;
};

struct Options {
  base::Instant at;  // the instant to judge at
  // Shared with the workers' memory, which copies nothing.
  std::shared_ptr<const std::vector<model::TrustStore>> stores =
      std::make_shared<const std::vector<model::TrustStore>>();
  std::vector<RevocationInput> revocation;
  std::vector<CatalogInput> catalogs;
  unsigned jobs = 1;              // workers
  bool process_per_file = false;  // a fresh locked-down process for each file
  bool strict_padding = false;    // as EnableCertPaddingCheck on Windows
  bool allow_weak_sandbox = false;
  std::chrono::milliseconds time_limit{300'000};      // per input
  uint64_t memory_limit_bytes = uint64_t{512} << 20;  // private, per worker
  UnpackLimits unpack;
  // Where members go that are too large for that memory.
  std::string scratch_directory = "/var/tmp";
};

// One input: a regular file, open for reading only until its report was taken.
struct Input {
  int descriptor = -1;
  std::string name;  // the path as the user gave it
};

// A caller's stream of inputs; see Vetter::VetAll.
class InputStream {
 public:
  virtual ~InputStream() = default;
  // The next input, or nothing: at the end when `waiting` is 0, else not
  // before another report was taken. `waiting` is how many have no report yet.
  virtual std::optional<Input> Next(size_t waiting) = 0;
  // Takes the report on the oldest input that has none.
  virtual void Take(model::Report report) = 0;
};

// Runs inspections in locked-down workers and decides on what they say.
class Vetter {
 public:
  // A vetter with its workers started, or one sentence saying why not and
  // what to do. Must be called while the process has one thread.
  static std::expected<std::unique_ptr<Vetter>, std::string> Start(
      Options options);

  virtual ~Vetter() = default;

  // Hands the stream a report on every input, in order: whatever could not be
  // inspected is in it. With more than one job, inputs are prepared and reports
  // taken while the worker has the next in hand. May be called from up to
  // Options::jobs threads at once; others wait.
  virtual void VetAll(InputStream& stream) = 0;

  // The layers of the sandbox that the kernel does not give, separated by
  // ", "; empty when all are there.
  [[nodiscard]] virtual std::string MissingLayers() const { return {}; }

  // True when nothing can be inspected any more, because the process that
  // makes workers is gone; reports then say "not inspected" of every input.
  [[nodiscard]] virtual bool IsBroken() const { return false; }

  // How many bytes of inputs were read so far, those in work included. For
  // showing progress; safe to ask at any time.
  [[nodiscard]] virtual uint64_t BytesRead() const { return 0; }

  // The report on one input.
  [[nodiscard]] model::Report Vet(const Input& input);
};

}  // namespace countersign::vet
