// What the signature of a NuGet package signs. Private to the NuGet folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "formats/zip.h"
#include "signing/package/archive.h"

namespace countersign::signing {

inline constexpr std::string_view kNugetSignature = ".signature.p7s";

struct NugetContent {
  base::DigestAlgorithm algorithm = base::DigestAlgorithm::kSha256;
  std::vector<uint8_t> digest;
};

// The signature properties document: sections of lines "Name:Value", an empty
// line behind each. Nothing when it is none of version 1, or names no digest
// of an algorithm that is allowed (SHA-256, SHA-384, SHA-512).
[[nodiscard]] std::optional<NugetContent> ReadNugetContent(
    std::string_view document);

// The digest of the package as it was before `signature` was put into it.
// Fails where the file cannot be read.
[[nodiscard]] base::Result<base::Digest> HashNuget(
    const PackageArchive& archive, const formats::ZipEntry& signature,
    base::DigestAlgorithm algorithm);

// The bytes behind the entry of the signature that belong to nothing: the
// digest leaves them out with it.
[[nodiscard]] base::ByteRange GapBehind(const PackageArchive& archive,
                                        const formats::ZipEntry& signature);

}  // namespace countersign::signing
