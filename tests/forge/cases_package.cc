#include "forge/cases.h"
#include "forge/jar.h"
#include "forge/msix.h"
#include "forge/nuget.h"
#include "forge/recipes.h"
#include "forge/vsix.h"

namespace countersign::forge::cases {
namespace {

// In the content of the last part but some that are of the signature.
void ChangeFirst(ZipRecipe& archive) {
  archive.parts[0].content.back() ^= 0x01;
}

// Without the part of several blocks.
MsixRecipe SmallMsix() {
  MsixRecipe recipe = UsualMsix();
  recipe.payload.erase(recipe.payload.begin());
  return recipe;
}

void Add(ZipRecipe& archive) {
  archive.parts.push_back(TextPart("Added.txt", "INERT BUT NOT SIGNED"));
}

}  // namespace

ByteVector MsixValid() { return BuildMsix(SmallMsix()); }

ByteVector MsixTampered() {
  MsixRecipe recipe = UsualMsix();
  recipe.change_archive = ChangeFirst;
  return BuildMsix(recipe);
}

ByteVector MsixOtherPublisher() {
  MsixRecipe recipe = SmallMsix();
  recipe.publisher = "CN=Somebody Else, O=Somebody Else, C=XX";
  return BuildMsix(recipe);
}

ByteVector MsixUnlisted() {
  MsixRecipe recipe = SmallMsix();
  recipe.unlisted = {TextPart("added.txt", "INERT")};
  return BuildMsix(recipe);
}

ByteVector MsixBundle() {
  MsixRecipe recipe = UsualMsix();
  recipe.is_bundle = true;
  MsixRecipe inner = UsualMsix();
  recipe.payload = {{"x64.msix", BuildMsix(inner), false}};
  inner.payload.pop_back();
  recipe.payload.push_back({"x86.msix", BuildMsix(inner), false});
  return BuildMsix(recipe);
}

ByteVector MsixUnsigned() {
  MsixRecipe recipe = UsualMsix();
  recipe.signers.clear();
  return BuildMsix(recipe);
}

ByteVector NugetAuthor() {
  NugetRecipe recipe = UsualNuget();
  recipe.signature.timestamps = {StampAt(kSigningTime)};
  return BuildNuget(recipe);
}

ByteVector NugetRepository() {
  NugetRecipe recipe = UsualNuget();
  recipe.signature = RepositorySignature();
  return BuildNuget(recipe);
}

ByteVector NugetCountersigned() {
  NugetRecipe recipe = UsualNuget();
  recipe.countersignatures = {RepositorySignature()};
  return BuildNuget(recipe);
}

ByteVector NugetTampered() {
  NugetRecipe recipe = UsualNuget();
  recipe.change_archive = ChangeFirst;
  return BuildNuget(recipe);
}

ByteVector JarValid() { return BuildJar(UsualJar()); }

ByteVector JarAdded() {
  JarRecipe recipe = UsualJar();
  recipe.change_archive = Add;
  return BuildJar(recipe);
}

ByteVector JarTampered() {
  JarRecipe recipe = UsualJar();
  recipe.change_archive = [](ZipRecipe& archive) {
    archive.parts.back().content[0] ^= 0x01;
  };
  return BuildJar(recipe);
}

ByteVector VsixValid() { return BuildVsix(UsualVsix()); }

ByteVector VsixAdded() {
  VsixRecipe recipe = UsualVsix();
  recipe.unsigned_parts = {TextPart("Added.txt", "INERT BUT NOT SIGNED")};
  return BuildVsix(recipe);
}

ByteVector VsixTampered() {
  VsixRecipe recipe = UsualVsix();
  recipe.change_archive = ChangeFirst;
  return BuildVsix(recipe);
}

}  // namespace countersign::forge::cases
