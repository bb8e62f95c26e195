// CRLs and OCSP responses, given by the user or found in a signature.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "signing/revocation/revocation.h"

namespace countersign::signing {
namespace {

using model::Revocation;

// Where inputs pretend to stand, so that a lost offset shows.
constexpr uint64_t kAt = 0x10000;

bool IsInside(base::Bytes part, base::Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() &&
          part.data() + part.size() <= whole.data() + whole.size());
}

void CheckError(const base::Error& error, base::Input input) {
  CS_CHECK(error.field != nullptr && error.field[0] != '\0');
  CS_CHECK(error.offset >= input.offset);
  CS_CHECK(error.offset <= input.offset + input.bytes.size());
}

// A certificate of which only what a list compares is known. Its issuer has
// no key, so nothing that is said under its name can be proven.
struct Unproven {
  Certificate certificate;
  Certificate issuer;
};

void CheckProvesNothing(const RevocationSet& set, const Unproven& question) {
  KeyCache keys;
  base::Budget budget;
  const base::Instant at = base::FromUnixSeconds(1'768'478'400);
  const RevocationStatus status =
      set.StatusOf(question.certificate, question.issuer, at, at, keys, budget);
  CS_CHECK(status.state ==
           (set.Empty() ? Revocation::kNotChecked : Revocation::kUnknown));
}

std::string CheckList(const RevocationList& list, base::Input input,
                      const RevocationSet& set) {
  for (const base::Input part : {list.tbs, list.issuer, list.signature,
                                 list.signature_algorithm.whole}) {
    CS_CHECK(IsInside(part.bytes, input.bytes));
  }
  std::string text = base::ToRfc3339(list.this_update);
  base::Bytes before;
  for (const RevokedEntry& entry : list.entries) {
    CS_CHECK(IsInside(entry.serial, input.bytes));
    CS_CHECK(!std::ranges::lexicographical_compare(entry.serial, before));
    before = entry.serial;
    CS_CHECK(base::ParseInstant(base::ToRfc3339(entry.date)) == entry.date);
    CS_CHECK(!ReasonName(entry.reason).empty());
    text += base::ToHex(entry.serial);
  }
  Unproven question;
  question.certificate.issuer = list.issuer;
  question.certificate.not_after = list.this_update;
  question.issuer.subject = list.issuer;
  if (!list.entries.empty()) {
    question.certificate.serial = list.entries[0].serial;
  }
  CheckProvesNothing(set, question);
  return text;
}

std::string CheckResponse(const OcspResponse& response, base::Input input,
                          const RevocationSet& set) {
  CS_CHECK(IsInside(response.tbs.bytes, input.bytes));
  std::string text = std::to_string(response.certificates.size());
  for (const OcspAnswer& answer : response.answers) {
    CS_CHECK(IsInside(answer.serial, input.bytes));
    CS_CHECK(IsInside(answer.issuer_key_hash, input.bytes));
    Unproven question;
    question.certificate.serial = answer.serial;
    CheckProvesNothing(set, question);
    text += base::ToHex(answer.serial) + base::ToRfc3339(answer.this_update);
  }
  return text;
}

std::string Transcript(base::Input input, base::Budget& budget) {
  RevocationSet set;
  base::Budget for_set({.steps = 100'000});
  const auto added = set.Add(input, for_set);
  const auto list = ParseRevocationList(input, budget);
  const auto response = ParseOcspResponse(input, budget);
  CS_CHECK(added.has_value() == !set.Empty());
  if (list) {
    return CheckList(*list, input, set);
  }
  CheckError(list.error(), input);
  if (response) {
    return CheckResponse(*response, input, set);
  }
  CheckError(response.error(), input);
  return list.error().field + std::string(response.error().field);
}

void Check(base::Bytes bytes) {
  const base::Limits limits{.steps = 100'000};
  base::Budget first(limits);
  base::Budget second(limits);
  const base::Input input{bytes, kAt};
  CS_CHECK(Transcript(input, first) == Transcript(input, second));
  CS_CHECK(first.Left().steps == second.Left().steps);
  CS_CHECK(first.Left().steps <= limits.steps);
  // As a file, PEM or DER.
  RevocationSet set;
  const auto added = set.AddFile({bytes.begin(), bytes.end()});
  CS_CHECK(!added || !set.Empty());
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
