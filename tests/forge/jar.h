// Makes signed JARs, right or wrong on purpose.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "forge/signed_data.h"
#include "forge/timestamp.h"
#include "forge/zip.h"

namespace countersign::forge {

struct JarSigner {
  Certificate certificate;
  std::string name = "INERT";                     // of META-INF/INERT.SF
  HashAlgorithm digest = HashAlgorithm::kSha256;  // in the .SF, and signed
  std::vector<std::string> entries;               // empty: all of the manifest
  bool whole_manifest = true;                     // SHA-256-Digest-Manifest
  bool main_attributes = true;  // SHA-256-Digest-Manifest-Main-Attributes
  bool signed_attributes = true;
  bool corrupt_signature = false;
  std::string extra_attributes;  // lines of the main section, with ends
  std::vector<TimestampRecipe> timestamps;
};

struct JarRecipe {
  std::vector<ZipPart> parts;
  HashAlgorithm digest = HashAlgorithm::kSha256;  // in the manifest
  std::string line_end = "\r\n";
  std::vector<JarSigner> signers;
  std::vector<Certificate> certificates;
  // Changes on purpose, null for none. Before it is signed:
  std::function<void(std::string& manifest)> change_manifest;
  // Of the finished archive.
  std::function<void(ZipRecipe&)> change_archive;
};

// Three classes, signed by the usual publisher.
JarRecipe UsualJar();

ByteVector BuildJar(const JarRecipe& recipe);

}  // namespace countersign::forge
