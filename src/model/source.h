// What a report rests on besides the file itself: the trust stores, the
// revocation files and the catalogs that took part (docs/report-schema.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/enumeration.h"

namespace countersign::model {

// A trust store that took part.
struct TrustSource {
  std::string store;
  std::string source;
  std::string sha256;          // of the files it was made from
  std::string content_sha256;  // ContentSha256
  uint64_t certificates = 0;
  std::vector<std::string> purposes;

  static void Fields(auto& self, auto&& visit) {
    visit("store", self.store);
    visit("source", self.source);
    visit("sha256", self.sha256);
    visit("content_sha256", self.content_sha256);
    visit("certificates", self.certificates);
    visit("purposes", self.purposes);
  }
};

enum class RevocationEvidence : uint8_t { kCrl, kOcsp };
template <>
inline constexpr std::array kNames<RevocationEvidence> = {
    std::string_view("crl"), std::string_view("ocsp")};

// A revocation list or OCSP response that took part.
struct RevocationSource {
  std::string source;  // the file, as the user gave it
  std::string sha256;  // of the file
  RevocationEvidence kind = RevocationEvidence::kCrl;
  std::string issuer;         // of a list, safe to display
  uint64_t certificates = 0;  // revoked by the list, answered by the response
  std::optional<base::Instant> this_update;
  std::optional<base::Instant> next_update;

  static void Fields(auto& self, auto&& visit) {
    visit("source", self.source);
    visit("sha256", self.sha256);
    visit("kind", self.kind);
    visit("issuer", self.issuer);
    visit("certificates", self.certificates);
    visit("this_update", self.this_update);
    visit("next_update", self.next_update);
  }
};

// A catalog that was given from outside.
struct CatalogSource {
  std::string source;  // the file, as the user gave it
  std::string sha256;  // of the file
  uint64_t members = 0;

  static void Fields(auto& self, auto&& visit) {
    visit("source", self.source);
    visit("sha256", self.sha256);
    visit("members", self.members);
  }
};

}  // namespace countersign::model
