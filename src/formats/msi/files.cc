// Files and where they go: the tables File, Component, Directory and Media.
//
//   File        File, Component_, FileName, FileSize, Version, Language,
//               Attributes, Sequence
//   Component   Component, ComponentId, Directory_, ...
//   Directory   Directory, Directory_Parent, DefaultDir ("target:source", each
//               "short|long", "." for the parent itself)
//   Media       DiskId, LastSequence, DiskPrompt, Cabinet, ...
//
// Spec: Windows Installer reference, pages of these tables and "System Folder
// Properties".
#include <algorithm>
#include <map>
#include <ranges>
#include <string>

#include "formats/msi.h"

namespace countersign::formats {
namespace {

// Limit: directories above each other; a path on Windows has room for fewer.
constexpr size_t kMaxDirectoryDepth = 64;
// Limit: bytes of a path. Windows allows 260 characters, 32,767 at most.
constexpr size_t kMaxInstallPathBytes = 4096;
constexpr int32_t kFileNoncompressed = 0x2000;

// Folders that the installer itself sets, whatever their row says.
constexpr std::string_view kSystemFolders[] = {
    "AdminToolsFolder",    "AppDataFolder",        "CommonAppDataFolder",
    "CommonFiles64Folder", "CommonFilesFolder",    "DesktopFolder",
    "FavoritesFolder",     "FontsFolder",          "LocalAppDataFolder",
    "MyPicturesFolder",    "NetHoodFolder",        "PersonalFolder",
    "PrintHoodFolder",     "ProgramFiles64Folder", "ProgramFilesFolder",
    "ProgramMenuFolder",   "RecentFolder",         "SendToFolder",
    "StartMenuFolder",     "StartupFolder",        "System16Folder",
    "System64Folder",      "SystemFolder",         "TempFolder",
    "TemplateFolder",      "WindowsFolder",        "WindowsVolume"};

struct InstallPath {
  std::string path;
  bool damaged = false;
  bool done = false;
};

// The table Directory with the paths that were asked for.
struct InstallPaths {
  const MsiTable* table = nullptr;
  std::map<std::string_view, size_t> rows;
  std::vector<InstallPath> paths;  // by row
};

struct MsiMediaRow {
  int32_t last_sequence = 0;
  int32_t disk = 0;
  std::string_view cabinet;
};

uint64_t MsiTableOffset(const MsiTable& table) {
  return LocateInRanges(table.ranges, 0);
}

// The rows of a table by the text of a column; of two, the first.
base::Result<std::map<std::string_view, size_t>> IndexMsiRows(
    const MsiTable* table, std::string_view column, base::Budget& budget) {
  std::map<std::string_view, size_t> index;
  if (table == nullptr) {
    return index;
  }
  CS_TRY_VOID(budget.ChargeSteps(table->row_count, MsiTableOffset(*table)));
  for (size_t row = 0; row < table->row_count; ++row) {
    index.emplace(table->Text(row, column), row);
  }
  return index;
}

// Sets the path of `row` from that of its parent, or as the start of a path.
void SetInstallPath(InstallPaths& directories, size_t row,
                    const InstallPath* parent) {
  InstallPath& out = directories.paths[row];
  out.done = true;
  if (parent == nullptr) {
    const std::string_view key = directories.table->Text(row, "Directory");
    out.path = "[" + std::string(key.substr(0, kMaxInstallPathBytes)) + "]";
    return;
  }
  const std::string_view names = directories.table->Text(row, "DefaultDir");
  const std::string_view name =
      SplitMsiFileName(names.substr(0, names.find(':'))).long_name;
  out.path = parent->path;
  out.damaged = parent->damaged;
  if (name == ".") {
    return;
  }
  if (name.size() + out.path.size() >= kMaxInstallPathBytes) {
    out.damaged = true;
    out.path = "?";
    return;
  }
  out.path.append("/").append(name);
}

// The path of the directory of `row`, and those above it.
base::Result<void> ResolveInstallPath(InstallPaths& directories, size_t row,
                                      base::Budget& budget) {
  static const InstallPath kUnknown{"?", true, true};
  const MsiTable& table = *directories.table;
  std::vector<size_t> climbed;
  const InstallPath* above = nullptr;
  while (true) {
    CS_TRY_VOID(budget.ChargeSteps(1, MsiTableOffset(table)));
    if (directories.paths[row].done) {
      above = &directories.paths[row];
      break;
    }
    // Why: a loop is found by its depth, too.
    if (climbed.size() >= kMaxDirectoryDepth) {
      above = &kUnknown;
      break;
    }
    climbed.push_back(row);
    const std::string_view key = table.Text(row, "Directory");
    const std::string_view parent = table.Text(row, "Directory_Parent");
    if (parent.empty() || parent == key ||
        std::ranges::find(kSystemFolders, key) != std::end(kSystemFolders)) {
      break;
    }
    const auto found = directories.rows.find(parent);
    if (found == directories.rows.end()) {
      above = &kUnknown;
      break;
    }
    row = found->second;
  }
  for (const size_t below : std::views::reverse(climbed)) {
    SetInstallPath(directories, below, above);
    above = &directories.paths[below];
    CS_TRY_VOID(
        budget.ChargeSteps(above->path.size() / 64, MsiTableOffset(table)));
  }
  return {};
}

base::Result<std::vector<MsiMediaRow>> ReadMsiMedia(const MsiDatabase& database,
                                                    base::Budget& budget) {
  std::vector<MsiMediaRow> media;
  const MsiTable* table = database.Find("Media");
  if (table == nullptr) {
    return media;
  }
  CS_TRY_VOID(budget.ChargeSteps(table->row_count, MsiTableOffset(*table)));
  for (size_t row = 0; row < table->row_count; ++row) {
    media.push_back({table->Number(row, "LastSequence").value_or(0),
                     table->Number(row, "DiskId").value_or(0),
                     table->Text(row, "Cabinet")});
  }
  std::ranges::stable_sort(media, {}, &MsiMediaRow::last_sequence);
  return media;
}

MsiFile ReadMsiFileRow(const MsiTable& table, size_t row) {
  MsiFile file;
  file.key = table.Text(row, "File");
  const MsiFileName name = SplitMsiFileName(table.Text(row, "FileName"));
  file.short_name = name.short_name;
  file.long_name = name.long_name;
  file.component = table.Text(row, "Component_");
  file.version = table.Text(row, "Version");
  file.language = table.Text(row, "Language");
  file.size = table.Number(row, "FileSize").value_or(0);
  file.sequence = table.Number(row, "Sequence").value_or(0);
  file.attributes = table.Number(row, "Attributes").value_or(0);
  file.evidence = table.Evidence(row);
  return file;
}

void SetMsiMedia(MsiFile& file, const std::vector<MsiMediaRow>& media) {
  const auto found = std::ranges::lower_bound(media, file.sequence, {},
                                              &MsiMediaRow::last_sequence);
  if (found == media.end()) {
    return;
  }
  file.disk = found->disk;
  if ((file.attributes & kFileNoncompressed) == 0) {
    file.cabinet = found->cabinet;
  }
}

// Sets the path of `file`, whose directory is `where`.
void SetFilePath(MsiFile& file, const InstallPath& where) {
  if (file.long_name.size() + where.path.size() < kMaxInstallPathBytes) {
    file.path = where.path + "/" + std::string(file.long_name);
    file.path_is_damaged = where.damaged;
  } else {
    file.path = "?";
    file.path_is_damaged = true;
  }
}

// What says where files go.
struct InstallTables {
  const MsiTable* components = nullptr;
  std::map<std::string_view, size_t> component_rows;
  InstallPaths directories;
};

base::Result<InstallTables> ReadInstallTables(const MsiDatabase& database,
                                              base::Budget& budget) {
  InstallTables tables;
  tables.components = database.Find("Component");
  tables.component_rows =
      CS_TRY(IndexMsiRows(tables.components, "Component", budget));
  const MsiTable* directory = database.Find("Directory");
  tables.directories.table = directory;
  tables.directories.rows =
      CS_TRY(IndexMsiRows(directory, "Directory", budget));
  tables.directories.paths.resize(directory == nullptr ? 0
                                                       : directory->row_count);
  return tables;
}

// The directory of a component; unknown when a row is missing.
base::Result<InstallPath> FindInstallPath(InstallTables& tables,
                                          std::string_view component,
                                          base::Budget& budget) {
  const InstallPath unknown{"?", true, true};
  const auto row = tables.component_rows.find(component);
  if (row == tables.component_rows.end()) {
    return unknown;
  }
  InstallPaths& directories = tables.directories;
  const auto directory =
      directories.rows.find(tables.components->Text(row->second, "Directory_"));
  if (directory == directories.rows.end()) {
    return unknown;
  }
  CS_TRY_VOID(ResolveInstallPath(directories, directory->second, budget));
  return directories.paths[directory->second];
}

}  // namespace

base::Result<std::vector<MsiFile>> MsiFiles(const MsiDatabase& database,
                                            base::Budget& budget) {
  std::vector<MsiFile> files;
  const MsiTable* table = database.Find("File");
  if (table == nullptr) {
    return files;
  }
  InstallTables tables = CS_TRY(ReadInstallTables(database, budget));
  const std::vector<MsiMediaRow> media = CS_TRY(ReadMsiMedia(database, budget));
  for (size_t row = 0; row < table->row_count; ++row) {
    MsiFile file = ReadMsiFileRow(*table, row);
    SetMsiMedia(file, media);
    SetFilePath(file, CS_TRY(FindInstallPath(tables, file.component, budget)));
    CS_TRY_VOID(
        budget.ChargeSteps(1 + file.path.size() / 64, file.evidence.offset));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace countersign::formats
