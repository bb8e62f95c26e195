// The caller's side and the worker's side of one import. Between them go the
// wire form of TrustRequest and that of ImportAnswer.
#include "vet/trust_import.h"

#include <fmt/format.h>

#include <chrono>

#include "base/digest.h"
#include "base/text.h"
#include "model/wire.h"
#include "sandbox/pool.h"
#include "vet/trust/join.h"

namespace countersign::vet {
namespace {

// What the worker says: either an error or an import.
struct ImportAnswer {
  std::string error;
  TrustImport import;

  static void Fields(auto& self, auto&& visit) {
    visit("error", self.error);
    visit("import", self.import);
  }
};

std::vector<uint8_t> HandleRequest(base::Bytes request, int /*descriptor*/) {
  ImportAnswer answer;
  const auto decoded = model::DecodeWire<TrustRequest>(request);
  if (!decoded) {
    answer.error = "The worker did not understand its request.";
    return model::EncodeWire(answer);
  }
  auto import = JoinTrust(*decoded);
  if (import) {
    answer.import = *std::move(import);
  } else {
    answer.error = import.error();
  }
  return model::EncodeWire(answer);
}

// What the crypto library reads from disk when it is first used.
void WarmUp() {
  (void)base::Hash(base::DigestAlgorithm::kSha256, {});
  (void)base::Hash(base::DigestAlgorithm::kSha1, {});
  (void)base::Hash(base::DigestAlgorithm::kMd5, {});
}

class SandboxedImporter : public TrustImporter {
 public:
  explicit SandboxedImporter(std::unique_ptr<sandbox::Pool> pool)
      : pool_(std::move(pool)) {}

  std::expected<TrustImport, std::string> Import(
      const TrustRequest& request) override {
    const sandbox::Answer answer = pool_->Run(model::EncodeWire(request));
    if (answer.outcome != sandbox::Outcome::kAnswered) {
      return std::unexpected(fmt::format(
          "The files could not be read: the worker {}{}{}. Nothing was "
          "imported.",
          sandbox::Name(answer.outcome), answer.detail.empty() ? "" : ": ",
          base::DisplaySafe(answer.detail)));
    }
    auto decoded = model::DecodeWire<ImportAnswer>(answer.bytes);
    if (!decoded) {
      return std::unexpected(
          std::string("The worker's answer is damaged. Nothing was imported."));
    }
    if (!decoded->error.empty()) {
      return std::unexpected(base::DisplaySafe(decoded->error));
    }
    for (std::string& note : decoded->import.notes) {
      note = base::DisplaySafe(note);
    }
    return std::move(decoded->import);
  }

 private:
  std::unique_ptr<sandbox::Pool> pool_;
};

}  // namespace

std::expected<std::unique_ptr<TrustImporter>, std::string> TrustImporter::Start(
    bool allow_weak_sandbox) {
  sandbox::PoolOptions options;
  options.workers = 1;
  options.allow_weak = allow_weak_sandbox;
  auto pool = sandbox::Pool::Start(options, {WarmUp, {}, HandleRequest});
  if (!pool) {
    return std::unexpected(pool.error());
  }
  return std::make_unique<SandboxedImporter>(*std::move(pool));
}

std::expected<TrustImport, std::string> ImportTrust(
    std::vector<TrustFile> files, std::string store_name,
    std::vector<model::Purpose> purposes, base::Instant now,
    ImportOptions options) {
  auto importer = TrustImporter::Start(options.allow_weak_sandbox);
  if (!importer) {
    return std::unexpected(importer.error());
  }
  TrustRequest request;
  request.files = std::move(files);
  request.store_name = std::move(store_name);
  request.purposes = std::move(purposes);
  request.now = now;
  request.anchor_all = options.anchor_all;
  request.unverified = options.unverified;
  request.for_one_run = options.for_one_run;
  request.existing = std::move(options.existing);
  return (*importer)->Import(request);
}

}  // namespace countersign::vet
