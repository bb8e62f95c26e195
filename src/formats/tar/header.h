// The blocks of 512 bytes that describe the members of a tar archive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

inline constexpr uint64_t kTarBlock = 512;

// Type flags, those that are no member's first.
inline constexpr char kTarPax = 'x';
inline constexpr char kTarPaxGlobal = 'g';
inline constexpr char kTarPaxSolaris = 'X';
inline constexpr char kTarGnuLongName = 'L';
inline constexpr char kTarGnuLongLink = 'K';
inline constexpr char kTarGnuSparse = 'S';
inline constexpr char kTarGnuContinued = 'M';

// A header as it stands there; views the block.
struct TarHeader {
  uint64_t offset = 0;
  std::string_view name;
  std::string_view prefix;  // a folder in front of `name`; ustar only
  std::string_view link;
  uint64_t size = 0;
  char type = '0';
};

// True when the checksum of `block` (at least 512 bytes) is the one it says.
// Quirk: some old programs summed signed bytes; both sums are taken.
[[nodiscard]] bool HasTarChecksum(base::Bytes block);

// The header in the first block of `input`. Fails with kTruncated when there
// are fewer bytes, with kMalformed for a wrong checksum or a size that is none.
[[nodiscard]] base::Result<TarHeader> ReadTarHeader(base::Input input);

// The size of the continued map of an old GNU sparse member, whose `header`
// begins `rest`: blocks behind the header, each saying whether one more
// follows. Charging is up to the caller: `blocks` is their number.
struct TarSparse {
  uint64_t blocks = 0;
  uint64_t size = 0;      // of the content with its holes
  bool has_holes = true;  // false: the content lies there as it is
};
[[nodiscard]] base::Result<TarSparse> ReadTarSparse(base::Input rest,
                                                    uint64_t stored_size);

// What pax records say of members.
struct TarPax {
  std::optional<std::string_view> path;
  std::optional<std::string_view> sparse_path;  // outweighs `path`
  std::optional<std::string_view> link;
  std::optional<uint64_t> size;
  bool sparse = false;  // any form of GNU.sparse
  uint64_t records = 0;

  // Puts what `newer` says in place of what was said before.
  void Apply(const TarPax& newer);
};

// The records ("LENGTH KEY=VALUE\n") of `data`, which the result views. Fails
// with kMalformed at the first that is none.
[[nodiscard]] base::Result<TarPax> ReadTarPax(base::Input data);

}  // namespace countersign::formats
