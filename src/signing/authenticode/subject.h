// What an Authenticode signature signs, as one file format has it. The formats
// differ in what they hash and where the signature lies; the rest is the same.
// Private to the Authenticode folder.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/blob.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/signature.h"
#include "model/trust.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/indirect_data.h"

namespace countersign::signing {

using ContentDigests = std::map<base::DigestAlgorithm, base::Digest>;

class Subject {
 public:
  virtual ~Subject() = default;

  // The digest of the signed content with each of `algorithms`, in one pass.
  // Fails where the content cannot be read to its end.
  [[nodiscard]] virtual base::Result<ContentDigests> Hash(
      std::span<const base::DigestAlgorithm> algorithms) const = 0;

  // What a signature over it says it signs (SpcAttributeTypeAndOptionalValue).
  [[nodiscard]] virtual const Oid& ContentType() const = 0;

  // The type of what is signed (RFC 5652, section 5.2, eContentType). Other
  // than SpcIndirectDataContent it is itself what the signature is over, and no
  // digest of a file is compared.
  [[nodiscard]] virtual const Oid& EncapsulatedContentType() const {
    return oid::kSpcIndirectData;
  }

  // The purposes for which stores are asked about the signer, in order.
  [[nodiscard]] virtual std::vector<model::Purpose> Purposes() const;

  // Whether the digests of parts that a signature carries besides, if any,
  // are those of the file. `holds` is false when the signature does not hold
  // anyway, so that costly comparisons can be left out.
  [[nodiscard]] virtual model::PageHashes CheckParts(
      const IndirectData& content, bool holds) const;
};

// The digests of the bytes of `ranges` in `file`, in order; what most subjects
// hash. Fails as base::HashRanges does.
[[nodiscard]] base::Result<ContentDigests> HashParts(
    const base::Blob& file, std::span<const base::ByteRange> ranges,
    std::span<const base::DigestAlgorithm> algorithms);

}  // namespace countersign::signing
