// AlgorithmIdentifier -> what this version can do with it.
#pragma once

#include <optional>
#include <vector>

#include "base/digest.h"
#include "signing/asn1/der.h"
#include "signing/crypto.h"

namespace countersign::signing {

// AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER,
//                                    parameters ANY OPTIONAL }
struct AlgorithmIdentifier {
  base::Input oid;         // content octets
  base::Input parameters;  // whole element; empty when absent
  base::Input whole;
  base::Input rest;  // bytes inside it that the structure does not define
};

// Reads one AlgorithmIdentifier; failures stick to `reader`.
AlgorithmIdentifier ReadAlgorithm(DerReader& reader, const char* field);

// Adds to `surplus` what stands in an AlgorithmIdentifier and says nothing:
// bytes behind the parameters, and parameters where the algorithm takes none
// but NULL (RFC 3370, RFC 5754, RFC 5480). Of RSASSA-PSS only the former;
// SchemeOf reads its parameters to the end.
void AddSurplus(const AlgorithmIdentifier& algorithm,
                std::vector<base::Input>& surplus);

// The digest that an object identifier names.
//
// Quirk: signers exist (Spotify's of 2013, some Java ones) that write a
// signature algorithm where a digest algorithm belongs; CryptoAPI takes the
// digest out of it.
[[nodiscard]] std::optional<base::DigestAlgorithm> DigestOf(base::Bytes oid);

// How a certificate or SignerInfo says that it is signed. `digest` is the
// digest to use where the algorithm names none (plain rsaEncryption in a
// SignerInfo; RFC 5652 section 5.3).
[[nodiscard]] SignatureScheme SchemeOf(
    const AlgorithmIdentifier& algorithm,
    std::optional<base::DigestAlgorithm> digest, base::Budget& budget);

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier,
//                                     subjectPublicKey BIT STRING }
// An unknown key type is KeyType::kUnsupported, not an error.
[[nodiscard]] base::Result<KeyParts> ParseKey(base::Input spki,
                                              base::Budget& budget);

// "rsa2048", "p256", "explicit-ec", "unsupported".
[[nodiscard]] std::string KeyName(const KeyParts& key);

}  // namespace countersign::signing
