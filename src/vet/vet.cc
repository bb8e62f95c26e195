#include "vet/vet.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "model/wire.h"
#include "sandbox/pool.h"
#include "vet/answer_check.h"
#include "vet/coverage.h"
#include "vet/evidence/evidence.h"
#include "vet/file_hash.h"
#include "vet/findings.h"
#include "vet/inspect.h"
#include "vet/policy.h"
#include "vet/writer_watch.h"

namespace countersign::vet {
namespace {

using Clock = std::chrono::steady_clock;

// Why: below this, starting a thread costs more than hashing beside the
// worker gains; above it the parent's digest and the worker's run at once.
constexpr off_t kHashBesideBytes = off_t{4} << 20;

std::vector<model::TrustSource> Sources(
    const std::vector<model::TrustStore>& stores) {
  std::vector<model::TrustSource> sources;
  for (const model::TrustStore& store : stores) {
    model::TrustSource source;
    source.store = store.name;
    source.source = store.source;
    source.sha256 = store.sha256;
    source.content_sha256 = model::ContentSha256(store);
    for (const model::TrustEntry& entry : store.entries) {
      source.certificates += entry.certificate.empty() ? 0U : 1U;
    }
    for (const model::Purpose purpose : store.purposes) {
      source.purposes.emplace_back(model::Name(purpose));
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

// An inspection that says only why there is none.
model::Inspection Failed(uint64_t size_bytes, const std::string& reason) {
  model::Inspection inspection;
  model::Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.size = size_bytes;
  inspection.findings.push_back(
      MakeFinding("vet.incomplete", 0,
                  fmt::format("The file was not inspected: {}.", reason),
                  {0, size_bytes}, {{"reason", reason}},
                  "the cause is removed and the file is vetted again"));
  return inspection;
}

std::string Explain(const sandbox::Answer& answer,
                    std::chrono::milliseconds limit) {
  switch (answer.outcome) {
    case sandbox::Outcome::kTimedOut:
      return fmt::format("the time limit of {} ms was reached", limit.count());
    case sandbox::Outcome::kTooLarge:
      return "its report exceeds the size limit";
    case sandbox::Outcome::kDied:
      return fmt::format("the worker died ({})", answer.detail);
    default:
      return fmt::format("no worker could be had ({})", answer.detail);
  }
}

class PoolVetter : public Vetter {
 public:
  PoolVetter(Options options, EvidenceSources evidence,
             std::unique_ptr<sandbox::Pool> pool)
      : options_(std::move(options)),
        sources_(Sources(*options_.stores)),
        evidence_(std::move(evidence)),
        anchors_(AnchorsOf(*options_.stores)),
        pool_(std::move(pool)) {}

  [[nodiscard]] std::string MissingLayers() const override {
    return pool_->ActiveLayers().Missing();
  }

  [[nodiscard]] bool IsBroken() const override { return pool_->IsBroken(); }

  [[nodiscard]] uint64_t BytesRead() const override { return bytes_read_; }

  void VetAll(InputStream& stream) override {
    JobsOf jobs(*this, stream);
    pool_->RunStream(jobs);
  }

 private:
  using Hashed = std::expected<FileDigest, std::string>;

  // An input that is with a worker.
  struct InWork {
    Input input;
    Clock::time_point start;
    struct stat before{};
    bool is_regular = false;
    WriterWatch writers;         // of a file that is mapped
    std::future<Hashed> beside;  // of a large file
    Hashed digest;
  };

  // A stream of inputs as the sandbox's stream of jobs.
  class JobsOf : public sandbox::JobStream {
   public:
    JobsOf(PoolVetter& vetter, InputStream& stream)
        : vetter_(vetter), stream_(stream) {}

    std::optional<sandbox::Job> Next(size_t waiting) override {
      std::optional<Input> input = stream_.Next(waiting);
      if (!input) {
        return std::nullopt;
      }
      InWork& work = in_work_.emplace_back(vetter_.Begin(*std::move(input)));
      return sandbox::Job{{}, work.input.descriptor};
    }

    void Take(sandbox::Answer answer) override {
      InWork work = std::move(in_work_.front());
      in_work_.pop_front();
      stream_.Take(vetter_.ReportOn(work, answer));
    }

   private:
    PoolVetter& vetter_;
    InputStream& stream_;
    std::deque<InWork> in_work_;
  };

  InWork Begin(Input input) {
    InWork work{std::move(input), Clock::now(), {}, false, {}, {}, {}};
    const int descriptor = work.input.descriptor;
    work.is_regular =
        fstat(descriptor, &work.before) == 0 && S_ISREG(work.before.st_mode);
    if (!work.is_regular) {
      return work;
    }
    const Clock::time_point deadline = work.start + options_.time_limit;
    // Why: of a smaller file the worker has a copy, and says which.
    if (static_cast<uint64_t>(work.before.st_size) > base::Blob::kSmallFile) {
      (void)work.writers.Begin(descriptor);
    }
    if (work.before.st_size < kHashBesideBytes) {
      work.digest = HashFile(descriptor, deadline, &bytes_read_);
      return work;
    }
    try {
      work.beside = std::async(std::launch::async, HashFile, descriptor,
                               deadline, &bytes_read_);
    } catch (const std::system_error&) {
      // No thread can be had: one after the other.
      work.digest = HashFile(descriptor, deadline, &bytes_read_);
    }
    return work;
  }

  model::Report ReportOn(InWork& work, const sandbox::Answer& answer) {
    model::Report report;
    report.tool = {"countersign", COUNTERSIGN_VERSION};
    report.input = work.input.name;
    report.evaluated_at = options_.at;
    report.trust = sources_;
    report.revocation_sources = evidence_.revocation;
    report.catalog_sources = evidence_.catalogs;
    model::Inspection inspection = InspectionOf(work, answer);
    NoteUnverifiedLists(inspection);
    for (model::Artifact& artifact : inspection.artifacts) {
      artifact.path.insert(0, work.input.name);
    }
    JudgeCoverage(inspection);
    std::ranges::stable_sort(inspection.findings, std::ranges::greater{},
                             &model::Finding::severity);
    for (uint32_t i = 0; i < inspection.findings.size(); ++i) {
      inspection.artifacts[inspection.findings[i].artifact].findings.push_back(
          i);
    }
    Verdict verdict = Decide(inspection);
    report.verdict = verdict.decision;
    report.reasons = std::move(verdict.reasons);
    if (verdict.decision != model::Decision::kAllow &&
        LacksStores(inspection)) {
      report.reasons.insert(
          report.reasons.begin(),
          "No trust store for code signing was used, so no signer could be "
          "trusted, however good.");
    }
    report.policy = kPolicyVersion;
    report.complete = inspection.complete;
    report.statistics.artifacts = inspection.artifacts.size();
    report.statistics.bytes = inspection.artifacts[0].size;
    report.coverage = CoverageOf(inspection);
    report.artifacts = std::move(inspection.artifacts);
    report.actions = std::move(inspection.actions);
    report.findings = std::move(inspection.findings);
    report.limits = std::move(inspection.limits);
    report.statistics.seconds =
        std::chrono::duration<double>(Clock::now() - work.start).count();
    return report;
  }

  model::Inspection InspectionOf(InWork& work, const sandbox::Answer& answer) {
    if (!work.is_regular) {
      return Failed(0, "it is not a regular file");
    }
    const struct stat& before = work.before;
    const auto size = static_cast<uint64_t>(before.st_size);
    if (work.beside.valid()) {
      work.digest = work.beside.get();
    }
    model::Inspection inspection = Decode(answer, size);
    if (!work.digest) {
      return answer.outcome == sandbox::Outcome::kTimedOut
                 ? inspection
                 : Failed(size, fmt::format("its digest could not be computed "
                                            "({})",
                                            work.digest.error()));
    }
    // The digest of what the worker judged, where it read a copy.
    const std::string judged =
        std::exchange(inspection.artifacts[0].sha256, std::string());
    struct stat after{};
    if (work.writers.SawWriter()) {
      inspection = Failed(size, "another process has it open for writing");
    } else if ((!judged.empty() && judged != work.digest->sha256.Hex()) ||
               fstat(work.input.descriptor, &after) != 0 ||
               after.st_size != before.st_size ||
               work.digest->size_bytes != size ||
               after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
               after.st_mtim.tv_nsec != before.st_mtim.tv_nsec ||
               after.st_ctim.tv_sec != before.st_ctim.tv_sec ||
               after.st_ctim.tv_nsec != before.st_ctim.tv_nsec) {
      inspection =
          Failed(work.digest->size_bytes, "it changed while it was read");
    }
    inspection.artifacts[0].sha256 = work.digest->sha256.Hex();
    return inspection;
  }

  model::Inspection Decode(const sandbox::Answer& answer, uint64_t size) {
    if (answer.outcome != sandbox::Outcome::kAnswered) {
      model::Inspection inspection =
          Failed(size, Explain(answer, options_.time_limit));
      if (answer.outcome == sandbox::Outcome::kTimedOut) {
        inspection.limits.push_back(
            {"time_ms", static_cast<uint64_t>(options_.time_limit.count()), 0});
      }
      return inspection;
    }
    // A hostile answer can take thirty times its size.
    base::Result<model::Inspection> inspection;
    try {
      inspection = model::DecodeWire<model::Inspection>(answer.bytes);
    } catch (const std::bad_alloc&) {
      return Failed(size, "there is not enough memory for the worker's answer");
    }
    if (!inspection || !IsSound(*inspection, size, anchors_)) {
      return Failed(size, "the worker's answer makes no sense");
    }
    return *std::move(inspection);
  }

  // True when signers were not trusted for want of anybody who could vouch.
  [[nodiscard]] bool LacksStores(const model::Inspection& inspection) const {
    const bool there = std::ranges::any_of(
        *options_.stores, [](const model::TrustStore& store) {
          return std::ranges::find(store.purposes,
                                   model::Purpose::kCodeSigning) !=
                 store.purposes.end();
        });
    return !there && !inspection.artifacts[0].signatures.empty();
  }

  void NoteUnverifiedLists(model::Inspection& inspection) const {
    for (const model::TrustStore& store : *options_.stores) {
      if (store.list &&
          !(store.list->signature_holds && store.list->signer_trusted)) {
        inspection.findings.push_back(MakeFinding(
            "vet.trust_list_unverified", 0,
            fmt::format("The trust list of store {} was imported although "
                        "its own signature was not confirmed.",
                        store.name),
            {0, 0}, {{"store", store.name}}));
      }
    }
  }

  Options options_;
  std::vector<model::TrustSource> sources_;
  EvidenceSources evidence_;
  Anchors anchors_;
  std::atomic<uint64_t> bytes_read_{0};
  std::unique_ptr<sandbox::Pool> pool_;
};

std::vector<uint8_t> Handle(signing::Verifier& verifier,
                            const InspectOptions& options, int descriptor) {
  const auto blob = base::Blob::Open(descriptor);
  if (!blob) {
    struct stat status{};
    const bool known = fstat(descriptor, &status) == 0;
    return model::EncodeWire(
        Failed(known ? static_cast<uint64_t>(status.st_size) : 0,
               "it is too large to be mapped, or cannot be read"));
  }
  model::Inspection inspection = Inspect(*blob, verifier, options);
  // Why: the parent reads the file by itself, and a writer that leaves no trace
  // could show the two of them different bytes.
  if ((*blob)->IsCopy()) {
    inspection.artifacts[0].sha256 =
        base::Hash(base::DigestAlgorithm::kSha256, (*blob)->View()).Hex();
  }
  return model::EncodeWire(inspection);
}

}  // namespace

model::Report Vetter::Vet(const Input& input) {
  // A stream of one input.
  struct Single : InputStream {
    std::optional<Input> Next(size_t) override {
      return std::exchange(input, std::nullopt);
    }
    void Take(model::Report given) override { report = std::move(given); }

    std::optional<Input> input;
    model::Report report;
  };
  Single single;
  single.input = input;
  VetAll(single);
  return std::move(single.report);
}

std::expected<std::unique_ptr<Vetter>, std::string> Vetter::Start(
    Options options) {
  sandbox::PoolOptions pool_options;
  pool_options.workers = std::max(1U, options.jobs);
  pool_options.memory_bytes = options.memory_limit_bytes;
  pool_options.wall_timeout = options.time_limit;
  pool_options.cpu_seconds_per_job =
      static_cast<unsigned>((options.time_limit.count() + 999) / 1000);
  pool_options.jobs_per_worker = options.process_per_file ? 1 : 0;
  // Limit: 128 MiB, which 100,000 members need: 300 bytes each, 32 MiB of
  // paths, 20 MiB of findings, 12 MiB of actions and 32 MiB of signatures
  // (vet/tree/record.cc).
  pool_options.max_answer_bytes = uint64_t{128} << 20;
  pool_options.scratch_bytes = options.unpack.output_bytes;
  pool_options.scratch_directory = options.scratch_directory;
  // Why 3: one in hand, one that waits in the worker's socket, and one that
  // the caller prepares.
  pool_options.jobs_ahead = options.jobs > 1 ? 3 : 1;
  pool_options.allow_weak = options.allow_weak_sandbox;
  sandbox::Service service;
  // The stores, revocation files and catalogs are inherited as bytes and parsed
  // behind the lock.
  auto evidence = std::make_shared<Evidence>();
  InspectOptions inspect_options{
      options.at,        {},     options.strict_padding, options.unpack,
      sandbox::kScratch, nullptr};
  inspect_options.unpack.total_time = options.time_limit;
  if (!options.catalogs.empty()) {
    inspect_options.catalogs = &evidence->catalogs;
  }
  service.warm_up = [] {
    (void)base::Hash(base::DigestAlgorithm::kSha256, {});
  };
  service.prepare = [evidence, options] {
    PrepareEvidence(options, *evidence);
  };
  service.handle = [evidence, inspect_options](base::Bytes, int descriptor) {
    return descriptor < 0
               ? DescribeEvidence(*evidence)
               : Handle(*evidence->verifier, inspect_options, descriptor);
  };
  auto pool = sandbox::Pool::Start(pool_options, std::move(service));
  if (!pool) {
    return std::unexpected(pool.error());
  }
  auto sources = CS_TRY(AskForSources(**pool, options));
  return std::make_unique<PoolVetter>(std::move(options), std::move(sources),
                                      *std::move(pool));
}

}  // namespace countersign::vet
