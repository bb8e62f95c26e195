// A certificate is accounted for when it stands in a chain that was built, or
// when its own signature verifies under
//   - the key of a certificate that is accounted for, or that a store holds;
//   - its own key, and that key verifies one that is accounted for (a root
//     that came along although no store has it).
// Everything else could have been made up by whoever had the file. The usual
// cases are harmless: a cross-certificate whose issuer is long gone, and the
// attribute certificate of a clock.
//
// Quirk: Microsoft's time-stamping service puts an attribute certificate into
// each token. It is tagged as one of version 1 and has the form of version 2,
// is about the service's own certificate, and who issued it (a "Master Clock")
// is published nowhere.
//
// AttributeCertificate ::= SEQUENCE {
//   acinfo SEQUENCE { version INTEGER DEFAULT v1, holder, issuer, ... },
//   signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
// holder, version 2 ::= SEQUENCE { baseCertificateID [0] OPTIONAL,
//                                  entityName [1] GeneralNames OPTIONAL, ... }
// holder, version 1 ::= CHOICE { baseCertificateID [0], subjectName [1] }
// Spec: RFC 5755 section 4.1; RFC 5652 sections 10.2.2 and 12.1.
#include "signing/signer/superfluous.h"

#include <algorithm>
#include <unordered_set>

#include "signing/revocation/revocation.h"
#include "signing/signer/unsigned_data.h"

namespace countersign::signing {
namespace {

using Place = UnsignedData::Place;

std::unordered_set<std::string> DigestsInChains(const SigningFacts& facts) {
  std::unordered_set<std::string> digests;
  for (const model::SignatureFacts& signature : facts.signatures) {
    if (signature.signer) {
      digests.insert(signature.signer->sha256);
    }
    for (const model::ChainLink& link : signature.chain) {
      digests.insert(link.sha256);
    }
    for (const model::TimestampFacts& stamp : signature.timestamps) {
      // Why: anybody can make an authority that no store knows, and stamp with
      // it; what its certificates hold proves nothing.
      if (stamp.trust != model::Trust::kTrusted &&
          stamp.trust != model::Trust::kExpired) {
        continue;
      }
      for (const model::ChainLink& link : stamp.chain) {
        digests.insert(link.sha256);
      }
    }
  }
  return digests;
}

class Accounting {
 public:
  Accounting(std::span<const Bag> bags, const Context& context,
             const SigningFacts& facts)
      : context_(context) {
    const auto in_chains = DigestsInChains(facts);
    std::unordered_set<std::string> seen;
    for (const Bag& bag : bags) {
      for (const Certificate& certificate : bag.certificates) {
        const std::string digest = certificate.sha256.Hex();
        if (!seen.insert(digest).second) {
          continue;
        }
        auto& group = in_chains.contains(digest) ? known_ : spare_;
        group.push_back(&certificate);
      }
    }
    while (MoveVouchedFor()) {
    }
  }

  // The certificates that nothing vouches for.
  [[nodiscard]] const std::vector<const Certificate*>& Spare() const {
    return spare_;
  }

  // True when the name and key are those of a certificate accounted for.
  [[nodiscard]] bool IsRelated(const Certificate& spare) const {
    return std::ranges::any_of(known_, [&](const Certificate* known) {
      return base::Equal(known->subject.bytes, spare.subject.bytes) &&
             base::Equal(known->spki.bytes, spare.spki.bytes);
    });
  }

  // True when `choice` is an attribute certificate, and nothing more, about a
  // certificate accounted for.
  [[nodiscard]] bool IsAboutKnown(base::Input choice) const {
    DerReader outer(choice, context_.budget);
    const Element whole = outer.Any("AttributeCertificate");
    DerReader reader(whole.value, context_.budget);
    DerReader info(reader.Expect(tag::kSequence, "acinfo").value,
                   context_.budget);
    (void)ReadAlgorithm(reader, "signatureAlgorithm");
    (void)reader.Expect(tag::kBitString, "signatureValue");
    (void)info.Optional(tag::kInteger, "version");
    const auto holder = info.Optional(tag::kSequence, "holder");
    DerReader subject(holder ? holder->value : info.Rest(), context_.budget);
    (void)subject.Optional(tag::Explicit(0), "baseCertificateID");
    DerReader names(subject.Expect(tag::Explicit(1), "entityName").value,
                    context_.budget);
    const base::Bytes name =
        names.Expect(tag::Explicit(4), "directoryName").value.bytes;
    const bool is_whole = !outer.Failed() && !reader.Failed() &&
                          !info.Failed() && !subject.Failed() &&
                          !names.Failed() && outer.AtEnd() && reader.AtEnd() &&
                          names.AtEnd();
    return is_whole &&
           (whole.identifier == tag::Explicit(1) ||
            whole.identifier == tag::Explicit(2)) &&
           std::ranges::any_of(known_, [&](const Certificate* known) {
             return base::Equal(known->subject.bytes, name);
           });
  }

  // True when a key that is accounted for, or a store's, signed the list.
  [[nodiscard]] bool VouchesFor(const RevocationList& list) const {
    return AnyNamed(list.issuer.bytes, [&](const Certificate& issuer) {
      return IsSignedBy(list, issuer, context_.keys, context_.budget);
    });
  }

 private:
  // Whether `holds` is true of a known or stored certificate of this name.
  template <typename Predicate>
  [[nodiscard]] bool AnyNamed(base::Bytes name, const Predicate& holds) const {
    const bool known = std::ranges::any_of(known_, [&](const auto* issuer) {
      return base::Equal(issuer->subject.bytes, name) && holds(*issuer);
    });
    return known || std::ranges::any_of(context_.trust.BySubject(name),
                                        [&](const StoredCertificate* stored) {
                                          return holds(stored->certificate);
                                        });
  }

  // Quirk: roots of version 1 have no extensions.
  static bool MayIssue(const Certificate& issuer) {
    return issuer.is_ca ||
           (!issuer.has_basic_constraints && issuer.IsSelfIssued());
  }

  [[nodiscard]] bool IsSigned(const Certificate& subject,
                              const Certificate& issuer) const {
    return context_.keys.IsSignedBy(subject, issuer, context_.budget) ==
           SignatureCheck::kValid;
  }

  [[nodiscard]] bool IsVouchedFor(const Certificate& spare) const {
    if (!context_.budget.ChargeSteps(known_.size() + 1, spare.der.offset)) {
      return false;
    }
    const bool by_known =
        AnyNamed(spare.issuer.bytes, [&](const Certificate& issuer) {
          return MayIssue(issuer) && IsSigned(spare, issuer);
        });
    return by_known ||
           (spare.IsSelfIssued() &&
            std::ranges::any_of(known_,
                                [&](const Certificate* known) {
                                  return base::Equal(known->issuer.bytes,
                                                     spare.subject.bytes) &&
                                         IsSigned(*known, spare);
                                }) &&
            IsSigned(spare, spare));
  }

  // False when no spare certificate could be moved.
  bool MoveVouchedFor() {
    std::vector<const Certificate*> left;
    for (const Certificate* spare : spare_) {
      (IsVouchedFor(*spare) ? known_ : left).push_back(spare);
    }
    const bool moved = left.size() < spare_.size();
    spare_ = std::move(left);
    return moved;
  }

  const Context& context_;
  std::vector<const Certificate*> known_;
  std::vector<const Certificate*> spare_;
};

}  // namespace

void NoteSuperfluous(std::span<const Bag> bags, const Context& context,
                     SigningFacts& facts) {
  const Accounting accounting(bags, context, facts);
  for (const Certificate* spare : accounting.Spare()) {
    UnsignedData data = DescribeData(Place::kCertificate, spare->der);
    data.related = accounting.IsRelated(*spare);
    facts.unsigned_data.push_back(std::move(data));
  }
  for (const Bag& bag : bags) {
    for (const base::Input choice : bag.other) {
      UnsignedData data = DescribeData(Place::kCertificate, choice);
      data.related = accounting.IsAboutKnown(choice);
      facts.unsigned_data.push_back(std::move(data));
    }
    for (const base::Input der : bag.lists) {
      const auto list = ParseRevocationList(der, context.budget);
      if (!list || !accounting.VouchesFor(*list)) {
        facts.unsigned_data.push_back(DescribeData(Place::kInsideEntry, der));
      }
    }
  }
}

}  // namespace countersign::signing
