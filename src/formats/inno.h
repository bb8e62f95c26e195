// Inno Setup: what a setup program installs and does, as it is written in it.
//
// All text is UTF-8 of what the compiler wrote in UTF-16, or bytes of an
// unknown code page in setups of the ANSI compiler. It is hostile, not safe to
// display, and holds constants such as "{app}" and "{code:Function|Parameter}".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/pe.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Where the loader, the program that users start, finds the rest. Offsets are
// from the start of the file.
struct InnoLoader {
  base::ByteRange table;  // that says so
  uint32_t version = 0;   // of the table: 1, or 2 since Inno Setup 6.5
  uint64_t total_size = 0;
  uint64_t setup_program = 0;       // OffsetEXE
  uint32_t setup_program_size = 0;  // decompressed
  uint32_t setup_program_crc = 0;
  uint64_t setup_data = 0;  // Offset0
  uint64_t files = 0;       // Offset1; 0: in "setup-1.bin" beside the program
};

// Under which conditions an entry counts, and what runs around it.
struct InnoCondition {
  std::string components;
  std::string tasks;
  std::string languages;
  std::string check;
  std::string after_install;
  std::string before_install;
};

struct InnoDirectory {  // [Dirs]
  std::string name;
  InnoCondition condition;
  uint32_t attributes = 0;
  uint64_t options = 0;
};

// Options of files that fetch or unpack what they install; since 6.5.
inline constexpr uint64_t kInnoDownload = uint64_t{1} << 32;
inline constexpr uint64_t kInnoExtractArchive = uint64_t{1} << 33;

struct InnoFile {      // [Files]
  std::string source;  // of external files only; of downloads the address
  std::string destination;
  InnoCondition condition;
  std::optional<uint32_t> location;  // which InnoLocation; none: external
  uint32_t attributes = 0;
  uint64_t options = 0;         // numbered as in 6.7
  bool is_uninstaller = false;  // made when it is installed
};

struct InnoIcon {  // [Icons]
  std::string name;
  std::string filename;
  std::string parameters;
  std::string working_directory;
  std::string icon_filename;
  std::string comment;
  std::string app_user_model_id;
  InnoCondition condition;
};

struct InnoIni {  // [INI]
  std::string filename;
  std::string section;
  std::string entry;
  std::string value;
  InnoCondition condition;
  uint64_t options = 0;
};

struct InnoRegistry {  // [Registry]
  std::string subkey;
  std::string value_name;
  std::string value_data;  // as stored: UTF-16, or bytes of a binary value
  InnoCondition condition;
  uint32_t root_key = 0;  // 0x80000002: HKEY_LOCAL_MACHINE
  uint8_t type = 0;
  uint64_t options = 0;
};

struct InnoDelete {  // [InstallDelete], [UninstallDelete]
  std::string name;
  InnoCondition condition;
  uint8_t type = 0;
};

struct InnoRun {  // [Run], [UninstallRun]
  std::string name;
  std::string parameters;
  std::string working_directory;
  std::string run_once_id;
  std::string status_message;
  std::string verb;
  std::string description;
  InnoCondition condition;
  uint32_t show_command = 0;
  uint8_t wait = 0;
  uint64_t options = 0;  // numbered as in 6.7
};

// Where the content of a file lies.
struct InnoLocation {
  uint32_t first_slice = 0;
  uint32_t last_slice = 0;
  uint64_t chunk_offset = 0;     // StartOffset, from InnoLoader::files
  uint64_t chunk_suboffset = 0;  // in what the chunk holds, decompressed
  uint64_t size = 0;
  uint64_t chunk_size = 0;  // as it is stored
  std::array<uint8_t, 32> digest{};
  bool has_sha256 = false;   // else the digest is a SHA-1, of 20 bytes
  bool is_filtered = false;  // addresses in calls were made absolute
  bool is_encrypted = false;
  bool is_compressed = false;
};

enum class InnoCompression : uint8_t { kStored, kZlib, kBzip2, kLzma, kLzma2 };

struct InnoSetup {
  InnoLoader loader;
  // "5.5.7 (u)", as far as it is known when reading failed.
  std::string version;
  base::ByteRange data;  // identifier and both blocks, in the file
  // The texts of the [Setup] section: name as in the compiler ("AppName"), and
  // value.
  std::vector<std::pair<std::string_view, std::string>> texts;
  // The script of the [Code] section, compiled for RemObjects Pascal Script.
  std::string compiled_code;
  uint8_t privileges_required = 0;  // 0 none, 1 power user, 2 admin, 3 lowest
  bool is_encrypted = false;        // files are
  bool is_data_encrypted = false;   // and so is what follows here
  InnoCompression compression = InnoCompression::kStored;
  std::vector<InnoDirectory> directories;
  std::vector<InnoFile> files;
  std::vector<InnoIcon> icons;
  std::vector<InnoIni> ini;
  std::vector<InnoRegistry> registry;
  std::vector<InnoDelete> install_delete;
  std::vector<InnoDelete> uninstall_delete;
  std::vector<InnoRun> run;
  std::vector<InnoRun> uninstall_run;
  // Libraries that setup loads to decompress, to extract archives and to
  // decrypt; may be empty.
  std::string decompressor;
  std::string archive_library;
  std::string decryptor;
  uint64_t unread_bytes = 0;  // of the first block, behind all that is known
  std::vector<InnoLocation> locations;
};

// The table of `image`'s loader, or nothing when it is no setup of Inno Setup.
// Fails where the table is damaged or of an unknown version, or when the budget
// is spent.
[[nodiscard]] base::Result<std::optional<InnoLoader>> FindInnoLoader(
    const PeImage& image, base::Bytes file, base::Budget& budget);

// Reads what `setup.loader` leads to into `setup`. When it fails, what was read
// before stays, the version at least if that is what is not supported.
// Limit: 64 MiB of decompressed setup data; 100,000 files have some 30.
base::Result<void> ReadInnoSetup(base::Bytes file, base::Budget& budget,
                                 InnoSetup& setup);

// The members of a program that is a setup of Inno Setup. Fails with kMalformed
// when it is none. See formats/unpack.h and, for what else the program carries,
// UnpackPe.
base::Result<void> UnpackInno(const base::Blob& container, base::Budget& budget,
                              MemberSink& sink);

}  // namespace countersign::formats
