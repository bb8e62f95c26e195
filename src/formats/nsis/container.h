// The outermost layer of an NSIS installer: first header, how it is packed,
// and the unpacked header.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/codec/nsis_streams.h"
#include "formats/nsis.h"
#include "formats/unpack.h"

namespace countersign::formats {

inline constexpr uint64_t kNsisFirstHeaderBytes = 28;

struct NsisContainer {
  uint64_t start = 0;        // of the first header
  uint64_t end = 0;          // of what it says is there, or of the container
  bool uninstaller = false;  // FH_FLAGS_UNINSTALL
  NsisCompressor compressor = NsisCompressor::kNone;
  bool solid = false;
  NsisStoredForm stored_form = NsisStoredForm::kUnknown;
  std::vector<uint8_t> header;    // unpacked
  uint64_t header_size = 0;       // of it
  base::ByteRange stored_header;  // packed, without its length
  // Not solid: the data blocks. Solid: the one stream, header included.
  base::ByteRange data;
  std::optional<uint32_t> crc;
  // Why the container ends before length_of_all_following_data says.
  std::optional<base::Error> cut;
};

// Finds and opens the installer in `bytes`. See ParseNsis.
[[nodiscard]] base::Result<NsisContainer> OpenNsis(base::Bytes bytes,
                                                   base::Budget& budget);

// How data are packed that do not begin as anything else would.
[[nodiscard]] NsisCompressor GuessNsisCompressor(base::Bytes packed);

// Unpacks one stream. See codec/nsis_streams.h.
[[nodiscard]] base::Result<uint64_t> DecompressNsis(NsisCompressor compressor,
                                                    base::Input input,
                                                    ByteSink& output,
                                                    NsisStoredForm& form);

}  // namespace countersign::formats
