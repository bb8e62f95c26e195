// Makes X.509 certificates of every shape the tests need (RFC 5280).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "forge/key.h"

namespace countersign::forge {

// One attribute of a distinguished name: a short name ("CN", "O",
// "jurisdictionC", ...) or a dotted identifier, and UTF-8 text.
struct NameAttribute {
  std::string type;
  std::string value;
  // Absent: PrintableString where the standard demands it, else UTF8String.
  std::optional<StringType> string_type;
};

// A distinguished name, one attribute per RDN, in encoding order.
using Name = std::vector<NameAttribute>;

// The DER of the name.
ByteVector EncodeName(const Name& name);

// Key usage bits (RFC 5280 section 4.2.1.3), to be combined.
inline constexpr uint16_t kDigitalSignature = 1 << 0;
inline constexpr uint16_t kKeyEncipherment = 1 << 2;
inline constexpr uint16_t kKeyCertSign = 1 << 5;
inline constexpr uint16_t kCrlSign = 1 << 6;

// Extended key usages.
inline constexpr char kServerAuthUsage[] = "1.3.6.1.5.5.7.3.1";
inline constexpr char kCodeSigningUsage[] = "1.3.6.1.5.5.7.3.3";
inline constexpr char kEmailUsage[] = "1.3.6.1.5.5.7.3.4";
inline constexpr char kTimeStampingUsage[] = "1.3.6.1.5.5.7.3.8";
inline constexpr char kOcspSigningUsage[] = "1.3.6.1.5.5.7.3.9";
inline constexpr char kLifetimeSigningUsage[] = "1.3.6.1.4.1.311.10.3.13";

// CA/Browser Forum policies for EV and OV code signing.
inline constexpr char kEvPolicy[] = "2.23.140.1.3";
inline constexpr char kOvPolicy[] = "2.23.140.1.4.1";

struct Extension {
  std::string oid;
  bool critical = false;
  ByteVector value;  // DER of what the extension holds
};

struct Certificate;

struct CertificateRecipe {
  Name subject;
  Key key;
  // Absent: self-signed. Only its subject and key are used, so two
  // certificates can issue each other, and one key can be certified twice.
  const Certificate* issuer = nullptr;
  int64_t not_before = 0;  // unix seconds
  int64_t not_after = 0;   // unix seconds
  bool is_ca = false;
  std::optional<int> path_length;
  // Absent: keyCertSign and cRLSign for a CA, else digitalSignature. Zero:
  // no extension.
  std::optional<uint16_t> key_usage;
  std::vector<std::string> extended_key_usages;
  bool extended_key_usages_critical = false;
  std::vector<std::string> policies;
  // Unsigned, big-endian. Absent: derived from the rest of the recipe.
  std::optional<ByteVector> serial_number;
  HashAlgorithm digest = HashAlgorithm::kSha256;
  Padding padding = Padding::kPkcs1;
  bool authority_key_identifier = true;
  bool subject_key_identifier = true;
  std::vector<Extension> extra_extensions;
};

struct Certificate {
  ByteVector der;
  ByteVector subject;  // DER Name
  ByteVector issuer;   // DER Name
  ByteVector serial;   // DER INTEGER
  Key key;
};

// The certificate of the recipe.
Certificate MakeCertificate(const CertificateRecipe& recipe);

// IssuerAndSerialNumber of PKCS#7.
ByteVector IssuerAndSerial(const Certificate& certificate);

// Extensions ::= SEQUENCE OF { oid, critical if true, OCTET STRING }.
ByteVector EncodeExtensions(const std::vector<Extension>& extensions);

// A block of PEM text with the label, for example "CERTIFICATE".
std::string PemText(std::string_view label, ByteSpan der);

}  // namespace countersign::forge
