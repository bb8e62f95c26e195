// The digests that an MSIX signature signs. Private to the MSIX folder.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/digest.h"
#include "base/result.h"
#include "formats/zip.h"
#include "signing/package/archive.h"

namespace countersign::signing {

// By tag, "AXPC" and so on.
using MsixDigests = std::map<std::string, base::Digest, std::less<>>;

// The digests of the package whose signature is the entry `signature`, those of
// each of `algorithms`. A part that is missing has none.
[[nodiscard]] base::Result<std::map<base::DigestAlgorithm, MsixDigests>>
HashMsix(const PackageArchive& archive, const formats::ZipEntry& signature,
         std::span<const base::DigestAlgorithm> algorithms,
         base::Budget& budget);

struct MsixSignedDigest {
  std::string tag;
  base::Bytes digest;
};

// The digests that the signature states, in order: "APPX", then a tag of 4
// bytes and a digest of `digest_bytes` each. Nothing when it is not so.
[[nodiscard]] std::optional<std::vector<MsixSignedDigest>> ReadMsixDigests(
    base::Bytes stated, size_t digest_bytes);

// The records behind the entries as they would be without the entry
// `signature`, which begins where they would.
[[nodiscard]] std::vector<uint8_t> DirectoryWithout(
    const formats::ZipArchive& zip, const formats::ZipEntry& signature,
    base::Bytes file);

}  // namespace countersign::signing
