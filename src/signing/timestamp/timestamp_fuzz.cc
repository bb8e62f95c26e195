// Timestamps: those of a whole signature, or one attribute value by itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "model/wire.h"
#include "signing/cms/signer_check.h"
#include "signing/timestamp/timestamp.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::TimestampFacts;
using model::Trust;

// Where inputs pretend to stand, so that a lost offset shows.
constexpr uint64_t kAt = 0x10000;

void CheckFacts(const TimestampFacts& facts, base::Input input) {
  CS_CHECK(facts.range.offset >= input.offset);
  CS_CHECK(
      (base::ByteRange{facts.range.offset - input.offset, facts.range.size})
          .Inside(input.bytes.size()));
  // No store, no trust; and nothing bad without its reason.
  CS_CHECK(facts.trust != Trust::kTrusted && !facts.used);
  CS_CHECK(!facts.reason.empty());
  CS_CHECK(
      facts.integrity != Integrity::kValid ||
      (facts.time && !facts.digest_algorithm.empty() && !facts.chain.empty()));
  CS_CHECK(base::DisplaySafe(facts.signer) == facts.signer);
  CS_CHECK(base::DisplaySafe(facts.reason) == facts.reason);
}

// Over another signature value no timestamp holds.
void CheckOther(SignerInfo signer, std::span<const Certificate> pool,
                const Context& context) {
  std::vector<uint8_t> other(signer.signature.bytes.begin(),
                             signer.signature.bytes.end());
  other.push_back(0);
  signer.signature.bytes = other;
  const Timestamps stamps = ExamineTimestamps(signer, pool, context);
  for (const TimestampFacts& facts : stamps.facts) {
    CS_CHECK(facts.integrity != Integrity::kValid);
  }
}

std::string Examine(const SignerInfo& signer, std::span<const Certificate> pool,
                    base::Input input, base::Budget& budget) {
  const TrustSet trust(std::vector<model::TrustStore>{});
  const RevocationSet revocation;
  KeyCache keys;
  const Context context{trust, revocation, keys,
                        base::FromUnixSeconds(1'768'478'400), budget};
  std::string text;
  bool holds = false;
  const Timestamps stamps = ExamineTimestamps(signer, pool, context);
  for (const base::Input rest : stamps.rest) {
    CS_CHECK(rest.offset >= input.offset);
    CS_CHECK(rest.Range().Inside(input.offset + input.bytes.size()));
  }
  for (const TimestampFacts& facts : stamps.facts) {
    CheckFacts(facts, input);
    const auto wire = model::EncodeWire(facts);
    CS_CHECK(model::DecodeWire<TimestampFacts>(wire).has_value());
    text.append(wire.begin(), wire.end());
    holds = holds || facts.integrity == Integrity::kValid;
  }
  if (holds) {
    base::Budget more;
    CheckOther(signer, pool, {trust, revocation, keys, context.at, more});
  }
  return text;
}

std::string Transcript(base::Input input, base::Budget& budget) {
  const auto data = ParseSignedData(input, budget);
  std::string text;
  if (data) {
    std::vector<base::Error> ignored;
    const auto pool = ParseCertificates(*data, ignored, budget);
    for (const SignerInfo& signer : data->signers) {
      text += Examine(signer, pool, input, budget);
    }
  }
  // The same bytes as the value of each kind of attribute.
  for (const Oid& type : {oid::kMicrosoftTimeStampToken, oid::kTimeStampToken,
                          oid::kCounterSignature}) {
    SignerInfo signer;
    signer.signature = {input.bytes.first(input.bytes.size() / 2),
                        input.offset};
    signer.unsigned_attributes = {{type.View(), input, input}};
    text += Examine(signer, {}, input, budget);
  }
  return text;
}

void Check(base::Bytes bytes) {
  const base::Limits limits{
      .steps = 200'000, .signatures = 16, .public_key_operations = 20};
  base::Budget first(limits);
  base::Budget second(limits);
  const base::Input input{bytes, kAt};
  CS_CHECK(Transcript(input, first) == Transcript(input, second));
  CS_CHECK(first.Left().steps == second.Left().steps);
  CS_CHECK(first.Left().steps <= limits.steps);
  CS_CHECK(first.Left().signatures <= limits.signatures);
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
