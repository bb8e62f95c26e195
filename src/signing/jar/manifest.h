// Manifests and signature files of JARs: sections of attributes. Private to the
// JAR folder.
//
// Spec: JAR File Specification (Java SE 17), "JAR Manifest", "Manifest
// Specification".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace countersign::signing {

struct JarAttribute {
  std::string name;
  std::string value;  // continuation lines joined
};

struct JarSection {
  // The bytes that a digest of the section covers: the empty line behind it
  // belongs to it.
  base::Bytes bytes;
  std::vector<JarAttribute> attributes;

  // The value of the first attribute of this name, in letters of either case;
  // null when absent.
  [[nodiscard]] const std::string* Find(std::string_view name) const;
};

struct JarManifest {
  JarSection main;
  // By the value of "Name". A name that comes twice is in `repeated` only.
  std::map<std::string, JarSection, std::less<>> sections;
  std::vector<std::string> repeated;
};

// The manifest in `document`. Charges a step for every line. Fails with
// kMalformed where a line is no attribute or a section has no name; the result
// views `document`.
[[nodiscard]] base::Result<JarManifest> ParseJarManifest(base::Input document,
                                                         base::Budget& budget);

struct JarDigest {
  base::DigestAlgorithm algorithm = base::DigestAlgorithm::kSha256;
  std::vector<uint8_t> value;
};

// The digests of attributes "<algorithm><ending>", as "SHA-256-Digest". One of
// an algorithm that is not known is left out; nothing when one of a known
// algorithm cannot be read.
[[nodiscard]] std::optional<std::vector<JarDigest>> ReadJarDigests(
    const JarSection& section, std::string_view ending);

}  // namespace countersign::signing
