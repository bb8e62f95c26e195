// Public-key operations by OpenSSL 3. No OpenSSL type leaves this file.
#include "signing/crypto.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>

namespace countersign::signing {
namespace {

using base::Bytes;
using base::DigestAlgorithm;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Group = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;

constexpr size_t kMaxModulusBytes = 2048;
constexpr size_t kMaxExponentBytes = 8;

// Content octets of the digest's object identifier.
Bytes DigestOid(DigestAlgorithm algorithm) {
  static constexpr std::array<uint8_t, 8> kMd5 = {0x2A, 0x86, 0x48, 0x86,
                                                  0xF7, 0x0D, 0x02, 0x05};
  static constexpr std::array<uint8_t, 5> kSha1 = {0x2B, 0x0E, 0x03, 0x02,
                                                   0x1A};
  static constexpr auto kSha2 = [](uint8_t last) {
    return std::array<uint8_t, 9>{0x60, 0x86, 0x48, 0x01, 0x65,
                                  0x03, 0x04, 0x02, last};
  };
  static constexpr auto kSha224 = kSha2(4);
  static constexpr auto kSha256 = kSha2(1);
  static constexpr auto kSha384 = kSha2(2);
  static constexpr auto kSha512 = kSha2(3);
  switch (algorithm) {
    case DigestAlgorithm::kMd5:
      return kMd5;
    case DigestAlgorithm::kSha1:
      return kSha1;
    case DigestAlgorithm::kSha224:
      return kSha224;
    case DigestAlgorithm::kSha256:
      return kSha256;
    case DigestAlgorithm::kSha384:
      return kSha384;
    case DigestAlgorithm::kSha512:
      return kSha512;
  }
  return {};
}

// DER of a DigestInfo (RFC 8017 section 9.2).
std::vector<uint8_t> DigestInfo(DigestAlgorithm algorithm, Bytes digest,
                                bool null_parameters) {
  const Bytes oid = DigestOid(algorithm);
  const auto size8 = [](size_t size) { return static_cast<uint8_t>(size); };
  const size_t algorithm_size = 2 + oid.size() + (null_parameters ? 2 : 0);
  std::vector<uint8_t> der = {
      0x30, size8(2 + algorithm_size + 2 + digest.size()),
      0x30, size8(algorithm_size),
      0x06, size8(oid.size())};
  der.insert(der.end(), oid.begin(), oid.end());
  if (null_parameters) {
    der.insert(der.end(), {0x05, 0x00});
  }
  der.insert(der.end(), {0x04, size8(digest.size())});
  der.insert(der.end(), digest.begin(), digest.end());
  return der;
}

const char* OpensslName(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kMd5:
      return "MD5";
    case DigestAlgorithm::kSha1:
      return "SHA1";
    case DigestAlgorithm::kSha224:
      return "SHA224";
    case DigestAlgorithm::kSha256:
      return "SHA256";
    case DigestAlgorithm::kSha384:
      return "SHA384";
    case DigestAlgorithm::kSha512:
      return "SHA512";
  }
  return "";
}

const char* GroupName(Curve curve) {
  switch (curve) {
    case Curve::kP256:
      return "P-256";
    case Curve::kP384:
      return "P-384";
    case Curve::kP521:
      return "P-521";
    case Curve::kNone:
      break;
  }
  return nullptr;
}

EVP_PKEY* FromParameters(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) !=
          1) {
    ERR_clear_error();
    return nullptr;
  }
  return key;
}

EVP_PKEY* MakeRsa(const KeyParts& parts) {
  if (parts.modulus.size() > kMaxModulusBytes || parts.modulus.empty() ||
      parts.exponent.size() > kMaxExponentBytes || parts.exponent.empty()) {
    return nullptr;
  }
  const auto number = [](Bytes bytes) {
    return BigNumber(
        BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  const BigNumber modulus = number(parts.modulus);
  const BigNumber exponent = number(parts.exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N,
                             modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E,
                             exponent.get()) != 1) {
    return nullptr;
  }
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return FromParameters("RSA", parameters.get());
}

EVP_PKEY* MakeEc(const KeyParts& parts) {
  const char* group = GroupName(parts.curve);
  // One octet is the point at infinity, under which anybody can sign.
  if (group == nullptr || parts.point.size() <= 1) {
    return nullptr;
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                       parts.point.data(),
                                       parts.point.size()) != 1) {
    return nullptr;
  }
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return FromParameters("EC", parameters.get());
}

}  // namespace

struct PublicKey::Handle {
  EVP_PKEY* key = nullptr;
  KeyType type = KeyType::kUnsupported;

  Handle(EVP_PKEY* owned, KeyType key_type) : key(owned), type(key_type) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { EVP_PKEY_free(key); }
};

namespace {

// RFC 8017 section 8.2.2, by recovering the block and comparing it whole.
SignatureCheck VerifyPkcs1(EVP_PKEY* key, DigestAlgorithm algorithm,
                           Bytes digest, Bytes signature, bool bare_digest) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context == nullptr || EVP_PKEY_verify_recover_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) {
    ERR_clear_error();
    return SignatureCheck::kUnsupported;
  }
  std::array<uint8_t, kMaxModulusBytes> block{};
  size_t size = block.size();
  if (EVP_PKEY_verify_recover(context.get(), block.data(), &size,
                              signature.data(), signature.size()) != 1) {
    ERR_clear_error();
    return SignatureCheck::kInvalid;
  }
  const Bytes recovered(block.data(), size);
  const bool holds =
      base::Equal(recovered, DigestInfo(algorithm, digest, true)) ||
      base::Equal(recovered, DigestInfo(algorithm, digest, false)) ||
      (bare_digest && base::Equal(recovered, digest));
  return holds ? SignatureCheck::kValid : SignatureCheck::kInvalid;
}

SignatureCheck VerifyEvp(EVP_PKEY* key, const SignatureScheme& scheme,
                         Bytes digest, Bytes signature) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context == nullptr || EVP_PKEY_verify_init(context.get()) != 1) {
    ERR_clear_error();
    return SignatureCheck::kUnsupported;
  }
  bool ready = true;
  if (scheme.kind == SignatureScheme::Kind::kRsaPss) {
    const char* mask = OpensslName(scheme.mask_digest.value_or(*scheme.digest));
    ready =
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) ==
            1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(context.get(), mask, nullptr) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(
            context.get(), static_cast<int>(scheme.salt_size)) == 1;
  }
  const EVP_MD* md = EVP_get_digestbyname(OpensslName(*scheme.digest));
  ready = ready && EVP_PKEY_CTX_set_signature_md(context.get(), md) == 1;
  if (!ready) {
    ERR_clear_error();
    return SignatureCheck::kUnsupported;
  }
  const int answer =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(),
                      digest.data(), digest.size());
  ERR_clear_error();
  return answer == 1 ? SignatureCheck::kValid : SignatureCheck::kInvalid;
}

}  // namespace

std::optional<PublicKey> PublicKey::Make(const KeyParts& parts) {
  EVP_PKEY* key = nullptr;
  if (parts.type == KeyType::kRsa) {
    key = MakeRsa(parts);
  } else if (parts.type == KeyType::kEc && !parts.explicit_parameters) {
    key = MakeEc(parts);
  }
  if (key == nullptr) {
    return std::nullopt;
  }
  PublicKey made;
  made.handle_ = std::make_shared<const Handle>(key, parts.type);
  return made;
}

std::string Describe(const SignatureScheme& scheme) {
  const std::string_view digest =
      scheme.digest ? base::Name(*scheme.digest) : "unknown";
  switch (scheme.kind) {
    case SignatureScheme::Kind::kRsaPkcs1:
      return fmt::format("{}WithRSA", digest);
    case SignatureScheme::Kind::kRsaPss:
      return fmt::format("rsaPss-{}", digest);
    case SignatureScheme::Kind::kEcdsa:
      return fmt::format("ecdsa-{}", digest);
    case SignatureScheme::Kind::kUnsupported:
      break;
  }
  return "unsupported";
}

SignatureCheck VerifyDigest(const PublicKey& key, const SignatureScheme& scheme,
                            const base::Digest& digest, Bytes signature,
                            bool bare_digest) {
  const PublicKey::Handle& handle = key.Shared();
  using Kind = SignatureScheme::Kind;
  if (!scheme.digest || scheme.kind == Kind::kUnsupported) {
    return SignatureCheck::kUnsupported;
  }
  if (digest.size != base::DigestSize(*scheme.digest) ||
      (scheme.kind == Kind::kEcdsa) != (handle.type == KeyType::kEc)) {
    return SignatureCheck::kInvalid;
  }
  // RFC 8017 sections 8.1.2 and 8.2.2, step 1: OpenSSL takes shorter ones.
  // Why: a certificate whose signature may be shortened has two digests, and
  // lists know only one of them.
  if (handle.type == KeyType::kRsa &&
      signature.size() != static_cast<size_t>(EVP_PKEY_get_size(handle.key))) {
    return SignatureCheck::kInvalid;
  }
  if (scheme.kind == Kind::kRsaPkcs1) {
    return VerifyPkcs1(handle.key, *scheme.digest, digest.View(), signature,
                       bare_digest);
  }
  return VerifyEvp(handle.key, scheme, digest.View(), signature);
}

std::vector<std::vector<uint8_t>> EcdsaTwins(Bytes signature) {
  // The orders of P-256, P-384 and P-521, made once.
  static const std::array<Group, 3> kGroups = {
      Group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
      Group(EC_GROUP_new_by_curve_name(NID_secp384r1)),
      Group(EC_GROUP_new_by_curve_name(NID_secp521r1))};
  const uint8_t* position = signature.data();
  const EcdsaSignature numbers(
      d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(signature.size())));
  std::vector<std::vector<uint8_t>> twins;
  for (const Group& group : kGroups) {
    const BIGNUM* order = EC_GROUP_get0_order(group.get());
    if (numbers == nullptr ||
        BN_cmp(ECDSA_SIG_get0_r(numbers.get()), order) >= 0 ||
        BN_cmp(ECDSA_SIG_get0_s(numbers.get()), order) >= 0) {
      continue;
    }
    BigNumber r(BN_dup(ECDSA_SIG_get0_r(numbers.get())));
    BigNumber s(BN_new());
    const EcdsaSignature twin(ECDSA_SIG_new());
    if (BN_sub(s.get(), order, ECDSA_SIG_get0_s(numbers.get())) != 1 ||
        ECDSA_SIG_set0(twin.get(), r.get(), s.get()) != 1) {
      continue;
    }
    // NOLINTBEGIN(bugprone-unused-return-value): the twin owns both now.
    (void)r.release();
    (void)s.release();
    // NOLINTEND(bugprone-unused-return-value)
    std::vector<uint8_t>& der = twins.emplace_back(
        static_cast<size_t>(i2d_ECDSA_SIG(twin.get(), nullptr)));
    uint8_t* end = der.data();
    (void)i2d_ECDSA_SIG(twin.get(), &end);
  }
  ERR_clear_error();
  return twins;
}

}  // namespace countersign::signing
