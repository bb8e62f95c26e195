// A security catalog: a signed list of digests of files. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/instant.h"
#include "base/result.h"

namespace countersign::signing {

// A name and its value as the maker of the catalog wrote them, safe to display:
// "OSAttr" "2:10.0", "File" "driver.sys", "HWID1" "pci\...".
struct CatalogAttribute {
  std::string name;
  std::string value;
};

struct CatalogMember {
  base::ByteRange range;
  base::Digest digest;
  base::DigestAlgorithm algorithm = base::DigestAlgorithm::kSha256;
  // OID of what was hashed (SpcIndirectData); empty when the list has only the
  // digest.
  std::string content_type;
  std::vector<CatalogAttribute> attributes;
};

struct Catalog {
  int version = 1;         // 1: members named by text, 2: by the digest
  std::string identifier;  // lower-case hex
  base::Instant effective;
  std::optional<base::Instant> next_update;
  std::vector<CatalogMember> members;
  // Entries that name no digest, such as the hash of a file by a tag only.
  uint64_t members_without_digest = 0;
  std::vector<CatalogAttribute> attributes;
};

// The catalog in `content`, the octets of a CertificateTrustList. The result
// views nothing. kUnsupported for a list of something else.
[[nodiscard]] base::Result<Catalog> ParseCatalog(base::Input content,
                                                 base::Budget& budget);

}  // namespace countersign::signing
