// ZIP archives, and what is built on them: MSIX, NuGet, VSIX, JAR.
//
// Spec: PKWARE .ZIP File Format Specification (APPNOTE.TXT) 6.3.10, section 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// An entry as the central directory describes it, and where it lies. Offsets
// are of the whole artifact; every range lies inside it.
struct ZipEntry {
  // UTF-8: from the Unicode path (extra field 0x7075) or the UTF-8 flag, else
  // decoded from code page 437. Separators are as stored. Not safe to display.
  std::string name;
  uint16_t version_made_by = 0;  // its upper byte names the host system
  uint16_t flags = 0;            // general purpose bit flag
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint32_t external_attributes = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;  // uncompressed
  base::ByteRange central_header;
  base::ByteRange local_header;  // from its signature to the first data byte
  base::ByteRange data;          // `compressed_size` bytes unless damaged
  base::ByteRange descriptor;    // signature included; empty if there is none
  // Why the content is not there, or not all of it: then `local_header` is
  // empty, or `data` is what there is.
  std::optional<base::Error> damage;
};

// The structure of an archive. Ranges are empty for what it does not have.
struct ZipArchive {
  std::vector<ZipEntry> entries;  // in the order of the central directory
  // What has to be added to the offsets that are written in the archive: not 0
  // when something was put in front of it without adjusting them.
  uint64_t base = 0;
  base::ByteRange signing_block;      // "APK Sig Block 42", sizes included
  base::ByteRange central_directory;  // all headers that were read
  base::ByteRange digital_signature;  // the record behind them
  base::ByteRange zip64_end;          // zip64 end of central directory record
  base::ByteRange zip64_locator;
  base::ByteRange end;      // end of central directory record, comment included
  base::ByteRange comment;  // of the archive
  // Set when entries are missing because the central directory is damaged, or
  // when the comment is cut off.
  std::optional<base::Error> damage;
};

// The structure of `archive`, the whole artifact, by its central directory.
// Charges steps for every header. Fails with kTruncated when there is no end of
// central directory record, kMalformed when none of them leads to a central
// directory, kUnsupported when the archive has several disks, kLimit when the
// budget is spent. What is suspicious without being damage (overlaps, entries
// that the directories tell differently) is said by UnpackZip only.
[[nodiscard]] base::Result<ZipArchive> ParseZip(base::Bytes archive,
                                                base::Budget& budget);

// Bytes at the end of a file that EndsLikeZip wants to see: the record, and the
// longest comment behind it.
inline constexpr size_t kZipTailBytes = (size_t{64} << 10) + 22;

// Whether the last bytes of a file hold the end of a ZIP archive that has
// entries, so that unpackers open it whatever it starts with. What follows the
// archive may be no part of it.
[[nodiscard]] bool EndsLikeZip(base::Bytes end);

// Writes the content of `entry`, which ParseZip gave for the same `archive`, to
// `content`, and compares its size and checksum. Fails with kUnsupported for an
// encrypted entry and for a method that is not read, with kMalformed or
// kTruncated when the content is damaged, or with the error of `content`; what
// came out before was written.
[[nodiscard]] base::Result<void> ReadZipEntry(const ZipEntry& entry,
                                              base::Bytes archive,
                                              ByteSink& content);

// Hands over every entry of the central directory, in its order; then members
// that only their local headers show. Without a central directory, hands over
// what the local headers show and fails. See Unpack.
base::Result<void> UnpackZip(const base::Blob& container, base::Budget& budget,
                             MemberSink& sink);

}  // namespace countersign::formats
