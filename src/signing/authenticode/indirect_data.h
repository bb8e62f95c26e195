// The content that an Authenticode signature signs.
//
// Spec: Windows Authenticode Portable Executable Signature Format (2008),
// "SpcIndirectDataContent", "SpcPeImageData", "SpcSpOpusInfo".
#pragma once

#include <optional>
#include <string>

#include "signing/asn1/der.h"
#include "signing/cms/signed_data.h"

namespace countersign::signing {

struct IndirectData {
  base::Bytes type;  // OID content octets; SPC_PE_IMAGE_DATA for PE
  std::optional<base::DigestAlgorithm> algorithm;
  base::Bytes algorithm_oid;
  base::Input digest;
  // Page hashes, if the image data carries them.
  std::optional<base::DigestAlgorithm> page_algorithm;
  base::Input page_hashes;
};

// The SpcIndirectDataContent in `content`, the octets of its SEQUENCE.
[[nodiscard]] base::Result<IndirectData> ParseIndirectData(
    base::Input content, base::Budget& budget);

struct OpusInfo {
  std::optional<std::string> program_name;  // UTF-8, safe to display
  std::optional<std::string> url;
};

// The program name and URL of a signature. Both are optional and, like the
// whole attribute, claims of the signer only.
[[nodiscard]] OpusInfo ParseOpusInfo(const SignerInfo& signer,
                                     base::Budget& budget);

// "individual", "commercial" or "" (SpcStatementType).
[[nodiscard]] std::string StatementType(const SignerInfo& signer,
                                        base::Budget& budget);

}  // namespace countersign::signing
