#include "forge/key.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "forge/elliptic_key.h"
#include "forge/require.h"
#include "forge/rsa_key.h"

namespace countersign::forge {

struct KeyMaterial {
  std::variant<RsaKey, EllipticKey> key;
};

namespace {

constexpr std::string_view kRsaEncryption = "1.2.840.113549.1.1.1";
constexpr std::string_view kMgf1 = "1.2.840.113549.1.1.8";
constexpr std::string_view kRsaPss = "1.2.840.113549.1.1.10";

// In the order of HashAlgorithm.
constexpr std::array<std::string_view, 5> kRsaWithHash = {
    "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13"};
constexpr std::array<std::string_view, 5> kEcdsaWithHash = {
    "", "1.2.840.10045.4.1", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4"};

ByteVector PssAlgorithm(HashAlgorithm algorithm) {
  const ByteVector hash = AlgorithmIdentifier(HashOid(algorithm));
  const auto salt_size = static_cast<int64_t>(HashSize(algorithm));
  return Sequence(
      {Oid(kRsaPss),
       Sequence({Explicit(0, hash), Explicit(1, Sequence({Oid(kMgf1), hash})),
                 Explicit(2, Integer(salt_size))})});
}

std::shared_ptr<const KeyMaterial> Generate(KeyKind kind,
                                            std::string_view label) {
  switch (kind) {
    case KeyKind::kRsa1024:
      return std::make_shared<KeyMaterial>(KeyMaterial{RsaKey(1024, label)});
    case KeyKind::kRsa2048:
      return std::make_shared<KeyMaterial>(KeyMaterial{RsaKey(2048, label)});
    case KeyKind::kRsa3072:
      return std::make_shared<KeyMaterial>(KeyMaterial{RsaKey(3072, label)});
    case KeyKind::kRsa4096:
      return std::make_shared<KeyMaterial>(KeyMaterial{RsaKey(4096, label)});
    case KeyKind::kP256:
      return std::make_shared<KeyMaterial>(
          KeyMaterial{EllipticKey(256, label)});
    case KeyKind::kP384:
      return std::make_shared<KeyMaterial>(
          KeyMaterial{EllipticKey(384, label)});
  }
  return nullptr;
}

}  // namespace

Key::Key(std::shared_ptr<const KeyMaterial> material)
    : material_(std::move(material)) {}

ByteVector Key::PublicKeyInfo() const {
  Require(!empty(), "the key is empty");
  if (const auto* rsa = std::get_if<RsaKey>(&material_->key)) {
    return Sequence(
        {AlgorithmIdentifier(kRsaEncryption), BitString(rsa->PublicKey())});
  }
  const auto& elliptic = std::get<EllipticKey>(material_->key);
  return Sequence({elliptic.Algorithm(), BitString(elliptic.PublicKey())});
}

ByteVector Key::KeyIdentifier() const {
  Require(!empty(), "the key is empty");
  const auto* rsa = std::get_if<RsaKey>(&material_->key);
  return Hash(HashAlgorithm::kSha1,
              rsa != nullptr
                  ? rsa->PublicKey()
                  : std::get<EllipticKey>(material_->key).PublicKey());
}

ByteVector Key::Sign(HashAlgorithm algorithm, Padding padding,
                     ByteSpan message) const {
  Require(!empty(), "the key is empty");
  const ByteVector digest = Hash(algorithm, message);
  const auto* rsa = std::get_if<RsaKey>(&material_->key);
  if (rsa == nullptr) {
    return std::get<EllipticKey>(material_->key).Sign(digest);
  }
  if (padding == Padding::kPss) {
    return rsa->SignPss(algorithm, digest);
  }
  return rsa->SignPkcs1(algorithm, digest, padding == Padding::kPkcs1);
}

ByteVector Key::SignatureAlgorithm(HashAlgorithm algorithm,
                                   Padding padding) const {
  const auto row = static_cast<size_t>(algorithm);
  if (!std::holds_alternative<RsaKey>(material_->key)) {
    return Sequence({Oid(kEcdsaWithHash[row])});
  }
  return padding == Padding::kPss ? PssAlgorithm(algorithm)
                                  : AlgorithmIdentifier(kRsaWithHash[row]);
}

ByteVector Key::SignerInfoAlgorithm(HashAlgorithm algorithm,
                                    Padding padding) const {
  if (std::holds_alternative<RsaKey>(material_->key) &&
      padding != Padding::kPss) {
    return AlgorithmIdentifier(kRsaEncryption);
  }
  return SignatureAlgorithm(algorithm, padding);
}

Key MakeKey(KeyKind kind, std::string_view label) {
  static std::mutex mutex;
  static std::map<std::pair<KeyKind, std::string>, Key> made;
  const std::lock_guard<std::mutex> lock(mutex);
  Key& key = made[{kind, std::string(label)}];
  if (key.empty()) {
    key = Key(Generate(kind, label));
  }
  return key;
}

Key MakeImitationKey(const Key& victim, std::string_view label) {
  const auto* original = std::get_if<EllipticKey>(&victim.material().key);
  Require(original != nullptr, "only an elliptic key can be imitated");
  return Key(std::make_shared<KeyMaterial>(
      KeyMaterial{EllipticKey(*original, label)}));
}

}  // namespace countersign::forge
