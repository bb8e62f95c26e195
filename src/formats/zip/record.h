// The records of a ZIP archive, one by one. Private to zip/.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// Spec: APPNOTE 4.3.7 to 4.3.16. Each is "PK" and two bytes.
inline constexpr uint32_t kZipLocalHeader = 0x04034B50;
inline constexpr uint32_t kZipCentralHeader = 0x02014B50;
inline constexpr uint32_t kZipDigitalSignature = 0x05054B50;
inline constexpr uint32_t kZipEnd = 0x06054B50;
inline constexpr uint32_t kZip64End = 0x06064B50;
inline constexpr uint32_t kZip64Locator = 0x07064B50;
inline constexpr uint32_t kZipDescriptor = 0x08074B50;
// Spec: APPNOTE 8.5.4: the first bytes of an archive that was to be split and
// fitted into one file.
inline constexpr uint32_t kZipUnsplit = 0x30304B50;

inline constexpr uint32_t kZipMark = 0x4B50;  // "PK"
inline constexpr std::string_view kZipLocalMark = "PK\x03\x04";
inline constexpr std::string_view kZipEndMark = "PK\x05\x06";

// Bytes without the parts of variable length.
inline constexpr uint64_t kZipLocalHeaderBytes = 30;
inline constexpr uint64_t kZipCentralHeaderBytes = 46;
inline constexpr uint64_t kZipEndBytes = 22;
inline constexpr uint64_t kZip64EndBytes = 56;
inline constexpr uint64_t kZip64LocatorBytes = 20;

// General purpose bit flag. Spec: APPNOTE 4.4.4.
inline constexpr uint16_t kZipFlagEncrypted = 1U << 0;
inline constexpr uint16_t kZipFlagDescriptor = 1U << 3;
inline constexpr uint16_t kZipFlagPatch = 1U << 5;
inline constexpr uint16_t kZipFlagUtf8 = 1U << 11;
inline constexpr uint16_t kZipFlagMasked = 1U << 13;

// Extra fields. Spec: APPNOTE 4.5.3, 4.6.9.
inline constexpr uint16_t kZipExtraZip64 = 0x0001;
inline constexpr uint16_t kZipExtraUnicodePath = 0x7075;
inline constexpr uint16_t kZipExtraUnicodeComment = 0x6375;

// Compression methods. Spec: APPNOTE 4.4.5.
enum class ZipMethod : uint16_t {
  kStored = 0,
  kShrunk = 1,
  kReduced1 = 2,
  kReduced4 = 5,
  kImploded = 6,
  kDeflated = 8,
  kDeflated64 = 9,
  kBzip2 = 12,
  kLzma = 14,
  kOldZstandard = 20,
  kZstandard = 93,
  kXz = 95,
  kPpmd = 98,
  kAes = 99,
};

// The 32 bits at `offset`, or nothing when they are not all there.
[[nodiscard]] std::optional<uint32_t> ZipSignatureAt(base::Bytes archive,
                                                     uint64_t offset);

// The content of the first extra field `id`, or nothing.
[[nodiscard]] std::optional<base::Bytes> FindZipExtra(base::Bytes extra,
                                                      uint16_t id);

// True when `extra` is a list of fields and at most 3 bytes of padding.
// Quirk: tools that align data (zipalign) pad with bytes that are no field.
[[nodiscard]] bool IsZipExtraWhole(base::Bytes extra);

// What a local header says; views the archive.
struct ZipLocalHeader {
  base::ByteRange range;  // to the first byte of data
  uint16_t version_needed = 0;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;
  base::Bytes name;
  base::Bytes extra;

  // A streaming reader learns the size from the data only.
  [[nodiscard]] bool IsUnsized() const {
    return (flags & kZipFlagDescriptor) != 0 && compressed_size == 0;
  }
};

// The local header at `offset`, which may lie outside.
[[nodiscard]] base::Result<ZipLocalHeader> ReadZipLocalHeader(
    base::Bytes archive, uint64_t offset);

// A central header; views the archive.
// Limit: bytes other than zero that an extra field or a comment which is no
// text may have. Security descriptors, the longest that packers keep, have some
// hundred.
inline constexpr size_t kMostZipSideBytes = 512;

// The first extra field of `extra` that has more than that, inside it; nothing
// when there is none. Paths and comments in Unicode may be longer.
[[nodiscard]] std::optional<base::ByteRange> FindLargeZipExtra(
    base::Bytes extra);

// True of a comment that has more than that and is no text: it has a zero in
// it.
[[nodiscard]] bool IsBinaryZipComment(base::Bytes comment);

struct ZipCentralHeader {
  base::ByteRange range;
  uint16_t version_made_by = 0;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;
  uint32_t disk = 0;
  uint32_t external_attributes = 0;
  uint64_t local_offset = 0;  // as written
  base::Bytes name;
  base::Bytes extra;
  base::Bytes comment;
  // Its zip64 field lacks what the header leaves to it.
  bool is_zip64_short = false;
};

// The central header at `offset` of `archive`, of which it may use the bytes
// before `limit`.
[[nodiscard]] base::Result<ZipCentralHeader> ReadZipCentralHeader(
    base::Bytes archive, uint64_t offset, uint64_t limit);

// Checksum and sizes of an entry, as a data descriptor repeats them.
struct ZipSums {
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;

  friend bool operator==(const ZipSums&, const ZipSums&) = default;
};

struct ZipDataDescriptor {
  base::ByteRange range;
  ZipSums sums;
};

// The data descriptor at `offset` in whichever of its four forms (with or
// without signature, sizes of 32 or 64 bits) says `expected`; else what follows
// its signature, if that is there; else nothing.
[[nodiscard]] std::optional<ZipDataDescriptor> ReadZipDescriptor(
    base::Bytes archive, uint64_t offset, const ZipSums& expected);

}  // namespace countersign::formats
