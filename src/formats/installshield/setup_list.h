// The list of files behind a set-up program. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

enum class SetupList : uint8_t {
  kNone,
  kPlain,    // text, one byte a character
  kWide,     // text in UTF-16
  kEncoded,  // "InstallShield": records of 312 bytes
  kStream,   // "ISSetupStream": records with names in UTF-16
};

// How the bytes of a file are obfuscated.
enum class SetupCipher : uint8_t { kNone, kBlocks, kWhole };

struct SetupFile {
  base::ByteRange stored;   // its record
  base::ByteRange content;  // inside the overlay, unless `damage` says so
  std::string name;         // UTF-8 of kWide and kStream, else as stored
  std::string path;         // where it goes, of kPlain and kWide
  SetupCipher cipher = SetupCipher::kNone;
  bool is_deflated = false;
};

struct SetupFiles {
  std::vector<SetupFile> files;
  uint64_t end = 0;                   // offset behind the last file
  std::optional<base::Error> damage;  // why there are fewer than are said
};

// What kind of list `overlay` begins with, and where: records of a linker may
// stand in front.
struct SetupStart {
  SetupList list = SetupList::kNone;
  uint64_t offset = 0;
};
[[nodiscard]] SetupStart FindSetupList(base::Bytes overlay);

// The files of the list at `start`. Fails only when the budget is spent.
[[nodiscard]] base::Result<SetupFiles> ReadSetupList(base::Bytes overlay,
                                                     SetupStart start,
                                                     base::Budget& budget);

}  // namespace countersign::formats
