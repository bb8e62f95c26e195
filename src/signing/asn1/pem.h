// PEM, RFC 7468 (lax form: text around the blocks is skipped).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace countersign::signing {

// The decoded content of every complete "-----BEGIN x-----" block of `text`,
// whatever its label; blocks that are not Base64 are left out.
[[nodiscard]] std::vector<std::vector<uint8_t>> DecodePem(
    std::string_view text);

}  // namespace countersign::signing
