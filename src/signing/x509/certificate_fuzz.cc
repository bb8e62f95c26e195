// Certificates as they come with signatures, stores and responses.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "model/wire.h"
#include "signing/path/key_cache.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {
namespace {

// Where inputs pretend to stand, so that a lost offset shows.
constexpr uint64_t kAt = 0x10000;

bool IsInside(base::Bytes part, base::Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() &&
          part.data() + part.size() <= whole.data() + whole.size());
}

bool IsPlaced(base::Input part, base::Input whole) {
  return IsInside(part.bytes, whole.bytes) &&
         (part.bytes.empty() ||
          part.offset - whole.offset ==
              static_cast<uint64_t>(part.bytes.data() - whole.bytes.data()));
}

void CheckViews(const Certificate& certificate, base::Input input) {
  for (const base::Input part :
       {certificate.der, certificate.tbs, certificate.issuer,
        certificate.subject, certificate.spki, certificate.signature,
        certificate.signature_algorithm.whole, certificate.name_constraints,
        certificate.subject_alt_name}) {
    CS_CHECK(IsPlaced(part, input));
  }
  for (const base::Bytes part :
       {certificate.serial, certificate.subject_key_id,
        certificate.authority_key_id, certificate.unknown_critical,
        certificate.key.modulus, certificate.key.exponent,
        certificate.key.point}) {
    CS_CHECK(IsInside(part, input.bytes));
  }
  // The whole input is the certificate: nothing may follow it.
  CS_CHECK(certificate.der.bytes.size() == input.bytes.size());
}

std::string Transcript(base::Input input, base::Budget& budget) {
  const auto certificate = ParseCertificate(input, budget);
  if (!certificate) {
    const base::Error& error = certificate.error();
    CS_CHECK(error.field != nullptr && error.field[0] != '\0');
    CS_CHECK(error.offset >= input.offset);
    CS_CHECK(error.offset <= input.offset + input.bytes.size());
    return error.field + std::to_string(error.offset);
  }
  CheckViews(*certificate, input);
  const model::CertificateFacts facts = Describe(*certificate);
  CS_CHECK(facts.sha256.size() == 64 && facts.sha1.size() == 40);
  for (const std::string& text :
       {facts.subject, facts.issuer, facts.common_name, facts.organization,
        facts.publisher_key, SubjectText(*certificate)}) {
    CS_CHECK(base::DisplaySafe(text) == text);
  }
  CS_CHECK(facts.publisher_key.find(':') != std::string::npos);
  CS_CHECK(facts.publisher_key == PublisherKey(*certificate));
  const auto wire = model::EncodeWire(facts);
  CS_CHECK(model::DecodeWire<model::CertificateFacts>(wire).has_value());
  return {wire.begin(), wire.end()};
}

void Check(base::Bytes bytes) {
  const base::Limits limits{.steps = 100'000, .public_key_operations = 4};
  base::Budget first(limits);
  base::Budget second(limits);
  const base::Input input{bytes, kAt};
  CS_CHECK(Transcript(input, first) == Transcript(input, second));
  CS_CHECK(first.Left().steps == second.Left().steps);
  CS_CHECK(first.Left().steps <= limits.steps);
  const auto certificate = ParseCertificate(input, second);
  if (!certificate) {
    return;
  }
  // A cache changes speed, never an answer.
  KeyCache warm;
  KeyCache cold;
  const auto answer = warm.IsSignedBy(*certificate, *certificate, first);
  const uint64_t left = first.Left().public_key_operations;
  CS_CHECK(left + 1 >= limits.public_key_operations);
  CS_CHECK(warm.IsSignedBy(*certificate, *certificate, first) == answer);
  CS_CHECK(answer == SignatureCheck::kUnsupported ||
           first.Left().public_key_operations == left);
  CS_CHECK(cold.IsSignedBy(*certificate, *certificate, second) == answer);
}

}  // namespace
}  // namespace countersign::signing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::signing::Check({data, size});
  return 0;
}
