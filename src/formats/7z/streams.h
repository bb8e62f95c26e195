// The part of a 7z header that describes packed streams and folders.
#pragma once

#include <cstdint>
#include <vector>

#include "base/reader.h"
#include "formats/7z/header.h"

namespace countersign::formats {

// Numbers of properties.
enum class SevenZipId : uint8_t {
  kEnd = 0,
  kHeader = 1,
  kArchiveProperties = 2,
  kAdditionalStreams = 3,
  kMainStreams = 4,
  kFiles = 5,
  kPackInfo = 6,
  kUnpackInfo = 7,
  kSubStreams = 8,
  kSize = 9,
  kCrc = 10,
  kFolder = 11,
  kUnpackSizes = 12,
  kUnpackStreams = 13,
  kEmptyStream = 14,
  kEmptyFile = 15,
  kAnti = 16,
  kNames = 17,
  kAttributes = 21,
  kPackedHeader = 23,
  kDummy = 25,
};

// A number of 1 to 9 bytes: the ones at the top of the first byte tell how many
// more there are.
[[nodiscard]] uint64_t SevenZipNumber(base::Reader& reader, const char* field);

// A number of things that take at least a byte each, of what is left.
[[nodiscard]] uint64_t SevenZipCount(base::Reader& reader, const char* field);

[[nodiscard]] SevenZipId TakeSevenZipId(base::Reader& reader);

// `count` bits, highest first.
[[nodiscard]] std::vector<bool> SevenZipBits(base::Reader& reader,
                                             uint64_t count, const char* field);

// As SevenZipBits, behind a byte that is not zero when all are set.
[[nodiscard]] std::vector<bool> SevenZipOptionalBits(base::Reader& reader,
                                                     uint64_t count,
                                                     const char* field);

// Everything up to the end of the streams' description.
void ReadSevenZipStreams(base::Reader& reader, uint64_t archive_size,
                         SevenZipStreams& streams);

}  // namespace countersign::formats
