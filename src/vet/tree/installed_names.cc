#include "vet/tree/installed_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

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
      if (installed.cabinet.empty()) {
        names.loose.emplace_back(base::AsciiLower(installed.long_name),
                                 base::AsciiLower(installed.short_name));
      } else if (!installed.cabinet.starts_with('#')) {
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

std::vector<InstallerNames::Missing> InstallerNames::FindMissing(
    const std::vector<model::Artifact>& artifacts) const {
  std::set<std::pair<uint32_t, std::string>> members;  // container and name
  for (const model::Artifact& artifact : artifacts) {
    if (artifact.parent) {
      members.emplace(*artifact.parent, LowerLastName(artifact.path));
    }
  }
  std::vector<Missing> missing;
  for (const auto& [installer, names] : by_installer_) {
    const std::optional<uint32_t> parent = artifacts[installer].parent;
    const auto is_here = [&](const std::string& name) {
      return parent && !name.empty() && members.contains({*parent, name});
    };
    for (const std::string& cabinet : names.beside) {
      if (!is_here(cabinet)) {
        missing.push_back({installer, fmt::format("The cabinet \"{}\"",
                                                  base::DisplaySafe(cabinet))});
      }
    }
    const auto count =
        std::ranges::count_if(names.loose, [&](const auto& file) {
          return !is_here(file.first) && !is_here(file.second);
        });
    if (count > 0) {
      missing.push_back({installer, fmt::format("What {} file{} of it hold{}",
                                                count, count == 1 ? "" : "s",
                                                count == 1 ? "s" : "")});
    }
  }
  return missing;
}

}  // namespace countersign::vet
