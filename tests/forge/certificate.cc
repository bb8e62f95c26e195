#include "forge/certificate.h"

#include <array>

#include "forge/require.h"

namespace countersign::forge {
namespace {

struct NameType {
  std::string_view short_name;
  std::string_view oid;
  StringType string_type;
};

constexpr std::array kNameTypes = {
    NameType{"CN", "2.5.4.3", StringType::kUtf8},
    NameType{"serialNumber", "2.5.4.5", StringType::kPrintable},
    NameType{"C", "2.5.4.6", StringType::kPrintable},
    NameType{"L", "2.5.4.7", StringType::kUtf8},
    NameType{"ST", "2.5.4.8", StringType::kUtf8},
    NameType{"street", "2.5.4.9", StringType::kUtf8},
    NameType{"O", "2.5.4.10", StringType::kUtf8},
    NameType{"OU", "2.5.4.11", StringType::kUtf8},
    NameType{"businessCategory", "2.5.4.15", StringType::kUtf8},
    NameType{"postalCode", "2.5.4.17", StringType::kUtf8},
    NameType{"emailAddress", "1.2.840.113549.1.9.1", StringType::kIa5},
    NameType{"DC", "0.9.2342.19200300.100.1.25", StringType::kIa5},
    NameType{"jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1", StringType::kUtf8},
    NameType{"jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2", StringType::kUtf8},
    NameType{"jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3",
             StringType::kPrintable},
};

ByteVector EncodeAttribute(const NameAttribute& attribute) {
  std::string_view oid = attribute.type;
  StringType string_type = StringType::kUtf8;
  for (const NameType& row : kNameTypes) {
    if (row.short_name == attribute.type) {
      oid = row.oid;
      string_type = row.string_type;
    }
  }
  return Sequence({Oid(oid), String(attribute.string_type.value_or(string_type),
                                    attribute.value)});
}

ByteVector OidList(const std::vector<std::string>& oids, bool wrapped) {
  std::vector<ByteVector> members;
  for (const std::string& oid : oids) {
    members.push_back(wrapped ? Sequence({Oid(oid)}) : Oid(oid));
  }
  return Sequence(members);
}

ByteVector BasicConstraints(const CertificateRecipe& recipe) {
  std::vector<ByteVector> members = {Boolean(true)};
  if (recipe.path_length) {
    members.push_back(Integer(*recipe.path_length));
  }
  return Sequence(members);
}

std::vector<Extension> ExtensionsOf(const CertificateRecipe& recipe,
                                    const Key& issuer_key) {
  std::vector<Extension> out;
  if (recipe.is_ca) {
    out.push_back({"2.5.29.19", true, BasicConstraints(recipe)});
  }
  const uint16_t usual =
      recipe.is_ca ? kKeyCertSign | kCrlSign : kDigitalSignature;
  const uint16_t usage = recipe.key_usage.value_or(usual);
  if (usage != 0) {
    out.push_back({"2.5.29.15", true, NamedBits(usage)});
  }
  if (!recipe.extended_key_usages.empty()) {
    out.push_back({"2.5.29.37", recipe.extended_key_usages_critical,
                   OidList(recipe.extended_key_usages, false)});
  }
  if (!recipe.policies.empty()) {
    out.push_back({"2.5.29.32", false, OidList(recipe.policies, true)});
  }
  if (recipe.subject_key_identifier) {
    out.push_back(
        {"2.5.29.14", false, OctetString(recipe.key.KeyIdentifier())});
  }
  if (recipe.authority_key_identifier && recipe.issuer != nullptr) {
    const ByteVector identifier = OctetString(issuer_key.KeyIdentifier());
    out.push_back({"2.5.29.35", false, Sequence({Implicit(0, identifier)})});
  }
  out.insert(out.end(), recipe.extra_extensions.begin(),
             recipe.extra_extensions.end());
  return out;
}

// 16 positive octets that depend on who is certified by whom from when.
ByteVector DerivedSerial(const CertificateRecipe& recipe, ByteSpan issuer) {
  ByteVector input = EncodeName(recipe.subject);
  Append(input, issuer);
  Append(input, recipe.key.PublicKeyInfo());
  Append(input, Integer(recipe.not_before));
  ByteVector serial = Hash(HashAlgorithm::kSha256, input);
  serial.resize(16);
  serial[0] = static_cast<uint8_t>((serial[0] & 0x3F) | 0x40);
  return serial;
}

}  // namespace

ByteVector EncodeName(const Name& name) {
  std::vector<ByteVector> relative_names;
  for (const NameAttribute& attribute : name) {
    relative_names.push_back(Set({EncodeAttribute(attribute)}));
  }
  return Sequence(relative_names);
}

ByteVector EncodeExtensions(const std::vector<Extension>& extensions) {
  std::vector<ByteVector> members;
  for (const Extension& extension : extensions) {
    std::vector<ByteVector> fields = {Oid(extension.oid)};
    if (extension.critical) {
      fields.push_back(Boolean(true));
    }
    fields.push_back(OctetString(extension.value));
    members.push_back(Sequence(fields));
  }
  return Sequence(members);
}

Certificate MakeCertificate(const CertificateRecipe& recipe) {
  const Key& issuer_key =
      recipe.issuer != nullptr ? recipe.issuer->key : recipe.key;
  Certificate out;
  out.key = recipe.key;
  out.subject = EncodeName(recipe.subject);
  out.issuer = recipe.issuer != nullptr ? recipe.issuer->subject : out.subject;
  out.serial =
      UnsignedInteger(recipe.serial_number ? *recipe.serial_number
                                           : DerivedSerial(recipe, out.issuer));

  const ByteVector algorithm =
      issuer_key.SignatureAlgorithm(recipe.digest, recipe.padding);
  std::vector<ByteVector> fields = {
      Explicit(0, Integer(2)),
      out.serial,
      algorithm,
      out.issuer,
      Sequence({X509Time(recipe.not_before), X509Time(recipe.not_after)}),
      out.subject,
      recipe.key.PublicKeyInfo()};
  const std::vector<Extension> extensions = ExtensionsOf(recipe, issuer_key);
  if (!extensions.empty()) {
    fields.push_back(Explicit(3, EncodeExtensions(extensions)));
  }
  const ByteVector body = Sequence(fields);
  out.der = Sequence(
      {body, algorithm,
       BitString(issuer_key.Sign(recipe.digest, recipe.padding, body))});
  return out;
}

ByteVector IssuerAndSerial(const Certificate& certificate) {
  return Sequence({certificate.issuer, certificate.serial});
}

std::string PemText(std::string_view label, ByteSpan der) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr size_t kLineBytes = 48;  // 64 characters
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t i = 0; i < der.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (i + k < der.size() ? der[i + k] : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > der.size();
      out.push_back(padding ? '=' : kAlphabet[(group >> (18 - 6 * k)) & 63]);
    }
    if ((i + 3) % kLineBytes == 0 && i + 3 < der.size()) {
      out.push_back('\n');
    }
  }
  return out + "\n-----END " + std::string(label) + "-----\n";
}

}  // namespace countersign::forge
