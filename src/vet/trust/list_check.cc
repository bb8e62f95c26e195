#include "vet/trust/list_check.h"

#include <fmt/format.h>

#include "base/text.h"

namespace countersign::vet {
namespace {

// Limit: how far a list may be dated ahead of the clock: time zones and clocks
// that are off, not more.
constexpr int64_t kMaxAheadMicroseconds = int64_t{24} * 3600 * 1'000'000;

std::vector<signing::PinnedRoot> RootsFor(const TrustRequest& request) {
  std::vector<signing::PinnedRoot> roots;
  roots.reserve(request.list_roots.size());
  for (const std::string& sha256 : request.list_roots) {
    roots.push_back({"", "", sha256});
  }
  if (roots.empty()) {
    roots.assign(signing::MicrosoftRoots().begin(),
                 signing::MicrosoftRoots().end());
  }
  return roots;
}

}  // namespace

std::string Date(base::Instant instant) {
  return base::ToRfc3339(instant).substr(0, 10);
}

std::expected<model::TrustListFacts, std::string> CheckList(
    const LoadedList& loaded, const std::vector<model::TrustEntry>& candidates,
    const TrustRequest& request, std::vector<std::string>& notes) {
  base::Budget budget;
  model::TrustListFacts facts = signing::VerifyTrustList(
      {loaded.bytes, 0}, loaded.list, candidates, RootsFor(request), budget);
  const bool in_future = loaded.list.this_update.unix_microseconds >
                         request.now.unix_microseconds + kMaxAheadMicroseconds;
  if (in_future) {
    facts.signer_trusted = false;
    facts.reason = fmt::format("it is dated {}, which is in the future",
                               Date(loaded.list.this_update));
  }
  if (facts.signature_holds && facts.signer_trusted) {
    return facts;
  }
  const std::string file = base::DisplaySafe(loaded.file);
  if (request.for_one_run) {
    return std::unexpected(fmt::format(
        "The trust list {} is not known to be Microsoft's: {}. {}", file,
        facts.reason,
        in_future ? "Check the clock, or obtain the list again."
        : facts.signature_holds
            ? "If it is Microsoft's, give the file of Microsoft's root that is "
              "above its signer with a further --trust."
            : "Obtain it again."));
  }
  if (!request.unverified) {
    return std::unexpected(fmt::format(
        "The trust list {} is not known to be Microsoft's: {}. Nothing was "
        "imported. {}--unverified takes it as it is and marks it for good.",
        file, facts.reason,
        facts.signature_holds
            ? "Import the certificate of the root in the same command, "
              "unless you doubt the list. "
            : ""));
  }
  notes.push_back(fmt::format(
      "{}: taken although {}. Everything that shows its store says so.", file,
      facts.reason));
  return facts;
}

std::expected<void, std::string> CheckReplacement(
    const model::TrustStore& previous, const LoadedList& loaded) {
  if (!previous.list) {
    return std::unexpected(fmt::format(
        "The store {} was not made from a trust list and is not replaced by "
        "one. Choose another name with --name.",
        previous.name));
  }
  // Why: an old list brings back what has been distrusted since.
  if (previous.list->this_update > loaded.list.this_update) {
    return std::unexpected(fmt::format(
        "The store {} has a list of {}; {} is older ({}) and was not "
        "imported. \"countersign trust remove {}\" first, if you want it.",
        previous.name, Date(previous.list->this_update),
        base::DisplaySafe(loaded.file), Date(loaded.list.this_update),
        previous.name));
  }
  return {};
}

}  // namespace countersign::vet
