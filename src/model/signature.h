// What a signature claims and what was proven of it. Plain values: nothing in
// here judges. The field names are those of the JSON report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/instant.h"
#include "base/result.h"
#include "model/enumeration.h"

namespace countersign::model {

enum class Integrity : uint8_t { kValid, kInvalid, kMalformed, kUnsupported };
template <>
inline constexpr std::array kNames<Integrity> = {
    std::string_view("valid"), std::string_view("invalid"),
    std::string_view("malformed"), std::string_view("unsupported")};

enum class Trust : uint8_t {
  kTrusted,
  kUntrusted,
  kExpired,
  kRevoked,
  kIncompleteChain,
  kNotCodeSigning,
  kDistrusted,
  kAdHoc,
  kUnchecked,
};
template <>
inline constexpr std::array kNames<Trust> = {
    std::string_view("trusted"),          std::string_view("untrusted"),
    std::string_view("expired"),          std::string_view("revoked"),
    std::string_view("incomplete-chain"), std::string_view("not-code-signing"),
    std::string_view("distrusted"),       std::string_view("ad-hoc"),
    std::string_view("unchecked")};

enum class Revocation : uint8_t { kGood, kRevoked, kUnknown, kNotChecked };
template <>
inline constexpr std::array kNames<Revocation> = {
    std::string_view("good"), std::string_view("revoked"),
    std::string_view("unknown"), std::string_view("not-checked")};

enum class Validation : uint8_t { kUnknown, kEv, kOv, kIv };
template <>
inline constexpr std::array kNames<Validation> = {
    std::string_view("unknown"), std::string_view("ev"), std::string_view("ov"),
    std::string_view("iv")};

enum class Scheme : uint8_t { kAuthenticode, kCatalog };
template <>
inline constexpr std::array kNames<Scheme> = {std::string_view("authenticode"),
                                              std::string_view("catalog")};

enum class TimestampKind : uint8_t { kRfc3161, kAuthenticode };
template <>
inline constexpr std::array kNames<TimestampKind> = {
    std::string_view("rfc3161"), std::string_view("authenticode")};

// Whether the digests of single pages, where a signature carries them, agree.
enum class PageHashes : uint8_t { kAbsent, kValid, kInvalid, kUnsupported };
template <>
inline constexpr std::array kNames<PageHashes> = {
    std::string_view("absent"), std::string_view("valid"),
    std::string_view("invalid"), std::string_view("unsupported")};

// What about a certificate a signature rests on.
struct CertificateFacts {
  std::string subject;  // RFC 4514, made safe to display
  std::string common_name;
  std::string organization;
  std::string issuer;
  std::string serial;  // lower-case hex without leading zeros
  std::string sha256;  // of the DER
  std::string sha1;
  base::Instant not_before;
  base::Instant not_after;
  Validation validation = Validation::kUnknown;
  std::string publisher_key;
  std::string public_key;  // "rsa2048", "p256", ...

  static void Fields(auto& self, auto&& visit) {
    visit("subject", self.subject);
    visit("common_name", self.common_name);
    visit("organization", self.organization);
    visit("issuer", self.issuer);
    visit("serial", self.serial);
    visit("sha256", self.sha256);
    visit("sha1", self.sha1);
    visit("not_before", self.not_before);
    visit("not_after", self.not_after);
    visit("validation", self.validation);
    visit("publisher_key", self.publisher_key);
    visit("public_key", self.public_key);
  }
};

// One certificate of a chain, signer first.
struct ChainLink {
  std::string subject;
  std::string sha256;
  std::string store;  // name of the trust store it anchors in; else empty

  static void Fields(auto& self, auto&& visit) {
    visit("subject", self.subject);
    visit("sha256", self.sha256);
    visit("store", self.store);
  }
};

struct TimestampFacts {
  TimestampKind kind = TimestampKind::kRfc3161;
  std::optional<base::Instant> time;
  Integrity integrity = Integrity::kMalformed;
  Trust trust = Trust::kUnchecked;
  std::string signer;  // subject of the time-stamping certificate
  std::string digest_algorithm;
  std::vector<std::string> weak;
  std::string reason;  // why it is not valid or not trusted; else empty
  std::vector<ChainLink> chain;
  base::ByteRange range;
  bool used = false;  // this one's time is the time of signing

  static void Fields(auto& self, auto&& visit) {
    visit("kind", self.kind);
    visit("time", self.time);
    visit("integrity", self.integrity);
    visit("trust", self.trust);
    visit("signer", self.signer);
    visit("digest_algorithm", self.digest_algorithm);
    visit("weak", self.weak);
    visit("reason", self.reason);
    visit("chain", self.chain);
    visit("range", self.range);
    visit("used", self.used);
  }
};

// An attribute of a signature, signed or not.
struct AttributeFacts {
  std::string oid;
  std::string name;  // empty when no standard names it
  bool is_signed = false;
  base::ByteRange range;

  static void Fields(auto& self, auto&& visit) {
    visit("oid", self.oid);
    visit("name", self.name);
    visit("signed", self.is_signed);
    visit("range", self.range);
  }
};

// Why a certificate was found revoked.
struct RevocationFacts {
  std::string certificate;  // subject
  base::Instant revoked_at;
  std::string reason;  // RFC 5280 word, "keyCompromise"; or "unspecified"
  bool before_signing = true;

  static void Fields(auto& self, auto&& visit) {
    visit("certificate", self.certificate);
    visit("revoked_at", self.revoked_at);
    visit("reason", self.reason);
    visit("before_signing", self.before_signing);
  }
};

struct SignatureFacts {
  Scheme scheme = Scheme::kAuthenticode;
  uint32_t index = 0;
  std::optional<uint32_t> nested_in;
  std::optional<std::string> slice;
  uint32_t entry = 0;  // index of its WIN_CERTIFICATE
  base::ByteRange range;
  Integrity integrity = Integrity::kMalformed;
  std::string integrity_reason;     // empty when valid
  bool content_mismatch = false;    // the file's digest is not the signed one
  bool signature_mismatch = false;  // the cryptographic signature fails
  std::string content_type;         // OID of what it says it signs
  std::string digest_algorithm;
  std::string digest;    // as signed
  std::string computed;  // as found in the file
  std::string signature_algorithm;
  PageHashes page_hashes = PageHashes::kAbsent;
  Trust trust = Trust::kUnchecked;
  std::string trust_reason;   // empty when trusted
  std::string trust_purpose;  // of the store the chain ends in; else empty
  Revocation revocation = Revocation::kNotChecked;
  std::optional<RevocationFacts> revoked;
  std::vector<std::string> weak;
  std::optional<CertificateFacts> signer;
  std::vector<ChainLink> chain;
  std::vector<TimestampFacts> timestamps;
  std::optional<base::Instant> signing_time;  // as the signer claims
  std::optional<base::Instant> evaluated_at;  // the instant trust was tried at
  bool lifetime_signing = false;
  std::optional<std::string> program_name;
  std::optional<std::string> program_url;
  std::string statement_type;  // "individual", "commercial", or empty
  std::vector<AttributeFacts> attributes;
  // Of a signature over a catalog that lists this file: SHA-256 of the catalog,
  // and which artifact it is unless it was given from outside.
  std::string catalog_sha256;
  std::optional<uint32_t> catalog;

  static void Fields(auto& self, auto&& visit) {
    visit("scheme", self.scheme);
    visit("index", self.index);
    visit("nested_in", self.nested_in);
    visit("slice", self.slice);
    visit("entry", self.entry);
    visit("range", self.range);
    visit("integrity", self.integrity);
    visit("integrity_reason", self.integrity_reason);
    visit("content_mismatch", self.content_mismatch);
    visit("signature_mismatch", self.signature_mismatch);
    visit("content_type", self.content_type);
    visit("digest_algorithm", self.digest_algorithm);
    visit("digest", self.digest);
    visit("computed_digest", self.computed);
    visit("signature_algorithm", self.signature_algorithm);
    visit("page_hashes", self.page_hashes);
    visit("trust", self.trust);
    visit("trust_reason", self.trust_reason);
    visit("trust_purpose", self.trust_purpose);
    visit("revocation", self.revocation);
    visit("revoked", self.revoked);
    visit("weak", self.weak);
    visit("signer", self.signer);
    visit("chain", self.chain);
    visit("timestamps", self.timestamps);
    visit("signing_time", self.signing_time);
    visit("evaluated_at", self.evaluated_at);
    visit("lifetime_signing", self.lifetime_signing);
    visit("program_name", self.program_name);
    visit("program_url", self.program_url);
    visit("statement_type", self.statement_type);
    visit("attributes", self.attributes);
    visit("catalog_sha256", self.catalog_sha256);
    visit("catalog", self.catalog);
  }
};

}  // namespace countersign::model
