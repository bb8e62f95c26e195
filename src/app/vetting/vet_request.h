// What the user asked of `countersign vet`, and what the command needs of the
// rest of the program.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/terminal/style.h"
#include "app/trust_directory.h"
#include "app/vetting/exit_tally.h"
#include "base/instant.h"
#include "model/trust.h"
#include "vet/trust_import.h"
#include "vet/vet.h"

namespace countersign::app {

struct VetRequest {
  std::vector<std::string> paths;
  std::optional<base::Instant> at;
  std::vector<std::string> trust;  // names and files; empty: the default
  std::vector<std::string> crls;
  std::vector<std::string> catalogs;
  unsigned jobs = 0;  // 0: one for each core
  FailOn fail_on = FailOn::kHold;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string output;  // empty: standard output
  bool isolate = false;
  bool strict_padding = false;
  bool allow_weak_sandbox = false;
  std::chrono::milliseconds time_limit{300'000};
  uint64_t memory_limit_bytes = uint64_t{512} << 20;
  vet::UnpackLimits unpack;
  // Limit: 1 GiB, because a pipe has to be held in memory as a whole.
  uint64_t standard_input_limit_bytes = uint64_t{1} << 30;
  ColorChoice color = ColorChoice::kAuto;
  bool no_progress = false;
};

// Stores made of files that are not stores yet, with remarks for the user.
struct ImportedTrust {
  std::vector<model::TrustStore> stores;
  std::vector<std::string> notes;
};

// Reads certificates and trust lists; see vet::ImportTrust.
using TrustImporter = std::function<std::expected<ImportedTrust, std::string>(
    std::vector<vet::TrustFile> files, const std::string& store_name,
    std::vector<model::Purpose> purposes, base::Instant now)>;

using VetterStarter =
    std::function<std::expected<std::unique_ptr<vet::Vetter>, std::string>(
        vet::Options)>;

// Everything from outside, so that tests can put something else there.
struct VetServices {
  VetterStarter start;
  TrustImporter import_trust;
  TrustDirectory directory;
  base::Instant now;
  int output_descriptor = 1;
};

}  // namespace countersign::app
