// Which entries of a JAR sign it. Private to the JAR folder.
#pragma once

#include <string_view>

#include "formats/zip.h"
#include "signing/package/archive.h"

namespace countersign::signing {

inline constexpr std::string_view kJarManifestName = "META-INF/MANIFEST.MF";

[[nodiscard]] bool EndsIgnoringCase(std::string_view text,
                                    std::string_view ending);

// META-INF/*.SF.
[[nodiscard]] bool IsSignatureFile(std::string_view name);

// META-INF/*.RSA, .DSA and .EC.
[[nodiscard]] bool IsSignatureBlock(std::string_view name);

// True when a block and a signature file have the same name but its ending.
[[nodiscard]] bool BelongTogether(std::string_view a, std::string_view b);

// True of what has to be covered: all but directories and what signs.
[[nodiscard]] bool IsToBeSigned(const formats::ZipEntry& entry);

}  // namespace countersign::signing
