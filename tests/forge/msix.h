// Makes signed MSIX packages and bundles, right or wrong on purpose.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "forge/sign.h"
#include "forge/zip.h"

namespace countersign::forge {

// The name of the usual publisher as a manifest has it.
inline constexpr char kPublisherText[] =
    "CN=Inert Example Ltd, O=Inert Example Ltd, C=XX";

// A tag of four letters and a digest.
using MsixDigest = std::pair<std::string, ByteVector>;

struct MsixRecipe {
  std::vector<ZipPart> payload;
  std::string publisher = kPublisherText;
  bool is_bundle = false;  // the payload are its packages
  bool code_integrity = false;
  bool zip64 = false;
  HashAlgorithm digest = HashAlgorithm::kSha256;
  std::vector<ImageSigner> signers;  // none: the package is not signed
  std::vector<Certificate> certificates;
  bool signature_deflated = true;
  std::string comment;
  // Changes on purpose, null for none.
  std::function<void(std::string& block_map)> change_block_map;
  std::function<void(std::string& manifest)> change_manifest;
  std::function<void(std::vector<MsixDigest>&)> change_digests;
  std::function<void(ByteVector& signature)> change_signature;
  // Of the finished archive; the last part is the signature.
  std::function<void(ZipRecipe&)> change_archive;
  std::vector<ZipPart> unlisted;  // not in the block map
};

// Two files of some blocks, signed by the usual publisher.
MsixRecipe UsualMsix();

ByteVector BuildMsix(const MsixRecipe& recipe);

}  // namespace countersign::forge
