#include "vet/tree/installed_names.h"

#include "formats/cfb.h"
#include "formats/msi.h"

namespace countersign::vet {

InstalledNames InstalledNamesOf(const base::Blob& file, base::Budget& budget) {
  const auto compound = formats::ParseCompoundFile(file.View(), budget);
  if (!compound) {
    return {};
  }
  const auto database = formats::ParseMsi(*compound, file.View(), budget);
  if (!database) {
    return {};
  }
  const auto files = formats::MsiFiles(*database, budget);
  InstalledNames names;
  if (files) {
    for (const formats::MsiFile& installed : *files) {
      names.emplace(installed.key, installed.path);
    }
  }
  return names;
}

}  // namespace countersign::vet
