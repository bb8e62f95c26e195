// The entries of a JAR against its manifest. Private to the JAR folder.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/digest.h"
#include "signing/jar/manifest.h"
#include "signing/package/archive.h"

namespace countersign::signing {

// An entry as the manifest has it.
struct JarEntry {
  const formats::ZipEntry* entry = nullptr;  // null when it is not there once
  std::vector<JarDigest> digests;
  base::Digest sha256;
  bool is_missing = false;
  bool holds = false;
  std::string reason;  // why not
  // The first digest that differs.
  std::string expected;
  std::string computed;
};

// The manifest, and each entry against it. Entries are hashed when asked for,
// once.
class JarContent {
 public:
  // Views all of them.
  JarContent(const PackageArchive& archive, JarManifest manifest,
             base::Budget& budget)
      : archive_(archive), manifest_(std::move(manifest)), budget_(budget) {}

  [[nodiscard]] const JarManifest& Manifest() const { return manifest_; }

  const JarEntry& Check(const std::string& name);

 private:
  [[nodiscard]] JarEntry Make(const std::string& name) const;
  void Compare(JarEntry& result) const;

  const PackageArchive& archive_;
  JarManifest manifest_;
  base::Budget& budget_;
  std::map<std::string, JarEntry, std::less<>> entries_;
};

}  // namespace countersign::signing
