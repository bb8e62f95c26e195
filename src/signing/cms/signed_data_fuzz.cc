// The SignedData of signatures, timestamps and trust lists.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "signing/authenticode/indirect_data.h"
#include "signing/cms/signed_data.h"
#include "signing/cms/signer_check.h"

namespace countersign::signing {
namespace {

// Where inputs pretend to stand, so that a lost offset shows.
constexpr uint64_t kAt = 0x10000;

bool IsInside(base::Input part, base::Input whole) {
  return part.bytes.empty() ||
         (part.offset >= whole.offset &&
          base::ByteRange{part.offset - whole.offset, part.bytes.size()}.Inside(
              whole.bytes.size()));
}

void CheckError(const base::Error& error, base::Input input) {
  CS_CHECK(error.field != nullptr && error.field[0] != '\0');
  CS_CHECK(error.offset >= input.offset);
  CS_CHECK(error.offset <= input.offset + input.bytes.size());
}

void CheckSignerInfo(const SignerInfo& signer, base::Input input) {
  CS_CHECK(IsInside(signer.whole, input));
  for (const base::Input part :
       {signer.issuer, signer.signed_attributes_whole, signer.signature,
        signer.digest_algorithm.whole, signer.signature_algorithm.whole}) {
    CS_CHECK(IsInside(part, signer.whole));
  }
  for (const base::Input part : signer.rest) {
    CS_CHECK(IsInside(part, signer.whole));
  }
  for (const auto* list :
       {&signer.signed_attributes, &signer.unsigned_attributes}) {
    for (const CmsAttribute& attribute : *list) {
      CS_CHECK(IsInside(attribute.whole, signer.whole));
      CS_CHECK(IsInside(attribute.values, attribute.whole));
    }
  }
}

void CheckAnswer(const SignedData& data, const SignerInfo& signer,
                 std::span<const Certificate> pool, base::Budget& budget,
                 std::string& text) {
  KeyCache keys;
  const SignerQuestion question{.signer = &signer,
                                .content = data.content.bytes,
                                .pool = pool,
                                .content_type = &oid::kSpcIndirectData,
                                .legacy_countersignature = false};
  const SignerCheck check = CheckSigner(question, keys, budget);
  const bool valid = check.integrity == model::Integrity::kValid;
  CS_CHECK(valid == check.reason.empty());
  CS_CHECK(!valid || (check.certificate != nullptr && check.digest &&
                      !check.content_mismatch && !check.signature_mismatch));
  text += check.reason;
  if (!valid || data.content.bytes.empty()) {
    return;
  }
  // The same signature over other content never holds.
  std::vector<uint8_t> other(data.content.bytes.begin(),
                             data.content.bytes.end());
  other[other.size() / 2] ^= 0x10;
  base::Budget more;
  SignerQuestion changed = question;
  changed.content = other;
  CS_CHECK(CheckSigner(changed, keys, more).integrity !=
           model::Integrity::kValid);
}

std::string Transcript(base::Input input, base::Budget& budget) {
  const auto data = ParseSignedData(input, budget);
  if (!data) {
    CheckError(data.error(), input);
    const auto signer = ParseSignerInfo(input, budget);
    if (signer) {
      CheckSignerInfo(*signer, input);
    } else {
      CheckError(signer.error(), input);
    }
    return data.error().field + std::to_string(data.error().offset);
  }
  CS_CHECK(data->whole.offset == input.offset);
  CS_CHECK(IsInside(data->whole, input));
  CS_CHECK(data->storage || IsInside(data->content, data->whole));
  for (const auto* list : {&data->certificates, &data->crls, &data->rest}) {
    for (const base::Input part : *list) {
      CS_CHECK(IsInside(part, data->whole));
    }
  }
  std::vector<base::Error> errors;
  const auto pool = ParseCertificates(*data, errors, budget);
  CS_CHECK(pool.size() + errors.size() <= data->certificates.size());
  for (const base::Error& error : errors) {
    CheckError(error, input);
  }
  std::string text = DottedOid(data->content_type);
  const auto content = ParseIndirectData(data->content, budget);
  text += content ? base::ToHex(content->digest.bytes) : "";
  for (const SignerInfo& signer : data->signers) {
    CheckSignerInfo(signer, data->whole);
    const OpusInfo opus = ParseOpusInfo(signer, budget);
    for (const auto& claim : {opus.program_name, opus.url}) {
      CS_CHECK(!claim || base::DisplaySafe(*claim) == *claim);
    }
    text += StatementType(signer, budget);
    CheckAnswer(*data, signer, pool, budget, text);
  }
  return text;
}

void Check(base::Bytes bytes) {
  const base::Limits limits{.steps = 200'000, .public_key_operations = 20};
  base::Budget first(limits);
  base::Budget second(limits);
  const base::Input input{bytes, kAt};
  CS_CHECK(Transcript(input, first) == Transcript(input, second));
  CS_CHECK(first.Left().steps == second.Left().steps);
  CS_CHECK(first.Left().steps <= limits.steps);
  CS_CHECK(first.Left().public_key_operations <= 20);
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
