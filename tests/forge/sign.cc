#include "forge/sign.h"

#include "forge/require.h"

namespace countersign::forge {
namespace {

constexpr char kPeImageDataType[] = "1.3.6.1.4.1.311.2.1.15";
constexpr char kSipInfoDataType[] = "1.3.6.1.4.1.311.2.1.30";
constexpr char kOpusInfoAttribute[] = "1.3.6.1.4.1.311.2.1.12";
constexpr char kStatementTypeAttribute[] = "1.3.6.1.4.1.311.2.1.11";
constexpr char kIndividualPurpose[] = "1.3.6.1.4.1.311.2.1.21";

// SpcString ::= CHOICE { unicode [0] IMPLICIT BMPSTRING,
//                        ascii [1] IMPLICIT IA5STRING }
ByteVector SpcString(std::string_view text, bool ascii) {
  return ascii ? Implicit(1, String(StringType::kIa5, text))
               : Implicit(0, String(StringType::kBmp, text));
}

Attribute OpusInfo(const ProgramInformation& program) {
  std::vector<ByteVector> fields;
  if (program.name) {
    fields.push_back(Explicit(0, SpcString(*program.name, program.ascii)));
  }
  if (program.url) {
    // SpcLink ::= CHOICE { url [0] IMPLICIT IA5STRING, ... }
    fields.push_back(
        Explicit(1, Implicit(0, String(StringType::kIa5, *program.url))));
  }
  return {kOpusInfoAttribute, {Sequence(fields)}};
}

// SpcLink with the page hashes as SpcSerializedObject (moniker [1]).
ByteVector PageHashLink(PageHashVersion version, ByteSpan hashes) {
  constexpr uint8_t kClassId[] = {0xA6, 0xB5, 0x86, 0xD5, 0xB4, 0xA1,
                                  0x24, 0x66, 0xAE, 0x05, 0xA2, 0x17,
                                  0xDA, 0x8E, 0x60, 0xD6};
  const std::string_view oid = version == PageHashVersion::kV1
                                   ? "1.3.6.1.4.1.311.2.3.1"
                                   : "1.3.6.1.4.1.311.2.3.2";
  const ByteVector attributes =
      Set({Sequence({Oid(oid), Set({OctetString(hashes)})})});
  return Implicit(1,
                  Sequence({OctetString(kClassId), OctetString(attributes)}));
}

// SpcSipInfo ::= SEQUENCE { version INTEGER, classId OCTET STRING,
//                           reserved INTEGER (five times) }
ByteVector SipData(const SipInfo& sip) {
  return Sequence(
      {Oid(kSipInfoDataType),
       Sequence({Integer(sip.version), OctetString(sip.class_id), Integer(0),
                 Integer(0), Integer(0), Integer(0), Integer(0)})});
}

// SpcIndirectDataContent ::= SEQUENCE { data SpcPeImageData, DigestInfo }
ByteVector IndirectData(const ImageSignature& signature, ByteVector digest,
                        const std::optional<ByteVector>& page_hash_link) {
  if (signature.wrong_content_digest) {
    digest[0] ^= 0x01;
  }
  const ByteVector digest_info =
      Sequence({AlgorithmIdentifier(HashOid(signature.content_digest)),
                OctetString(digest)});
  if (signature.sip) {
    return Sequence({SipData(*signature.sip), digest_info});
  }
  // Quirk: signtool writes the text "<<<Obsolete>>>" as the file name; newer
  // versions leave it empty.
  const ByteVector link = page_hash_link
                              ? *page_hash_link
                              : Explicit(2, SpcString("<<<Obsolete>>>", false));
  return Sequence({Sequence({Oid(kPeImageDataType),
                             Sequence({BitString({}), Explicit(0, link)})}),
                   digest_info});
}

SignedSigner SignAs(const ImageSigner& signer, std::string_view content_type,
                    ByteSpan content) {
  SignerRecipe recipe = signer.recipe;
  if (signer.program) {
    recipe.extra_signed_attributes.push_back(OpusInfo(*signer.program));
  }
  if (signer.statement_type) {
    recipe.extra_signed_attributes.push_back(
        {kStatementTypeAttribute, {Sequence({Oid(kIndividualPurpose)})}});
  }
  SignedSigner out = SignContent(recipe, content_type, ContentOf(content));
  for (const TimestampRecipe& timestamp : signer.timestamps) {
    out.unsigned_attributes.push_back(MakeTimestamp(timestamp, out.signature));
  }
  if (!signer.nested.empty()) {
    out.unsigned_attributes.push_back(
        {kNestedSignatureAttribute, signer.nested});
  }
  out.unsigned_attributes.insert(out.unsigned_attributes.end(),
                                 signer.unsigned_attributes.begin(),
                                 signer.unsigned_attributes.end());
  return out;
}

void AddOnce(std::vector<Certificate>& bag, const Certificate& certificate) {
  for (const Certificate& present : bag) {
    if (present.der == certificate.der) {
      return;
    }
  }
  bag.push_back(certificate);
}

// The bag with the certificates that countersignatures need.
std::vector<Certificate> Bag(const ImageSignature& signature) {
  std::vector<Certificate> bag = signature.certificates;
  for (const ImageSigner& signer : signature.signers) {
    for (const TimestampRecipe& timestamp : signer.timestamps) {
      if (timestamp.kind != TimestampKind::kCountersignature) {
        continue;
      }
      for (const Certificate& certificate : timestamp.certificates) {
        AddOnce(bag, certificate);
      }
    }
  }
  return bag;
}

}  // namespace

ByteVector SignOwnContent(std::string_view content_type,
                          const ByteVector& content,
                          const ImageSignature& signature) {
  SignedDataRecipe data;
  data.version = signature.version;
  data.content_type = content_type;
  data.content = content;
  data.certificates = Bag(signature);
  data.revocation_lists = signature.revocation_lists;
  data.extra_digest_algorithms = signature.extra_digest_algorithms;
  data.indefinite_length = signature.indefinite_length;
  for (const ImageSigner& signer : signature.signers) {
    data.digests.push_back(signer.recipe.digest);
    data.digest_algorithm_oid = signer.recipe.digest_algorithm_oid;
    data.signers.push_back(SignAs(signer, content_type, content));
  }
  return EncodeSignedData(data);
}

ByteVector SignImage(ByteSpan image, const ImageSignature& signature) {
  const ByteVector padded = PaddedImage(image);
  std::optional<ByteVector> link;
  if (signature.page_hashes != PageHashVersion::kNone) {
    const HashAlgorithm algorithm =
        signature.page_hashes == PageHashVersion::kV1 ? HashAlgorithm::kSha1
                                                      : HashAlgorithm::kSha256;
    ByteVector hashes = PageHashes(algorithm, padded);
    if (signature.wrong_page_hash) {
      hashes[4 + HashSize(algorithm) + 4] ^= 0x01;
    }
    link = PageHashLink(signature.page_hashes, hashes);
  }
  return SignOwnContent(
      kIndirectDataType,
      IndirectData(signature, ImageDigest(signature.content_digest, padded),
                   link),
      signature);
}

ByteVector SignImageDigest(const ByteVector& digest,
                           const ImageSignature& signature) {
  Require(signature.page_hashes == PageHashVersion::kNone,
          "page hashes need the image");
  return SignOwnContent(kIndirectDataType,
                        IndirectData(signature, digest, std::nullopt),
                        signature);
}

}  // namespace countersign::forge
