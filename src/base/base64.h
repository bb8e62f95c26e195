// Base64, RFC 4648 section 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace countersign::base {

// The bytes that Base64 `text` stands for, or nothing. White space is skipped,
// "=" may be missing.
[[nodiscard]] std::optional<std::vector<uint8_t>> DecodeBase64(
    std::string_view text);

}  // namespace countersign::base
