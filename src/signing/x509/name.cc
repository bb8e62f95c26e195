#include "signing/x509/name.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace countersign::signing {
namespace {

struct ShortName {
  Oid oid;
  std::string_view name;
};

// Names of RFC 4514 section 3 and those that EV certificates use.
constexpr std::array<ShortName, 20> kShortNames = {{
    {oid::kCommonName, "CN"},
    {oid::kOrganization, "O"},
    {Oid("2.5.4.11"), "OU"},
    {Oid("2.5.4.7"), "L"},
    {Oid("2.5.4.8"), "ST"},
    {Oid("2.5.4.6"), "C"},
    {Oid("2.5.4.9"), "street"},
    {Oid("2.5.4.17"), "postalCode"},
    {Oid("2.5.4.18"), "postOfficeBox"},
    {Oid("2.5.4.4"), "SN"},
    {Oid("2.5.4.42"), "GN"},
    {Oid("2.5.4.12"), "title"},
    {oid::kSerialNumber, "serialNumber"},
    {oid::kBusinessCategory, "businessCategory"},
    {Oid("0.9.2342.19200300.100.1.25"), "DC"},
    {Oid("0.9.2342.19200300.100.1.1"), "UID"},
    {Oid("1.2.840.113549.1.9.1"), "emailAddress"},
    {oid::kJurisdictionLocality, "jurisdictionL"},
    {oid::kJurisdictionState, "jurisdictionST"},
    {oid::kJurisdictionCountry, "jurisdictionC"},
}};

std::string TypeName(base::Bytes oid) {
  for (const ShortName& row : kShortNames) {
    if (row.oid == oid) {
      return std::string(row.name);
    }
  }
  return DottedOid(oid);
}

// RFC 4514 section 2.4.
std::string Escape(std::string_view value) {
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge_space = c == ' ' && (i == 0 || i + 1 == value.size());
    if (edge_space || (c == '#' && i == 0) ||
        std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

}  // namespace

NameAttributes ParseName(base::Input name, base::Budget& budget) {
  NameAttributes attributes;
  DerReader outer(name, budget);
  DerReader rdns(outer.Expect(tag::kSequence, "Name").value, budget);
  while (!rdns.AtEnd()) {
    DerReader set(rdns.Expect(tag::kSet, "RelativeDistinguishedName").value,
                  budget);
    bool first = true;
    while (!set.AtEnd()) {
      DerReader pair(set.Expect(tag::kSequence, "AttributeTypeAndValue").value,
                     budget);
      NameAttribute attribute;
      attribute.oid = pair.Expect(tag::kOid, "type").value.bytes;
      attribute.value = StringContent(pair.Any("value"));
      attribute.starts_rdn = first;
      if (pair.Failed() || set.Failed()) {
        return attributes;
      }
      first = false;
      attributes.push_back(std::move(attribute));
    }
  }
  return attributes;
}

std::string ToText(const NameAttributes& name) {
  std::string text;
  std::string rdn;
  for (size_t i = 0; i < name.size(); ++i) {
    const std::string part =
        fmt::format("{}={}", TypeName(name[i].oid), Escape(name[i].value));
    rdn = name[i].starts_rdn ? part : rdn + "+" + part;
    if (i + 1 == name.size() || name[i + 1].starts_rdn) {
      text = text.empty() ? rdn : rdn + "," + text;
    }
  }
  return base::DisplaySafe(text);
}

std::string First(const NameAttributes& name, const Oid& type) {
  for (const NameAttribute& attribute : name) {
    if (type == attribute.oid) {
      return base::DisplaySafe(attribute.value);
    }
  }
  return "";
}

}  // namespace countersign::signing
