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

}  // namespace

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
