// What entries hold. Private to zip/.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"
#include "formats/zip.h"

namespace countersign::formats {

// Field of the error for content that has another checksum.
inline constexpr const char* kZipChecksumField = "crc-32";

[[nodiscard]] bool IsZipMethodRead(uint16_t method);

// True when the content needs a key.
[[nodiscard]] bool IsZipEncrypted(const ZipEntry& entry, base::Bytes archive);

struct ZipCoding {
  uint16_t method = 0;
  uint16_t flags = 0;
  // Of the output, as declared: what comes out may have another where the
  // stream marks its end. Without it the stream must.
  std::optional<uint64_t> size;
};

// Decompresses the stream that `data` begins with. Yields the bytes that it
// took. Fails as Decompress does, and with kUnsupported.
[[nodiscard]] base::Result<uint64_t> DecodeZip(const ZipCoding& coding,
                                               base::Input data,
                                               ByteSink& content);

// ReadZipEntry, but yields the bytes of data that were taken: bytes behind them
// belong to nothing.
[[nodiscard]] base::Result<uint64_t> ReadZipContent(const ZipEntry& entry,
                                                    base::Bytes archive,
                                                    ByteSink& content);

}  // namespace countersign::formats
