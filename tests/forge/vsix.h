// Makes packages with signatures of the Open Packaging Conventions (VSIX),
// right or wrong on purpose. Everything is written in canonical form, so that
// what is signed is what is written.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "forge/certificate.h"
#include "forge/timestamp.h"
#include "forge/zip.h"

namespace countersign::forge {

struct VsixRecipe {
  std::vector<ZipPart> parts;  // signed, of type "text/plain"
  std::vector<ZipPart> unsigned_parts;
  Certificate certificate;
  std::vector<Certificate> certificates;  // the others
  HashAlgorithm digest = HashAlgorithm::kSha256;
  bool is_signed = true;
  bool certificate_part = false;  // not in KeyInfo
  bool sign_relationships = true;
  bool exclusive = false;  // exclusive canonicalization
  bool xades_timestamp = false;
  std::optional<TimestampRecipe> timestamp;
  std::string extra_object;  // XML behind the objects
  // Changes on purpose, null for none. The object before it is signed; the
  // document when it is finished; the archive.
  std::function<void(std::string&)> change_object;
  std::function<void(std::string&)> change_signed_info;
  std::function<void(std::string&)> change_document;
  std::function<void(ZipRecipe&)> change_archive;
};

VsixRecipe UsualVsix();

ByteVector BuildVsix(const VsixRecipe& recipe);

}  // namespace countersign::forge
