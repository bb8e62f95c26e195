// Makes Authenticode signatures of PE images, right or wrong on purpose.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forge/image_digest.h"
#include "forge/signed_data.h"
#include "forge/timestamp.h"

namespace countersign::forge {

inline constexpr char kIndirectDataType[] = "1.3.6.1.4.1.311.2.1.4";
inline constexpr char kNestedSignatureAttribute[] = "1.3.6.1.4.1.311.2.4.1";

// SpcSpOpusInfo: the name and address a signer gives its program.
struct ProgramInformation {
  std::optional<std::string> name;  // UTF-8
  std::optional<std::string> url;
  bool ascii = false;  // the name as ASCII instead of UTF-16
};

// One signer of a signature and what is attached to its SignerInfo.
struct ImageSigner {
  SignerRecipe recipe;
  // Present with neither name nor URL: an empty SpcSpOpusInfo.
  std::optional<ProgramInformation> program = ProgramInformation{};
  bool statement_type = true;  // individual code signing
  std::vector<TimestampRecipe> timestamps;
  std::vector<ByteVector> nested;  // ContentInfo of each nested signature
  std::vector<Attribute> unsigned_attributes;
};

// SpcSipInfo: which of the signers of Windows hashed the file.
struct SipInfo {
  int version = 1;
  ByteVector class_id;  // 16 bytes
};

enum class PageHashVersion : uint8_t { kNone, kV1, kV2 };  // SHA-1, SHA-256

struct ImageSignature {
  HashAlgorithm content_digest = HashAlgorithm::kSha256;
  std::vector<ImageSigner> signers;
  std::vector<Certificate> certificates;  // the bag, in this order
  std::vector<ByteVector> revocation_lists;
  // AlgorithmIdentifiers that no signer uses.
  std::vector<ByteVector> extra_digest_algorithms;
  PageHashVersion page_hashes = PageHashVersion::kNone;
  std::optional<SipInfo> sip;         // instead of the data of a PE image
  bool wrong_content_digest = false;  // one bit flipped before signing
  bool wrong_page_hash = false;       // the hash of the second page
  int version = 1;                    // of the SignedData
  bool indefinite_length = false;     // BER
};

// ContentInfo of a signature over `content`, one DER node of that type.
ByteVector SignOwnContent(std::string_view content_type,
                          const ByteVector& content,
                          const ImageSignature& signature);

// ContentInfo of the signature of an image (which is padded to 8 bytes first;
// a certificate table it may have does not count).
ByteVector SignImage(ByteSpan image, const ImageSignature& signature);

// The same for an image whose digest is known; page hashes need `SignImage`.
ByteVector SignImageDigest(const ByteVector& digest,
                           const ImageSignature& signature);

}  // namespace countersign::forge
