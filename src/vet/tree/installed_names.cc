#include "vet/tree/installed_names.h"

#include "base/text.h"
#include "formats/cfb.h"
#include "formats/msi.h"

namespace countersign::vet {
namespace {

std::string LowerLastName(std::string_view path) {
  return base::AsciiLower(path.substr(path.find_last_of("/\\!") + 1));
}

}  // namespace

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
      names.names.emplace(installed.key, installed.path);
      if (!installed.cabinet.empty() && !installed.cabinet.starts_with('#')) {
        names.beside.insert(LowerLastName(installed.cabinet));
      }
    }
  }
  return names;
}

void InstallerNames::Add(const model::Artifact& installer,
                         InstalledNames names) {
  if (installer.parent) {
    for (const std::string& cabinet : names.beside) {
      beside_.emplace(std::pair(*installer.parent, cabinet), installer.id);
    }
  }
  by_installer_[installer.id] = std::move(names);
}

const std::string* InstallerNames::Find(const model::Artifact& cabinet,
                                        std::string_view name) const {
  if (!cabinet.parent) {
    return nullptr;
  }
  auto known = by_installer_.find(*cabinet.parent);
  if (known == by_installer_.end()) {
    const auto beside =
        beside_.find(std::pair(*cabinet.parent, LowerLastName(cabinet.path)));
    known = beside == beside_.end() ? by_installer_.end()
                                    : by_installer_.find(beside->second);
  }
  if (known == by_installer_.end()) {
    return nullptr;
  }
  const auto installed = known->second.names.find(name);
  return installed == known->second.names.end() ? nullptr : &installed->second;
}

}  // namespace countersign::vet
