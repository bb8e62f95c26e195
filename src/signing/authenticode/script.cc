// Scripts: the signature stands in comments, the digest covers all of the text
// but these, as UTF-16.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "formats/script.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/collect.h"
#include "signing/authenticode/examine.h"
#include "signing/authenticode/schemes.h"
#include "signing/authenticode/script_text.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using formats::SignedScript;
using model::Integrity;

class ScriptSubject : public Subject {
 public:
  ScriptSubject(const SignedScript& script, Bytes file)
      : script_(script), file_(file), reading_(ReadingOf(script, file)) {}

  [[nodiscard]] base::Result<ContentDigests> Hash(
      std::span<const base::DigestAlgorithm> algorithms) const override {
    return HashText(script_, file_, reading_, algorithms);
  }

  [[nodiscard]] const Oid& ContentType() const override {
    return oid::kSipInfo;
  }

  // A digest that does not tell all bytes apart proves nothing of them.
  void RefuseReplaced(SigningFacts& facts) const {
    const auto replaced = FindReplaced(script_, file_, reading_);
    if (!replaced) {
      return;
    }
    const std::string reason =
        "the text has no character at offset " + std::to_string(*replaced) +
        " in its encoding, so that its digest does not tell all of its bytes";
    for (model::SignatureFacts& signature : facts.signatures) {
      if (signature.integrity == Integrity::kValid) {
        signature.integrity = Integrity::kMalformed;
        signature.integrity_reason = reason;
      }
    }
  }

  // Says where a signature would hold if the same text were stored otherwise.
  void NoteOtherEncodings(SigningFacts& facts) const {
    const auto is_open = [](const model::SignatureFacts& signature) {
      return signature.content_mismatch && !signature.signature_mismatch;
    };
    if (std::ranges::none_of(facts.signatures, is_open)) {
      return;
    }
    constexpr std::array kAlgorithms = {
        base::DigestAlgorithm::kMd5, base::DigestAlgorithm::kSha1,
        base::DigestAlgorithm::kSha256, base::DigestAlgorithm::kSha384,
        base::DigestAlgorithm::kSha512};
    std::vector<base::DigestAlgorithm> used;
    std::ranges::copy_if(
        kAlgorithms, std::back_inserter(used), [&](auto algorithm) {
          return std::ranges::find(facts.signatures, base::Name(algorithm),
                                   &model::SignatureFacts::digest_algorithm) !=
                 facts.signatures.end();
        });
    for (const TextReading& other : OtherReadings(script_, file_, reading_)) {
      const ContentDigests digests = HashText(script_, file_, other, used);
      for (const auto& [algorithm, digest] : digests) {
        for (const model::SignatureFacts& signature : facts.signatures) {
          if (is_open(signature) &&
              signature.digest_algorithm == base::Name(algorithm) &&
              signature.digest == digest.Hex()) {
            Note(signature.index, other, facts);
          }
        }
      }
    }
  }

 private:
  void Note(uint32_t signature, const TextReading& other,
            SigningFacts& facts) const {
    const auto& known = facts.encoding_changes;
    if (std::ranges::find(known, signature, &EncodingChange::signature) ==
        known.end()) {
      facts.encoding_changes.push_back(
          {signature, DescribeChange(reading_, other)});
    }
  }

  const SignedScript& script_;
  Bytes file_;
  TextReading reading_;
};

void NoteWhatFollows(const SignedScript& script, Bytes file,
                     SigningFacts& facts) {
  // Why not in the script host's formats: the digest covers what follows.
  if (script.after.size != 0 &&
      formats::FormatOf(script.kind) == model::Format::kPowershell) {
    facts.unsigned_data.push_back(
        DescribeData(UnsignedData::Place::kAfterTable,
                     {file.subspan(script.after.offset, script.after.size),
                      script.after.offset}));
  }
  if (script.second_block) {
    facts.faults.push_back(
        {{Fault::kMalformed, *script.second_block, "second signature block"},
         {*script.second_block, 1},
         {}});
  }
}

// What cannot be looked at is neither signed nor unsigned.
SigningFacts Undecided(const base::Error& error) {
  SigningFacts facts;
  facts.faults.push_back({error, {error.offset, 0}, {}});
  if (error.fault == Fault::kLimit) {
    facts.is_signed = model::Signed::kUnknown;
    facts.limit = error;
  } else {
    facts.is_signed = model::Signed::kMalformed;
  }
  return facts;
}

}  // namespace

SigningFacts ExamineScript(const base::Blob& file, const Context& context) {
  const Bytes bytes = file.View();
  const auto found = formats::FindScriptBlock(bytes, context.budget);
  if (!found) {
    return Undecided(found.error());
  }
  SigningFacts facts;
  if (!*found) {
    facts.is_signed = model::Signed::kAbsent;
    return facts;
  }
  const SignedScript& script = **found;
  facts.detail = std::string(formats::NameOf(script.kind)) + ", signed block";
  facts.signed_place = "signature block";
  Collector collector(context.budget, facts);
  if (script.damage) {
    collector.AddUnreadable(0, script.block, *script.damage);
  } else {
    collector.AddContainer(0, {script.signature, script.signature_offset});
  }
  const Collection collection = collector.Finish();
  NoteWhatFollows(script, bytes, facts);
  const ScriptSubject subject(script, bytes);
  ExamineSignatures(subject, collection, context, facts);
  subject.RefuseReplaced(facts);
  subject.NoteOtherEncodings(facts);
  return facts;
}

}  // namespace countersign::signing
