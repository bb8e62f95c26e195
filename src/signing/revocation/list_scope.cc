// IssuingDistributionPoint ::= SEQUENCE {
//   distributionPoint          [0] DistributionPointName OPTIONAL,
//   onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
//   onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
//   onlySomeReasons            [3] ReasonFlags OPTIONAL,
//   indirectCRL                [4] BOOLEAN DEFAULT FALSE,
//   onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }
//
// CRLDistributionPoints ::= SEQUENCE OF SEQUENCE {
//   distributionPoint [0] DistributionPointName OPTIONAL,
//   reasons           [1] ReasonFlags OPTIONAL,
//   cRLIssuer         [2] GeneralNames OPTIONAL }
//
// DistributionPointName ::= CHOICE {
//   fullName                [0] GeneralNames,
//   nameRelativeToCRLIssuer [1] RelativeDistinguishedName }
#include "signing/revocation/list_scope.h"

#include <algorithm>

#include "signing/asn1/der.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Input;

// Adds the names of a fullName; false when it is another choice, or damaged.
bool ReadFullName(Input point_name, std::vector<Bytes>& names,
                  base::Budget& budget) {
  DerReader choice(point_name, budget);
  DerReader list(choice.Expect(tag::Explicit(0), "fullName").value, budget);
  while (!list.AtEnd()) {
    const Element name = list.Any("GeneralName");
    if (!list.Failed()) {
      names.push_back(name.whole.bytes);
    }
  }
  return !choice.Failed() && !list.Failed();
}

bool IsTrue(const Element& flag) {
  return std::ranges::any_of(flag.value.bytes,
                             [](uint8_t octet) { return octet != 0; });
}

}  // namespace

ListScope ReadListScope(Input value, base::Budget& budget) {
  ListScope scope;
  DerReader outer(value, budget);
  DerReader reader(
      outer.Expect(tag::kSequence, "issuingDistributionPoint").value, budget);
  while (!reader.AtEnd()) {
    const Element field = reader.Any("issuingDistributionPoint");
    switch (field.identifier) {
      case tag::Explicit(0):
        scope.has_name = true;
        scope.undetermined |= !ReadFullName(field.value, scope.names, budget);
        break;
      case tag::Context(1):
        scope.user_certificates_only |= IsTrue(field);
        break;
      case tag::Context(2):
        scope.authorities_only |= IsTrue(field);
        break;
      case tag::Context(4):
        scope.indirect |= IsTrue(field);
        break;
      case tag::Context(5):
        scope.undetermined |= IsTrue(field);
        break;
      default:
        scope.undetermined = true;
        break;
    }
  }
  scope.undetermined |= outer.Failed() || reader.Failed();
  return scope;
}

bool Covers(const ListScope& scope, const Certificate& certificate,
            base::Budget& budget) {
  if (scope.undetermined || scope.indirect ||
      (scope.user_certificates_only && certificate.is_ca) ||
      (scope.authorities_only && !certificate.is_ca)) {
    return false;
  }
  if (!scope.has_name) {
    return true;
  }
  DerReader outer(certificate.crl_distribution_points, budget);
  DerReader points(outer.Expect(tag::kSequence, "cRLDistributionPoints").value,
                   budget);
  while (!points.AtEnd()) {
    DerReader point(points.Expect(tag::kSequence, "DistributionPoint").value,
                    budget);
    const auto name = point.Optional(tag::Explicit(0), "distributionPoint");
    std::vector<Bytes> names;
    // What follows are reasons or another issuer: not a list about everything.
    if (!name || !point.AtEnd() || point.Failed() ||
        !ReadFullName(name->value, names, budget)) {
      continue;
    }
    for (const Bytes mine : names) {
      for (const Bytes other : scope.names) {
        if (base::Equal(mine, other)) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace countersign::signing
