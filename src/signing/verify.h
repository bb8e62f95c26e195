// What is signed in a file, by which certificate, and does it hold.
//
// This is the door of the module: bytes in, facts out. It judges nothing;
// signing/judge.h turns the facts into findings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/digest.h"
#include "base/instant.h"
#include "base/result.h"
#include "model/report.h"
#include "model/signature.h"
#include "model/trust.h"

namespace countersign::signing {

// A damaged or unreadable structure.
struct StructureFault {
  base::Error error;
  base::ByteRange range;              // what is affected, inside the file
  std::optional<uint32_t> signature;  // index of the signature it concerns
  enum class Part : uint8_t {
    kSignature,    // the table, an entry or a signature
    kCertificate,  // a certificate that came along; maybe not a needed one
    kImage,        // the program's headers
  };
  Part part = Part::kSignature;
};

// Bytes in or behind a signature that no signature covers.
struct UnsignedData {
  enum class Place : uint8_t {
    kInsideEntry,  // in a WIN_CERTIFICATE, after the PKCS #7
    kBetweenEntries,
    kAfterTable,
    kAttribute,      // the value of an unsigned attribute that has no use
    kCertificate,    // a certificate that belongs to no chain of the file
    kPackageHeader,  // in a package of which content only is signed
  };
  Place place = Place::kInsideEntry;
  base::ByteRange range;
  std::optional<uint32_t> signature;
  std::string oid;  // of the attribute
  // Of a certificate: it is about one in a chain (the same name and key, or an
  // attribute certificate for it), but nothing confirms who issued it.
  bool related = false;
  double entropy_bits = 0;  // per byte, 0 to 8
  bool all_zero = false;
  std::string magic;  // what the data starts as: "pe", "zip", ...; or ""
};

// The text that was signed is there, but stored otherwise.
struct EncodingChange {
  uint32_t signature = 0;  // index of the one that would hold
  std::string what;        // a clause, "the line endings (...)"
};

// What a signed catalog lists, by digest.
struct ListedDigest {
  base::Digest digest;
  base::DigestAlgorithm algorithm = base::DigestAlgorithm::kSha256;
  uint32_t signature = 0;    // index of the one over the list
  std::string content_type;  // OID of what the list says it is; may be empty
};

// Something in a package breaks the rules by which such packages are signed.
struct PackageFault {
  std::string what;  // a clause, names in it made safe to display
  base::ByteRange range;
};

// Members of a package that its signatures say nothing of.
struct UncoveredMembers {
  uint64_t count = 0;
  std::vector<std::string> names;  // the first of them, safe to display
  base::ByteRange range;           // the first of them
};

// A member whose content the signatures of its package cover.
struct CoveredMember {
  std::string name;  // as formats::Member has it
  base::Digest sha256;

  friend auto operator<=>(const CoveredMember&, const CoveredMember&) = default;
};

// A package says that it is somebody else's than its signer's.
struct PublisherMismatch {
  std::string package;      // as the package says it, safe to display
  std::string certificate;  // subject, safe to display
  base::ByteRange range;    // where the package says it
  uint32_t signature = 0;
};

// What is known of the signatures of one file.
struct SigningFacts {
  model::Signed is_signed = model::Signed::kUnknown;
  std::string detail;  // of the file, "PE32+ x86-64 program"
  std::vector<model::SignatureFacts> signatures;
  std::vector<StructureFault> faults;
  std::vector<UnsignedData> unsigned_data;
  // The certificate table lies on bytes that are also loaded as a section.
  std::optional<base::ByteRange> table_overlaps_section;
  // OID of what signatures of this format say they sign; empty: not known.
  std::string expected_content_type;
  std::optional<base::Instant> build_time;  // of the linker; unverified
  std::vector<EncodingChange> encoding_changes;
  std::vector<ListedDigest> listed;  // of a catalog
  // What such a file is called, and the place where its signatures lie.
  std::string file_kind = "Windows program";
  std::string signed_place = "certificate table";
  base::ByteRange certificate_table;
  base::ByteRange security_directory;  // the entry in the header
  std::vector<PackageFault> package_faults;
  std::optional<PublisherMismatch> publisher_mismatch;
  std::optional<UncoveredMembers> uncovered;
  // The members that some signature covers which holds, sorted; nothing when
  // all signatures cover the whole file.
  std::optional<std::vector<CoveredMember>> covered_members;
  // A limit that kept something from being examined.
  std::optional<base::Error> limit;
};

struct VerifyOptions {
  base::Instant at;
  base::Limits limits;
};

class Verifier {
 public:
  // Shares the stores and takes the revocation files over. A file that is
  // neither CRL nor OCSP response is left out and named in `Problems`.
  Verifier(std::shared_ptr<const std::vector<model::TrustStore>> stores,
           std::vector<std::vector<uint8_t>> revocation_files);
  // The same with stores of its own.
  Verifier(std::vector<model::TrustStore> stores,
           std::vector<std::vector<uint8_t>> revocation_files)
      : Verifier(std::make_shared<const std::vector<model::TrustStore>>(
                     std::move(stores)),
                 std::move(revocation_files)) {}
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // True when there is a scheme by which files of that format are signed, and
  // it is verified.
  [[nodiscard]] static bool Knows(model::Format format);

  // True of the name of a member by which packages of that format are signed:
  // it is verified with its package, and not by itself.
  [[nodiscard]] static bool IsSignatureMember(model::Format package,
                                              std::string_view member);

  // The facts on a file of a format that Knows is true of.
  // Keeps verified keys and links for the next file; that changes speed only.
  [[nodiscard]] SigningFacts Verify(const base::Blob& file,
                                    model::Format format,
                                    const VerifyOptions& options);

  // What each of the revocation files holds, without names and digests of the
  // files; nothing for one that could not be read.
  [[nodiscard]] const std::vector<std::vector<model::RevocationSource>>&
  RevocationFiles() const;

  // What of the constructor's arguments could not be read, a sentence each.
  [[nodiscard]] const std::vector<std::string>& Problems() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::signing
