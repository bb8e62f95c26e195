// Trust stores: named, purpose-bound sets of certificates with the dates and
// usages under which each is trusted. On disk a store is one file in the wire
// format (docs/trust-stores.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/enumeration.h"

namespace countersign::model {

// What a store may vouch for. A store never serves another purpose.
enum class Purpose : uint8_t {
  kCodeSigning,
  kTimeStamping,
  kKernel,
  kApple,
  kUefi,
  kTrustList,  // signers of certificate trust lists
  kTls,        // the system's roots: a marked fallback, never silent
};
template <>
inline constexpr std::array kNames<Purpose> = {
    std::string_view("code-signing"), std::string_view("time-stamping"),
    std::string_view("kernel"),       std::string_view("apple"),
    std::string_view("uefi"),         std::string_view("trust-list"),
    std::string_view("tls")};

// One certificate, or a listed one whose certificate is not here yet.
struct TrustEntry {
  std::string sha1;    // of the certificate, lower-case hex
  std::string sha256;  // the same; empty when only listed by SHA-1
  // Of its signed part or key, where a disallowed list names it that way.
  std::string disallowed_hash;
  std::string name;  // friendly name or subject, safe to display
  std::vector<uint8_t> certificate;  // DER; empty while missing
  bool anchor = true;  // false: an intermediate that helps to build chains
  // Extended key usages as dotted OIDs; empty means every usage.
  std::vector<std::string> usages;
  // CERT_DISALLOWED_FILETIME_PROP_ID: nothing signed at or after this is
  // trusted; what a trusted timestamp shows to be older still is.
  std::optional<base::Instant> disallowed_after;
  std::vector<std::string> disallowed_usages;  // empty: all
  // CERT_NOT_BEFORE_FILETIME_PROP_ID: certificates issued at or after this
  // are not trusted.
  std::optional<base::Instant> not_before;
  std::vector<std::string> not_before_usages;  // empty: all

  static void Fields(auto& self, auto&& visit) {
    visit("sha1", self.sha1);
    visit("sha256", self.sha256);
    visit("disallowed_hash", self.disallowed_hash);
    visit("name", self.name);
    visit("certificate", self.certificate);
    visit("anchor", self.anchor);
    visit("usages", self.usages);
    visit("disallowed_after", self.disallowed_after);
    visit("disallowed_usages", self.disallowed_usages);
    visit("not_before", self.not_before);
    visit("not_before_usages", self.not_before_usages);
  }
};

// The certificate trust list that a store was made from.
struct TrustListFacts {
  std::string sha256;    // of the list's file
  std::string signer;    // subject, safe to display
  std::string sequence;  // hex
  base::Instant this_update;
  bool signature_holds = false;
  bool signer_trusted = false;  // its chain, judged at this_update
  std::string reason;           // why not; else empty

  static void Fields(auto& self, auto&& visit) {
    visit("sha256", self.sha256);
    visit("signer", self.signer);
    visit("sequence", self.sequence);
    visit("this_update", self.this_update);
    visit("signature_holds", self.signature_holds);
    visit("signer_trusted", self.signer_trusted);
    visit("reason", self.reason);
  }
};

struct TrustStore {
  std::string name;
  std::string source;  // where it came from, as the user gave it
  std::string sha256;  // of the source file(s)
  std::vector<Purpose> purposes;
  base::Instant imported_at;
  std::optional<TrustListFacts> list;
  std::vector<TrustEntry> entries;

  static void Fields(auto& self, auto&& visit) {
    visit("name", self.name);
    visit("source", self.source);
    visit("sha256", self.sha256);
    visit("purposes", self.purposes);
    visit("imported_at", self.imported_at);
    visit("list", self.list);
    visit("entries", self.entries);
  }
};

// SHA-256, in lower-case hex, of all of `store` that decides what is trusted:
// purposes, certificates, the conditions of each, and whether the list it was
// made from was verified. The same for stores that
// trust the same, whatever files they were made from and in whatever order.
[[nodiscard]] std::string ContentSha256(const TrustStore& store);

}  // namespace countersign::model
