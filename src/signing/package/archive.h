// A ZIP archive as the package schemes read it. Private to the module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/digest.h"
#include "base/result.h"
#include "formats/zip.h"

namespace countersign::signing {

using EntryDigests = std::map<base::DigestAlgorithm, base::Digest>;

class PackageArchive {
 public:
  // Reads the directory of `file`, which must outlive the result. Fails as
  // formats::ParseZip does.
  static base::Result<PackageArchive> Open(const base::Blob& file,
                                           base::Budget& budget);

  PackageArchive(PackageArchive&&) = default;
  PackageArchive(const PackageArchive&) = delete;
  PackageArchive& operator=(const PackageArchive&) = delete;
  PackageArchive& operator=(PackageArchive&&) = delete;
  ~PackageArchive() = default;

  [[nodiscard]] const formats::ZipArchive& Zip() const { return zip_; }
  [[nodiscard]] const std::vector<formats::ZipEntry>& Entries() const {
    return zip_.entries;
  }
  [[nodiscard]] const base::Blob& File() const { return *file_; }

  // Every entry of exactly this name, in the order of the directory.
  [[nodiscard]] std::span<const formats::ZipEntry* const> Find(
      std::string_view name) const;
  // The entry of this name if there is exactly one; else null.
  [[nodiscard]] const formats::ZipEntry* Single(std::string_view name) const;

  // Writes the content of an entry to `sink`, and no more bytes than the entry
  // declares: more are kMalformed. Charges a step for every 4 KiB.
  [[nodiscard]] base::Result<void> Read(const formats::ZipEntry& entry,
                                        formats::ByteSink& sink,
                                        base::Budget& budget) const;
  // The content of an entry of at most `most` bytes, else kLimit.
  [[nodiscard]] base::Result<std::vector<uint8_t>> Load(
      const formats::ZipEntry& entry, uint64_t most,
      base::Budget& budget) const;
  // The digests of the content.
  [[nodiscard]] base::Result<EntryDigests> Hash(
      const formats::ZipEntry& entry,
      std::span<const base::DigestAlgorithm> algorithms,
      base::Budget& budget) const;

 private:
  PackageArchive(const base::Blob& file, formats::ZipArchive zip);

  const base::Blob* file_;
  formats::ZipArchive zip_;
  std::vector<const formats::ZipEntry*> by_name_;  // sorted
};

// From the local header to the last byte that belongs to the entry; its
// central header when there is nothing else.
[[nodiscard]] base::ByteRange EntryRange(const formats::ZipEntry& entry);

// What stands in the headers of an entry besides its description: extra fields
// other than zip64's and a comment. Ranges in the file.
[[nodiscard]] std::vector<base::ByteRange> HeaderSurplus(
    const formats::ZipEntry& entry, base::Bytes file);

// A name for a sentence: quoted, safe to display, shortened.
[[nodiscard]] std::string QuoteName(std::string_view name);

}  // namespace countersign::signing
