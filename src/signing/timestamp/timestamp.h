// Timestamps on a signature: RFC 3161 tokens and Authenticode's legacy
// countersignatures, each with its own chain and usage.
//
// Spec: RFC 3161; PKCS #9 (RFC 2985) section 5.3.6; Windows Authenticode
// Portable Executable Signature Format, "Timestamps".
#pragma once

#include <span>
#include <vector>

#include "model/signature.h"
#include "signing/cms/signed_data.h"
#include "signing/cms/signer_check.h"
#include "signing/context.h"

namespace countersign::signing {

// What the unsigned attributes of one signature hold by way of timestamps.
struct Timestamps {
  std::vector<model::TimestampFacts> facts;  // in encoded order
  // Bytes in them that no structure defines and nobody signs.
  std::vector<base::Input> rest;
  std::vector<Bag> bags;  // of each token; they view the file
};

// The facts on every timestamp of `signer`. `pool` holds the certificates of
// the signature that carries them. Which one is used is left open. Where the
// scheme has another use for countersignatures, they are passed over.
//
// The chain of a timestamp is judged at the time it states: what counts is
// that the authority was good then.
[[nodiscard]] Timestamps ExamineTimestamps(const SignerInfo& signer,
                                           std::span<const Certificate> pool,
                                           const Context& context,
                                           bool with_countersignatures = true);

}  // namespace countersign::signing
