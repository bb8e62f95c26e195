// Page hashes: a digest for every page that the loader may map.
#pragma once

#include <optional>

#include "base/blob.h"
#include "base/digest.h"
#include "formats/pe.h"
#include "model/signature.h"

namespace countersign::signing {

// Whether `signed_hashes` (entries of u32 file offset and digest, ended by the
// end offset with a zero digest) are those of the image.
//
// Spec: Windows Authenticode Portable Executable Signature Format,
// "SpcPeImagePageHashes".
// Quirk: pages have 4096 bytes whatever SectionAlignment says; the header is
// hashed without CheckSum and security directory entry, padded with zeros.
[[nodiscard]] model::PageHashes CheckPageHashes(const base::Blob& file,
                                                const formats::PeImage& image,
                                                base::DigestAlgorithm algorithm,
                                                base::Bytes signed_hashes);

}  // namespace countersign::signing
