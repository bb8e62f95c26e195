#include "forge/ctl.h"

#include "forge/little_endian.h"

namespace countersign::forge {
namespace {

constexpr char kTrustListType[] = "1.3.6.1.4.1.311.10.1";

// Each property value is an OCTET STRING around the bytes of the property.
ByteVector Property(int number, ByteSpan value) {
  const std::string oid = "1.3.6.1.4.1.311.10.11." + std::to_string(number);
  return Sequence({Oid(oid), Set({OctetString(value)})});
}

ByteVector UsageList(const std::vector<std::string>& oids) {
  std::vector<ByteVector> members;
  for (const std::string& oid : oids) {
    members.push_back(Oid(oid));
  }
  return Sequence(members);
}

ByteVector PolicyList(const std::vector<std::string>& oids) {
  std::vector<ByteVector> members;
  for (const std::string& oid : oids) {
    members.push_back(Sequence({Oid(oid)}));
  }
  return Sequence(members);
}

ByteVector DisallowedTime(int64_t unix_seconds) {
  return unix_seconds == 0 ? ByteVector(8, 0) : FileTime(unix_seconds);
}

ByteVector EncodeListEntry(const TrustListEntry& entry) {
  std::vector<ByteVector> properties;
  const auto add_usages = [&](int number,
                              const std::vector<std::string>& usages) {
    if (!usages.empty()) {
      properties.push_back(Property(number, UsageList(usages)));
    }
  };
  add_usages(9, entry.usages);
  add_usages(122, entry.disallowed_usages);
  add_usages(127, entry.not_before_usages);
  if (!entry.policies.empty()) {
    properties.push_back(Property(83, PolicyList(entry.policies)));
  }
  if (!entry.friendly_name.empty()) {
    ByteVector name = Utf16LittleEndian(entry.friendly_name);
    Append16(name, 0);
    properties.push_back(Property(11, name));
  }
  if (entry.disallowed_from) {
    properties.push_back(Property(104, DisallowedTime(*entry.disallowed_from)));
  }
  if (entry.not_before_limit) {
    properties.push_back(Property(126, FileTime(*entry.not_before_limit)));
  }
  const Certificate& certificate = entry.certificate;
  properties.push_back(Property(20, certificate.key.KeyIdentifier()));
  properties.push_back(
      Property(29, Hash(HashAlgorithm::kMd5, certificate.subject)));
  properties.push_back(
      Property(98, Hash(HashAlgorithm::kSha256, certificate.der)));
  return Sequence({OctetString(Hash(HashAlgorithm::kSha1, certificate.der)),
                   SetOf(properties)});
}

using NameValues = std::vector<std::pair<std::string, std::string>>;

ByteVector NameValue(const std::pair<std::string, std::string>& pair) {
  constexpr int64_t kFlags = 0x10010001;  // authenticated, text
  ByteVector value = Utf16LittleEndian(pair.second);
  Append16(value, 0);
  return Sequence({String(StringType::kBmp, pair.first), Integer(kFlags),
                   OctetString(value)});
}

// SpcIndirectDataContent of a member: a program, or any file as it is.
ByteVector MemberContent(const CatalogEntry& entry) {
  // SpcLink with an empty file name.
  const ByteVector link =
      Explicit(2, Implicit(0, String(StringType::kBmp, "")));
  const ByteVector data =
      entry.is_program
          ? Sequence({Oid("1.3.6.1.4.1.311.2.1.15"),
                      Sequence({BitString({}), Explicit(0, link)})})
          : Sequence({Oid("1.3.6.1.4.1.311.2.1.25"), link});
  return Sequence(
      {data, Sequence({AlgorithmIdentifier(HashOid(entry.algorithm)),
                       OctetString(entry.digest)})});
}

ByteVector EncodeCatalogEntry(const CatalogEntry& entry, int version) {
  ByteVector tag = entry.tag.empty() ? entry.digest : entry.tag;
  if (version == 1 && entry.tag.empty()) {
    tag = Utf16LittleEndian(HexText(entry.digest));
    Append16(tag, 0);
  }
  std::vector<ByteVector> attributes;
  for (const auto& pair : entry.name_values) {
    attributes.push_back(
        Sequence({Oid("1.3.6.1.4.1.311.12.2.1"), Set({NameValue(pair)})}));
  }
  if (entry.indirect_data) {
    attributes.push_back(
        Sequence({Oid(kIndirectDataType), Set({MemberContent(entry)})}));
  }
  return attributes.empty() ? Sequence({OctetString(tag)})
                            : Sequence({OctetString(tag), SetOf(attributes)});
}

}  // namespace

ByteVector CatalogList(const CatalogRecipe& recipe) {
  std::vector<ByteVector> entries;
  for (const CatalogEntry& entry : recipe.entries) {
    entries.push_back(EncodeCatalogEntry(entry, recipe.version));
  }
  std::vector<ByteVector> fields = {
      Sequence({Oid(recipe.usage)}), OctetString(ByteVector(16, 0x5A)),
      X509Time(recipe.this_update),
      AlgorithmIdentifier(recipe.version == 1 ? "1.3.6.1.4.1.311.12.1.2"
                                              : "1.3.6.1.4.1.311.12.1.3"),
      Sequence(entries)};
  if (!recipe.name_values.empty()) {
    std::vector<ByteVector> extensions;
    for (const auto& pair : recipe.name_values) {
      extensions.push_back(Sequence(
          {Oid("1.3.6.1.4.1.311.12.2.1"), OctetString(NameValue(pair))}));
    }
    fields.push_back(Explicit(0, Sequence(extensions)));
  }
  return Sequence(fields);
}

ByteVector MakeCatalog(const CatalogRecipe& recipe) {
  return SignOwnContent(kTrustListType, CatalogList(recipe), recipe.signature);
}

ByteVector FileTime(int64_t unix_seconds) {
  constexpr int64_t kSecondsFrom1601To1970 = 11644473600;
  const auto steps =
      static_cast<uint64_t>(unix_seconds + kSecondsFrom1601To1970) * 10'000'000;
  ByteVector out;
  Append32(out, static_cast<uint32_t>(steps & 0xFFFFFFFF));
  Append32(out, static_cast<uint32_t>(steps >> 32));
  return out;
}

ByteVector MakeTrustList(const TrustListRecipe& recipe) {
  std::vector<ByteVector> entries;
  for (const TrustListEntry& entry : recipe.entries) {
    entries.push_back(EncodeListEntry(entry));
  }
  ByteVector sequence_number = FileTime(recipe.this_update);
  sequence_number.push_back(0x14);  // big-endian 0x14, then the FILETIME
  const ByteVector big_endian(sequence_number.rbegin(), sequence_number.rend());
  SignedDataRecipe data;
  data.content_type = kTrustListType;
  data.content = Sequence(
      {Sequence({Oid(recipe.usage)}), UnsignedInteger(big_endian),
       X509Time(recipe.this_update),
       AlgorithmIdentifier(HashOid(HashAlgorithm::kSha1)), Sequence(entries)});
  data.digests = {recipe.digest};
  data.certificates = recipe.certificates;
  SignerRecipe signer;
  signer.certificate = recipe.signer;
  signer.digest = recipe.digest;
  signer.corrupt_signature = recipe.corrupt_signature;
  data.signers.push_back(
      SignContent(signer, kTrustListType, ContentOf(data.content)));
  return EncodeSignedData(data);
}

}  // namespace countersign::forge
