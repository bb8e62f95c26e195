// Whether a trust list is Microsoft's word.
//
//   list --digest--> SignerInfo --key of--> signer --> issuer --> pinned root
//                                usage: trust list signing
//
// Spec: RFC 2315 section 9.3 (the content is hashed without its identifier and
// length octets), RFC 5652 section 5.4 (signed attributes are hashed as a SET
// OF).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "signing/cms/signed_data.h"
#include "signing/path/path.h"
#include "signing/trust_list.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Input;

// Fingerprints of the certificates that Microsoft publishes at
// https://www.microsoft.com/pkiops/docs/repository.htm (public facts).
// Why not more: "Identity Verification Root 2020" and the TLS roots of 2017
// issue to third parties.
constexpr std::array kMicrosoftRoots = {
    PinnedRoot{
        "Microsoft Root Certificate Authority 2010",
        "3b1efd3a66ea28b16697394703a72ca340a05bd5",
        "df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e"},
    PinnedRoot{
        "Microsoft Root Certificate Authority 2011",
        "8f43288ad272f3103b6fb1428485ea3014c0bcfe",
        "847df6a78497943f27fc72eb93f9a637320a02b561d0a91b09e87a7807ed7c61"},
    PinnedRoot{
        "Microsoft ECC Product Root Certificate Authority 2018",
        "06f1aa330b927b753a40e68cdf22e34bcbef3352",
        "caca93b9d23d2b6fa76e8b8471931e0df3ec6f63af3cdbb936c41954a1872326"},
    PinnedRoot{
        "Microsoft Root Certificate Authority",
        "cdd4eeae6000ac7f40c3802c171e30148030c072",
        "885de64c340e3ea70658f01e1145f957fcda27aabeea1ab9faa9fdb0102d4077"},
    PinnedRoot{
        "Microsoft Root Authority", "a43489159a520f0d93d032ccaf37e7fe20a8b419",
        "f38406e540d7a9d90cb4a9479299640ffb6df9e224ecc7a01c0d9558d8dad77d"},
};

// szOID_REVOKED_LIST_SIGNER: Microsoft's list authorities have it for lists of
// disallowed certificates.
constexpr Oid kRevokedListSigner{"1.3.6.1.4.1.311.10.3.19"};

// Usages of which a signer of such a list must have one, and the authorities
// above it the same.
std::vector<Oid> AcceptedUsages(TrustListKind kind) {
  std::vector<Oid> usages = {oid::kRootListSigner, oid::kTrustListSigning};
  if (kind == TrustListKind::kDisallowed) {
    usages.push_back(kRevokedListSigner);
  }
  return usages;
}

class ListVerifier {
 public:
  ListVerifier(const TrustList& list,
               std::span<const model::TrustEntry> candidates,
               std::span<const PinnedRoot> roots, base::Budget& budget)
      : list_(list), candidates_(candidates), roots_(roots), budget_(budget) {}

  void Run(Input file, model::TrustListFacts& facts) {
    auto signed_data = ParseSignedData(file, budget_);
    if (!signed_data || signed_data->signers.size() != 1) {
      facts.reason = "the list does not have exactly one signature";
      return;
    }
    signed_data_ = *std::move(signed_data);
    for (const Input& der : signed_data_.certificates) {
      if (auto certificate = ParseCertificate(der, budget_)) {
        pool_.push_back(*std::move(certificate));
      }
    }
    const Certificate* signer = FindSigner();
    if (signer == nullptr) {
      facts.reason = "the certificate of the list's signer is not in the list";
      return;
    }
    facts.signer = SubjectText(*signer);
    facts.reason = CheckSignature(*signer);
    facts.signature_holds = facts.reason.empty();
    if (facts.signature_holds) {
      facts.reason = CheckSigner(*signer);
      facts.signer_trusted = facts.reason.empty();
    }
  }

 private:
  [[nodiscard]] const SignerInfo& Info() const {
    return signed_data_.signers.front();
  }

  [[nodiscard]] const Certificate* FindSigner() const {
    const SignerInfo& info = Info();
    for (const Certificate& certificate : pool_) {
      const bool by_key =
          !info.subject_key_id.empty() &&
          base::Equal(info.subject_key_id, certificate.subject_key_id);
      const bool by_name =
          !info.issuer.bytes.empty() &&
          base::Equal(info.issuer.bytes, certificate.issuer.bytes) &&
          base::Equal(info.serial, certificate.serial);
      if (by_key || by_name) {
        return &certificate;
      }
    }
    return nullptr;
  }

  // Why the content is not what was signed, or "".
  std::string CheckSignature(const Certificate& signer) {
    const SignerInfo& info = Info();
    const auto algorithm = DigestOf(info.digest_algorithm.oid.bytes);
    if (!algorithm || *algorithm == base::DigestAlgorithm::kMd5) {
      return "the digest of the list's signature is not supported";
    }
    base::Digest digest = base::Hash(*algorithm, signed_data_.content.bytes);
    if (!info.signed_attributes_whole.bytes.empty()) {
      if (!AttributesMatch(digest)) {
        return "the list was changed after it was signed";
      }
      digest = HashAttributes(*algorithm, info.signed_attributes_whole.bytes);
    }
    const auto key = keys_.KeyOf(signer);
    if (!key || !budget_.ChargePublicKeyOperation(info.whole.offset)) {
      return "the key of the list's signer cannot be used";
    }
    switch (VerifyDigest(*key,
                         SchemeOf(info.signature_algorithm, algorithm, budget_),
                         digest, info.signature.bytes)) {
      case SignatureCheck::kValid:
        return "";
      case SignatureCheck::kInvalid:
        return "the signature of the list is wrong";
      case SignatureCheck::kUnsupported:
        break;
    }
    return "the algorithm of the list's signature is not supported";
  }

  [[nodiscard]] bool AttributesMatch(const base::Digest& digest) {
    const auto& attributes = Info().signed_attributes;
    const auto type = FirstValue(attributes, oid::kContentType, budget_);
    const auto value = FirstValue(attributes, oid::kMessageDigest, budget_);
    return type && oid::kCertificateTrustList == type->value.bytes && value &&
           value->identifier == tag::kOctetString &&
           base::Equal(value->value.bytes, digest.View());
  }

  static base::Digest HashAttributes(base::DigestAlgorithm algorithm,
                                     Bytes whole) {
    base::Hasher hasher(algorithm);
    constexpr uint8_t kSetOf = tag::kSet;
    hasher.Update({&kSetOf, 1});
    hasher.Update(whole.subspan(1));
    return hasher.Finish();
  }

  // Why the signer may not speak for the list, or "".
  std::string CheckSigner(const Certificate& signer) {
    std::string reason =
        "its signer's certificate is not meant for signing trust lists";
    const TrustSet trust(PinnedStore());
    for (const Oid& usage : AcceptedUsages(list_.kind)) {
      // Why not AllowsUsage: a certificate that says nothing of usages could
      // be anybody's.
      if (!signer.extended_usages ||
          std::ranges::none_of(*signer.extended_usages,
                               [&](Bytes listed) { return usage == listed; })) {
        continue;
      }
      const PathAnswer answer =
          BuildPath({&signer, pool_, model::Purpose::kTrustList, usage,
                     list_.this_update},
                    trust, keys_, budget_);
      if (answer.trust == model::Trust::kTrusted) {
        return "";
      }
      reason = trust.Stores().front().entries.empty()
                   ? MissingRoot(answer)
                   : "its signer is not trusted: " + answer.reason;
    }
    return reason;
  }

  // Names the root that is needed, as far as the chain tells.
  std::string MissingRoot(const PathAnswer& answer) const {
    std::string issuer = "an unknown issuer";
    if (!answer.chain.empty()) {
      issuer = "\"" + Describe(*answer.chain.back()).issuer + "\"";
    }
    return "its signer was certified below " + issuer +
           ", and no root of Microsoft's that could be is at hand";
  }

  // Those candidates that are pinned roots, by what they are and not by what
  // their entry says.
  [[nodiscard]] std::vector<model::TrustStore> PinnedStore() const {
    model::TrustStore store;
    store.name = "pinned";
    store.purposes = {model::Purpose::kTrustList};
    for (const model::TrustEntry& candidate : candidates_) {
      if (candidate.certificate.empty() || !IsPinned(candidate)) {
        continue;
      }
      model::TrustEntry& entry = store.entries.emplace_back();
      entry.certificate = candidate.certificate;
    }
    return {std::move(store)};
  }

  [[nodiscard]] bool IsPinned(const model::TrustEntry& candidate) const {
    // The entry's own digest only saves work.
    const auto matches = [](const std::string& hex) {
      return [&hex](const PinnedRoot& root) { return root.sha256 == hex; };
    };
    return std::ranges::any_of(roots_, matches(candidate.sha256)) &&
           std::ranges::any_of(
               roots_, matches(base::Hash(base::DigestAlgorithm::kSha256,
                                          candidate.certificate)
                                   .Hex()));
  }

  const TrustList& list_;
  std::span<const model::TrustEntry> candidates_;
  std::span<const PinnedRoot> roots_;
  base::Budget& budget_;
  KeyCache keys_;
  SignedData signed_data_;
  std::vector<Certificate> pool_;
};

}  // namespace

std::span<const PinnedRoot> MicrosoftRoots() { return kMicrosoftRoots; }

model::TrustListFacts VerifyTrustList(
    Input file, const TrustList& list,
    std::span<const model::TrustEntry> candidates,
    std::span<const PinnedRoot> roots, base::Budget& budget) {
  model::TrustListFacts facts;
  facts.sha256 = base::Hash(base::DigestAlgorithm::kSha256, file.bytes).Hex();
  facts.sequence = list.sequence;
  facts.this_update = list.this_update;
  ListVerifier(list, candidates, roots, budget).Run(file, facts);
  return facts;
}

}  // namespace countersign::signing
