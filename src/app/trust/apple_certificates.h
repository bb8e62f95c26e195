// Apple's certificates that sign software: where they are, and what they are.
#pragma once

#include <span>
#include <string_view>

namespace countersign::app {

struct AppleCertificate {
  std::string_view file;    // last part of its address
  std::string_view sha256;  // of the file
};

// The directory of the files, without a slash at its end.
inline constexpr std::string_view kAppleAddress =
    "https://www.apple.com/certificateauthority";

[[nodiscard]] std::span<const AppleCertificate> AppleCertificates();

}  // namespace countersign::app
