// Writes PKCS#7 SignedData (RFC 2315, RFC 5652): the frame of Authenticode
// signatures, time-stamp tokens and certificate trust lists.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forge/certificate.h"

namespace countersign::forge {

inline constexpr char kDataType[] = "1.2.840.113549.1.7.1";
inline constexpr char kContentTypeAttribute[] = "1.2.840.113549.1.9.3";
inline constexpr char kMessageDigestAttribute[] = "1.2.840.113549.1.9.4";
inline constexpr char kSigningTimeAttribute[] = "1.2.840.113549.1.9.5";
inline constexpr char kCountersignatureAttribute[] = "1.2.840.113549.1.9.6";

// An attribute; each value is one DER node.
struct Attribute {
  std::string oid;
  std::vector<ByteVector> values;
};

// How one signer signs; what is signed is given apart.
struct SignerRecipe {
  Certificate certificate;
  HashAlgorithm digest = HashAlgorithm::kSha256;
  Padding padding = Padding::kPkcs1;
  int version = 1;
  bool identify_by_key_identifier = false;  // else issuer and serial
  // The digestAlgorithm written, when not that of `digest`.
  std::string digest_algorithm_oid;
  bool signed_attributes = true;      // else the content is signed directly
  bool unordered_attributes = false;  // not sorted as DER wants
  bool corrupt_signature = false;     // one bit of the signature value flipped
  bool wrong_message_digest = false;
  // Besides contentType and messageDigest.
  std::vector<Attribute> extra_signed_attributes;
};

// A signature made, to which unsigned attributes can still be added.
struct SignedSigner {
  ByteVector fields;     // the SignerInfo up to its signature value
  ByteVector signature;  // the signature value
  std::vector<Attribute> unsigned_attributes;
};

// The signer's signature over a content, given as the octets to be hashed.
// An empty content type writes no contentType attribute (countersignatures
// of RFC 5652 section 11.4).
SignedSigner SignContent(const SignerRecipe& recipe,
                         std::string_view content_type, ByteSpan content);

// SignerInfo.
ByteVector EncodeSignerInfo(const SignedSigner& signer);

struct SignedDataRecipe {
  int version = 1;
  std::string content_type;
  ByteVector content;  // one DER node for [0] EXPLICIT; empty: detached
  std::vector<HashAlgorithm> digests;  // digestAlgorithms
  std::string digest_algorithm_oid;    // replaces them when not empty
  std::vector<ByteVector> extra_digest_algorithms;  // whole, written as well
  std::vector<Certificate> certificates;
  std::vector<ByteVector> revocation_lists;
  std::vector<SignedSigner> signers;
  bool indefinite_length = false;  // BER, for the outer four layers
};

// ContentInfo that holds the SignedData.
ByteVector EncodeSignedData(const SignedDataRecipe& recipe);

}  // namespace countersign::forge
