// What a signature file of a JAR says, compared with manifest and entries.
// Private to the JAR folder.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/signature.h"
#include "signing/jar/content.h"
#include "signing/jar/manifest.h"

namespace countersign::signing {

struct JarCoverage {
  bool whole_manifest = false;
  bool main_attributes = false;      // of the manifest
  std::set<std::string> sections;    // of the manifest, that are as signed
  std::set<std::string> covered;     // names of entries that are as signed
  std::vector<std::string> missing;  // that are signed and not there
};

// Compares what the signature file `said` says with the bytes of the manifest
// and with `content`, and fills in what of `facts` concerns the content; it
// says nothing against it yet.
[[nodiscard]] JarCoverage CompareSignatureFile(const JarManifest& said,
                                               base::Bytes manifest,
                                               JarContent& content,
                                               model::SignatureFacts& facts);

}  // namespace countersign::signing
