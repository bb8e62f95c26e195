// The parts of an MSIX package that are no payload. Private to the MSIX folder.
#pragma once

#include <string_view>

namespace countersign::signing {

inline constexpr std::string_view kMsixSignature = "AppxSignature.p7x";
inline constexpr std::string_view kMsixContentTypes = "[Content_Types].xml";
inline constexpr std::string_view kMsixBlockMap = "AppxBlockMap.xml";
inline constexpr std::string_view kMsixCodeIntegrity =
    "AppxMetadata/CodeIntegrity.cat";
inline constexpr std::string_view kMsixManifest = "AppxManifest.xml";
inline constexpr std::string_view kMsixBundleManifest =
    "AppxMetadata/AppxBundleManifest.xml";

// True of the parts that the block map does not list.
[[nodiscard]] inline bool IsMsixFootprint(std::string_view name) {
  return name == kMsixSignature || name == kMsixContentTypes ||
         name == kMsixBlockMap || name == kMsixCodeIntegrity;
}

}  // namespace countersign::signing
