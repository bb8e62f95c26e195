// Every file that claims to be a trust list or to hold certificates.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/budget.h"
#include "base/result.h"
#include "model/wire.h"
#include "signing/trust_list.h"

namespace countersign::signing {
namespace {

// Everything that was read, as bytes; where it went wrong if nothing was.
std::string Transcript(base::Input file, base::Budget& budget) {
  const auto list = ParseTrustList(file, budget);
  if (!list) {
    CS_CHECK(list.error().field != nullptr && list.error().field[0] != '\0');
    CS_CHECK(list.error().offset <= file.bytes.size());
    return list.error().field + std::to_string(list.error().offset);
  }
  std::string text =
      list->identifier + list->sequence + base::ToRfc3339(list->this_update);
  for (const ListedCertificate& listed : list->entries) {
    CS_CHECK(listed.range.Inside(file.bytes.size()));
    CS_CHECK(!listed.entry.sha1.empty() || !listed.entry.sha256.empty() ||
             !listed.disallowed_hash.empty());
    CS_CHECK(listed.entry.certificate.empty());
    CS_CHECK(list->kind == TrustListKind::kRoots ||
             (listed.entry.disallowed_after && !listed.entry.anchor));
    CS_CHECK(listed.entry.disallowed_usages.empty() ||
             listed.entry.disallowed_after);
    CS_CHECK(listed.entry.not_before_usages.empty() || listed.entry.not_before);
    const auto wire = model::EncodeWire(listed.entry);
    CS_CHECK(model::DecodeWire<model::TrustEntry>(wire).has_value());
    text.append(wire.begin(), wire.end());
  }
  // Nothing here can be signed by Microsoft without Microsoft's roots.
  base::Budget fresh;
  const model::TrustListFacts facts =
      VerifyTrustList(file, *list, {}, MicrosoftRoots(), fresh);
  CS_CHECK(!facts.signer_trusted && !facts.reason.empty());
  return text + facts.reason;
}

void CheckBudget(const base::Limits& before, const base::Limits& left) {
  CS_CHECK(left.steps <= before.steps);
  CS_CHECK(left.public_key_operations <= before.public_key_operations);
}

void Check(base::Bytes bytes) {
  const base::Input file{bytes, 0};
  const base::Limits limits{.steps = 200'000};
  base::Budget first(limits);
  base::Budget second(limits);
  CS_CHECK(Transcript(file, first) == Transcript(file, second));
  CheckBudget(limits, first.Left());
  CS_CHECK(first.Left().steps == second.Left().steps);

  base::Budget third(limits);
  const auto contents = ReadTrustFile(file, third);
  CheckBudget(limits, third.Left());
  if (!contents) {
    return;
  }
  CS_CHECK(contents->list || !contents->certificates.empty());
  for (const model::TrustEntry& entry : contents->certificates) {
    CS_CHECK(!entry.certificate.empty() && entry.sha256.size() == 64);
    // What was accepted once is accepted again.
    base::Budget fourth(limits);
    CS_CHECK(ReadTrustFile({entry.certificate, 0}, fourth).has_value());
    (void)DisallowedHashes(entry.certificate);
  }
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
