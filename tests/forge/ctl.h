// Makes certificate trust lists as Microsoft publishes them (authroot.stl,
// disallowedcert.stl), and security catalogs: SignedData around szOID_CTL.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forge/sign.h"
#include "forge/signed_data.h"

namespace countersign::forge {

inline constexpr char kRootListUsage[] = "1.3.6.1.4.1.311.10.3.9";
inline constexpr char kDisallowedListUsage[] = "1.3.6.1.4.1.311.10.3.30";

// One subject of the list; an absent or empty member writes no attribute.
struct TrustListEntry {
  Certificate certificate;
  std::string friendly_name;          // property 11
  std::vector<std::string> usages;    // property 9
  std::vector<std::string> policies;  // property 83, EV policies
  // Unix seconds; 0 writes a FILETIME of zero, "since ever".
  std::optional<int64_t> disallowed_from;      // property 104
  std::vector<std::string> disallowed_usages;  // property 122
  std::optional<int64_t> not_before_limit;     // property 126
  std::vector<std::string> not_before_usages;  // property 127
};

struct TrustListRecipe {
  std::string usage = kRootListUsage;
  int64_t this_update = 0;  // unix seconds
  std::vector<TrustListEntry> entries;
  Certificate signer;
  std::vector<Certificate> certificates;  // the bag
  HashAlgorithm digest = HashAlgorithm::kSha256;
  bool corrupt_signature = false;
};

// ContentInfo of the list, DER.
ByteVector MakeTrustList(const TrustListRecipe& recipe);

// What a catalog says of one file.
struct CatalogEntry {
  ByteVector digest;  // of the file
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  bool is_program = false;    // the digest is the Authenticode one
  bool indirect_data = true;  // else the tag alone names the digest
  ByteVector tag;             // empty: the digest, raw or in hexadecimal
  std::vector<std::pair<std::string, std::string>> name_values;
};

struct CatalogRecipe {
  int version = 2;          // 1: tags in hexadecimal UTF-16
  int64_t this_update = 0;  // unix seconds
  std::string usage = "1.3.6.1.4.1.311.12.1.1";
  std::vector<CatalogEntry> entries;
  std::vector<std::pair<std::string, std::string>> name_values;
  // Signers, bag, timestamps and nested catalogs; what is of images is not
  // used.
  ImageSignature signature;
};

// The content of a catalog, a CertificateTrustList.
ByteVector CatalogList(const CatalogRecipe& recipe);

// ContentInfo of the catalog, DER.
ByteVector MakeCatalog(const CatalogRecipe& recipe);

// 100-nanosecond steps since 1601, little-endian, of unix seconds.
ByteVector FileTime(int64_t unix_seconds);

}  // namespace countersign::forge
