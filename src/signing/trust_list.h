// What a trust store is made from: files of certificates, and Microsoft's
// signed certificate trust lists (authroot.stl, disallowedcert.stl).
//
// Meaning of dates and usages, with sources: docs/trust-stores.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/instant.h"
#include "base/result.h"
#include "model/trust.h"

namespace countersign::signing {

// "Distrusted since ever": no signature is older. Stands for conditions that
// a list sets without a date.
inline constexpr base::Instant kSinceEver{};

enum class TrustListKind : uint8_t {
  kRoots,       // lists what is trusted (szOID_ROOT_LIST_SIGNER)
  kDisallowed,  // lists what nobody may trust (szOID_DISALLOWED_LIST)
};

// One entry of a list. `entry` has no certificate yet.
struct ListedCertificate {
  model::TrustEntry entry;
  // Lower-case hex; only in lists of disallowed certificates that name them by
  // a hash that is not the certificate's own (DisallowedHashes). Else empty.
  std::string disallowed_hash;
  base::ByteRange range;  // of the entry, in the list's file
};

struct TrustList {
  TrustListKind kind = TrustListKind::kRoots;
  std::string identifier;  // safe to display; authroot.stl has none
  std::string sequence;    // hex; empty when absent
  base::Instant this_update;
  std::optional<base::Instant> next_update;
  std::vector<ListedCertificate> entries;
  // Entries with a condition that this version cannot apply. They are listed
  // with anchor = false, so that nothing is trusted because of them.
  uint64_t unusable_entries = 0;
};

// The trust list in the SignedData that is `file`. The result views nothing.
// The signature is not looked at; see VerifyTrustList. kUnsupported for lists
// of something else, such as catalogs.
[[nodiscard]] base::Result<TrustList> ParseTrustList(base::Input file,
                                                     base::Budget& budget);

// A root certificate that may end the chain of a list's signer.
struct PinnedRoot {
  std::string_view name;
  std::string_view sha1;    // what its publisher's server calls it
  std::string_view sha256;  // what it must be
};

// Microsoft's own roots. Fingerprints only: the certificates are not ours to
// ship.
[[nodiscard]] std::span<const PinnedRoot> MicrosoftRoots();

// What holds of the signature of `list`, which was parsed from `file`: the
// signer must be meant to sign such lists, and its chain must end in a
// certificate of `candidates` that is one of `roots`. Judged at the date of
// the list, because signers of old lists have expired. Always yields facts;
// `reason` says what is missing.
[[nodiscard]] model::TrustListFacts VerifyTrustList(
    base::Input file, const TrustList& list,
    std::span<const model::TrustEntry> candidates,
    std::span<const PinnedRoot> roots, base::Budget& budget);

// What one file holds.
struct TrustFileContents {
  std::vector<model::TrustEntry> certificates;  // each with its DER
  uint64_t unreadable = 0;  // what looks like a certificate and is none
  std::optional<TrustList> list;
  std::vector<uint8_t> list_bytes;  // the list's own bytes, for its signature
};

// What `file` holds, by its content: a certificate or PKCS #7 bundle in DER;
// PEM text with any number of either; a serialized Windows store (.sst); a
// trust list. Self-issued certificates are anchors. kUnsupported when it is
// none of these. The result views nothing.
[[nodiscard]] base::Result<TrustFileContents> ReadTrustFile(
    base::Input file, base::Budget& budget);

// The hashes, lower-case hex, under which a disallowed list may name this
// certificate: of its signed part by the digest of its signature
// (CERT_SIGNATURE_HASH_PROP_ID), and MD5 of its public key
// (CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID). Empty when it cannot be read.
[[nodiscard]] std::vector<std::string> DisallowedHashes(
    base::Bytes certificate);

}  // namespace countersign::signing
