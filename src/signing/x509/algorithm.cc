#include "signing/x509/algorithm.h"

#include <fmt/format.h>

#include <array>
#include <bit>

#include "signing/asn1/oid.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using Kind = SignatureScheme::Kind;

struct AlgorithmRow {
  Oid oid;
  Kind kind = Kind::kUnsupported;  // kUnsupported: names a digest only
  DigestAlgorithm digest = DigestAlgorithm::kSha256;
};

constexpr std::array<AlgorithmRow, 19> kAlgorithms = {{
    {Oid("1.2.840.113549.2.5"), Kind::kUnsupported, DigestAlgorithm::kMd5},
    {Oid("1.3.14.3.2.26"), Kind::kUnsupported, DigestAlgorithm::kSha1},
    {Oid("2.16.840.1.101.3.4.2.4"), Kind::kUnsupported,
     DigestAlgorithm::kSha224},
    {Oid("2.16.840.1.101.3.4.2.1"), Kind::kUnsupported,
     DigestAlgorithm::kSha256},
    {Oid("2.16.840.1.101.3.4.2.2"), Kind::kUnsupported,
     DigestAlgorithm::kSha384},
    {Oid("2.16.840.1.101.3.4.2.3"), Kind::kUnsupported,
     DigestAlgorithm::kSha512},
    {Oid("1.2.840.113549.1.1.4"), Kind::kRsaPkcs1, DigestAlgorithm::kMd5},
    {Oid("1.2.840.113549.1.1.5"), Kind::kRsaPkcs1, DigestAlgorithm::kSha1},
    {Oid("1.3.14.3.2.29"), Kind::kRsaPkcs1, DigestAlgorithm::kSha1},
    {Oid("1.3.14.3.2.3"), Kind::kRsaPkcs1, DigestAlgorithm::kMd5},
    {Oid("1.2.840.113549.1.1.14"), Kind::kRsaPkcs1, DigestAlgorithm::kSha224},
    {Oid("1.2.840.113549.1.1.11"), Kind::kRsaPkcs1, DigestAlgorithm::kSha256},
    {Oid("1.2.840.113549.1.1.12"), Kind::kRsaPkcs1, DigestAlgorithm::kSha384},
    {Oid("1.2.840.113549.1.1.13"), Kind::kRsaPkcs1, DigestAlgorithm::kSha512},
    {Oid("1.2.840.10045.4.1"), Kind::kEcdsa, DigestAlgorithm::kSha1},
    {Oid("1.2.840.10045.4.3.1"), Kind::kEcdsa, DigestAlgorithm::kSha224},
    {Oid("1.2.840.10045.4.3.2"), Kind::kEcdsa, DigestAlgorithm::kSha256},
    {Oid("1.2.840.10045.4.3.3"), Kind::kEcdsa, DigestAlgorithm::kSha384},
    {Oid("1.2.840.10045.4.3.4"), Kind::kEcdsa, DigestAlgorithm::kSha512},
}};

const AlgorithmRow* Find(base::Bytes oid) {
  for (const AlgorithmRow& row : kAlgorithms) {
    if (row.oid == oid) {
      return &row;
    }
  }
  return nullptr;
}

// NULL, or nothing at all.
bool IsNull(base::Bytes parameters) {
  constexpr std::array<uint8_t, 2> kNull = {tag::kNull, 0};
  return parameters.empty() || base::Equal(parameters, kNull);
}

// Quirk: some EC signers name the curve where nothing belongs.
bool IsCurveName(base::Bytes parameters) {
  constexpr size_t kLongestName = 12;
  return !parameters.empty() && parameters[0] == tag::kOid &&
         parameters.size() <= kLongestName;
}

bool IsEc(base::Bytes oid) {
  const AlgorithmRow* row = Find(oid);
  return oid::kEcPublicKey == oid ||
         (row != nullptr && row->kind == Kind::kEcdsa);
}

// The digest of an AlgorithmIdentifier that must be all there is in `value`.
std::optional<DigestAlgorithm> OnlyDigest(base::Input value,
                                          base::Budget& budget) {
  DerReader reader(value, budget);
  const AlgorithmIdentifier hash = ReadAlgorithm(reader, "hashAlgorithm");
  return reader.AtEnd() && hash.rest.bytes.empty() &&
                 IsNull(hash.parameters.bytes)
             ? DigestOf(hash.oid.bytes)
             : std::nullopt;
}

// RSASSA-PSS-params (RFC 4055 section 3.1); every field has a default.
// Why to the end: in a SignerInfo nobody signs them, so whatever is not read
// would be a place for bytes that no signature covers.
SignatureScheme PssScheme(const AlgorithmIdentifier& algorithm,
                          base::Budget& budget) {
  SignatureScheme scheme{Kind::kRsaPss, DigestAlgorithm::kSha1,
                         DigestAlgorithm::kSha1, 20};
  if (algorithm.parameters.bytes.empty()) {
    return scheme;
  }
  DerReader outer(algorithm.parameters, budget);
  DerReader reader(outer.Expect(tag::kSequence, "RSASSA-PSS-params").value,
                   budget);
  if (const auto hash = reader.Optional(tag::Explicit(0), "hashAlgorithm")) {
    scheme.digest = OnlyDigest(hash->value, budget);
  }
  if (const auto mask = reader.Optional(tag::Explicit(1), "maskGenAlgorithm")) {
    DerReader inner(mask->value, budget);
    const auto generator = ReadAlgorithm(inner, "maskGenAlgorithm");
    scheme.mask_digest = OnlyDigest(generator.parameters, budget);
    if (!(oid::kMgf1 == generator.oid.bytes) || !inner.AtEnd() ||
        !generator.rest.bytes.empty()) {
      scheme.mask_digest.reset();
    }
  }
  if (const auto salt = reader.Optional(tag::Explicit(2), "saltLength")) {
    DerReader inner(salt->value, budget);
    const auto size = IntegerContent(inner.Expect(tag::kInteger, "saltLength"));
    scheme.salt_size = size && *size <= 512 ? static_cast<uint32_t>(*size) : 0;
    if (!size || *size > 512 || !inner.AtEnd()) {
      scheme.kind = Kind::kUnsupported;
    }
  }
  const auto trailer = reader.Optional(tag::Explicit(3), "trailerField");
  const bool odd_trailer = trailer && trailer->value.bytes.size() > 3;
  if (reader.Failed() || outer.Failed() || !reader.AtEnd() || !outer.AtEnd() ||
      odd_trailer || !scheme.digest || !scheme.mask_digest) {
    scheme.kind = Kind::kUnsupported;
  }
  return scheme;
}

// The content of a non-negative INTEGER without its leading zeros.
base::Bytes Magnitude(const Element& element) {
  base::Bytes bytes = element.value.bytes;
  while (!bytes.empty() && bytes[0] == 0) {
    bytes = bytes.subspan(1);
  }
  return bytes;
}

uint32_t BitSize(base::Bytes magnitude) {
  if (magnitude.empty()) {
    return 0;
  }
  return static_cast<uint32_t>(magnitude.size() * 8) -
         static_cast<uint32_t>(std::countl_zero(magnitude[0]));
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
void ParseRsa(DerReader& reader, base::Input key, KeyParts& parts) {
  DerReader outer(key, reader.SharedBudget());
  DerReader inner(outer.Expect(tag::kSequence, "RSAPublicKey").value,
                  reader.SharedBudget());
  parts.modulus = Magnitude(inner.Expect(tag::kInteger, "modulus"));
  parts.exponent = Magnitude(inner.Expect(tag::kInteger, "publicExponent"));
  if (outer.Failed() || inner.Failed()) {
    reader.Fail({base::Fault::kMalformed, key.offset, "RSAPublicKey"});
    return;
  }
  parts.type = KeyType::kRsa;
  parts.bits = BitSize(parts.modulus);
}

// ECParameters ::= CHOICE { namedCurve OBJECT IDENTIFIER, ... }. Anything but
// a name is refused by everyone who compares keys (CVE-2020-0601).
void ParseEc(const AlgorithmIdentifier& algorithm, base::Input key,
             KeyParts& parts, base::Budget& budget) {
  parts.type = KeyType::kEc;
  parts.point = key.bytes;
  DerReader reader(algorithm.parameters, budget);
  if (!reader.NextIs(tag::kOid)) {
    parts.explicit_parameters = true;
    return;
  }
  const base::Bytes curve = reader.Expect(tag::kOid, "namedCurve").value.bytes;
  if (oid::kP256 == curve) {
    parts.curve = Curve::kP256;
    parts.bits = 256;
  } else if (oid::kP384 == curve) {
    parts.curve = Curve::kP384;
    parts.bits = 384;
  } else if (oid::kP521 == curve) {
    parts.curve = Curve::kP521;
    parts.bits = 521;
  } else {
    parts.type = KeyType::kUnsupported;
  }
}

}  // namespace

AlgorithmIdentifier ReadAlgorithm(DerReader& reader, const char* field) {
  AlgorithmIdentifier algorithm;
  const Element sequence = reader.Expect(tag::kSequence, field);
  algorithm.whole = sequence.whole;
  DerReader inner(sequence.value, reader.SharedBudget());
  algorithm.oid = inner.Expect(tag::kOid, field).value;
  if (!inner.AtEnd()) {
    algorithm.parameters = inner.Any(field).whole;
  }
  algorithm.rest = inner.Rest();
  if (inner.Failed() && !reader.Failed()) {
    reader.Fail({base::Fault::kMalformed, sequence.whole.offset, field});
  }
  return algorithm;
}

void AddSurplus(const AlgorithmIdentifier& algorithm,
                std::vector<base::Input>& surplus) {
  const base::Bytes name = algorithm.oid.bytes;
  const base::Bytes parameters = algorithm.parameters.bytes;
  if (!IsNull(parameters) && !(oid::kRsaPss == name) &&
      !(IsEc(name) && IsCurveName(parameters))) {
    surplus.push_back(algorithm.parameters);
  }
  if (!algorithm.rest.bytes.empty()) {
    surplus.push_back(algorithm.rest);
  }
}

std::optional<DigestAlgorithm> DigestOf(base::Bytes oid) {
  const AlgorithmRow* row = Find(oid);
  return row != nullptr ? std::optional(row->digest) : std::nullopt;
}

SignatureScheme SchemeOf(const AlgorithmIdentifier& algorithm,
                         std::optional<DigestAlgorithm> digest,
                         base::Budget& budget) {
  const base::Bytes name = algorithm.oid.bytes;
  if (oid::kRsaPss == name) {
    return PssScheme(algorithm, budget);
  }
  if (oid::kRsaEncryption == name) {
    return {Kind::kRsaPkcs1, digest, {}, 0};
  }
  if (oid::kEcPublicKey == name) {
    return {Kind::kEcdsa, digest, {}, 0};
  }
  const AlgorithmRow* row = Find(name);
  if (row == nullptr) {
    return {};
  }
  // Quirk: a SignerInfo may name a digest where its signature algorithm
  // belongs (old Microsoft signers); the key then decides, and it is RSA.
  const Kind kind =
      row->kind == Kind::kUnsupported ? Kind::kRsaPkcs1 : row->kind;
  return {kind, row->digest, {}, 0};
}

base::Result<KeyParts> ParseKey(base::Input spki, base::Budget& budget) {
  KeyParts parts;
  DerReader outer(spki, budget);
  DerReader reader(outer.Expect(tag::kSequence, "SubjectPublicKeyInfo").value,
                   budget);
  const AlgorithmIdentifier algorithm =
      ReadAlgorithm(reader, "SubjectPublicKeyInfo.algorithm");
  const Element bits = reader.Expect(tag::kBitString, "subjectPublicKey");
  if (reader.Failed()) {
    return reader.Finish(parts);
  }
  const base::Input key = CS_TRY(BitStringContent(bits));
  if (oid::kRsaEncryption == algorithm.oid.bytes ||
      oid::kRsaPss == algorithm.oid.bytes) {
    ParseRsa(reader, key, parts);
  } else if (oid::kEcPublicKey == algorithm.oid.bytes) {
    ParseEc(algorithm, key, parts, budget);
  }
  return reader.Finish(parts);
}

std::string KeyName(const KeyParts& key) {
  if (key.explicit_parameters) {
    return "explicit-ec";
  }
  switch (key.type) {
    case KeyType::kRsa:
      return fmt::format("rsa{}", key.bits);
    case KeyType::kEc:
      return fmt::format("p{}", key.bits);
    case KeyType::kUnsupported:
      break;
  }
  return "unsupported";
}

}  // namespace countersign::signing
