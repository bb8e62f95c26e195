// OLE compound files: a small file system inside a file. Windows Installer
// databases, patches and transforms are such, and older Office documents.
//
// Spec: [MS-CFB] Compound File Binary File Format, v20240423.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// NOSTREAM: the id that is no entry's.
inline constexpr uint32_t kNoCompoundEntry = 0xFFFFFFFF;

enum class CompoundType : uint8_t { kUnused, kStorage, kStream, kRoot };

// One entry of the directory, 128 bytes.
struct CompoundEntry {
  uint32_t id = 0;  // its place in the directory
  CompoundType type = CompoundType::kUnused;
  base::Bytes raw_name;  // UTF-16LE without terminator; views the file
  std::string name;      // the same in UTF-8, control characters kept
  std::array<uint8_t, 16> class_id{};  // as stored
  uint32_t state_bits = 0;
  uint64_t created = 0;   // FILETIME: 100 ns since 1601, 0 for none
  uint64_t modified = 0;  // FILETIME
  // Bytes of a stream, as declared; of the root, bytes of the mini stream.
  uint64_t size = 0;
  // The storage it is in; kNoCompoundEntry for the root, and for what no
  // storage reaches.
  uint32_t parent = kNoCompoundEntry;
  std::vector<uint32_t> children;  // of a storage, in the order of its tree
  base::ByteRange stored;          // where the entry itself lies
  // The content in order, neighbours joined; no more than `size` bytes, and
  // exactly as many unless `damage` says why not.
  std::vector<base::ByteRange> ranges;
  std::optional<base::Error> damage;
};

struct CompoundFile {
  uint64_t file_size = 0;
  uint16_t major_version = 0;          // 3 or 4
  uint32_t sector_size = 0;            // bytes: 512 or 4096
  std::vector<CompoundEntry> entries;  // by id, unused ones too; 0 is the root
  std::vector<uint32_t> orphans;       // used, but the root does not reach them
  std::vector<Remark> remarks;         // at most 33 of a kind
  // Structure that is damaged or cut off, so that there may be more entries or
  // bytes of entries than are listed.
  std::optional<base::Error> damage;
};

// The compound file in `file`, the whole artifact, which the result views.
// Fails when the header, the first sector of the directory or the root entry
// cannot be read, or when `budget` is spent; all other damage is in the result.
// A sector belongs to the first chain that claims it: streams that the root
// reaches before the others, by id.
[[nodiscard]] base::Result<CompoundFile> ParseCompoundFile(
    base::Bytes file, base::Budget& budget);

// "{000c1084-0000-0000-c000-000000000046}": a CLSID as stored, for people.
[[nodiscard]] std::string DescribeClassId(
    const std::array<uint8_t, 16>& class_id);

// The bytes of `ranges`, which lie inside `file`, joined.
[[nodiscard]] std::vector<uint8_t> JoinRanges(
    base::Bytes file, std::span<const base::ByteRange> ranges);

// Where byte `position` of the stream that `ranges` hold lies in the file; the
// end of the stream, or 0 for one without bytes, when there is no such byte.
[[nodiscard]] uint64_t LocateInRanges(std::span<const base::ByteRange> ranges,
                                      uint64_t position);

// Hands over every stream and storage of a compound file by its path ("/"
// between names), in the order of the directory, those out of reach too. Says
// whether it is an installer database (kMsi), a patch (kMsp), a transform
// (kMst) or another file (kOle). In the first three, names are decoded as
// DecodeMsiName does (formats/msi.h). What Office packs into a stream, the file
// in an OLE package and the objects of a presentation, follows that stream as
// a member of its own.
[[nodiscard]] base::Result<void> UnpackCfb(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

}  // namespace countersign::formats
