// WiX Burn bundles: where their parts lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/pe.h"

namespace countersign::formats {

// The section ".wixburn" of a program. Offsets are from the start of the file;
// ranges are as written and may reach past its end.
struct BurnSection {
  uint32_t version = 0;
  std::string bundle_id;  // "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"
  uint32_t stub_size = 0;
  // What the program's header said before containers were attached, and where
  // the signature lies that was made then. Size 0 when it was not signed.
  uint32_t original_checksum = 0;
  base::ByteRange original_signature;
  // The bytes of the file that are the engine: stub, first container and its
  // signature.
  uint64_t engine_size = 0;
  // The first holds manifest and user interface, the others payloads.
  std::vector<base::ByteRange> containers;
  // Where the three original values stand, 12 bytes.
  base::ByteRange original_fields;
};

// The bundle in `image`, or nothing when there is no such section. Fails with
// the offset and name of the field that is damaged, or kUnsupported when its
// version or the format of its containers is not known.
[[nodiscard]] base::Result<std::optional<BurnSection>> ReadBurnSection(
    const PeImage& image, base::Bytes file);

}  // namespace countersign::formats
