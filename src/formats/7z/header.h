// The headers of a 7z archive, which lie at its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// A compressor, filter or cipher. Each has one output; its number among the
// coders is the number of the output.
struct SevenZipCoder {
  uint64_t method = 0;
  uint32_t first_input = 0;  // number among the inputs of all coders
  uint32_t inputs = 1;
  base::Bytes properties;  // views the header
};

// An input that is the output of another coder.
struct SevenZipBond {
  uint64_t input = 0;
  uint64_t output = 0;
};

// Coders that together make one stream of packed ones.
struct SevenZipFolder {
  std::vector<SevenZipCoder> coders;
  std::vector<SevenZipBond> bound;
  std::vector<uint64_t> packed;  // inputs that are packed streams, in order
  std::vector<uint64_t> sizes;   // of each output
  std::optional<uint32_t> crc;   // of the result
  size_t first_packed = 0;       // number of the first packed stream
  uint64_t members = 1;          // contents that the result consists of

  // The output that nothing takes in: the result.
  [[nodiscard]] std::optional<size_t> MainOutput() const;
  // Where `input` comes from, or null when it is a packed stream.
  [[nodiscard]] const SevenZipBond* BondOfInput(uint64_t input) const;
};

// One member's part of a folder's result.
struct SevenZipContent {
  uint64_t size = 0;
  std::optional<uint32_t> crc;
};

struct SevenZipStreams {
  std::vector<base::ByteRange> packed;  // in the archive, all inside
  std::vector<SevenZipFolder> folders;
  std::vector<SevenZipContent> contents;  // folder after folder
};

struct SevenZipFile {
  std::string name;  // UTF-8
  bool has_content = true;
  bool is_directory = false;
  uint32_t attributes = 0;  // of Windows; POSIX mode in the upper half
};

struct SevenZipHeader {
  SevenZipStreams streams;
  std::vector<SevenZipFile> files;
};

// Where the headers are, from the 32 bytes at the start of the archive.
struct SevenZipStart {
  uint8_t minor_version = 0;
  base::ByteRange header;  // inside the archive
};

inline constexpr uint64_t kSevenZipStart = 32;

// Fails with kMalformed for another mark or a wrong checksum of start or
// header, with kTruncated when the header lies beyond the end.
[[nodiscard]] base::Result<SevenZipStart> ReadSevenZipStart(
    base::Bytes archive);

// What `header` says, whose first byte was 1. Offsets of errors are in
// `header`; `archive_size` bounds the packed streams.
[[nodiscard]] base::Result<SevenZipHeader> ReadSevenZipHeader(
    base::Input header, uint64_t archive_size, base::Budget& budget);

// The streams of a packed header, whose first byte was 17h.
[[nodiscard]] base::Result<SevenZipStreams> ReadSevenZipPackedHeader(
    base::Input header, uint64_t archive_size, base::Budget& budget);

}  // namespace countersign::formats
