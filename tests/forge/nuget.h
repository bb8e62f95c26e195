// Makes signed NuGet packages, right or wrong on purpose.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "forge/signed_data.h"
#include "forge/timestamp.h"
#include "forge/zip.h"

namespace countersign::forge {

enum class NugetSigner : uint8_t { kAuthor, kRepository, kNobody };

struct NugetSignature {
  Certificate certificate;
  NugetSigner type = NugetSigner::kAuthor;
  std::optional<Certificate> named_certificate;  // in signing-certificate-v2
  bool names_certificate = true;
  bool names_repository = true;  // the service index, of a repository
  bool corrupt_signature = false;
  std::vector<TimestampRecipe> timestamps;
  std::vector<Attribute> unsigned_attributes;
};

struct NugetRecipe {
  std::vector<ZipPart> parts;
  HashAlgorithm digest = HashAlgorithm::kSha256;
  NugetSignature signature;
  std::vector<NugetSignature> countersignatures;
  std::vector<Certificate> certificates;
  size_t position = SIZE_MAX;  // of the signature among the parts
  std::string comment;
  // Changes on purpose, null for none.
  std::function<void(std::string& document)> change_document;
  std::function<void(ZipPart& signature)> change_entry;
  std::function<void(ZipRecipe&)> change_archive;
};

// A package of two files, signed by the usual publisher as its author.
NugetRecipe UsualNuget();

// The signature of a repository, by the usual publisher's certificate.
NugetSignature RepositorySignature();

ByteVector BuildNuget(const NugetRecipe& recipe);

}  // namespace countersign::forge
